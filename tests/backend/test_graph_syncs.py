"""No graph that is compiled asks its device for a number, and none takes a tensor from the host: looked at as Dynamo
captures them, of fake CUDA tensors, value and gradient. No device is needed.

What the library's generated texts call decides which losses are looked at: together they call all of it.
"""

import re
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor
from torch._subclasses import FakeTensorMode
from torch.fx import GraphModule, Node
from torch.fx.experimental.symbolic_shapes import ShapeEnv, free_unbacked_symbols

import alphadsl
from alphadsl.backend import custom_op, program
from alphadsl.backend.runtime import simplex
from tests.oracles.contexts import context_of

N, D = 3, 4
LOOKED_AT = (
    "direct_backprop",
    "hard_negative",
    "inverse",
    "macl",
    "n_pairs",
    "nt_logistic",
    "square",
    "supcon",
    "triplet_semihard",
)
# One of each geometry and way to stream.
STREAMED = ("cauchy", "moco", "n_pairs", "square", "supcon", "triplet_semihard")


@pytest.fixture
def graphs(small_tiles: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[GraphModule]]:
    """What Dynamo captures. It runs as it is captured: of fake numbers no kernel can be made."""
    captured: list[GraphModule] = []
    compiled = torch.compile

    def capture(graph: GraphModule, _: list[Tensor]) -> Callable[..., object]:
        captured.append(graph)
        return graph.forward

    monkeypatch.setattr(
        torch, "compile", lambda function, **options: compiled(function, **options | {"backend": capture})
    )
    monkeypatch.setattr(simplex, "DEVICE_STEPS", 2)  # every step is the same kernels again
    for forget in (program._compiled.cache_clear, custom_op._engine.cache_clear, torch._dynamo.reset):
        forget()
    yield captured
    for forget in (program._compiled.cache_clear, custom_op._engine.cache_clear, torch._dynamo.reset):
        forget()


def syncs(graph: GraphModule) -> list[str]:
    """The nodes that would make a device wait."""
    return [node.format_node() or node.name for node in graph.graph.nodes if _waits(node) or _is_known_late(node)]


def _waits(node: Node) -> bool:
    """A number of Python's as a tensor is copied to the device; a branch is taken by the host, and so is the end of a
    loop, unless the host counts."""
    match called_by(node):
        case "tensor" | "as_tensor":
            return not isinstance(node.args[0], Node)
        case "cond":
            return True
        case "while_loop":
            return not _is_of_the_host(node.args[2][0])
        case _:
            return False


def _is_known_late(node: Node) -> bool:
    """Whether it is of the host and no count of a loop, or is a number or has a shape that the device has to tell."""
    counts = bool(node.users) and all(called_by(user) == "while_loop" for user in node.users)
    return (_is_of_the_host(node) and not counts) or bool(free_unbacked_symbols(node.meta.get("example_value")))


def _is_of_the_host(node: Node) -> bool:
    value = node.meta.get("example_value")
    return isinstance(value, Tensor) and value.device.type == "cpu"


def called_by(node: Node) -> str:
    if not node.op.startswith("call"):
        return ""
    return node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "backend"),
    [*((name, "dense") for name in LOOKED_AT), *((name, "streaming") for name in STREAMED)],
)
def test_no_graph_makes_its_device_wait(name: str, backend: str, graphs: list[GraphModule]) -> None:
    context_N = context_of(name, torch.randn(N, D))
    with FakeTensorMode(shape_env=ShapeEnv()), torch.device("cuda"):
        loss = alphadsl.load(name, backend=backend, compile=True)  # type: ignore[arg-type]
        z_VND = torch.randn(2, N, D).requires_grad_()
        given = {key: torch.empty(part.shape, dtype=part.dtype) for key, part in context_N.items()}
        value = loss(*z_VND, **given)
    assert value.device.type == "cuda"
    assert graphs
    assert [node for graph in graphs for node in syncs(graph)] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["infonce", "infonce_learned", "moco"])
def test_neither_does_an_outer_graph(name: str, graphs: list[GraphModule]) -> None:
    context_N = context_of(name, torch.randn(N, D))
    with FakeTensorMode(shape_env=ShapeEnv()), torch.device("cuda"):
        loss = alphadsl.load(name, compile=False)
        given = {key: torch.empty(part.shape, dtype=part.dtype) for key, part in context_N.items()}
        z_VND = torch.randn(2, N, D).requires_grad_()
        outer = torch.compile(lambda z_VND: loss(*z_VND, **given), fullgraph=True)
        outer(z_VND)
    assert [node for graph in graphs for node in syncs(graph)] == []


@pytest.mark.parametrize(
    "asks",
    [
        lambda z_ND: z_ND * z_ND.sum().item(),
        lambda z_ND: z_ND[z_ND > 0],
        lambda z_ND: z_ND * torch.tensor(2.0),
        lambda z_ND: z_ND.cpu() * 2,
        lambda z_ND: torch.while_loop(lambda z_ND: z_ND.sum() > 0, lambda z_ND: (z_ND - 1,), (z_ND,))[0],
    ],
    ids=["a number", "a shape", "a constant of the host", "a copy to the host", "a loop"],
)
def test_a_graph_that_does_is_seen(asks: Callable[[Tensor], Tensor], graphs: list[GraphModule]) -> None:
    with (
        FakeTensorMode(shape_env=ShapeEnv()),
        torch._dynamo.config.patch(capture_scalar_outputs=True, capture_dynamic_output_shape_ops=True),
    ):
        torch.compile(asks, fullgraph=True)(torch.randn(N, D, device="cuda"))
    assert [node for graph in graphs for node in syncs(graph)]


@pytest.mark.slow
def test_the_losses_looked_at_call_all_that_the_library_does() -> None:
    called = {name: calls(name) for name in alphadsl.library()}
    assert set().union(*(called[name] for name in LOOKED_AT)) == set().union(*called.values())


def calls(name: str) -> set[str]:
    """The functions of torch and of `runtime`, and the methods of tensors, in the generated texts of a loss."""
    text = "".join(program._texts(alphadsl.load(name, compile=False).core))
    own = {*re.findall(r"def (\w+)\(", text)}
    called = re.findall(r"((?:torch|step|row_blocks|tiles|points|cells|cell_row_blocks)\.\w+|\.\w+|\w+)\(", text)
    return {function for function in called if function.split(".")[-1] not in own}
