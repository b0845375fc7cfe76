"""The command `explain`: the page of a loss, of a diagnostic, or of a method outside the family.

A code, bare or with the start of a message, is a diagnostic; vicreg and the like are methods outside the family;
anything else is a spec.
"""

import re
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from alphadsl.api import find_text, overrides_from
from alphadsl.cli import complete
from alphadsl.cli.console import waited
from alphadsl.cli.options import Setting
from alphadsl.cli.values import parse_settings
from alphadsl.editor.page import render_page
from alphadsl.report.errors import CATALOGUE
from alphadsl.report.exceptions import InputError
from alphadsl.report.field import advise
from alphadsl.resolve.files import SUFFIX, library_names

PLAIN_BLOCKS = str.maketrans("▁▂▃▄▅▆▇█", "..::||##")
WHAT = "A loss (a built-in name or a file), the code of a diagnostic, or out-of-family."


def explain(
    what: Annotated[str, typer.Argument(metavar="SPEC|CODE", help=WHAT, autocompletion=complete.explained)],
    set_: Setting = None,
    latex: Annotated[bool, typer.Option("--latex", help="Only the formulas of a loss, as a LaTeX align*.")] = False,
) -> None:
    """Explain a loss: its weights, what is proved about them, and which losses are the same; or a diagnostic.

    Example: alphadsl explain infonce --set tau=0.2
    """
    from alphadsl.report.outside import find_outsider

    bracketed = re.fullmatch(r"(?:error|warning)?\[(.*)\]", what)
    code = bracketed[1] if bracketed else what
    if code in CATALOGUE:
        typer.echo(render_page(CATALOGUE[code]), nl=False)
    elif outsiders := find_outsider(what):
        from alphadsl.explain.page import render_outsiders

        typer.echo(render_outsiders(outsiders), nl=False)
    elif bracketed:
        raise InputError(f"there is no diagnostic called {code}", _closest(code))
    else:
        for section in waited(_page(what, parse_settings(set_ or []), latex), "comparing with the library"):
            typer.echo(_printable(section), nl=False)


def _page(spec: str, settings: dict[str, float], latex: bool) -> Iterator[str]:
    """The page of a loss in sections, compared with all others in the library."""
    from alphadsl.builtin import library_entries, summary_of
    from alphadsl.explain.page import Explained, render_latex, render_loss
    from alphadsl.pipeline import lower_spec

    try:
        text = find_text(spec)
    except InputError as absent:
        raise InputError(absent.message, _closest(spec) or absent.help) from None
    journey = lower_spec(text, overrides_from(settings, "command line"))
    if latex:
        yield render_latex(journey, summary_of(text))
        return
    itself = {spec} if text.folder is None else set()
    others = [entry.journey for entry in library_entries() if entry.loss.name not in itself]
    yield from render_loss(Explained(spec, summary_of(text), journey, others))


def _closest(name: str) -> str:
    """A hint at the diagnostic or loss that was meant, if the name is close to one."""
    if name.endswith(SUFFIX):
        return ""
    return advise(name, [*CATALOGUE, *library_names()]) or ""


def _printable(page: str) -> str:
    """The page, without block characters if the terminal cannot show them."""
    try:
        page.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return page.translate(PLAIN_BLOCKS)
    return page
