"""Where a loss stands while it is checked: its file, and the losses on whose behalf that is done."""

from collections.abc import Callable
from dataclasses import dataclass

from alphadsl.ir.nodes import Loss
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.resolve.files import SpecText
from alphadsl.syntax.tree import LossDef, SpecFile

Users = tuple[LossDef, ...]
Outcome = tuple[Loss | None, list[Diagnostic]]
Check = Callable[[LossDef, SpecFile, SpecText, Users], Outcome]


@dataclass(frozen=True)
class Site:
    """`check` looks at another loss once and remembers the outcome."""

    file: SpecFile
    text: SpecText
    check: Check
    users: Users = ()
