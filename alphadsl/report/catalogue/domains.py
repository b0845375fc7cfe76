"""Faults of numbers: built-ins outside their domain, parameters outside their interval, values that are no numbers."""

from dataclasses import dataclass

from alphadsl.report.catalogue.evidence import Bound, Example, declare, shown
from alphadsl.report.diagnostic import Diagnostic, Label
from alphadsl.report.source import Span


@dataclass(frozen=True)
class _Outside(Diagnostic):
    """An argument that is not shown to stay in the domain of what it is given to."""

    interval: str
    bounds: tuple[Bound, ...] = ()
    settled_by: tuple[str, ...] = ()
    example: Example | None = None

    @property
    def label(self) -> str:
        if self.example is None:
            return f"all that is known is that it lies in {self.interval}"
        return f"is {shown(self.example.value)}{' at ' if self.example.at else ''}{self.example.place}"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return tuple(bound.label for bound in self.bounds)

    @property
    def help(self) -> str:
        return declare(self.settled_by) or self.help_template


@dataclass(frozen=True)
class LogDomain(_Outside):
    """A logarithm needs a positive argument, for every value that the parameters may take in their intervals and the
    distances of the space: on the sphere d^2 lies in [0, 2], s in [-1, 1], d[i]^2 - d[i,j]^2 in [-2, 2]."""

    code = "log-domain"
    title_template = "the argument of a logarithm must be positive"
    help_template = "add a positive constant to the argument, as in log(1 + ...)"
    wrong = "loss x {\n  phi(x) = log(x)\n  psi(x) = relu(x)\n}\n"
    right = "loss x {\n  phi(x) = log(1 + x)\n  psi(x) = relu(x)\n}\n"


@dataclass(frozen=True)
class OutsideDomain(_Outside):
    """A division by something that reaches zero, or a root or fractional power of something negative, for some value
    that the parameters may take in their intervals and the distances of the space: on the sphere d^2 lies in [0, 2],
    s in [-1, 1]."""

    code = "outside-domain"
    title_template = "{words}"
    wrong = "loss x {\n  alpha[i,j] = 1 / d[i,j]^2\n}\n"
    right = "loss x {\n  param tau = 0.1 in (0, inf)\n  alpha[i,j] = 1 / (d[i,j]^2 + tau)\n}\n"

    operation: str = "div"
    words: str = ""

    @property
    def help(self) -> str:
        shifted = "add a positive constant, as in 1 / (d[i,j]^2 + tau)"
        kept = "take relu(...), abs(...) or 1 + ... of it first"
        return declare(self.settled_by) or (shifted if self._divides else kept)

    @property
    def _divides(self) -> bool:
        return self.operation == "div" or "divides" in self.words


@dataclass(frozen=True)
class OutOfInterval(Diagnostic):
    """A parameter keeps to its declared interval, on which the loss was proved admissible: in the spec, in `set`, on
    the command line and in Python. A round bracket excludes the end beside it, a square one includes it."""

    code = "out-of-interval"
    title_template = "{name} = {value} is not in {interval}"
    label_template = "not a value that {name} may take"
    help_template = "choose a value in {interval}"
    wrong = "loss x extends infonce {\n  set tau = 0\n}\n"
    right = "loss x extends infonce {\n  set tau = 0.1\n}\n"

    name: str
    value: str
    interval: str
    declared: Span

    @property
    def secondary(self) -> tuple[Label, ...]:
        return () if self.declared == self.span else (Label(self.declared, "declared here"),)


@dataclass(frozen=True)
class EmptyInterval(Diagnostic):
    """An interval must contain some number: its low end lies below its high end, or both are equal and included, as in
    [1, 1]. A round bracket excludes the end beside it, and inf is never included."""

    code = "empty-interval"
    title_template = "the interval {interval} is empty"
    label_template = "no number lies in it"
    help_template = "write the lower end first; ( and ) exclude an end, [ and ] include it"
    wrong = "loss x {\n  param tau = 0.5 in (1, 0)\n  phi(x) = tau * x\n  psi(x) = x\n}\n"
    right = "loss x {\n  param tau = 0.5 in (0, 1)\n  phi(x) = tau * x\n  psi(x) = x\n}\n"

    interval: str


@dataclass(frozen=True)
class NotANumber(Diagnostic):
    """The value of a parameter is a number, or arithmetic on numbers such as 1/3 or log(2). It cannot depend on other
    parameters or definitions, because each parameter can be set on its own."""

    code = "not-a-number"
    title_template = "the value of {name} must be a finite number"
    help_template = "write a number, such as 0.5 or 1/2; for something that depends on parameters, write c = ..."
    wrong = "loss x {\n  param tau = 1 / 0\n  phi(x) = tau * x\n  psi(x) = x\n}\n"
    right = "loss x {\n  param tau = 1 / 2 in (0, inf)\n  phi(x) = tau * x\n  psi(x) = x\n}\n"

    name: str
    named: bool = False
    compared: bool = False

    @property
    def label(self) -> str:
        if self.compared:
            return "a comparison is no number; bounds are written in (0, inf)"
        return "a name is no number" if self.named else "has no finite value"


DIAGNOSTICS: tuple[type[Diagnostic], ...] = (LogDomain, OutsideDomain, OutOfInterval, EmptyInterval, NotANumber)
