"""Faults of names: unknown, defined twice, inherited from nowhere, or fixed to a value they cannot have."""

from dataclasses import dataclass

from alphadsl.report.diagnostic import Diagnostic, Label, Severity
from alphadsl.report.source import Span


@dataclass(frozen=True)
class UnknownName(Diagnostic):
    """An expression uses a name that nothing has defined. In scope are the parameters and definitions of the loss and
    of its parents, the distances d and s, and the built-in functions."""

    code = "unknown-name"
    title_template = "nothing is called {name}"
    label_template = "not defined here or in a parent"
    wrong = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = tua * x\n  psi(x) = x\n}\n"
    right = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = tau * x\n  psi(x) = x\n}\n"

    name: str
    suggestion: str | None
    in_scope: tuple[str, ...]

    @property
    def help(self) -> str:
        scope = f"in scope: {', '.join(self.in_scope)}"
        return f"did you mean {self.suggestion}?   ({scope})" if self.suggestion else scope


@dataclass(frozen=True)
class DuplicateName(Diagnostic):
    """A name has one meaning in a loss and its parents. A child changes a parent's parameter with `set`; it does not
    shadow a definition."""

    code = "duplicate-name"
    title_template = "{name} is defined twice"
    label_template = "defined again here"
    help_template = "give one of them another name; to change a parameter of a parent, write set {name} = ..."
    wrong = "loss x {\n  param m = 1\n  param m = 2\n  phi(x) = x\n  psi(x) = x + m\n}\n"
    right = "loss x {\n  param m = 1\n  phi(x) = x\n  psi(x) = x + m\n}\n"

    name: str
    first: Span

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.first, "first defined here"),)


@dataclass(frozen=True)
class ReservedName(Diagnostic):
    """The names of the distances, the indices, the families' parts and the built-in functions keep their meaning."""

    code = "reserved-name"
    title_template = "{name} already has a meaning in the language"
    label_template = "{meaning}"
    help_template = "choose another name, such as {name}_0 or my_{name}"
    wrong = "loss x {\n  param exp = 2\n  phi(x) = x\n  psi(x) = x * exp\n}\n"
    right = "loss x {\n  param k = 2 in (0, inf)\n  phi(x) = x\n  psi(x) = x * k\n}\n"

    name: str
    meaning: str


@dataclass(frozen=True)
class UnknownParent(Diagnostic):
    """`extends` names a loss of the same file, a spec beside the file, or one of the library."""

    code = "unknown-parent"
    title_template = "there is no loss called {name} to extend"
    label_template = "not in this file, not beside it, not in the library"
    wrong = "loss x extends infonse {\n  set tau = 0.2\n}\n"
    right = "loss x extends infonce {\n  set tau = 0.2\n}\n"

    name: str
    suggestion: str | None

    @property
    def help(self) -> str:
        return f"did you mean {self.suggestion}?" if self.suggestion else "alphadsl list shows the library"


@dataclass(frozen=True)
class BrokenParent(Diagnostic):
    """A loss can only extend a spec that can itself be read."""

    code = "broken-parent"
    title_template = "{name} cannot be extended, because {path} cannot be read: {reason}"
    label_template = "extended here"
    help_template = "run alphadsl check {path}"
    wrong = "loss x extends broken {\n  set tau = 0.2\n}\n"
    right = "loss x extends infonce {\n  set tau = 0.2\n}\n"

    name: str
    path: str
    reason: str


@dataclass(frozen=True)
class CyclicExtends(Diagnostic):
    """A chain of `extends` must end at a loss without a parent."""

    code = "cyclic-extends"
    title_template = "{name} extends itself: {chain}"
    label_template = "this closes the circle"
    help_template = "let one of them stand on its own"
    wrong = "loss a extends b {\n  set tau = 1\n}\nloss b extends a {\n  set tau = 2\n}\n"
    right = "loss a extends infonce {\n  set tau = 1\n}\nloss b extends a {\n  set tau = 2\n}\n"

    name: str
    chain: str


@dataclass(frozen=True)
class CyclicDefinition(Diagnostic):
    """A definition may use others in any order, but not itself, directly or by way of others."""

    code = "cyclic-definition"
    title_template = "{name} is defined by itself: {chain}"
    label_template = "needs its own value"
    help_template = "write one of them without the other"
    wrong = "loss x {\n  a = 2 * b\n  b = a + 1\n  phi(x) = a * x\n  psi(x) = x\n}\n"
    right = "loss x {\n  a = 2\n  b = a + 1\n  phi(x) = b * x\n  psi(x) = x\n}\n"

    name: str
    chain: str


@dataclass(frozen=True)
class SetWithoutParam(Diagnostic):
    """`set` gives a parameter of a parent another value; a new parameter is declared with `param`."""

    code = "set-without-param"
    title_template = "there is no parameter {name} to set"
    label_template = "no parent declares it"
    wrong = "loss x extends infonce {\n  set temperature = 0.2\n}\n"
    right = "loss x extends infonce {\n  set tau = 0.2\n}\n"

    name: str
    suggestion: str | None
    known: tuple[str, ...]

    @property
    def help(self) -> str:
        known = f"parameters: {', '.join(self.known)}" if self.known else "this loss has no parameters"
        return f"did you mean {self.suggestion}?   ({known})" if self.suggestion else known


@dataclass(frozen=True)
class UnknownPairs(Diagnostic):
    """The index sets say which embeddings are anchors, and which are the negatives of each."""

    code = "unknown-pairs"
    title_template = "there is no index set called {name}"
    label_template = "one of {known}"
    wrong = "loss x {\n  pairs two_views\n  phi(x) = x\n  psi(x) = x\n}\n"
    right = "loss x {\n  pairs two_view\n  phi(x) = x\n  psi(x) = x\n}\n"

    name: str
    known: str
    suggestion: str | None

    @property
    def help(self) -> str:
        return f"did you mean {self.suggestion}?" if self.suggestion else f"write pairs {self.known.split(',')[0]}"


@dataclass(frozen=True)
class UnusedParam(Diagnostic):
    """A parameter that the loss does not depend on: a sweep over it would change nothing."""

    code = "unused-param"
    severity = Severity.WARNING
    title_template = "the loss does not depend on {name}"
    label_template = "declared, but never used"
    help_template = "use it or remove it"
    wrong = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = x\n  psi(x) = x\n}\n"
    right = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = x\n  psi(x) = exp(x / tau)\n}\n"

    name: str


@dataclass(frozen=True)
class UnusedDefinition(Diagnostic):
    """A definition that the loss does not use: usually a slip in a name elsewhere."""

    code = "unused-definition"
    severity = Severity.WARNING
    title_template = "the loss does not use {name}"
    label_template = "defined, but never used"
    help_template = "use it or remove it"
    wrong = "loss x {\n  h[i,j] = s[i,j]\n  phi(x) = x\n  psi(x) = x\n}\n"
    right = "loss x {\n  h[i,j] = 1 + s[i,j]\n  weight[i,j] = h[i,j]\n  phi(x) = x\n  psi(x) = x\n}\n"

    name: str


DIAGNOSTICS: tuple[type[Diagnostic], ...] = (
    UnknownName,
    DuplicateName,
    ReservedName,
    UnknownParent,
    BrokenParent,
    CyclicExtends,
    CyclicDefinition,
    SetWithoutParam,
    UnknownPairs,
    UnusedParam,
    UnusedDefinition,
)
