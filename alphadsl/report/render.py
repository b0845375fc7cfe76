"""Diagnostics come in; text comes out: for reading (`full`), as a list of places (`concise`), for a program (`json`).

Nothing is refused. Invisible characters are spelled out, so that no text of a spec reaches a terminal raw.
"""

from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

from alphadsl.report.diagnostic import Diagnostic, Severity
from alphadsl.report.excerpt import render_excerpts
from alphadsl.report.source import Span
from alphadsl.report.visible import visible_text

if TYPE_CHECKING:
    from rich.text import Text

_WIDTH = 100
_MOST = 20
"""Largest number of diagnostics that are written in full."""


def render_concise(diagnostic: Diagnostic) -> str:
    """One line: `file:line:column: error[code] title`."""
    return f"{_place(diagnostic.span)}: {_kind(diagnostic)} {visible_text(diagnostic.title)}"


def render_full(diagnostic: Diagnostic) -> str:
    """The headline, the lines of the spec with their marks, then the note and the help."""
    *excerpts, closing_gutter = render_excerpts(diagnostic)
    remarks = [*_remark("note", diagnostic.note), *_remark("help", diagnostic.help)]
    head = f"{_kind(diagnostic)}: {visible_text(diagnostic.title)}"
    return "\n".join([head, *excerpts, *([closing_gutter] if remarks else []), *remarks])


def render_list(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """Every diagnostic in full; if there are very many, only the first ones, errors before warnings, and a line on how
    to see the rest."""
    shown = tuple(diagnostics)
    if len(shown) > _MOST:
        shown = tuple(sorted(shown, key=lambda diagnostic: diagnostic.severity != Severity.ERROR))
    yield from (render_full(diagnostic) for diagnostic in shown[:_MOST])
    if shown[_MOST:]:
        yield f" help: {len(shown) - _MOST:,} more are not shown; alphadsl check --output-format concise lists all"


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """A JSON array; lines and columns are counted from 1, and ends are exclusive."""
    import json  # takes as long to import as many specs to check

    return json.dumps([_record(diagnostic) for diagnostic in diagnostics], indent=2)


# Where two patterns overlap, the later one wins.
_STYLES = {
    r"(?m)^error\[[a-z0-9-]+\]:": "bold red",
    r"(?m)^warning\[[a-z0-9-]+\]:": "bold yellow",
    r"(?m)^ (note|help):": "bold cyan",
    r"(?m)^ +\| +\^+.*$": "red",
    r"(?m)^ +\| +-+.*$": "cyan",
    r"(?m)^ +(-->|:::) .*$": "blue",
    r"(?m)^ +[0-9]* \|": "blue",
}


def styled(text: str) -> "Text":
    """A full rendering in colour; a rich console omits the colour where it is not wanted (NO_COLOR, a file)."""
    from rich.text import Text

    coloured = Text(text)
    for pattern, style in _STYLES.items():
        coloured.highlight_regex(pattern, style)
    return coloured


def _kind(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.severity}[{diagnostic.code}]"


def _place(span: Span) -> str:
    line, column = span.position
    return f"{visible_text(span.source.name)}:{line}:{column}"


def _remark(word: str, text: str) -> Iterator[str]:
    """` note: ...`, with further lines under the first word of the text."""
    lead = f" {word}: "
    for paragraph in text.splitlines():
        yield from wrap(
            visible_text(paragraph),
            width=_WIDTH,
            initial_indent=lead,
            subsequent_indent=" " * len(f" {word}: "),
            break_long_words=False,
            break_on_hyphens=False,
        )
        lead = " " * len(lead)


def _record(diagnostic: Diagnostic) -> dict[str, object]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "title": diagnostic.title,
        **_range(diagnostic.span),
        "label": diagnostic.label,
        "secondary": [{**_range(label.span), "label": label.text} for label in diagnostic.secondary],
        "note": diagnostic.note,
        "help": diagnostic.help,
        "remedies": [
            {"advice": remedy.advice, "edits": [{**_range(edit.span), "text": edit.text} for edit in remedy.edits]}
            for remedy in diagnostic.offered
        ],
    }


def _range(span: Span) -> dict[str, object]:
    line, column = span.position
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }
