"""Exceptions for a user's mistakes: in a spec, or in anything else (a tensor, a data file, a checkpoint, a flag)."""

from collections.abc import Iterable

from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.render import render_list


class SpecError(ValueError):
    """A spec was refused; `diagnostics` says why, and `str()` shows them as the command line does."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n".join(render_list(self.diagnostics))


class InputError(ValueError):
    """A refused input, described in one line that names it, with an optional line on what to try.

    The command line prints `error: MESSAGE` and `help: HELP`, and exits with 1; no traceback.
    """

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(f"{message} ({help})" if help else message)
        self.message = message
        self.help = help
