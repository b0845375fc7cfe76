"""The command `bench`: losses, sizes and rivals come in; a table, a picture, and what could not be measured come out.

Measurements run in separate processes. Torch is imported there, and here to know backends and devices.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alphadsl.cli import complete
from alphadsl.cli.comparison import TABLE_WIDTH
from alphadsl.cli.options import Setting, check_picture
from alphadsl.cli.stopping import exit_code_of, stoppable
from alphadsl.cli.values import parse_settings
from alphadsl.extras import require
from alphadsl.report.exceptions import InputError
from alphadsl.report.suggest import suggest

if TYPE_CHECKING:
    from rich.console import Console

    from alphadsl.bench.session import Comparison, Order

TYPICAL = ("infonce", "triplet", "square")
CALIBRATED = "128,256,512,1024,2048,4096,8192"
SIZES = "256,1024,4096,16384"
FEWEST, MOST = 4, 1 << 20

Specs = Annotated[
    list[str] | None,
    typer.Argument(metavar="SPEC...", help="Built-in names or files.", autocompletion=complete.losses),
]
Anchors = Annotated[str | None, typer.Option(metavar="A,...", help=f"Anchors, two per sample; by default {SIZES}.")]
RIVALS = ("plain", "compiled", "lightly", "metric-learning", "products")
Against = Annotated[
    str | None,
    typer.Option(
        metavar="RIVAL,...",
        help=f"{', '.join(RIVALS)}; by default all that can compute the loss.",
        autocompletion=complete.list_of(*RIVALS),
    ),
]
WAYS = 'Our backends, or "dense eager", "dense compiled" and so on; the first one is the baseline.'
Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="A .png, .pdf or .svg file.")]


def bench(
    specs: Specs = None,
    anchors: Anchors = None,
    against: Against = None,
    backend: Annotated[str, typer.Option(metavar="BACKEND,...", help=WAYS)] = "auto",
    set_: Setting = None,
    width: Annotated[int, typer.Option(min=1, help="Width D of the embeddings.")] = 128,
    dtype: Annotated[str, typer.Option(help="float32, bfloat16 or float64.")] = "float32",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    rounds: Annotated[int | None, typer.Option(min=1, help="Rounds; by default 30, and fewer from 1024 on.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the embeddings.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads.")] = None,
    memory: Annotated[bool, typer.Option(help="Measure peak memory, each contender alone in a process.")] = True,
    tuned_malloc: Annotated[
        bool, typer.Option("--tuned-malloc", help="Let glibc keep freed memory, so that matrices cause no page faults.")
    ] = False,
    output: Output = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Find the A from which each of our backends is the fastest here.")
    ] = False,
) -> None:
    """Measure a step of losses, forward and backward, beside their plain forms, other libraries and bare products.

    Example: alphadsl bench infonce square --anchors 1024,4096 -o bench.png
    """
    from alphadsl.bench.conditions import find_device
    from alphadsl.bench.contenders import BACKENDS, OURS
    from alphadsl.bench.session import Order
    from alphadsl.bench.task import Device, NumberType, Rival

    if not specs and not calibrate:
        raise typer.BadParameter("name a loss, or give --calibrate", param_hint="SPEC...")
    if output is not None:
        require("alphadsl bench --output", "plot")
        check_picture(output)
    order = Order(
        tuple(dict.fromkeys(specs or TYPICAL)),
        _sizes(anchors or (CALIBRATED if calibrate else SIZES)),
        BACKENDS if calibrate else _words("--backend", backend, OURS),
        tuple(Rival(word) for word in _words("--against", against or ",".join(Rival), list(Rival))),
        tuple(parse_settings(set_ or []).items()),
        width,
        NumberType(_word("--dtype", dtype, list(NumberType))),
        seed,
        find_device(Device(_word("--device", device, list(Device)))),
        rounds,
        threads,
        memory,
        tuned_malloc,
    )
    if calibrate:
        _calibrate(order)
    else:
        _compare(order, output)


def _compare(order: "Order", output: Path | None) -> None:
    from alphadsl.bench.contenders import rivals_of
    from alphadsl.bench.progress import line_of, shown
    from alphadsl.bench.session import Comparison, compare, load_before, processes_of
    from alphadsl.bench.table import make_tables, reasons

    rivals = {problem.spec: rivals_of(problem.loss) for problem in order.problems}
    contenders = {
        spec: (*order.backends, *(rival for rival in order.rivals if rival in available))
        for spec, available in rivals.items()
    }
    load, problems, comparisons = load_before(), len(order.problems), list[Comparison]()
    with (
        shown(processes_of(order, contenders)) as progress,
        _kept_when_stopped(comparisons, problems) as outcome,
    ):
        for comparison in compare(order, contenders, progress):
            comparisons.append(comparison)
            progress.result(line_of(comparison))
    console = _console()
    console.print(
        _head(order, [comparison.conditions for comparison in comparisons], load), highlight=False, soft_wrap=True
    )
    for table in make_tables(comparisons):
        console.print(table)
    _print_lines(reasons(comparisons))
    if output is not None:
        _draw(comparisons, output)
    if outcome.exit_code:
        raise typer.Exit(outcome.exit_code)


@dataclass
class Outcome:
    """How the measuring ended: 0, or the exit code of the signal that stopped it."""

    exit_code: int = 0


@contextmanager
def _kept_when_stopped(measured: Sequence[object], all_: int) -> Iterator[Outcome]:
    """Let a signal end the measuring, and show what was measured by then, if anything was."""
    outcome = Outcome()
    with stoppable("Nothing was measured yet."):
        try:
            yield outcome
        except KeyboardInterrupt as stop:
            if not measured:
                raise
            outcome.exit_code = exit_code_of(stop)
            typer.echo(f"Stopped: {len(measured)} of {all_} measured.", err=True)


def _head(order: "Order", conditions: Iterable[str], load: str) -> str:
    machine = next(filter(None, conditions), "nothing could be measured")
    return f"{machine}, {load}; D = {order.width}, {order.dtype}"


def _draw(comparisons: "Sequence[Comparison]", output: Path) -> None:
    from alphadsl.bench.figure import draw_comparisons, save

    save(draw_comparisons(comparisons), output)
    typer.echo(str(output))


def _calibrate(order: "Order") -> None:
    from alphadsl.bench import calibrate
    from alphadsl.bench.progress import line_of_ways, shown
    from alphadsl.bench.session import load_before
    from alphadsl.journey import Journey

    ways = calibrate.ways_of(order.backends)
    kinds = {problem.spec: Journey.of(problem.loss).core.streaming for problem in order.problems}
    load, timed = load_before(), list[calibrate.Timed]()
    with shown(len(order.problems)) as progress, _kept_when_stopped(timed, len(order.problems)) as outcome:
        for timing in calibrate.calibrate(order, ways, progress):
            timed.append(timing)
            progress.result(line_of_ways(timing))
    console = _console()
    console.print(_head(order, [timing.answer.conditions for timing in timed], load), highlight=False, soft_wrap=True)
    console.print(calibrate.make_table(timed, ways))
    crossings = tuple(calibrate.crossings(timed, ways))
    _print_lines((*map(calibrate.describe_crossing, crossings), *calibrate.reasons(timed)))
    typer.echo("rows for THRESHOLDS in alphadsl/backend/dispatch.py:")
    _print_lines(calibrate.threshold_rows(timed, crossings, kinds, order.device.value))
    if outcome.exit_code:
        raise typer.Exit(outcome.exit_code)


def _console() -> "Console":
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=TABLE_WIDTH)


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def _sizes(text: str) -> tuple[int, ...]:
    """Distinct even numbers in ascending order; even, since each sample has two views."""
    sizes = set()
    for part in text.split(","):
        if not part.strip().isdecimal() or int(part) % 2 or not FEWEST <= int(part) <= MOST:
            problem = (
                f"--anchors takes even numbers from {FEWEST} to {MOST:,}, and {part.strip() or 'nothing'} is not one"
            )
            raise InputError(problem, f"Write --anchors {SIZES}")
        sizes.add(int(part))
    return tuple(sorted(sizes))


def _words(flag: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_word(flag, part.strip(), known) for part in text.split(",")))


def _word(flag: str, word: str, known: Sequence[str]) -> str:
    if word in known:
        return word
    close = suggest(word, known)
    problem = f"{flag}: {word} is not known"
    raise InputError(problem, f"did you mean {close}?" if close else f"choose among {', '.join(known)}")
