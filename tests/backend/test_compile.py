"""One graph per loss: no break, and nothing compiled again for another temperature or a smaller batch.

The graphs are counted as Dynamo makes them and then run eagerly; Inductor's output is held to the oracle elsewhere.
"""

from collections.abc import Iterator

import pytest
import torch
from torch._dynamo.testing import CompileCounterWithBackend

import alphadsl
from alphadsl.backend import custom_op, program
from alphadsl.backend.dispatch import choose
from alphadsl.backend.streaming import tiled

EVERY_KIND = ("infonce", "triplet", "infonce_hard", "direct_backprop", "square", "inverse")


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[CompileCounterWithBackend]:
    counter = CompileCounterWithBackend("eager")
    compiled = torch.compile
    monkeypatch.setattr(
        torch, "compile", lambda function, **options: compiled(function, **options | {"backend": counter})
    )
    program._compiled.cache_clear()
    custom_op._engine.cache_clear()
    torch._dynamo.reset()
    yield counter
    program._compiled.cache_clear()
    custom_op._engine.cache_clear()
    torch._dynamo.reset()


def graphs(counter: CompileCounterWithBackend) -> int:
    """Graphs with something in them; Dynamo also hands the backend an empty one."""
    return sum(any("call" in node.op for node in graph.graph.nodes) for graph in counter.graphs)


def step(loss: torch.nn.Module, samples: int, width: int = 8) -> None:
    z0_ND, z1_ND = torch.randn(2, samples, width, requires_grad=True).unbind()
    loss(z0_ND, z1_ND).backward()


GENERAL = """loss l {{
  pairs {pairs}
  space {space}
  learn t = 2 in (0, 4)
  learn b = -1
  param k = cosine(0.2, 0.6) in (0, inf)
  u[i] = logsumexp_j(t * s[i,j] + b)
  loss[i] = softplus(u[i] - t * s[i]) + k * (u[i] - mean_i(u[i]))^2 + mean_j(exp(-d[i,j]^2 / k)) + 0.1 * d[i]^k
  alpha in reals
}}
"""
SETTINGS = [
    ("two_view", "sphere"),
    ("same_view", "euclidean"),
    ("cross_view", "sphere"),
    ("queue", "euclidean"),
    ("labels", "sphere"),
    ("labels against other_classes", "euclidean"),
]


def step_of(loss: torch.nn.Module, pairs: str, samples: int) -> tuple[torch.Tensor, ...]:
    rng = torch.Generator().manual_seed(samples)
    z_VND = torch.randn(2, samples, 8, generator=rng).requires_grad_()
    further = {"labels": torch.arange(samples) % 3} if "labels" in pairs else {}
    further |= {"queue": torch.randn(11, 8, generator=rng)} if pairs == "queue" else {}
    value = loss(z_VND[0], z_VND[1], **further)
    return value.detach(), *torch.autograd.grad(value, [z_VND, *loss.parameters()])


@pytest.mark.slow
@pytest.mark.parametrize(("pairs", "space"), SETTINGS)
def test_one_graph_serves_every_index_set(pairs: str, space: str, counter: CompileCounterWithBackend) -> None:
    """Whatever is set, learned or scheduled, and however many samples there are."""
    loss, plain = (alphadsl.loads(GENERAL.format(pairs=pairs, space=space), compile=mode) for mode in (True, False))
    for turn, samples in enumerate((16, 16, 7, 8, 16, 33)):
        for each in (loss, plain):
            each.at(turn / 5)
            each.set(t=0.5 + turn / 2)
        found, expected = (step_of(each, pairs, samples) for each in (loss, plain))
        torch.testing.assert_close(found, expected, rtol=2e-4, atol=1e-5)
    assert graphs(counter) == 1


@pytest.mark.slow
@pytest.mark.parametrize("dynamic", [None, True])
@pytest.mark.parametrize(("pairs", "space"), SETTINGS[:3])
def test_inside_an_outer_graph_with_what_is_learned(
    pairs: str, space: str, dynamic: bool | None, counter: CompileCounterWithBackend
) -> None:
    loss = alphadsl.loads(GENERAL.format(pairs=pairs, space=space), compile=False)
    encoder = torch.nn.Linear(8, 8)

    def train_step(x_VNI: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = loss(encoder(x_VNI[0]), encoder(x_VNI[1]))
        return value

    x_VNI = torch.randn(2, 16, 8)
    weights = [*encoder.parameters(), *loss.parameters()]
    expected = torch.autograd.grad(train_step(x_VNI), weights)
    graph = torch.compile(train_step, fullgraph=True, dynamic=dynamic)
    found = torch.autograd.grad(graph(x_VNI), weights)
    torch.testing.assert_close(found, expected, rtol=2e-4, atol=1e-5)


# A power decides whether a loss looks closely at small distances; then its step is another, in float64.
POWER = "p"


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY_KIND)
def test_one_graph_serves_all_temperatures_and_batches(name: str, counter: CompileCounterWithBackend) -> None:
    loss = alphadsl.load(name, compile=True)
    step(loss, 16)
    for samples in (16, 7, 8, 16, 33):
        loss.set(**{parameter: 1.5 for parameter in loss.values if parameter != POWER})
        step(loss, samples)
    step(alphadsl.load(name, compile=True), 16)
    assert graphs(counter) == 1


@pytest.mark.slow
def test_a_sweep_over_a_temperature_compiles_once(counter: CompileCounterWithBackend) -> None:
    for trial in range(20):
        step(alphadsl.load("infonce", compile=True, tau=0.05 * (1 + trial)), 16)
    assert graphs(counter) == 1


TILE_GRAPHS = {"infonce": 6, "triplet": 4, "clip": 4, "moco": 4}


@pytest.mark.slow
@pytest.mark.parametrize("name", TILE_GRAPHS)
def test_one_set_of_tile_graphs_serves_all_temperatures_and_batches(
    name: str, counter: CompileCounterWithBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To place the points, for each pass one, and another for diagonal tiles where there are any, and to gather the
    gradient; whatever the number and shape of tiles."""
    monkeypatch.setattr(tiled, "SIDE", 16)
    for trial, samples in enumerate([40, 41, 24, 8, 7, 100, 30, 33]):
        loss = alphadsl.load(name, backend="streaming", compile=True)
        loss.set(**{parameter: 0.1 + 0.05 * trial for parameter in loss.values if parameter != POWER})
        z0_ND, z1_ND = torch.randn(2, samples, 8, requires_grad=True).unbind()
        further = {"queue": torch.randn(50, 8)} if loss.takes else {}
        loss(z0_ND, z1_ND, **further).backward()
    assert graphs(counter) == TILE_GRAPHS[name]


@pytest.mark.slow
def test_auto_compiles_only_where_it_pays(counter: CompileCounterWithBackend) -> None:
    loss = alphadsl.load("infonce")
    step(loss, 64)
    assert graphs(counter) == 0
    step(loss, 512)
    assert graphs(counter) > 0


@pytest.mark.parametrize(("name", "first"), [("infonce", 1536), ("clip", 2048), ("square", 2048)])
def test_auto_streams_from_the_threshold_on(name: str, first: int) -> None:
    """In anchors, of which opposite views make half as many pairs."""
    core = alphadsl.load(name).core
    halves = 2 if core.pairs.name == "cross_view" else 1
    for anchors in (first - 2, first):
        choice = choose(core, "auto", "auto", torch.device("cpu"), anchors**2 // halves)
        assert choice.streams == (anchors == first)


def test_inside_an_outer_graph(counter: CompileCounterWithBackend) -> None:
    loss = alphadsl.load("infonce", tau=0.3)
    encoder = torch.nn.Linear(8, 8)

    def train_step(x_VNI: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = loss(encoder(x_VNI[0]), encoder(x_VNI[1]))
        return value

    x_VNI = torch.randn(2, 16, 8)
    expected = train_step(x_VNI)
    found = torch.compile(train_step, fullgraph=True)(x_VNI)
    torch.testing.assert_close(found, expected)
    found.backward()
    assert encoder.weight.grad is not None
