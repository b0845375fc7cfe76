"""Measuring: who is timed, what memory counts, where backends cross, and what is drawn. Nothing asserts a time."""

from collections.abc import Iterator
from functools import partial
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from rich.console import Console

from alphadsl.bench import calibrate, memory
from alphadsl.bench.calibrate import COMPILED, EAGER, STREAMING, Crossing, Timed, crossings
from alphadsl.bench.conditions import conditions
from alphadsl.bench.figure import _spread, draw_comparisons, save
from alphadsl.bench.session import Comparison, Figures, Order, compare, processes_of
from alphadsl.bench.table import make_tables, reasons
from alphadsl.bench.task import ANSWER, TASK, TUNED_MALLOC, Answer, Device, NumberType, Problem, Task, measure
from alphadsl.bench.timing import medians
from alphadsl.bench.worker import answer

MB = 10**6
COMPARISONS = [
    Comparison("infonce", 16, "a machine", (Figures("auto", 1e-3, MB), Figures("lightly", 3e-3, 4 * MB))),
    Comparison("infonce", 32, "a machine", (Figures("auto", 2e-3, MB), Figures("lightly", None, None, "no room"))),
    Comparison("square", 16, "a machine", (Figures("auto", 2e-2, MB), Figures("plain", 3e-2, 9 * MB))),
]


class Listening:
    """Records the reports of the processes."""

    def __init__(self) -> None:
        self.started, self.heard, self.ended = list[str](), list[str](), 0

    def starts(self, what: str) -> None:
        self.started.append(what)

    def hears(self, where: str) -> None:
        self.heard.append(where)

    def ends(self) -> None:
        self.ended += 1


def text_of(*parts: object) -> str:
    console = Console(width=120, file=StringIO())
    with console.capture() as captured:
        console.print(*parts)
    return captured.get()


def test_medians_run_all_each_round_in_another_order() -> None:
    order: list[str] = []
    found = medians({name: partial(order.append, name) for name in "abc"}, rounds=9, warm_up=1)
    rounds = ["".join(order[start : start + 3]) for start in range(0, 30, 3)]
    assert rounds[0] == "abc"
    assert {"".join(sorted(each)) for each in rounds} == {"abc"}
    assert len({each[0] for each in rounds}) == 3
    assert set(found) == set("abc")


@pytest.mark.parametrize("dtype", NumberType)
def test_contenders_are_timed_here(dtype: NumberType) -> None:
    names = ("auto", "dense eager", "plain", "products")
    found = answer(Task(Problem("square", 16, width=8, dtype=dtype), names, rounds=1))
    assert (set(found.seconds), set(found.first), found.missing) == (set(names), set(names), {})
    assert found.conditions == conditions()


def test_a_contender_that_fails_says_why_and_the_others_go_on() -> None:
    names = ("dense eager", "metric-learning", "absent")
    found = answer(Task(Problem("infonce", 1024, width=8), names, rounds=1))
    assert set(found.seconds) == {"dense eager"}
    assert "'absent'" in found.missing["absent"]
    assert "metric-learning" in found.missing["metric-learning"] or "cube" in found.missing["metric-learning"]


@pytest.mark.parametrize("spec", ["moco", "supcon", "siglip", "cauchy"])
def test_every_index_set_and_space_can_be_measured(spec: str) -> None:
    found = answer(Task(Problem(spec, 16, width=8), ("dense", "plain", "products"), rounds=1))
    assert (len(found.seconds), found.missing) == (3, {})


@pytest.mark.slow
def test_matrices_are_counted_in_peak_memory() -> None:
    task = Task(Problem("triplet", 1024, width=8), ("plain",), memory=True)
    found = measure(task, {})
    if memory.RESET.exists():
        assert found.peak["plain"] > 4 * MB, found
    assert found.missing == {}


@pytest.mark.slow
def test_tensors_that_are_kept_are_counted() -> None:
    kept: list[torch.Tensor] = []
    before = memory.held_bytes(Device.cpu)
    kept.append(torch.zeros(1000))
    assert memory.held_bytes(Device.cpu) - before == 4000


@pytest.mark.slow
def test_a_tensor_that_stands_for_another_holds_nothing() -> None:
    wrapped: list[torch.Tensor] = []

    def look(x: torch.Tensor) -> torch.Tensor:
        wrapped.append(x)
        return x.sum()

    torch.func.grad(look)(torch.ones(10))
    assert memory.storage_of(wrapped[0]) is None
    before = memory.held_bytes(Device.cpu)
    wrapped.append(torch.zeros(1000))
    assert memory.held_bytes(Device.cpu) - before == 4000


def test_a_step_beyond_the_memory_fails_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    if not memory.MEMINFO.exists():
        pytest.skip("limits are set on Linux only")
    monkeypatch.setattr(memory, "USABLE", 0.01)
    found = answer(Task(Problem("triplet", 1 << 15, width=8), ("plain",), rounds=1))
    assert "does not fit in memory" in found.missing["plain"]


def test_a_process_that_dies_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    found = measure(Task(Problem("infonce", 16), ("auto",)), {})
    assert found.missing == {"auto": "its process ended with code 1"}


@pytest.mark.slow
def test_a_process_says_where_it_is() -> None:
    heard: list[str] = []
    answer = measure(Task(Problem("infonce", 16, width=8), ("dense eager",), rounds=2), {}, heard.append)
    assert answer.missing == {}
    assert heard == ["first step of dense eager", *(f"round {turn} of 4" for turn in range(1, 5))]


def test_tasks_and_answers_travel_as_json() -> None:
    task = Task(Problem("infonce", 16, (("tau", 0.1),), dtype=NumberType.bfloat16), ("auto",), rounds=2)
    assert TASK.validate_json(TASK.dump_json(task)) == task
    told = Answer("here", {"auto": 1.0}, {}, {"auto": 5}, {"plain": "no"})
    assert ANSWER.validate_json(ANSWER.dump_json(told)) == told


def test_what_does_not_fit_alone_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[bool, tuple[str, ...]]] = []

    def pretended(task: Task, environment: object, hear: object) -> Answer:
        assert environment == TUNED_MALLOC
        asked.append((task.memory, task.contenders))
        if task.memory and task.contenders == ("plain",):
            return Answer(missing={"plain": "too large"})
        return Answer("here", dict.fromkeys(task.contenders, 1.0), {}, dict.fromkeys(task.contenders, 7))

    monkeypatch.setattr("alphadsl.bench.session.measure", pretended)
    order, told = Order(("infonce",), (16,), tuned_malloc=True), Listening()
    contenders = {"infonce": ("auto", "plain", "products")}
    (found,) = compare(order, contenders, told)
    assert asked == [(True, ("auto",)), (True, ("plain",)), (False, ("auto", "products"))]
    assert told.started == [
        *(f"infonce, A = 16: memory of {name}" for name in ("auto", "plain")),
        "infonce, A = 16: time, side by side",
    ]
    assert told.ended == processes_of(order, contenders) == 3
    assert found.figures[1] == Figures("plain", None, None, "too large")


def test_tables_tell_ratios_and_reasons() -> None:
    text = text_of(*make_tables(COMPARISONS))
    assert "3.00" in text
    assert "4.00" in text
    assert "1.50" in text
    assert "peak extra MB" in text
    assert list(reasons(COMPARISONS)) == ["- lightly NTXentLoss: no room (infonce at A = 32)"]


@pytest.mark.slow
@pytest.mark.parametrize("comparisons", [COMPARISONS, COMPARISONS[:1]], ids=len)
def test_a_picture_is_drawn(tmp_path: Path, comparisons: list[Comparison]) -> None:
    figure = draw_comparisons(comparisons)
    save(figure, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 5000
    names = [text.get_text() for axes in figure.axes for text in (*axes.texts, *axes.get_yticklabels())]
    assert "alphadsl" in names


@pytest.mark.parametrize(
    ("losses", "peak", "shape"), [(2, None, (2, 1)), (2, MB, (2, 2)), (9, None, (3, 4)), (9, MB, (5, 4))]
)
def test_many_losses_make_a_grid(losses: int, peak: int | None, shape: tuple[int, int]) -> None:
    many = [Comparison(f"l{each}", 16, "here", (Figures("auto", 1e-3, peak),)) for each in range(losses)]
    figure = draw_comparisons(many)
    assert figure.axes[0].get_gridspec().get_geometry() == shape
    assert sum(axes.axison for axes in figure.axes) == losses * (2 if peak else 1)


@pytest.mark.parametrize("reach", [1.06, 1.3, 1.9, 3, 8, 30, 400, 1e6])
def test_a_time_axis_has_a_few_ticks(reach: float) -> None:
    sizes = [Comparison("l", size, "", (Figures("auto", 3e-3 * times),)) for size, times in ((16, 1), (32, reach))]
    axes = draw_comparisons(sizes).axes[0]
    low, high = axes.get_ylim()
    ticks = [tick for tick in axes.get_yticks() if low <= tick <= high]
    assert 3 <= len(ticks) <= 14
    assert len(set(map(axes.yaxis.get_major_formatter(), ticks))) == len(ticks)


def test_one_size_makes_bars() -> None:
    axes = draw_comparisons(COMPARISONS[:1]).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["alphadsl", "lightly NTXentLoss"]
    assert [text.get_text().strip() for text in axes.texts] == ["1 ms", "3 ms  ×3"]


def test_names_of_lines_are_apart_and_inside() -> None:
    found = _spread([0.1, 0.11, 0.98, 0.99])
    assert all(b - a > 0.06 for a, b in pairwise(found))
    assert found[-1] <= 1


def timed(spec: str, times: dict[int, tuple[float, ...]]) -> Iterator[Timed]:
    for anchors, seconds in times.items():
        ways = (EAGER, COMPILED, STREAMING)
        yield Timed(spec, anchors, Answer("", dict(zip(ways, seconds, strict=True)), dict.fromkeys(ways, 10.0)))


def test_backends_cross_where_the_later_one_stays_faster() -> None:
    times = {128: (1.0, 0.9, 3.0), 256: (1.0, 1.1, 2.0), 512: (4.0, 2.0, 3.0), 1024: (9.0, 8.0, 4.0)}
    found = list(crossings([*timed("infonce", times)], (EAGER, COMPILED, STREAMING)))
    assert found == [Crossing("infonce", COMPILED, 512, 5.0), Crossing("infonce", STREAMING, 1024, 2.5)]
    assert calibrate.describe_crossing(found[0]) == "infonce: dense compiled from A = 512; its first step pays after 5"


def test_a_backend_that_is_never_faster_has_no_crossing() -> None:
    (found,) = crossings([*timed("infonce", {128: (1.0, 2.0, 9.0)})], (EAGER, COMPILED))
    assert found == Crossing("infonce", COMPILED, None, None)
    assert "not the fastest" in calibrate.describe_crossing(found)
