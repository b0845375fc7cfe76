"""Second derivatives, by every way in which torch gives one: those of the oracles, or a refusal that says why.

Each way is a function from a loss of flat embeddings, a batch and a direction to tensors; it is asked of our module and
of the oracle alike, both in float64. Shape suffixes: V 2 views, N samples, D embedding width, T = V N D.
"""

from collections.abc import Callable
from functools import cache

import pytest
import torch
import torch.autograd.forward_ad as fwAD
from torch import Tensor
from torch.autograd import functional

import alphadsl
from alphadsl.backend.execution import BACKENDS
from tests.oracles import ORACLES, defaults
from tests.oracles.contexts import context_of

N, D = 6, 4
FEW = 3
Value = Callable[[Tensor], Tensor]
Way = Callable[[Value, Tensor, Tensor], tuple[Tensor, ...]]

# What torch imports for forward mode warns of its own torch.jit.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True"),
]


def batch(samples: int = N) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(0)
    z_T, v_T = torch.randn(2, 2 * samples * D, generator=rng, dtype=torch.float64)
    return z_T, v_T


@cache
def asked(name: str, backend: str, samples: int = N) -> Value:
    loss = alphadsl.load(name, backend=backend, compile=False)  # type: ignore[arg-type]
    context = context_of(name, batch(samples)[0].view(2, samples, D)[0])
    return lambda z_T: loss(*z_T.view(2, samples, D), **context)


@cache
def true(name: str) -> Value:
    context = context_of(name, batch()[0].view(2, N, D)[0])
    return lambda z_T: ORACLES[name](*z_T.view(2, N, D), **context, **defaults(name))


def leaf(z_T: Tensor) -> Tensor:
    return z_T.clone().requires_grad_()


def backward_twice(value: Value, z_T: Tensor, v_T: Tensor) -> tuple[Tensor, ...]:
    z_T = leaf(z_T)
    (g_T,) = torch.autograd.grad(value(z_T), z_T, create_graph=True)
    (g_T * v_T).sum().backward()
    assert z_T.grad is not None
    return g_T, z_T.grad


def backward_into(value: Value, z_T: Tensor, v_T: Tensor) -> tuple[Tensor, ...]:
    z_T = leaf(z_T)
    value(z_T).backward(create_graph=True, inputs=[z_T])
    assert z_T.grad is not None
    return torch.autograd.grad(z_T.grad, z_T, v_T)


def penalty(value: Value, z_T: Tensor, v_T: Tensor) -> tuple[Tensor, ...]:
    """What a term lost without a word would go unnoticed in: other terms, an encoder, and the loss itself."""
    weight_T = v_T.clone().requires_grad_()
    loss = 3 * value(weight_T * z_T) + weight_T.square().sum()
    (g_T,) = torch.autograd.grad(loss, weight_T, create_graph=True)
    return torch.autograd.grad(loss + g_T.norm(), weight_T)


def third(value: Value, z_T: Tensor, v_T: Tensor) -> tuple[Tensor, ...]:
    z_T = leaf(z_T)
    derivatives: tuple[Tensor, ...] = (value(z_T),)
    for _ in range(3):
        derivatives = torch.autograd.grad((derivatives[0] * v_T).sum() / v_T.sum(), z_T, create_graph=True)
    return derivatives


def dual(value: Value, z_T: Tensor, v_T: Tensor) -> tuple[Tensor, ...]:
    with fwAD.dual_level():
        found = fwAD.unpack_dual(value(fwAD.make_dual(z_T, v_T)))
    return found.primal, found.tangent


def functional_then_backward(value: Value, z_T: Tensor, v_T: Tensor) -> tuple[Tensor, ...]:
    z_T = leaf(z_T)
    return torch.autograd.grad(torch.func.grad(value)(z_T), z_T, v_T)


def batches(value: Value, z_T: Tensor, v_T: Tensor) -> tuple[Tensor, ...]:
    return tuple(torch.func.vmap(take)(torch.stack([z_T, v_T])) for take in (value, torch.func.grad(value)))


WAYS: dict[str, Way] = {
    "backward twice": backward_twice,
    "backward(inputs=)": backward_into,
    "gradient penalty": penalty,
    "third derivative": third,
    "forward mode": dual,
    "functional.hvp": lambda value, z_T, v_T: functional.hvp(value, z_T, v_T),
    "functional.vhp": lambda value, z_T, v_T: functional.vhp(value, z_T, v_T),
    "functional.hessian": lambda value, z_T, v_T: (functional.hessian(value, z_T),),
    "functional.hessian vectorised": lambda value, z_T, v_T: (functional.hessian(value, z_T, vectorize=True),),
    "functional.hessian forward": lambda value, z_T, v_T: (
        functional.hessian(value, z_T, vectorize=True, outer_jacobian_strategy="forward-mode"),
    ),
    "functional.jvp": lambda value, z_T, v_T: functional.jvp(value, z_T, v_T),
    "func.hessian": lambda value, z_T, v_T: (torch.func.hessian(value)(z_T),),
    "func.jacfwd": lambda value, z_T, v_T: (torch.func.jacfwd(value)(z_T),),
    "func.jacrev twice": lambda value, z_T, v_T: (torch.func.jacrev(torch.func.jacrev(value))(z_T),),
    "func.jacfwd twice": lambda value, z_T, v_T: (torch.func.jacfwd(torch.func.jacfwd(value))(z_T),),
    "func.jvp": lambda value, z_T, v_T: torch.func.jvp(value, (z_T,), (v_T,)),
    "func.jvp of grad": lambda value, z_T, v_T: torch.func.jvp(torch.func.grad(value), (z_T,), (v_T,)),
    "func.grad twice": lambda value, z_T, v_T: (
        torch.func.grad(lambda z_T: (torch.func.grad(value)(z_T) * v_T).sum())(z_T),
    ),
    "func.grad, then backward": functional_then_backward,
    "func.vmap": batches,
}
# Ways that torch itself cannot go with the loops of an oracle, and one to the same answer.
PLAINER = {"functional.hessian forward": "functional.hessian"}
# An index set and a family each; what is learned; a corner.
LOSSES = ("siglip", "moco", "cauchy", "triplet", "supcon")


@cache
def truth(name: str, way: str) -> tuple[Tensor, ...]:
    return WAYS[way](true(name), *batch())


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_way_to_a_second_derivative_is_right(backend: str, way: str) -> None:
    for name in LOSSES:
        expected = truth(name, PLAINER.get(way, way))
        found = WAYS[way](asked(name, backend), *batch())
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11, msg=name)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_gradient_that_holds_something_fixed_has_none(backend: str, way: str) -> None:
    """By no way, and a step after the refusal is none the worse."""
    for name in ("direct", "square", "flatnce"):
        value = asked(name, backend, FEW)
        expected = value(batch(FEW)[0])
        with pytest.raises(alphadsl.InputError, match="first derivative only"):
            WAYS[way](value, *batch(FEW))
        assert torch.equal(value(batch(FEW)[0]), expected)


# From the raw number that an optimizer moves to the learned parameter, written from its interval.
LEARNED: dict[str, dict[str, Callable[[Tensor], Tensor]]] = {
    "infonce_learned": {"tau": lambda raw: 0.01 + 0.99 * torch.sigmoid(raw)},
    "clip": {"t": lambda raw: 4.6052 - torch.nn.functional.softplus(-raw)},
    "siglip": {"t": lambda raw: raw, "b": lambda raw: raw},
}


def curvatures(value: Callable[..., Tensor], z_T: Tensor, raws: list[Tensor]) -> list[Tensor]:
    """Every second derivative by learned parameters, and the mixed ones by embeddings."""
    slopes = torch.autograd.grad(value(z_T, *raws), raws, create_graph=True)
    return [part for slope in slopes for part in torch.autograd.grad(slope, [z_T, *raws], retain_graph=True)]


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("name", LEARNED)
@pytest.mark.parametrize("backend", BACKENDS)
def test_second_derivatives_by_what_is_learned(backend: str, name: str) -> None:
    loss = alphadsl.load(name, backend=backend, compile=False)  # type: ignore[arg-type]
    assert loss.learned is not None
    maps, raws = LEARNED[name], [loss.learned[key] for key in LEARNED[name]]
    found = curvatures(lambda z_T, *_: loss(*z_T.view(2, N, D)), leaf(batch()[0]), raws)

    def formula(z_T: Tensor, *raws: Tensor) -> Tensor:
        learned = {key: into(raw) for (key, into), raw in zip(maps.items(), raws, strict=True)}
        return ORACLES[name](*z_T.view(2, N, D), **defaults(name) | learned)

    expected = curvatures(formula, leaf(batch()[0]), [leaf(raw.detach()) for raw in raws])
    assert any(part.abs().max() > 1e-3 for part in expected)
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("graph", ["eager", "aot_eager", "inductor"])
@pytest.mark.parametrize("backend", ["dense", "streaming"])
def test_inside_an_outer_graph_there_is_none(backend: str, graph: str) -> None:
    """It is refused by us or by torch, and not lost; the first is right."""
    loss = alphadsl.load("infonce_learned", backend=backend, compile=False)  # type: ignore[arg-type]
    assert loss.learned is not None
    z_T, raw = leaf(batch()[0]), loss.learned["tau"]
    value = torch.compile(lambda z_T: loss(*z_T.view(2, N, D)) + z_T.square().sum(), backend=graph, fullgraph=True)
    expected = torch.autograd.grad(loss(*z_T.view(2, N, D)) + z_T.square().sum(), [z_T, raw])
    torch.testing.assert_close(torch.autograd.grad(value(z_T), [z_T, raw]), expected)
    for by in (z_T, raw):
        with pytest.raises(
            (alphadsl.InputError, RuntimeError), match=r"first derivative only|double back|create_graph"
        ):
            derive_twice(value(z_T), by)


def derive_twice(value: Tensor, by: Tensor) -> Tensor:
    (g,) = torch.autograd.grad(value, by, create_graph=True)
    return torch.autograd.grad(g.sum(), by)[0]


@pytest.mark.parametrize("way", ["func.hessian", "func.jvp", "func.grad twice", "forward mode", "functional.hvp"])
def test_a_way_inside_an_outer_graph_is_right_or_refused(way: str) -> None:
    torch._dynamo.reset()
    compiled = torch.compile(lambda z_T, v_T: WAYS[way](asked_once, z_T, v_T), backend="eager")
    asked_once = asked("infonce", "dense")
    try:
        found = compiled(*batch())
    except Exception:
        return
    torch.testing.assert_close(found, WAYS[way](true("infonce"), *batch()), rtol=1e-9, atol=1e-11)


HELD = {
    *("adnce", "beyond_infonce", "blend", "circle", "dclw", "direct", "direct_unnormalised", "entmax", "entropy"),
    *("flatnce", "infonce_direct_path", "inverse", "inverse_direct", "macl", "rank_one", "square"),
}


@pytest.mark.parametrize("name", ORACLES)
def test_every_loss_has_the_second_derivative_of_its_formula(name: str) -> None:
    value = asked(name, "auto")
    if name in HELD:
        with pytest.raises(alphadsl.InputError, match="first derivative only"):
            functional.hvp(value, *batch())
    else:
        torch.testing.assert_close(functional.hvp(value, *batch()), functional.hvp(true(name), *batch()))
