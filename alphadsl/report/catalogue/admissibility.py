"""Faults of the mathematics: what would make alpha negative, undefined, or the min player's problem ill-posed."""

from dataclasses import dataclass

from alphadsl.report.diagnostic import Diagnostic, Label
from alphadsl.report.source import Span


@dataclass(frozen=True)
class _NotProven(Diagnostic):
    """A property that could not be shown, the part that stands in its way, and a counterexample if one was found."""

    function: str
    argument: str
    domain: str
    verdict: str
    guilty: tuple[Label, ...]
    witness: str

    @property
    def label(self) -> str:
        return self.verdict

    @property
    def secondary(self) -> tuple[Label, ...]:
        return self.guilty

    @property
    def note(self) -> str:
        return f"{self.note_template.format(**vars(self))}{self.witness}"


@dataclass(frozen=True)
class DecreasingPhi(_NotProven):
    """phi must be non-decreasing on the values that sum_j psi can take: alpha[i,j] = phi'(xi_i) psi'(d[i]^2 - d[i,j]^2)
    is the weight of pushing i and j apart (Theorem 1), and must not be negative. The proof composes the directions of
    the built-ins, and failing that bounds the derivative; what cannot be shown is refused."""

    code = "decreasing-phi"
    title_template = "phi must be non-decreasing"
    note_template = (
        "alpha[i,j] = phi'(xi_i) * psi'(d[i]^2 - d[i,j]^2) must not be negative, or near negatives are pulled in; "
        "phi is judged for {argument} in {domain}"
    )
    help_template = "turn the sign, or write phi so that {argument} appears once; alphadsl explain decreasing-phi"
    wrong = "loss x {\n  phi(x) = -log(x)\n  psi(x) = exp(x)\n}\n"
    right = "loss x {\n  phi(x) = log(x)\n  psi(x) = exp(x)\n}\n"


@dataclass(frozen=True)
class DecreasingPsi(_NotProven):
    """psi must be non-decreasing on [-2, 2], where d[i]^2 - d[i,j]^2 lies on the sphere: alpha[i,j] =
    phi'(xi_i) psi'(d[i]^2 - d[i,j]^2) is the weight of pushing i and j apart (Theorem 1), and must not be negative."""

    code = "decreasing-psi"
    title_template = "psi must be non-decreasing"
    note_template = (
        "alpha[i,j] = phi'(xi_i) * psi'(d[i]^2 - d[i,j]^2) must not be negative, or near negatives are pulled in; "
        "psi is judged for {argument} in {domain}"
    )
    help_template = "turn the sign, or write psi so that {argument} appears once; alphadsl explain decreasing-psi"
    wrong = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = x\n  psi(x) = exp(-x / tau)\n}\n"
    right = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = x\n  psi(x) = exp(x / tau)\n}\n"


@dataclass(frozen=True)
class NonConcaveRegulariser(_NotProven):
    """The min player minimises E(alpha) - R(alpha) on the simplex. Only a strictly concave R, whose slope R' falls,
    makes that problem convex, so that alpha is unique and is found from R'(alpha_ij) = d[i,j]^2 + lambda_i."""

    code = "non-concave-regulariser"
    title_template = "R must be strictly concave"
    note_template = (
        "alpha solves R'({argument}) = d[i,j]^2 + lambda_i, so the slope of R must fall for {argument} in {domain}"
    )
    help_template = "-tau * a * log(a), -tau/2 * a^2 and sqrt(a) are concave; alphadsl explain non-concave-regulariser"
    wrong = "loss x {\n  R(a) = a^2\n  alpha in simplex\n}\n"
    right = "loss x {\n  R(a) = -a^2\n  alpha in simplex\n}\n"


@dataclass(frozen=True)
class NegativeImportance(Diagnostic):
    """alpha[i,j] is the weight of pushing i and j apart. A negative weight would pull negatives in, and the max
    player's game would lose its meaning."""

    code = "negative-importance"
    title_template = "{name} must not be negative"
    label_template = "lies in {interval}"
    note_template = "{name} weighs the push between i and j: where it is negative, they are pulled together"
    help_template = "use exp, relu or a square, or give the parameters intervals that keep it positive"
    wrong = "loss x {\n  alpha[i,j] = s[i,j]\n}\n"
    right = "loss x {\n  alpha[i,j] = relu(s[i,j])\n}\n"

    name: str
    interval: str


@dataclass(frozen=True)
class LogDomain(Diagnostic):
    """A logarithm needs a positive argument, for every value that the parameters and distances may take."""

    code = "log-domain"
    title_template = "a logarithm of something that can be {edge}"
    label_template = "lies in {interval}"
    help_template = "add a positive constant, or narrow the interval of a parameter"
    wrong = "loss x {\n  phi(x) = log(x)\n  psi(x) = relu(x)\n}\n"
    right = "loss x {\n  phi(x) = log(1 + x)\n  psi(x) = relu(x)\n}\n"

    edge: str
    interval: str


@dataclass(frozen=True)
class OutsideDomain(Diagnostic):
    """A division by something that reaches zero, or a root or broken power of something negative, for some value that
    the parameters and distances may take."""

    code = "outside-domain"
    title_template = "{words}"
    label_template = "lies in {interval}"
    help_template = "add a positive constant, as in 1 / (d[i,j]^2 + tau), or narrow the interval of a parameter"
    wrong = "loss x {\n  alpha[i,j] = 1 / d[i,j]^2\n}\n"
    right = "loss x {\n  param tau = 0.1 in (0, inf)\n  alpha[i,j] = 1 / (d[i,j]^2 + tau)\n}\n"

    words: str
    interval: str


@dataclass(frozen=True)
class OutOfInterval(Diagnostic):
    """A parameter keeps to its declared interval, on which the loss was proved admissible: in the spec, in `set`, on
    the command line and in Python."""

    code = "out-of-interval"
    title_template = "{name} = {value} is not in {interval}"
    wrong = "loss x extends infonce {\n  set tau = 0\n}\n"
    right = "loss x extends infonce {\n  set tau = 0.1\n}\n"

    name: str
    value: str
    interval: str
    declared: Span

    @property
    def help(self) -> str:
        return f"choose a value in {self.interval}"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return () if self.declared == self.span else (Label(self.declared, "declared here"),)


@dataclass(frozen=True)
class EmptyInterval(Diagnostic):
    """An interval must contain some number: its low end lies below its high end, or both are closed and equal."""

    code = "empty-interval"
    title_template = "the interval {interval} is empty"
    label_template = "no number lies in it"
    help_template = "write the lower end first"
    wrong = "loss x {\n  param tau = 0.5 in (1, 0)\n  phi(x) = tau * x\n  psi(x) = x\n}\n"
    right = "loss x {\n  param tau = 0.5 in (0, 1)\n  phi(x) = tau * x\n  psi(x) = x\n}\n"

    interval: str


@dataclass(frozen=True)
class NotANumber(Diagnostic):
    """A parameter's value is a number, or arithmetic on numbers: it must not depend on other names."""

    code = "not-a-number"
    title_template = "the value of {name} is not a finite number"
    label_template = "cannot be worked out"
    help_template = "write a number, such as 0.5 or 1/2; for something that depends on parameters, write c = ..."
    wrong = "loss x {\n  param tau = 1 / 0\n  phi(x) = tau * x\n  psi(x) = x\n}\n"
    right = "loss x {\n  param tau = 1 / 2 in (0, inf)\n  phi(x) = tau * x\n  psi(x) = x\n}\n"

    name: str


DIAGNOSTICS: tuple[type[Diagnostic], ...] = (
    DecreasingPhi,
    DecreasingPsi,
    NonConcaveRegulariser,
    NegativeImportance,
    LogDomain,
    OutsideDomain,
    OutOfInterval,
    EmptyInterval,
    NotANumber,
)
