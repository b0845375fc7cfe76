"""Derivatives at the ends of what the built-ins are defined on: no 0 * inf where there is a limit.

The oracle leaves out what has the limit 0, so that autograd never meets it. Embeddings lie along the axes: cosines are
-1, 0 or 1, and distances to duplicates and equal views are exactly 0, in every number type.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

import alphadsl
from alphadsl.backend.emit.writer import Writer
from alphadsl.backend.execution import Backend
from alphadsl.backend.identifier import identifier
from alphadsl.backend.module import ContrastiveLoss
from alphadsl.backend.program import RUNTIME
from alphadsl.ir.atom import End
from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.kinds import Geometry
from alphadsl.ir.nodes import Expr, Num, Param, Var
from alphadsl.reference.forward_mode import _plain
from tests.oracles.batch import Anchor, Answer, mean_over_anchors, value_and_gradient
from tests.oracles.closeness import assert_same_answer

DTYPES = (torch.float32, torch.float64)
TOLERANCES = {torch.float32: 2e-6, torch.float64: 1e-12}
ENDS = [(name, end) for name, atom in ATOMS.items() for end in atom.ends]
Row = Callable[..., Tensor]


@pytest.mark.parametrize(("name", "end"), ENDS, ids=lambda part: part if isinstance(part, str) else str(part.at))
def test_partials_are_what_the_table_says(name: str, end: End) -> None:
    """In NumPy and as generated text."""
    places = [str(place) for place in range(len(end.at))]
    numbers = {place: np.asarray(value) for place, value in zip(places, end.at, strict=True)}
    with np.errstate(divide="ignore"):
        assert [float(_plain(each, numbers)) for each in ATOMS[name].partials(*map(Var, places))] == list(end.slopes)
    names = [f"x{place}" for place in places]
    for dtype in DTYPES:
        given = {
            identifier(each): torch.full((1, 1), value, dtype=dtype) for each, value in zip(names, end.at, strict=True)
        }
        assert evaluated(ATOMS[name].partials(*map(Param, names)), given, dtype) == list(end.slopes)
        if name == "pow":
            of_base = ATOMS[name].partials(Param("x0"), Num(end.at[1]))[:1]
            assert evaluated(of_base, given, dtype) == list(end.slopes)[:1]


def evaluated(partials: tuple[Expr, ...], given: dict[str, Tensor], dtype: torch.dtype) -> list[float]:
    names = {**RUNTIME, **given, "s_AC": torch.zeros(1, 1, dtype=dtype)}
    return [float(eval(Writer(Geometry.SPHERE, [], {}, "s_AC").argument(each), names)) for each in partials]


def positive(x_J: Tensor) -> Tensor:
    return x_J[x_J > 0]


def exp_of_powers(a: Anchor, p: Tensor) -> Tensor:
    return torch.exp(-torch.where(a.d2_J > 0, torch.where(a.d2_J > 0, a.d2_J, 1.0) ** (p / 2), 0.0))


def softened(a: Anchor, p: Tensor) -> Tensor:
    weight_J = exp_of_powers(a, p)
    return (weight_J / weight_J.sum() * a.x_J).sum()


# The lines of a loss, the parameters with their values, what an anchor adds up to by the formula.
CASES: dict[str, tuple[str, dict[str, float], Row]] = {
    "relu^p": ("loss[i] = d[i]^2 + sum_j(relu(s[i,j])^p)", {"p": 2.5}, lambda a, p: (positive(a.s_J) ** p).sum()),
    "relu^1": ("loss[i] = d[i]^2 + sum_j(relu(s[i,j])^p)", {"p": 1.0}, lambda a, p: (positive(a.s_J) ** p).sum()),
    "relu^half": ("loss[i] = d[i]^2 + sum_j(relu(s[i,j])^p)", {"p": 0.5}, lambda a, p: (positive(a.s_J) ** p).sum()),
    "(1+s)^p": (
        "loss[i] = d[i]^2 + sum_j((1 + s[i,j])^p)",
        {"p": 1.5},
        lambda a, p: ((1 + a.s_J[a.s_J > -1]) ** p).sum(),
    ),
    "exponent of a pair": (
        "loss[i] = d[i]^2 + sum_j(relu(s[i,j])^(p + d[i,j]^2))",
        {"p": 2.0},
        lambda a, p: (positive(a.s_J) ** (p + a.d2_J[a.s_J > 0])).sum(),
    ),
    "d[i]^p": ("loss[i] = d[i]^2 + d[i]^p", {"p": 2.5}, lambda a, p: a.d2 ** (p / 2) if a.d2 > 0 else 0 * p),
    "exp(-d^p)": (
        "loss[i] = d[i]^2 + sum_j(exp(-d[i,j]^p))",
        {"p": 1.5},
        lambda a, p: exp_of_powers(a, p).sum(),
    ),
    "abs^p": (
        "loss[i] = d[i]^2 + sum_j(abs(s[i,j])^p)",
        {"p": 1.5},
        lambda a, p: (a.s_J[a.s_J != 0].abs() ** p).sum(),
    ),
    "sqrt": (
        "loss[i] = d[i]^2 + sum_j(p * sqrt(relu(s[i,j])))",
        {"p": 1.5},
        lambda a, p: (p * positive(a.s_J).sqrt()).sum(),
    ),
    "max": (
        "loss[i] = d[i]^2 + sum_j(max(s[i,j], b))",
        {"b": 0.0},
        lambda a, b: torch.maximum(a.s_J, b.expand_as(a.s_J)).sum(),
    ),
    "min": (
        "loss[i] = d[i]^2 - sum_j(min(-s[i,j], b))",
        {"b": 0.0},
        lambda a, b: -torch.minimum(-a.s_J, b.expand_as(a.s_J)).sum(),
    ),
    "where": (
        "loss[i] = d[i]^2 + sum_j(where(s[i,j] > 0, s[i,j], exp(s[i,j] / tau)))",
        {"tau": 0.01},
        lambda a, tau: positive(a.s_J).sum() + torch.exp(a.s_J[a.s_J <= 0] / tau).sum(),
    ),
    "min(exp)": (
        "loss[i] = d[i]^2 + sum_j(min(exp((s[i,j] - 0.1) / tau), 1))",
        {"tau": 0.003},
        lambda a, tau: torch.exp((a.s_J[a.s_J < 0.1] - 0.1) / tau).sum() + (a.s_J >= 0.1).sum(),
    ),
    "relu(1 - exp)": (
        "loss[i] = d[i]^2 - sum_j(relu(1 - exp((s[i,j] - 0.1) / tau))^p)",
        {"tau": 0.003, "p": 1.5},
        lambda a, tau, p: -((1 - torch.exp((a.s_J[a.s_J < 0.1] - 0.1) / tau)) ** p).sum(),
    ),
    "min_j(exp)": (
        "loss[i] = d[i]^2 + min_j(exp((s[i,j] - 0.5) / tau))",
        {"tau": 0.004},
        lambda a, tau: torch.exp((a.s_J[a.s_J == a.s_J.min()] - 0.5) / tau).mean(),
    ),
    "softplus, sigmoid, tanh": (
        "loss[i] = d[i]^2 + sum_j(softplus(s[i,j] / tau) + sigmoid(s[i,j] / tau) + tanh(s[i,j] / tau))",
        {"tau": 0.003},
        lambda a, tau: (
            torch.logaddexp(a.s_J / tau, torch.zeros_like(a.s_J)) + torch.sigmoid(a.s_J / tau) + torch.tanh(a.s_J / tau)
        ).sum(),
    ),
    "tanh(exp)": (
        "loss[i] = d[i]^2 + sum_j(tanh(exp(s[i,j] / tau)))",
        {"tau": 0.01},
        lambda a, tau: torch.tanh(torch.exp(a.s_J[a.s_J < 0.5] / tau)).sum() + (a.s_J > 0.5).sum(),
    ),
    "relu^p + exp(-d^p) + relu(1 - exp)": (
        "loss[i] = d[i]^2 + sum_j(relu(s[i,j])^p + exp(-d[i,j]^p) + relu(1 - exp((s[i,j] - 0.5) / tau)))",
        {"p": 1.5, "tau": 0.005},
        lambda a, p, tau: (
            (positive(a.s_J) ** p).sum()
            + exp_of_powers(a, p).sum()
            + (1 - torch.exp((a.s_J[a.s_J < 0.5] - 0.5) / tau)).sum()
        ),
    ),
    "through alpha": ("alpha[i,j] ~ exp(-d[i,j]^p)\n  gradient through alpha", {"p": 1.5}, softened),
}
INTERVALS = {"b": "(-inf, inf)"}
TOGETHER = "relu^p + exp(-d^p) + relu(1 - exp)"


def spec_of(name: str) -> str:
    lines, values, _ = CASES[name]
    learned = "".join(
        f"  learn {each} = {value} in {INTERVALS.get(each, '(0, inf)')}\n" for each, value in values.items()
    )
    reals = "  alpha in reals\n" if "loss[i]" in lines else ""
    return f"loss case {{\n{learned}  {lines}\n{reals}}}\n"


def axes(dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Duplicates, equal views, opposites and right angles."""
    a, b, c = torch.eye(3, dtype=dtype)
    return torch.stack([a, a, -b, b, c]), torch.stack([a, a, -b, c, -c])


def truth_of(name: str) -> Answer:
    lines, values, row = CASES[name]

    def oracle(z0: Tensor, z1: Tensor, **learned: Tensor) -> Tensor:
        return mean_over_anchors(z0, z1, lambda a: row(a, **learned) + (a.d2 if "loss[i]" in lines else 0.0))

    return value_and_gradient(oracle, *axes(torch.float64), params=values, learned=tuple(values))


def answer(loss: ContrastiveLoss, dtype: torch.dtype) -> Answer:
    """Slopes by the parameters themselves, not by the raw numbers behind them: softplus from an end that is bounded."""
    leaves = [z_ND.requires_grad_() for z_ND in axes(dtype)]
    value = loss(*leaves)
    g0_ND, g1_ND, *raw = torch.autograd.grad(value, [*leaves, *(loss.learned[name] for name in loss.values)])
    steepness = [1.0 if name in INTERVALS else -math.expm1(-each) for name, each in loss.values.items()]
    slopes = [slope / rate for slope, rate in zip(raw, steepness, strict=True)]
    return Answer(value.detach(), g0_ND, g1_ND, torch.stack(slopes))


@pytest.mark.parametrize("backend", ["interpreter", "dense", "streaming"])
@pytest.mark.parametrize("name", CASES)
def test_a_limit_is_taken(name: str, backend: Backend) -> None:
    truth = truth_of(name)
    loss = alphadsl.loads(spec_of(name), backend=backend, compile=False)
    for dtype in DTYPES:
        assert_same_answer(answer(loss, dtype), truth, *axes(torch.float64), TOLERANCES[dtype])


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["dense", "streaming"])
def test_a_limit_is_taken_by_compiled_code(backend: Backend) -> None:
    loss = alphadsl.loads(spec_of(TOGETHER), backend=backend, compile=True)
    assert_same_answer(answer(loss, torch.float32), truth_of(TOGETHER), *axes(torch.float64), 2e-6)


def test_a_step_at_an_end_trains_on() -> None:
    loss = alphadsl.loads(spec_of("relu^p"))
    optimizer = torch.optim.AdamW(loss.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        loss(*axes(torch.float32)).backward()
        optimizer.step()
    assert 0 < abs(loss.values["p"] - CASES["relu^p"][1]["p"]) < 1
