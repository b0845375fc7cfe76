"""Errors in phi, psi, R, alpha and weight that would make alpha negative or zero, or the min player ill-posed."""

from typing import ClassVar

from alphadsl.report.diagnostic import Diagnostic, Edit, Label, Remedy
from alphadsl.report.errors.evidence import Bound, Example, declaring, first_advice, rewriting, shown
from alphadsl.report.source import Span


class _NotProven(Diagnostic):
    """A property of a function that could not be proved: the part that prevents the proof, the parameters it depends
    on, those whose interval would settle it, and a counterexample if one was found."""

    unproven: ClassVar[str]
    disproven: ClassVar[str]
    turn: ClassVar[str]

    argument: str
    domain: str
    space: str = ""
    guilty: Span | None = None
    moves: str = ""
    throughout: bool = False
    jumps: bool = False
    bounds: tuple[Bound, ...] = ()
    settled_by: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    declarations: tuple[Edit, ...] = ()

    @property
    def label(self) -> str:
        return (self.disproven if self.examples else self.unproven).format(**vars(self))

    @property
    def secondary(self) -> tuple[Label, ...]:
        guilty = (Label(self.guilty, f"{self.moves} in {self.argument}"),) if self.guilty else ()
        return (*(bound.label for bound in self.bounds), *guilty)

    @property
    def note(self) -> str:
        return "\n".join(filter(None, [self.note_template.format(**vars(self)), self._example]))

    @property
    def help(self) -> str:
        jumping = "write relu, min or max instead of the comparison" if self.jumps else ""
        plain = self.turn if self.examples else self.help_template
        advice = first_advice(self.offered) or jumping or plain
        return f"{advice.format(**vars(self))}; alphadsl explain {self.code}"

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return (*declaring(self.settled_by, self.declarations), *rewriting(self.span, *self._ways))

    @property
    def _ways(self) -> tuple[tuple[str, str], ...]:
        return (("flip its sign: it decreases throughout", "-({})"),) if self.throughout else ()

    @property
    def _example(self) -> str:
        match self.examples:
            case (low, high):
                return f"it decreases from {shown(low.value)} at {low.place} to {shown(high.value)} at {high.place}"
            case (low, middle, high):
                ends = f"{shown(low.value)} at {low.place} and {shown(high.value)} at {high.place}"
                return f"it is {ends}, but {shown(middle.value)} halfway, which is not above the mean of the two"
            case _:
                return ""


_JUDGED = (
    "alpha[i,j] = phi'(xi_i) * psi'(d[i]^2 - d[i,j]^2) must not be negative, or near negatives are pulled in\n"
    "{function} is judged for {{argument}} in {{domain}}, {what} {{space}}"
)


class DecreasingPhi(_NotProven):
    """phi must be non-decreasing on the values that sum_j psi can take: alpha[i,j] = phi'(xi_i) psi'(d[i]^2 - d[i,j]^2)
    is the weight of pushing i and j apart (Tian 2022, Theorem 1), and must not be negative. The proof composes the
    directions of the built-ins and, if that fails, bounds the derivative. A phi without a proof is refused."""

    code = "decreasing-phi"
    title_template = "phi must be non-decreasing"
    unproven = "not proved to increase in {argument}"
    disproven = "decreases in {argument}"
    note_template = _JUDGED.format(function="phi", what="where sum_j psi lies")
    turn = "flip the sign where it decreases, or keep psi to values where phi increases"
    help_template = "write phi so that {argument} appears once, or narrow the intervals of the parameters"
    wrong = "loss x {\n  phi(x) = -log(x)\n  psi(x) = exp(x)\n}\n"
    right = "loss x {\n  phi(x) = log(x)\n  psi(x) = exp(x)\n}\n"


class DecreasingPsi(_NotProven):
    """psi must be non-decreasing where d[i]^2 - d[i,j]^2 lies, on [-2, 2] on the sphere and everywhere in Euclidean
    space: alpha[i,j] = phi'(xi_i) psi'(d[i]^2 - d[i,j]^2) is the weight of pushing i and j apart (Tian 2022, Theorem
    1), and must not be negative. This must hold for all values of the parameters in their intervals, not only for the
    values that are set."""

    code = "decreasing-psi"
    title_template = "psi must be non-decreasing"
    unproven = "not proved to increase in {argument}"
    disproven = "decreases in {argument}"
    note_template = _JUDGED.format(function="psi", what="where d[i]^2 - d[i,j]^2 lies")
    turn = "flip the sign where it decreases, or add an increasing term that outweighs it"
    help_template = "write psi so that {argument} appears once, or narrow the intervals of the parameters"
    wrong = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = x\n  psi(x) = exp(-x / tau)\n}\n"
    right = "loss x {\n  param tau = 0.5 in (0, inf)\n  phi(x) = x\n  psi(x) = exp(x / tau)\n}\n"


class NonConcaveRegulariser(_NotProven):
    """The min player minimises E(alpha) - R(alpha) on the simplex. Only a strictly concave R, whose slope R' decreases,
    makes that problem strictly convex, so that alpha is unique and solves R'(alpha_ij) = d[i,j]^2 + lambda_i."""

    code = "non-concave-regulariser"
    title_template = "R must be strictly concave"
    unproven = "not proved to be strictly concave"
    disproven = "is not strictly concave"
    note_template = (
        "alpha solves R'({argument}) = d[i,j]^2 + lambda_i, so the slope of R must fall for {argument} in {domain}"
    )
    turn = "-tau * {argument} * log({argument}), -tau/2 * {argument}^2 and sqrt({argument}) are strictly concave"
    help_template = turn

    wrong = "loss x {\n  R(a) = a^2\n  alpha in simplex\n}\n"
    right = "loss x {\n  R(a) = -a^2\n  alpha in simplex\n}\n"

    @property
    def _ways(self) -> tuple[tuple[str, str], ...]:
        return () if self.jumps else (("flip its sign", "-({})"),)


class NegativeImportance(Diagnostic):
    """alpha[i,j] is the weight of pushing i and j apart, and weight[i,j] is a factor of it. Where it is negative,
    negatives would be pulled closer, and the max player's game would lose its meaning. A formula is refused unless it
    is proved non-negative for all distances of the space and all parameters in their intervals."""

    code = "negative-importance"
    title_template = "{name} must not be negative"
    note_template = "{name} weighs the push between i and j: where it is negative, they are pulled together"
    wrong = "loss x {\n  alpha[i,j] = s[i,j]\n}\n"
    right = "loss x {\n  alpha[i,j] = relu(s[i,j])\n}\n"

    name: str
    interval: str
    bounds: tuple[Bound, ...] = ()
    settled_by: tuple[str, ...] = ()
    example: Example | None = None
    declarations: tuple[Edit, ...] = ()

    @property
    def label(self) -> str:
        if self.example is None:
            return f"not proved to be non-negative: all that is known is that it lies in {self.interval}"
        return f"is {shown(self.example.value)}{' at ' if self.example.at else ''}{self.example.place}"

    @property
    def secondary(self) -> tuple[Label, ...]:
        return tuple(bound.label for bound in self.bounds)

    @property
    def help(self) -> str:
        return first_advice(self.offered) or "write it so that it is 0 or more for all distances and parameters"

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        kept = ("if it cannot be negative, relu(...) around it changes nothing and proves it", "relu({})")
        cut = ("use exp(...), a square, or relu(...), which is 0 where its argument is negative", "relu({})")
        turned = ("flip its sign", "-({})")
        ways = (cut, turned) if self.example else (kept,)
        return (*declaring(self.settled_by, self.declarations), *rewriting(self.span, *ways))


class ZeroImportance(Diagnostic):
    """A loss whose pairwise importance is 0 for every pair has no gradient: phi and psi must depend on their argument,
    and alpha and weight must not be 0 everywhere."""

    code = "zero-importance"
    title_template = "every pair would have weight 0"
    wrong = "loss x {\n  phi(x) = x\n  psi(x) = 1\n}\n"
    right = "loss x {\n  phi(x) = x\n  psi(x) = 1 + x\n}\n"

    name: str
    argument: str = ""

    @property
    def label(self) -> str:
        return f"its slope in {self.argument} is 0 throughout" if self.argument else "is 0 for every pair"

    @property
    def note(self) -> str:
        factor = "weight[i,j] * " if self.name == "weight" else ""
        derived = "" if self.name == "alpha" else f" = {factor}phi'(xi_i) * psi'(d[i]^2 - d[i,j]^2)"
        return f"alpha[i,j]{derived} would be 0 for every pair, and nothing would be learnt"

    @property
    def help(self) -> str:
        return first_advice(self.offered) or "write a formula that gives some pair a positive weight"

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        if self.argument:
            advice = f"write {self.name}({self.argument}) = {self.argument}, or another increasing function"
            return rewriting(self.span, (advice, self.argument))
        return rewriting(self.span, (f"write {self.name}[i,j] = 1 to weigh all pairs equally", "1"))


DIAGNOSTICS: tuple[type[Diagnostic], ...] = (
    DecreasingPhi,
    DecreasingPsi,
    NonConcaveRegulariser,
    NegativeImportance,
    ZeroImportance,
)
