"""The oracles held against closed forms, each other, a general-purpose optimiser and their own symmetries,
so that what the compiled losses are compared with has itself been compared with something."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.optimize import minimize  # type: ignore[import-untyped, unused-ignore]
from torch import Tensor

from tests.oracles import EXTREMES, ORACLES, Answer, Context, Params, context_of, defaults, value_and_gradient
from tests.oracles.closed_forms import IDENTICAL, ORTHOGONAL, N
from tests.oracles.closeness import assert_same_value, gradient_of
from tests.oracles.contexts import EUCLIDEAN
from tests.oracles.identities import (
    SAME_GRADIENT,
    SAME_LOSS,
    Identity,
    assert_gradient_identity,
    assert_loss_identity,
)
from tests.oracles.learned import learned_by
from tests.oracles.simplex import entropy_alpha, inverse_alpha, square_alpha
from tests.oracles.states import SMOOTH, views
from tests.oracles.symmetries import SYMMETRIES, assert_symmetry, assert_tangent, each_symmetry
from tests.oracles.variants import VARIANTS


def of_oracle(name: str, params: Params, z0_ND: Tensor, z1_ND: Tensor, context: Context) -> Answer:
    if name in VARIANTS:
        return value_and_gradient(VARIANTS[name].oracle, z0_ND, z1_ND, context, params)
    given = defaults(name) | params
    return value_and_gradient(ORACLES[name], z0_ND, z1_ND, context, given, tuple(learned_by(name)))


def queue_of_samples(name: str, z_ND: Tensor) -> Context:
    return {key: z_ND if key == "queue" else tensor for key, tensor in context_of(name, z_ND).items()}


@pytest.mark.parametrize("name", ORACLES)
def test_orthogonal_samples_have_the_closed_form(name: str) -> None:
    eye = torch.eye(N, dtype=torch.float64)
    longer = eye if name in EUCLIDEAN else 3 * eye
    found = ORACLES[name](eye, longer, **queue_of_samples(name, eye))
    assert found.item() == pytest.approx(ORTHOGONAL[name], rel=1e-12)


@pytest.mark.parametrize("name", IDENTICAL)
def test_identical_embeddings_have_the_closed_form(name: str) -> None:
    z0_ND, z1_ND = views("identical", N, 3)
    found = ORACLES[name](z0_ND, z1_ND, **queue_of_samples(name, z0_ND))
    assert found.item() == pytest.approx(IDENTICAL[name], rel=1e-12)


def test_one_triplet_by_hand() -> None:
    """Two samples in the plane, their views at 0 and 60, at 90 and 180 degrees."""
    angles = torch.tensor([[0.0, 90.0], [60.0, 180.0]], dtype=torch.float64).deg2rad()
    z0_ND, z1_ND = torch.stack([angles.cos(), angles.sin()], dim=-1)
    s = {(i, j): math.cos(math.radians(i - j)) for i in (0, 60, 90, 180) for j in (0, 60, 90, 180)}
    positive = {0: 60, 60: 0, 90: 180, 180: 90}
    negatives = {0: (90, 180), 60: (90, 180), 90: (0, 60), 180: (0, 60)}
    x = [s[i, j] - s[i, positive[i]] for i in negatives for j in negatives[i]]
    assert ORACLES["triplet"](z0_ND, z1_ND).item() == pytest.approx(sum(max(v + 1, 0) for v in x) / 4)
    assert ORACLES["quadratic"](z0_ND, z1_ND).item() == pytest.approx(sum(x) / 2 / 4)


def minimum_by_slsqp(d2: list[float], slope: Callable[[float], float], r: Callable[[float], float]) -> list[float]:
    """The min player handed to scipy: minimise sum_j (a_j d_j^2 - r(a_j)) on the simplex."""
    start = np.full(len(d2), 1 / len(d2))
    found = minimize(
        lambda a: sum(a_j * d2_j - r(a_j) for a_j, d2_j in zip(a, d2, strict=True)),
        start,
        jac=lambda a: np.array([d2_j - slope(a_j) for a_j, d2_j in zip(a, d2, strict=True)]),
        bounds=[(1e-9, 1.0)] * len(d2),
        constraints={"type": "eq", "fun": lambda a: a.sum() - 1, "jac": np.ones_like},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.success
    return list(found.x)


@pytest.mark.parametrize("d2", [[0.3, 1.2], [0.1, 0.9, 1.7], [1.0, 1.1, 0.95, 1.3]])
@pytest.mark.parametrize("tau", [0.2, 1.0])
def test_bisection_finds_the_minimum_slsqp_finds(d2: list[float], tau: float) -> None:
    d2_J = torch.tensor(d2, dtype=torch.float64)
    entropy = minimum_by_slsqp(d2, lambda a: -tau * (math.log(a) + 1), lambda a: -tau * a * math.log(a))
    square = minimum_by_slsqp(d2, lambda a: -tau * a, lambda a: -tau * a**2 / 2)
    inverse = minimum_by_slsqp(d2, lambda a: tau * a**-3.0, lambda a: -tau * a**-2.0 / 2)
    assert entropy_alpha(d2_J, tau).tolist() == pytest.approx(entropy, abs=1e-5)
    assert square_alpha(d2_J, tau).tolist() == pytest.approx(square, abs=1e-5)
    assert inverse_alpha(d2_J, tau, 3.0).tolist() == pytest.approx(inverse, abs=1e-5)


@pytest.mark.parametrize("tau", [0.01, 0.5, 5.0])
def test_min_player_rows_are_on_the_simplex(tau: float) -> None:
    d2_J = torch.linspace(0.02, 1.9, 30, dtype=torch.float64)
    solutions = [entropy_alpha(d2_J, tau), square_alpha(d2_J, tau)]
    solutions += [inverse_alpha(d2_J, tau, gamma) for gamma in (1.1, 2.0, 8.0)]
    for alpha_J in solutions:
        assert alpha_J.min() >= 0
        assert alpha_J.sum().item() == pytest.approx(1, abs=1e-13)


def test_entropy_alpha_is_the_softmax() -> None:
    d2_J = torch.linspace(0.02, 1.9, 30, dtype=torch.float64)
    for tau in (0.01, 0.5, 5.0):
        torch.testing.assert_close(entropy_alpha(d2_J, tau), torch.softmax(-d2_J / tau, 0), rtol=1e-12, atol=0)


@pytest.mark.parametrize("state", SMOOTH)
def test_alpha_is_held_fixed_unless_it_says_backprop(state: str) -> None:
    z0_ND, z1_ND = views(state, N, 3)
    fixed, through = (of_oracle(name, {}, z0_ND, z1_ND, {}) for name in ("direct", "direct_backprop"))
    assert_same_value(fixed, through, z0_ND, z1_ND, 1e-12)
    assert (gradient_of(fixed) - gradient_of(through)).norm() > 1e-4 * gradient_of(fixed).norm()


@pytest.mark.parametrize("identity", SAME_GRADIENT, ids=str)
def test_gradient_identity(identity: Identity) -> None:
    assert_gradient_identity(identity, of_oracle)


@pytest.mark.parametrize("identity", SAME_LOSS, ids=str)
def test_loss_identity(identity: Identity) -> None:
    assert_loss_identity(identity, of_oracle)


@pytest.mark.parametrize(("name", "symmetry"), each_symmetry(ORACLES))
def test_symmetry(name: str, symmetry: str) -> None:
    assert_symmetry(SYMMETRIES[symmetry], name, of_oracle)


@pytest.mark.parametrize("name", [name for name in ORACLES if name not in EUCLIDEAN])
def test_gradient_is_tangent_to_the_sphere(name: str) -> None:
    assert_tangent(name, of_oracle)


@pytest.mark.parametrize("name", ORACLES)
def test_extremes_are_finite_and_override_known_parameters(name: str) -> None:
    for params in EXTREMES[name]:
        assert params.keys() <= defaults(name).keys()
        for state in SMOOTH:
            z0_ND, z1_ND = views(state, N, 3)
            answer = of_oracle(name, params, z0_ND, z1_ND, context_of(name, z0_ND))
            assert all(part.isfinite().all() for part in answer), (params, state)


def test_every_oracle_has_extremes() -> None:
    assert EXTREMES.keys() == ORACLES.keys() == ORTHOGONAL.keys()
