"""Errors about names: unknown, defined twice, reserved, set without being a parameter, or never used."""

from typing import NamedTuple

from alphadsl.report.diagnostic import Diagnostic, Label, Remedy, Severity, replacement
from alphadsl.report.source import Span

MOST_SHOWN = 24


class UnknownName(Diagnostic):
    """An expression uses an undefined name. In scope are the parameters and definitions of the loss and of its parents,
    the distances d and s, and the built-in functions. A name is reported once, at its first use."""

    code = "unknown-name"
    title_template = "nothing is called {name}"
    label_template = "not defined here or in a parent"
    wrong = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = tua * x\n  psi(x) = x\n}\n"
    right = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = tau * x\n  psi(x) = x\n}\n"

    name: str
    suggestion: str | None
    in_scope: tuple[str, ...]
    declaration: Remedy | None = None

    @property
    def help(self) -> str:
        more = ", ..." if len(self.in_scope) > MOST_SHOWN else ""
        scope = f"in scope: {', '.join(self.in_scope[:MOST_SHOWN]) or 'numbers only'}{more}"
        if self.suggestion:
            return f"did you mean {self.suggestion}?   ({scope})"
        return f"{self.declaration.advice}   ({scope})" if self.declaration else scope

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        meant = replacement(self.span, self.suggestion) if self.suggestion else None
        return tuple(remedy for remedy in (meant, self.declaration) if remedy)


class Clash(NamedTuple):
    """A kind of conflict between two uses of a name: its title, and what to do about it."""

    title: str
    advice: str


TWO_DEFINITIONS = Clash("{name} is defined twice", "give one of them another name")
PARENTS_PARAM = Clash("{name} is defined twice", "to change a parameter of a parent, write set {name} = ...")
PARENTS_DEFINITION = Clash(
    "{name} is defined twice",
    "a child keeps the definitions of its parent: give this one another name, or extend nothing",
)
TWO_VALUES = Clash("{name} is given two values", "keep one of them")
TWO_LINES = Clash("{name} is stated twice", "keep one of the two lines")
HIDING = Clash("{name} has two meanings", "call the argument of the function something else")


class DuplicateName(Diagnostic):
    """A name has one meaning in a loss and its parents, and a file has at most one loss of each name. A child changes a
    parameter of its parent with `set`, once. It may not shadow a definition, nor may the argument of a function."""

    code = "duplicate-name"
    title_template = "{name} is defined twice"
    label_template = "again here"
    wrong = "loss x {\n  param m = 1\n  param m = 2\n  phi(x) = x\n  psi(x) = x + m\n}\n"
    right = "loss x {\n  param m = 1\n  phi(x) = x\n  psi(x) = x + m\n}\n"

    name: str
    first: Span
    clash: Clash = TWO_DEFINITIONS

    @property
    def title(self) -> str:
        return self.clash.title.format(name=self.name)

    @property
    def help(self) -> str:
        return self.clash.advice.format(name=self.name)

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.first, "first here"),)


class ReservedName(Diagnostic):
    """The names of the distances, the indices, the parts of the families, the built-in functions and the keywords keep
    their meaning, so that a formula means the same in every spec. Losses and arguments of functions may not use these
    names either."""

    code = "reserved-name"
    title_template = "{name} already has a meaning in the language"
    label_template = "{meaning}"
    help_template = "choose another name, such as {name}_0 or my_{name}"
    wrong = "loss x {\n  param exp = 2\n  phi(x) = x\n  psi(x) = x * exp\n}\n"
    right = "loss x {\n  param k = 2 in (0, inf)\n  phi(x) = x\n  psi(x) = x * k\n}\n"

    name: str
    meaning: str


class CyclicDefinition(Diagnostic):
    """A definition may use others in any order, but not itself, directly or through others: its value would depend on
    itself."""

    code = "cyclic-definition"
    title_template = "{name} is defined in terms of itself: {chain}"
    label_template = "needs its own value"
    help_template = "write one of them without the other"
    wrong = "loss x {\n  a = 2 * b\n  b = a + 1\n  phi(x) = a * x\n  psi(x) = x\n}\n"
    right = "loss x {\n  a = 2\n  b = a + 1\n  phi(x) = b * x\n  psi(x) = x\n}\n"

    name: str
    chain: str


class SetWithoutParam(Diagnostic):
    """`set` in a child gives a parameter of its parent another value; the command line and Python can do so too. A new
    parameter is declared with `param`, and a definition is not a parameter."""

    code = "set-without-param"
    title_template = "there is no parameter {name} to set"
    label_template = "not a parameter of this loss"
    wrong = "loss x extends infonce {\n  set temperature = 0.2\n}\n"
    right = "loss x extends infonce {\n  set tau = 0.2\n}\n"

    name: str
    suggestion: str | None
    known: tuple[str, ...]
    definition: Span | None = None

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.definition, "defined here, which fixes it"),) if self.definition else ()

    @property
    def help(self) -> str:
        known = f"parameters: {', '.join(self.known)}" if self.known else "this loss has no parameters to set"
        if self.definition:
            return f"declare it as param {self.name} = ... to let it be set   ({known})"
        return f"did you mean {self.suggestion}?   ({known})" if self.suggestion else known

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        near = (self.suggestion,) if self.suggestion else self.known
        return () if self.definition else tuple(replacement(self.span, name) for name in near)


class UnknownPairs(Diagnostic):
    """An index set says which embeddings are anchors, and which are the positives and the negatives of each. The
    message lists the existing ones; the manual describes them (docs/language/pairs.md)."""

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

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return (replacement(self.span, self.suggestion or self.known.split(",")[0]),)


class UnusedParam(Diagnostic):
    """A parameter that the loss does not depend on: a sweep over it would change nothing. This is only a warning,
    because the loss is still well defined."""

    code = "unused-param"
    severity = Severity.WARNING
    title_template = "the loss does not depend on {name}"
    help_template = "use it or remove it"
    wrong = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = x\n  psi(x) = x\n}\n"
    right = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = x\n  psi(x) = exp(x / tau)\n}\n"

    name: str
    cancels: bool = False

    @property
    def label(self) -> str:
        return "cancels from the value and from every weight" if self.cancels else "declared, but never used"


class UnusedDefinition(Diagnostic):
    """A definition that the loss does not use, usually because of a typo in a name elsewhere. This is only a warning,
    because the loss is still well defined."""

    code = "unused-definition"
    severity = Severity.WARNING
    title_template = "the loss does not use {name}"
    label_template = "defined, but never used"
    wrong = "loss x {\n  h[i,j] = s[i,j]\n  phi(x) = x\n  psi(x) = x\n}\n"
    right = "loss x {\n  h[i,j] = 1 + s[i,j]\n  weight[i,j] = h[i,j]\n  phi(x) = x\n  psi(x) = x\n}\n"

    name: str
    meant: str | None = None

    @property
    def help(self) -> str:
        return f"did you mean {self.meant}?" if self.meant else "use it or remove it"


DIAGNOSTICS: tuple[type[Diagnostic], ...] = (
    UnknownName,
    DuplicateName,
    ReservedName,
    CyclicDefinition,
    SetWithoutParam,
    UnknownPairs,
    UnusedParam,
    UnusedDefinition,
)
