"""The command `list`: the built-in losses by family, one line each with their paper, or everything as JSON."""

import json
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from alphadsl.builtin import Entry, library_entries
from alphadsl.ir.index_sets import DEFAULT
from alphadsl.ir.kinds import AlphaGradient, Space
from alphadsl.ir.nodes import Coordinate, Direct, Family, General, Loss, MinPlayer, Proportional
from alphadsl.ir.parameter import Learned, Parameter, Schedule
from alphadsl.ir.pretty import pretty_interval

TITLES: dict[type[Family], str] = {
    Coordinate: "coordinate: phi and psi stated, alpha derived",
    Direct: "direct: alpha stated",
    Proportional: "direct: alpha stated",
    MinPlayer: "min player: R stated, alpha solved",
    General: "general: loss[i] stated, alpha and beta derived",
}
WIDE, LEAST = 110, 16
ELLIPSIS = ".."
FOOT = "* learned   ~ scheduled   alphadsl explain NAME: weights and related losses"


def list_losses(
    as_json: Annotated[bool, typer.Option("--json", help="Write a JSON array instead of a table.")] = False,
) -> None:
    """List the built-in losses by family, with their parameters and papers.

    Example: alphadsl list --json
    """
    entries = library_entries()
    if as_json:
        typer.echo(json.dumps([_as_dict(entry) for entry in entries], indent=2))
        return
    console = Console(highlight=False, soft_wrap=True)
    for text, style in _lines(entries, console.width):
        console.print(Text(text, style=style))


def _lines(entries: tuple[Entry, ...], width: int) -> Iterator[tuple[str, str]]:
    """Lines with their style. The paper is shown in full if the terminal is wide enough, and the parameters get the
    remaining space; what does not fit is cut and ends in two dots."""
    rows = [_row(entry, width) for entry in entries]
    name, setting, paper = (max(len(row[column]) for row in rows) for column in (0, 1, 3))
    room = width - name - setting - 8
    paper = min(paper, room - LEAST)
    for title, members in groupby(sorted(entries, key=_title), key=_title):
        yield title, "bold"
        for entry in members:
            row = _row(entry, width)
            cells = (f"{row[0]:{name}}", f"{row[1]:{setting}}", _cut(row[2], room - paper), _cut(row[3], paper))
            yield f"  {'  '.join(cells)}".rstrip(), ""
    yield FOOT, "dim"


def _row(entry: Entry, width: int) -> tuple[str, str, str, str]:
    parameters = " ".join(_short(parameter) for parameter in entry.loss.parameters)
    paper = entry.summary if width >= WIDE else _paper(entry.summary)
    return entry.loss.name, _setting(entry.loss), parameters, paper


def _cut(text: str, room: int) -> str:
    return f"{text if len(text) <= room else text[: max(room - len(ELLIPSIS), 0)] + ELLIPSIS:{max(room, 0)}}"


def _title(entry: Entry) -> str:
    return TITLES[type(entry.loss.family)]


def _short(parameter: Parameter) -> str:
    mark = {Learned: "*", Schedule: "~"}.get(type(parameter.role), "")
    return f"{parameter.name}{mark}={parameter.value:.4g}"


def _setting(loss: Loss) -> str:
    """The index set and space, unless they are the usual ones."""
    *_, words = loss.pairs.name.split()
    pairs = "" if loss.pairs == DEFAULT else words.removesuffix("_view").removeprefix("other_")
    return " ".join(filter(None, (pairs, "" if loss.space == Space.SPHERE else loss.space.value)))


def _paper(summary: str) -> str:
    """Authors and year from `Title (authors year, arXiv number)`."""
    citation = re.search(r"\(([^()]*\d{4}[^()]*)\)$", summary)
    return citation[1].split(", arXiv")[0] if citation else summary


def _as_dict(entry: Entry) -> dict[str, object]:
    loss = entry.loss
    return {
        "name": loss.name,
        "family": loss.family.kind,
        "pairs": loss.pairs.name,
        "space": loss.space.value,
        "gradient_through_alpha": loss.alpha_gradient == AlphaGradient.THROUGH,
        "parameters": [_parameter(parameter) for parameter in loss.parameters],
        "source": entry.summary,
    }


def _parameter(parameter: Parameter) -> dict[str, object]:
    described: dict[str, object] = {
        "name": parameter.name,
        "value": parameter.value,
        "interval": pretty_interval(parameter.interval),
        "doc": parameter.doc,
        "role": parameter.role.kind,
    }
    match parameter.role:
        case Schedule(shape, start, end, at):
            return described | {"schedule": {"shape": shape.value, "start": start, "end": end, "at": at}}
        case _:
            return described
