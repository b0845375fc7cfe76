"""The command `plot`: a picture of weights of losses against distance, and of effective negatives by temperature."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alphadsl.api import find_text, overrides_from
from alphadsl.cli import complete
from alphadsl.cli.options import Losses, Picture, check_picture
from alphadsl.cli.values import parse_settings
from alphadsl.extras import require
from alphadsl.pipeline import lower_spec
from alphadsl.report.exceptions import InputError

if TYPE_CHECKING:
    from alphadsl.explain.figure import Line

MOST = 8
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE,...",
        help="A parameter of the losses that have it; one curve for each value.",
        autocompletion=complete.settings,
    ),
]


def plot(specs: Losses, output: Picture = Path("alpha.png"), set_: Settings = None) -> None:
    """Draw alpha against distance for losses and parameter values, and effective negatives against tau.

    Example: alphadsl plot infonce square direct --set tau=0.1,0.5 -o alpha.png
    """
    require("alphadsl plot", "plot")
    check_picture(output)
    lines = [line for spec in specs for line in _lines(spec, _values(set_ or []))]
    _check_settings(_values(set_ or []), lines)
    if len(lines) > MOST:
        raise InputError(f"{len(lines)} curves cannot be told apart", f"draw {MOST} at most")

    from alphadsl.explain.figure import draw_weights, save

    save(draw_weights(lines), output)
    typer.echo(str(output))


def _values(settings: list[str]) -> dict[str, tuple[float, ...]]:
    """Parameters with the values at which they are drawn."""
    by_name: dict[str, tuple[float, ...]] = {}
    for setting in settings:
        name, _, numbers = setting.partition("=")
        values = [parse_settings([f"{name}={number}"]) for number in numbers.split(",")]
        (plain,) = values[0]
        if plain in by_name:
            raise InputError(f"--set gives {plain} twice.", "Write all its values in one, as in --set tau=0.1,0.5")
        by_name[plain] = tuple(dict.fromkeys(value for parsed in values for value in parsed.values()))
    return by_name


def _lines(spec: str, values: dict[str, tuple[float, ...]]) -> "Iterator[Line]":
    """A line for each combination of values of the parameters that the loss has."""
    from alphadsl.explain.figure import Line

    text = find_text(spec)
    names = {parameter.name for parameter in lower_spec(text).loss.parameters}
    mine = {name: numbers for name, numbers in values.items() if name in names}
    for chosen in product(*mine.values()):
        settings = dict(zip(mine, chosen, strict=True))
        journey = lower_spec(text, overrides_from(settings, "command line"))
        yield Line(
            journey, tuple((parameter.name, parameter.value) for parameter in journey.loss.parameters), tuple(mine)
        )


def _check_settings(values: dict[str, tuple[float, ...]], lines: "list[Line]") -> None:
    known = {name for line in lines for name, _ in line.values}
    for name in values:
        if name not in known:
            raise InputError(
                f"none of these losses has a parameter {name}", f"they have {', '.join(sorted(known)) or 'none'}"
            )
