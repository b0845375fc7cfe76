"""The house keeps its shape: imports go down only, never in a cycle, files stay small, a check never loads torch."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS: dict[str, set[str]] = {
    "folders": set(),
    "frozen": set(),
    "report": set(),
    "storage": {"report"},
    "terminal": set(),
    "extras": {"report"},
    "ir": {"frozen"},
    "transform": {"ir"},
    "reference": {"ir", "transform"},
    "syntax": {"folders", "frozen", "report"},
    "resolve": {"folders", "report", "ir", "syntax"},
    "prove": {"report", "ir", "transform", "reference"},
    "backend": {"report", "ir", "transform", "reference"},
    "journey": {"report", "ir", "syntax", "resolve", "transform", "prove", "reference", "backend"},
    "pipeline": {"report", "ir", "resolve", "prove", "journey"},
    "builtin": {"ir", "resolve", "journey", "pipeline"},
    "api": {"extras", "report", "ir", "resolve", "pipeline", "reference", "backend"},
    "keywords": {"report"},
    "training": {"extras", "report", "ir", "resolve", "backend", "api", "keywords", "terminal", "runner"},
    "bench": {"report", "ir", "transform", "reference", "pipeline", "api", "backend", "storage"},
    "explain": {"report", "ir", "prove", "transform", "reference", "journey", "storage"},
    "discover": {"report", "ir", "resolve", "reference", "journey", "pipeline", "builtin", "explain"},
    "editor": {"folders", "report", "ir", "syntax", "resolve", "journey", "pipeline", ""},
    "cli": {
        "backend",
        "extras",
        "report",
        "ir",
        "syntax",
        "resolve",
        "journey",
        "pipeline",
        "builtin",
        "discover",
        "explain",
        "api",
        "bench",
        "editor",
        "runner",
        "storage",
        "terminal",
        "",
    },
    "runner": {"report", "storage", "extras", "discover", ""},
    "start": {"report", "cli"},
    "__main__": {"start"},
}
ROOMS: dict[str, set[str]] = {
    "contract": set(),
    "settings": set(),
    "statistics": set(),
    "progress": {"settings"},
    "locks": {"progress"},
    "data": {"contract", "settings", "progress", "locks"},
    "network": {"settings", "progress"},
    "evaluation": {"settings", "data", "network"},
    "records": {"contract", "settings", "progress", "locks", "data", "evaluation"},
    "training": {"contract", "settings", "progress", "data", "network", "evaluation", "records"},
    "theory": {"contract", "settings", "progress", "data", "network", "records", "training"},
    "plan": {"contract", "settings", "network", "records"},
    "probing": {"settings", "progress", "data", "network", "evaluation", "records", "training"},
    "supplies": {"probing", "settings", "progress", "data", "records", "training"},
    "experiment": {
        "plan",
        "supplies",
        "probing",
        "contract",
        "settings",
        "progress",
        "data",
        "network",
        "evaluation",
        "records",
        "training",
    },
    "exporting": {"settings", "network", "records", "training"},
    "finished": {"exporting", "settings", "data", "network", "evaluation", "records", "training"},
    "overview": {"contract", "settings", "records", "training"},
    "comparison": {"settings", "progress", "data", "network", "records", "training", "statistics"},
    "studies": {
        "supplies",
        "data",
        "plan",
        "probing",
        "experiment",
        "settings",
        "progress",
        "locks",
        "records",
        "training",
        "comparison",
        "statistics",
        "contract",
    },
    "discovery": {"plan", "supplies", "experiment", "settings", "progress", "records", "studies", "theory"},
}
"""The rooms of `runner`, and what each may import of the others."""
LONGEST = 250


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def layer_of(dotted: str) -> str | None:
    """`alphadsl.ir.nodes` is in ir; `runner.probe` in runner; `alphadsl` itself is the public face, named ''."""
    match dotted.split("."):
        case ["alphadsl"]:
            return ""
        case ["alphadsl", layer, *_] | [("runner") as layer, *_]:
            return layer
        case _:
            return None


def room_of(dotted: str) -> str | None:
    """`runner.data.splits` is in data."""
    match dotted.split("."):
        case ["runner", room, *_] if room != "__init__":
            return room
        case _:
            return None


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(str(module)):
                names.add(module)
    return names


def members(path: Path) -> set[str]:
    """What may be a module of a package: `from alphadsl.syntax import tree`."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}


@pytest.mark.parametrize("path", modules("alphadsl", "runner"), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_only(path: Path) -> None:
    layer = layer_of(dotted(path))
    if layer in (None, ""):
        return
    assert layer is not None
    uses = {found for name in imported(path) if (found := layer_of(name)) is not None} - {layer}
    assert uses <= LAYERS[layer], f"{layer} must not import {uses - LAYERS[layer]}"


@pytest.mark.parametrize("path", modules("runner"), ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_of_the_runner_import_in_one_direction(path: Path) -> None:
    room = room_of(dotted(path))
    uses = {other for name in imported(path) if (other := room_of(name)) is not None} - {room}
    assert room is None or uses <= ROOMS[room], f"runner.{room} must not import {uses - ROOMS[room]}"


@pytest.mark.parametrize("allowed", [LAYERS, ROOMS], ids=["layers", "rooms"])
def test_no_layer_is_above_itself(allowed: dict[str, set[str]]) -> None:
    TopologicalSorter(allowed).prepare()


def test_modules_import_each_other_in_an_order() -> None:
    """Also inside functions and for type checking: a cycle that shows only there is one."""
    known = {dotted(path): path for path in modules("alphadsl", "runner")}
    graph = {name: (imported(path) | members(path)) & known.keys() - {name} for name, path in known.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        pytest.fail(" imports ".join(reversed(cycle.args[1])))


@pytest.mark.parametrize("path", modules("alphadsl", "runner"), ids=lambda path: str(path.relative_to(ROOT)))
def test_torch_stays_in_backend_bench_and_runner(path: Path) -> None:
    relative = path.relative_to(ROOT).parts
    if relative[0] == "runner" or relative[:2] in (("alphadsl", "backend"), ("alphadsl", "bench")):
        return
    assert not {name.partition(".")[0] for name in imported(path)} & {"torch", "torchvision", "lightning"}


@pytest.mark.parametrize("path", modules("alphadsl", "runner", "tests"), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_fit_a_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "infonce"],
        ["fmt", "--check", str(ROOT / "specs" / "infonce.alpha")],
        ["show", "square", "--emit", "schedule"],
        ["list"],
        ["explain", "decreasing-psi"],
        ["explain", "infonce"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_language_answers_without_torch(arguments: list[str]) -> None:
    script = f"""
import sys
from alphadsl.cli.main import app
app({arguments!r}, standalone_mode=False)
assert not {{"torch", "scipy", "lightning"}} & set(sys.modules), "slow to start"
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
