"""What the commands of `alphadsl theory` share: options, how losses and data are read, and how a report is told."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from alphadsl.cli.values import parse_settings
from alphadsl.extras import require
from alphadsl.report.exceptions import InputError

if TYPE_CHECKING:
    from runner.theory.data import Views
    from runner.theory.report import Report
    from runner.theory.subject import Subject

TABLE_WIDTH = 140
DEEPEST = 12
NOTHING_LOST = "Nothing was written; repeat the command."


Stem = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="STEM", help="Write STEM.png and STEM.json; by default theory-COMMAND."),
]
Seed = Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of everything random.")]
Sabotage = Annotated[
    str | None,
    typer.Option(
        "--break",
        metavar="sign|rows|beta",
        help="A negative control: tamper with the derived alpha, so that the statements on it must fail.",
    ),
]
Data = Annotated[
    str,
    typer.Option("--dataset", metavar="NAME", help="components, equal, mixture, gaussian, opposed, digits or cifar10."),
]
Samples = Annotated[int, typer.Option(min=2, max=2000, help="Samples, each in two views.")]
Width = Annotated[int, typer.Option(min=2, max=512, help="Inputs of made data.")]
Noise = Annotated[float, typer.Option(min=0, help="Standard deviation of the noise between two views of made data.")]


def read_depths(text: str) -> range:
    """The depths of `3` or `1..6`."""
    first, _, last = text.partition("..")
    try:
        depths = range(int(first), int(last or first) + 1)
    except ValueError:
        depths = range(0)
    if not depths or depths[0] < 1 or depths[-1] > DEEPEST:
        raise InputError(f"--depth {text} is no depth, or range of depths, from 1 to {DEEPEST}.", "Write --depth 1..6")
    return depths


def views_of(dataset: str, samples: int, inputs: int, noise: float, seed: int, data_dir: str | None) -> "Views":
    from runner.theory.data import Recipe, read_views

    if not math.isfinite(noise):
        raise InputError(f"--noise {noise} is not finite.", "Give --noise 0.5")
    return read_views(dataset, Recipe(samples, inputs, noise, seed), Path(data_dir) if data_dir else None)


def check_positive(option: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{option} {value:g} is not a positive number.", f"Give {option} 0.5")


def require_parts() -> None:
    """Raises `InputError` where the theory's extras are not installed."""
    for extra in ("reference", "train"):
        require("alphadsl theory", extra)


def subjects_of(specs: Sequence[str], settings: list[str] | None, sabotage: str | None) -> "list[Subject]":
    """The losses, their alpha tampered with where a control asks for it."""
    require_parts()
    from runner.theory.subject import read_subject
    from runner.theory.weights import CONTROLS, intact

    if sabotage is not None and sabotage not in CONTROLS:
        raise InputError(f"--break cannot be {sabotage!r}.", f"Choose one of {', '.join(CONTROLS)}.")
    done = CONTROLS[sabotage] if sabotage is not None else intact
    values = parse_settings(settings or [])
    return [read_subject(spec, values).broken(done) for spec in specs]


def stem_of(output: Path | None, command: str) -> Path:
    """Where the picture and the numbers go, once it is sure that they can."""
    from runner.theory.report import check_outputs

    stem = output or Path(f"theory-{command}")
    if not stem.name or stem.name == "..":
        raise InputError(f"--output {str(stem)!r} names no file.", "Write -o figures/mine")
    check_outputs(stem)
    return stem


def tell(report: "Report", stem: Path) -> None:
    """The tables, the files and the exit code."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=TABLE_WIDTH)
    report.show(console)
    png, numbers = report.write(stem)
    typer.echo(f"{png} {numbers}")
    if report.fails:
        raise typer.Exit(1)
