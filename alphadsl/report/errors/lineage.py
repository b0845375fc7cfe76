"""Errors about `extends`: a parent that does not exist, cannot be read, or leads back to the child."""

from collections.abc import Mapping
from typing import ClassVar

from alphadsl.report.diagnostic import Diagnostic, Label
from alphadsl.report.source import Span


class NotFound(Diagnostic):
    """A loss that does not exist."""

    label_template = "not in this file, beside it or in the library"

    name: str
    advice: str | None

    @property
    def help(self) -> str:
        return self.advice or "alphadsl list shows the library"


class UnknownParent(NotFound):
    """`extends` names a loss of the same file, a spec in the same folder, or one of the library, looked up in this
    order. It is a plain name without a folder or a file extension."""

    code = "unknown-parent"
    title_template = "there is no loss called {name} to extend"
    wrong = "loss x extends infonse {\n  set tau = 0.2\n}\n"
    right = "loss x extends infonce {\n  set tau = 0.2\n}\n"


class BrokenParent(Diagnostic):
    """A loss can only extend one from a file that can be read and that defines a loss of that name. The file is looked
    up in the folder of the spec first, then in the library."""

    code = "broken-parent"
    title_template = "{name} cannot be extended, because {path} {reason}"
    label_template = "extended here"
    help_template = "alphadsl check {path} reports everything that is wrong there"
    wrong = "loss x extends broken {\n  set tau = 0.2\n}\n"
    beside: ClassVar[Mapping[str, str]] = {
        "broken.alpha": "loss broken {\n  param tau = 0.5 in (0, inf\n  phi(x) = tau * x\n  psi(x) = x\n}\n"
    }
    right = "loss x extends infonce {\n  set tau = 0.2\n}\n"

    name: str
    path: str
    reason: str
    fault: Label | None = None

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (self.fault,) if self.fault else ()


class CyclicExtends(Diagnostic):
    """A chain of `extends` must end at a loss without a parent. A cycle is reported once, whichever of its losses is
    checked."""

    code = "cyclic-extends"
    title_template = "{name} extends itself: {chain}"
    label_template = "this closes the cycle"
    help_template = "let one of them stand on its own, or extend a loss of the library"
    wrong = "loss a extends b {\n  set tau = 1\n}\nloss b extends a {\n  set tau = 2\n}\n"
    right = "loss a extends infonce {\n  set tau = 1\n}\nloss b extends a {\n  set tau = 2\n}\n"

    name: str
    chain: str
    others: tuple[Span, ...] = ()

    @property
    def secondary(self) -> tuple[Label, ...]:
        return tuple(Label(other, "through this one") for other in self.others)


class LongLineage(Diagnostic):
    """A loss that extends a loss that extends a loss, and so on, is hard to understand. The chain has a limit, which
    also keeps a folder full of specs from exhausting the tool."""

    code = "long-lineage"
    title_template = "{name} has more than {limit} ancestors"
    label_template = "one generation too many"
    help_template = "extend an earlier ancestor, and set what differs"
    wrong = "".join(
        [
            "loss l0 extends infonce {\n}\n",
            *(f"loss l{age} extends l{age - 1} {{\n}}\n" for age in range(1, 16)),
        ]
    )
    right = "loss l0 extends infonce {\n}\nloss l1 extends l0 {\n}\n"

    name: str
    limit: int


DIAGNOSTICS: tuple[type[Diagnostic], ...] = (UnknownParent, BrokenParent, CyclicExtends, LongLineage)
