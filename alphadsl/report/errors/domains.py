"""Errors about numbers: built-ins outside their domain, parameters outside their interval, non-numeric values."""

from alphadsl.report.diagnostic import Diagnostic, Edit, Label, Remedy
from alphadsl.report.errors.evidence import Bound, Example, declaring, first_advice, rewriting, shown
from alphadsl.report.source import Span


class _Outside(Diagnostic):
    """An argument that is not proved to lie in the domain of its function."""

    interval: str
    bounds: tuple[Bound, ...] = ()
    settled_by: tuple[str, ...] = ()
    example: Example | None = None
    declarations: tuple[Edit, ...] = ()
    why: str = ""

    @property
    def note(self) -> str:
        return self.why

    @property
    def label(self) -> str:
        if self.example is None:
            return f"not proved: all that is known is that it lies in {self.interval}"
        return f"is {shown(self.example.value)}{' at ' if self.example.at else ''}{self.example.place}"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return tuple(bound.label for bound in self.bounds)

    @property
    def help(self) -> str:
        return first_advice(self.offered) or self.help_template

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return (*declaring(self.settled_by, self.declarations), *rewriting(self.span, *self._ways))

    @property
    def _ways(self) -> tuple[tuple[str, str], ...]:
        return ()


class LogDomain(_Outside):
    """A logarithm needs a positive argument for all parameters in their intervals and all distances of the space: on
    the sphere d^2 lies in [0, 2], s in [-1, 1], d[i]^2 - d[i,j]^2 in [-2, 2]."""

    code = "log-domain"
    title_template = "the argument of a logarithm must be positive"
    help_template = "write it so that its argument is positive for all distances and parameters"
    wrong = "loss x {\n  phi(x) = log(x)\n  psi(x) = relu(x)\n}\n"
    right = "loss x {\n  phi(x) = log(1 + x)\n  psi(x) = relu(x)\n}\n"

    @property
    def _ways(self) -> tuple[tuple[str, str], ...]:
        shifts = (
            ("add a positive constant to the argument, as in log(1 + ...)", "1 + {}"),
            ("add a small positive constant to the argument, as in log(1e-6 + ...)", "1e-6 + {}"),
        )
        return (
            *(reversed(shifts) if self.why else shifts),
            ("keep the argument above a small number, as in log(max(..., 1e-6))", "max({}, 1e-6)"),
        )


class OutsideDomain(_Outside):
    """A denominator that may be zero, or a root or fractional power of an expression that may be negative, for some
    parameters in their intervals and some distances of the space: on the sphere d^2 lies in [0, 2], s in [-1, 1]."""

    code = "outside-domain"
    title_template = "{words}"
    wrong = "loss x {\n  alpha[i,j] = 1 / d[i,j]^2\n}\n"
    right = "loss x {\n  param tau = 0.1 in (0, inf)\n  alpha[i,j] = 1 / (d[i,j]^2 + tau)\n}\n"

    operation: str = "div"
    words: str = ""

    @property
    def help(self) -> str:
        return first_advice(self.offered) or "write it so that it stays inside for all distances and parameters"

    @property
    def _ways(self) -> tuple[tuple[str, str], ...]:
        if self._divides:
            return (
                ("add a positive constant, as in 1 / (d[i,j]^2 + 1e-6)", "({} + 1e-6)"),
                ("keep it above a small number, as in max(..., 1e-6)", "max({}, 1e-6)"),
            )
        return (
            ("take relu(...) of it first", "relu({})"),
            ("take abs(...) of it first", "abs({})"),
            ("keep it above a small number, as in max(..., 1e-6)", "max({}, 1e-6)"),
        )

    @property
    def _divides(self) -> bool:
        return self.operation == "div" or "divides" in self.words


class OutOfInterval(Diagnostic):
    """A parameter must lie in its declared interval, on which the loss was proved admissible: in the spec, in `set`, on
    the command line and in Python. A round bracket excludes the end next to it, a square one includes it."""

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


class EmptyInterval(Diagnostic):
    """An interval must contain some number: its lower end is below its upper end, or both are equal and included, as in
    [1, 1]. A round bracket excludes the end next to it, and inf is never included."""

    code = "empty-interval"
    title_template = "the interval {interval} is empty"
    label_template = "no number lies in it"
    help_template = "write the lower end first; ( and ) exclude an end, [ and ] include it"
    wrong = "loss x {\n  param tau = 0.5 in (1, 0)\n  phi(x) = tau * x\n  psi(x) = x\n}\n"
    right = "loss x {\n  param tau = 0.5 in (0, 1)\n  phi(x) = tau * x\n  psi(x) = x\n}\n"

    interval: str


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
            return "a comparison is not a number; bounds are written as an interval: in (0, inf)"
        return "a name is not a number" if self.named else "has no finite value"


DIAGNOSTICS: tuple[type[Diagnostic], ...] = (LogDomain, OutsideDomain, OutOfInterval, EmptyInterval, NotANumber)
