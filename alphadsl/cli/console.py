"""What errors look like on a terminal: in colour where it is wanted, as plain text everywhere else."""

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.exceptions import InputError
from alphadsl.report.render import render_list, styled
from alphadsl.report.visible import visible_text

if TYPE_CHECKING:
    from rich.console import Console


def errors() -> "Console":
    """The console for errors. Rich is imported only when there is one: a correct spec needs none."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def complain_about_spec(diagnostics: Iterable[Diagnostic]) -> None:
    for text in render_list(diagnostics):
        _tell(f"{text}\n")


def complain(refusal: InputError) -> None:
    """Print one line that names the problem, and one on what to try."""
    _tell(f"error: {visible_text(refusal.message)}")
    if refusal.help:
        _tell(f"help: {visible_text(refusal.help)}")


def _tell(text: str) -> None:
    """Print in colour, or plainly if rich itself cannot be imported, since that must be reported too."""
    try:
        errors().print(styled(text))
    except ImportError:
        print(text, file=sys.stderr)


def waited(parts: Iterable[str], what: str) -> Iterator[str]:
    """Yield the parts; until the next one is there, a terminal shows what is being waited for."""
    from rich.console import Console

    console, remaining = Console(stderr=True), iter(parts)
    while True:
        with console.status(what):
            part = next(remaining, None)
        if part is None:
            return
        yield part
