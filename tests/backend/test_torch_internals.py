"""The private parts of torch that we use do what they are relied on for; a test that fails names the one that moved.

They are in one file, and nothing else of alphadsl or the runner reaches below torch's public interface.
"""

import ast
import threading
import tomllib
from pathlib import Path

import pytest
import torch
import torch.autograd.forward_ad as fwAD
from packaging.requirements import Requirement
from torch import Tensor
from torch._subclasses import FakeTensorMode

from alphadsl.backend import torch_internals

ROOT = Path(__file__).parents[2]
INTERNALS = ROOT / "alphadsl" / "backend" / "torch_internals.py"
ROOMS = ROOT / "alphadsl", ROOT / "runner"
ELSEWHERE = [path for room in ROOMS for path in sorted(room.rglob("*.py")) if path != INTERNALS]
OF_TENSORS = {"_version", "_base", "_is_view", "_typed_storage", "_grad"}

# What torch imports for forward mode warns of its own torch.jit.
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def private_parts(path: Path) -> set[str]:
    """What a file names of torch with an underscore, and private attributes that are not its own."""
    tree, parts = ast.parse(path.read_text(encoding="utf-8")), set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(aliases):
                parts |= {alias.name for alias in aliases if alias.name.startswith("torch") and "._" in alias.name}
            case ast.ImportFrom(module=str(module), names=aliases) if module.partition(".")[0] == "torch":
                names = [module, *(f"{module}.{alias.name}" for alias in aliases)]
                parts |= {name for name in names if "._" in name}
            case ast.Attribute():
                dotted = ast.unparse(node)
                private = dotted.startswith(("torch.", "forward_ad.")) and "._" in dotted.replace("__", "")
                if private or node.attr in OF_TENSORS:
                    parts.add(dotted)
    return parts


def test_private_parts_of_torch_are_in_one_file() -> None:
    assert {path.name: parts for path in ELSEWHERE if (parts := private_parts(path))} == {}
    assert private_parts(INTERNALS)


def test_torch_is_bounded_from_above() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (torch_itself,) = (each for each in map(Requirement, project["dependencies"]) if each.name == "torch")
    assert any(part.operator == "<" for part in torch_itself.specifier)
    assert torch.__version__ in torch_itself.specifier


def test_functional_transforms() -> None:
    seen = []

    def looking(x: Tensor) -> Tensor:
        seen.append(
            (
                torch_internals.in_functional_transform(),
                torch_internals.in_transform_beyond_reverse_mode(),
                torch_internals.is_wrapped(x),
                torch_internals.is_batched(x),
                torch_internals.is_wrapped(torch_internals.unwrapped(x)),
                torch_internals.forward_transforms(),
            )
        )
        return x.sum()

    x_NN = torch.eye(2)
    looking(x_NN)
    torch.func.grad(looking)(x_NN)
    torch.func.vmap(looking)(x_NN)
    torch.func.jvp(looking, (x_NN,), (x_NN,))
    torch.func.vmap(torch.func.grad(looking))(x_NN)
    assert seen == [
        (False, False, False, False, False, 0),
        (True, False, True, False, False, 0),
        (True, True, True, True, False, 0),
        (True, True, True, False, False, 1),
        (True, True, True, False, False, 0),
    ]


def test_forward_mode() -> None:
    assert not torch_internals.in_dual_level()
    with fwAD.dual_level():
        assert torch_internals.in_dual_level()
    assert not torch_internals.in_dual_level()


def test_changes_in_place_are_counted() -> None:
    x = torch.zeros(2)
    before = torch_internals.version_of(x)
    x.add_(1)
    assert torch_internals.version_of(x) == before + 1


def test_modes_that_watch() -> None:
    assert not torch_internals.is_watched()
    with FakeTensorMode():
        assert torch_internals.is_watched()
        other = list[bool]()
        thread = threading.Thread(target=lambda: other.append(torch_internals.is_watched()))
        thread.start()
        thread.join()
        assert other == [False]


@pytest.mark.parametrize("apart", [True, False])
def test_sizes_apart(apart: bool) -> None:
    """One graph serves sizes that happened to be equal first, and otherwise does not."""
    counted = list[object]()

    def backend(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> object:
        counted.append(graph)
        return graph

    torch._dynamo.reset()
    function = torch.compile(lambda a, b: (a.sum(), b.sum()), dynamic=True, backend=backend)
    with torch_internals.sizes_apart() if apart else torch.no_grad():
        function(torch.ones(5), torch.ones(5))
        function(torch.ones(6), torch.ones(7))
    assert len(counted) == (1 if apart else 2)
    torch._dynamo.reset()


def test_sizes_stay_apart_until_the_last_thread_leaves() -> None:
    """Threads share settings in torch 2.11; in later versions each has its own."""
    import torch.fx.experimental._config as config

    seen, inside, left = list[bool](), threading.Event(), threading.Event()

    def second() -> None:
        with torch_internals.sizes_apart():
            inside.set()
            assert left.wait(60)
            seen.append(config.use_duck_shape)

    thread = threading.Thread(target=second)
    with torch_internals.sizes_apart():
        thread.start()
        assert inside.wait(60)
    left.set()
    thread.join()
    assert seen == [False]
    assert config.use_duck_shape


def test_sizes_stay_apart_where_threads_share_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch.fx.experimental._config as config

    monkeypatch.setattr(torch_internals, "_settings_are_shared", lambda: True)
    first, second = torch_internals.sizes_apart(), torch_internals.sizes_apart()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not config.use_duck_shape
    second.__exit__(None, None, None)
    assert config.use_duck_shape


def test_other_sizes_are_expected() -> None:
    counted = list[object]()

    def backend(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> object:
        counted.append(graph)
        return graph

    torch._dynamo.reset()
    function = torch.compile(lambda a: a.sum(), backend=backend)
    for length in (5, 6, 7):
        x = torch.ones(length)
        torch_internals.expect_other_sizes(x, 0)
        function(x)
    assert len(counted) == 1
    torch._dynamo.reset()


def test_limits_and_compilers() -> None:
    with torch._dynamo.config.patch(recompile_limit=3):  # type: ignore[attr-defined]
        assert torch_internals.graphs_allowed() == 3
    assert torch_internals.compilers_tried()
    assert issubclass(torch._dynamo.exc.TorchDynamoException, Exception)
    assert torch._dynamo.exc.TorchDynamoException.__module__.startswith(torch_internals.MACHINERY)


@pytest.mark.slow
def test_a_graph_for_one_thread() -> None:
    graph = torch.fx.symbolic_trace(lambda x: (torch.exp(x) + 1,))
    x = torch.zeros(3)
    (found,) = torch_internals.compile_for_one_thread(graph, [x])(x)
    assert torch.equal(found, torch.full((3,), 2.0))


def test_kernels_let_go_of_the_lock() -> None:
    """Slower where this fails, and no less right."""
    assert not torch_internals.kernels_keep_the_lock()
