"""What the commands of `alphadsl theory` share: options, how losses and data are read, and how a report is shown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from alphadsl.cli.experiment import DataDir
from alphadsl.cli.options import Setting
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


@dataclass(frozen=True)
class Trial:
    """What every statement about losses takes: their parameters, a seed, a negative control, and the output files."""

    set_: Setting = None
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of everything random.")] = 0
    sabotage: Annotated[
        str | None,
        typer.Option(
            "--break",
            metavar="sign|rows|beta",
            help="A negative control: corrupt the derived alpha, so that the statements on it must fail.",
        ),
    ] = None
    output: Stem = None

    def subjects(self, specs: Sequence[str]) -> "list[Subject]":
        """The losses, with corrupted alpha if a control asks for it."""
        require_parts()
        from runner.theory.subject import read_subject
        from runner.theory.weights import CONTROLS, intact

        if self.sabotage is not None and self.sabotage not in CONTROLS:
            raise InputError(f"--break cannot be {self.sabotage!r}.", f"Choose one of {', '.join(CONTROLS)}.")
        done = CONTROLS[self.sabotage] if self.sabotage is not None else intact
        values = parse_settings(self.set_ or [])
        return [read_subject(spec, values).broken(done) for spec in specs]

    def stem(self, command: str) -> Path:
        return stem_of(self.output, command)


@dataclass(frozen=True)
class Data:
    """The data that a statement is tested on."""

    dataset: Annotated[
        str,
        typer.Option(
            "--dataset", metavar="NAME", help="components, equal, mixture, gaussian, opposed, digits or cifar10."
        ),
    ] = "mixture"
    samples: Annotated[int, typer.Option(min=2, max=2000, help="Samples, each in two views.")] = 60
    inputs: Annotated[int, typer.Option(min=2, max=512, help="Inputs of generated data.")] = 10
    noise: Annotated[
        float, typer.Option(min=0, help="Standard deviation of the noise between two views of generated data.")
    ] = 0.5
    data_dir: DataDir = None

    def views(self, seed: int) -> "Views":
        from runner.theory.data import Recipe, read_views

        if not math.isfinite(self.noise):
            raise InputError(f"--noise {self.noise} is not finite.", "Give --noise 0.5")
        recipe = Recipe(self.samples, self.inputs, self.noise, seed)
        return read_views(self.dataset, recipe, Path(self.data_dir) if self.data_dir else None)


def read_depths(text: str) -> range:
    """The depths of `3` or `1..6`."""
    first, _, last = text.partition("..")
    try:
        depths = range(int(first), int(last or first) + 1)
    except ValueError:
        depths = range(0)
    if not depths or depths[0] < 1 or depths[-1] > DEEPEST:
        raise InputError(f"--depth {text} is not a depth or range of depths from 1 to {DEEPEST}.", "Write --depth 1..6")
    return depths


def check_positive(option: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{option} {value:g} is not a positive number.", f"Give {option} 0.5")


def require_parts() -> None:
    """Raises `InputError` if the extras of the theory are not installed."""
    for extra in ("reference", "train"):
        require("alphadsl theory", extra)


def stem_of(output: Path | None, command: str) -> Path:
    """The path of the picture and the numbers without extension, once it is certain that they can be written."""
    from runner.theory.report import check_outputs

    stem = output or Path(f"theory-{command}")
    if not stem.name or stem.name == "..":
        raise InputError(f"--output {str(stem)!r} names no file.", "Write -o figures/mine")
    check_outputs(stem)
    return stem


def tell(report: "Report", stem: Path) -> None:
    """Print the tables, write the files, and exit with 1 if a statement fails."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=TABLE_WIDTH)
    report.show(console)
    png, numbers = report.write(stem)
    typer.echo(f"{png} {numbers}")
    if report.fails:
        raise typer.Exit(1)
