"""What every test may ask for: golden texts, which `pytest --update-golden` writes anew; and what all of them share.

`pytest --few` runs few cases of each test, the same ones every time: the first and the last.
"""

import random
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# A prime, so that no batch falls into equal tiles.
SIDE = 3
ROW_BLOCK_PAIRS = 7
FEW = 2

Golden = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="accept the texts that golden tests produce")
    parser.addoption("--few", action="store_true", help=f"run at most {FEW} cases of a test, while you work")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Last, so that cases which a mark or a keyword leaves out are not counted."""
    refuse_names_in_any_order(items)
    if not config.getoption("--few"):
        return
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        tests.setdefault(item.nodeid.split("[")[0], []).append(item)
    kept = {item for cases in tests.values() for item in few(cases)}
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def refuse_names_in_any_order(items: list[pytest.Item]) -> None:
    """Two workers must give a case the same name, and each would print a set in another order."""
    for item in items:
        values = item.callspec.params.values() if hasattr(item, "callspec") else ()
        sets = [value for value in values if isinstance(value, set | frozenset) and len(value) > 1]
        if any(str(value) in item.nodeid for value in sets):
            raise pytest.UsageError(f"{item.nodeid} is named after a set: give its cases ids")


def few(cases: list[pytest.Item]) -> list[pytest.Item]:
    if len(cases) <= FEW or cases[0].get_closest_marker("every_case"):
        return cases
    return [cases[index * (len(cases) - 1) // (FEW - 1)] for index in range(FEW)]


@pytest.fixture(autouse=True)
def same_chance() -> None:
    """The random numbers of a test do not depend on the tests that its process ran before."""
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(scope="session", autouse=True)
def lowered_once() -> Iterator[None]:
    """A text that has no folder says the same for ever: it is checked and lowered once, however many tests load it."""
    from alphadsl import api, pipeline

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "check_once", remembered(pipeline.check_once))
        patch.setattr(api, "lower_spec", remembered(pipeline.lower_spec))
        yield


def remembered(stage: Callable[..., Any]) -> Callable[..., Any]:
    kept = lru_cache(maxsize=512)(lambda text, *overrides: stage(text, dict(overrides)))

    def recalled(text: Any, overrides: Mapping[str, Any] = MappingProxyType({})) -> Any:
        return stage(text, overrides) if text.folder else kept(text, *overrides.items())

    return recalled


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """`golden(path, text)` compares a text with the file at `path` in the folder `golden` beside the test."""
    update = request.config.getoption("--update-golden")

    def compare(path: str, text: str) -> None:
        file = request.path.parent / "golden" / path
        if update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text + "\n", encoding="utf-8", newline="\n")
        assert file.exists(), f"{file} is missing: look at the text, then run pytest --update-golden"
        assert text + "\n" == file.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles and row blocks so small that the smallest batch has several, on any device."""
    from alphadsl.backend.streaming import portions, row_blocks, tiled

    monkeypatch.setattr(portions, "ON_GPU", 1)
    monkeypatch.setattr(tiled, "SIDE", SIDE)
    monkeypatch.setattr(row_blocks, "ROW_BLOCK_PAIRS", ROW_BLOCK_PAIRS)
