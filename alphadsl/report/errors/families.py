"""Errors about the family of a loss: none, two of them, or an incomplete one."""

from alphadsl.report.diagnostic import Diagnostic, Label, Remedy
from alphadsl.report.errors.evidence import meant_or_written
from alphadsl.report.source import Span


class NoLoss(Diagnostic):
    """A spec file contains one or more losses, `loss NAME { ... }`. A file that is empty or has only comments cannot be
    checked, shown or trained."""

    code = "no-loss"
    title_template = "this file defines no loss"
    label_template = "nothing but comments and blank lines"
    help_template = (
        "write loss NAME {{, then one definition per line, then }}; alphadsl new NAME writes one to start from"
    )
    wrong = "# to be written\n"
    right = "loss x {\n  phi(x) = x\n  psi(x) = x\n}\n"


class NoFamily(Diagnostic):
    """A loss must define alpha in one of these ways: by phi and psi (coordinate), by alpha itself (direct), by a
    regulariser R whose problem on the simplex alpha solves (min player), or by the whole loss[i] (general)."""

    code = "no-family"
    title_template = "{name} does not say how its pairs are weighed"
    label_template = "no phi and psi, no alpha, no R, no loss[i]"
    help_template = (
        "define phi(x) and psi(x), or alpha[i,j] = ..., or alpha[i,j] ~ ..., or R(a) = ... with alpha in simplex, "
        "or loss[i] = ..."
    )
    wrong = "loss x {\n  param tau = 0.5 in (0, inf)\n}\n"
    right = "loss x {\n  param tau = 0.5 in (0, inf)\n  alpha[i,j] ~ exp(-d[i,j]^2 / tau)\n}\n"

    name: str
    meant: str = ""
    similar: Span | None = None

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.similar, f"did you mean {self.meant}?"),) if self.similar else ()


class TwoFamilies(Diagnostic):
    """Each family determines alpha: a coordinate loss derives it from phi and psi, a direct loss states it, a min
    player solves for it. A loss uses exactly one family."""

    code = "two-families"
    title_template = "this loss fixes alpha twice"
    label_template = "but {second_role}"
    help_template = "keep one of them; to reweight a coordinate loss, define weight[i,j]"
    wrong = "loss x {\n  phi(x) = x\n  psi(x) = x\n  alpha[i,j] ~ exp(-d[i,j]^2)\n}\n"
    right = "loss x {\n  alpha[i,j] ~ exp(-d[i,j]^2)\n}\n"

    first: Span
    first_role: str
    second_role: str

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.first, self.first_role),)


class MissingPhi(Diagnostic):
    """A coordinate loss is mean_i phi(sum_j psi(d[i]^2 - d[i,j]^2)): it needs both functions. If the sum should be
    used unchanged, write the identity, phi(x) = x."""

    code = "missing-phi"
    title_template = "psi is defined, but phi is not"
    label_template = "a coordinate loss needs phi as well"
    help_template = "write phi(x) = x to sum psi over the negatives as it is"
    wrong = "loss x {\n  psi(x) = exp(x)\n}\n"
    right = "loss x {\n  phi(x) = log(1 + x)\n  psi(x) = exp(x)\n}\n"

    similar: Span | None = None

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.similar, "did you mean phi?"),) if self.similar else ()

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return meant_or_written(self.span, self.similar, "phi", "phi(x) = x", self.help_template)


class MissingPsi(Diagnostic):
    """A coordinate loss is mean_i phi(sum_j psi(d[i]^2 - d[i,j]^2)): it needs both functions. If the gap should be
    summed unchanged, write the identity, psi(x) = x."""

    code = "missing-psi"
    title_template = "phi is defined, but psi is not"
    label_template = "a coordinate loss needs psi as well"
    help_template = "write psi(x) = x to pass d[i]^2 - d[i,j]^2 on as it is"
    wrong = "loss x {\n  phi(x) = log(1 + x)\n}\n"
    right = "loss x {\n  phi(x) = log(1 + x)\n  psi(x) = exp(x)\n}\n"

    similar: Span | None = None

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.similar, "did you mean psi?"),) if self.similar else ()

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return meant_or_written(self.span, self.similar, "psi", "psi(x) = x", self.help_template)


class MissingSimplex(Diagnostic):
    """The min player chooses alpha from a feasible set, which the spec must name: on the simplex, alpha is non-negative
    and each row sums to one."""

    code = "missing-simplex"
    title_template = "R is defined, but not where alpha may lie"
    label_template = "a min player needs a feasible set"
    help_template = "write alpha in simplex"
    wrong = "loss x {\n  R(a) = -a^2\n}\n"
    right = "loss x {\n  R(a) = -a^2\n  alpha in simplex\n}\n"

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return meant_or_written(self.span, None, "", "alpha in simplex", self.help_template)


class MissingRegulariser(Diagnostic):
    """Without a regulariser, the min player would put the whole weight of a row on the nearest negative; R spreads it
    over the others."""

    code = "missing-regulariser"
    title_template = "alpha lies in the simplex, but nothing spreads it there"
    label_template = "a min player needs a regulariser R"
    help_template = "write R(a) = -tau * a * log(a), or another concave R"
    wrong = "loss x {\n  alpha in simplex\n}\n"
    right = "loss x {\n  R(a) = -a * log(a)\n  alpha in simplex\n}\n"

    similar: Span | None = None

    @property
    def secondary(self) -> tuple[Label, ...]:
        return (Label(self.similar, "did you mean R?"),) if self.similar else ()

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        return meant_or_written(self.span, self.similar, "R", "R(a) = -a * log(a)", "write R(a) = -a * log(a)")


class UnknownSet(Diagnostic):
    """The feasible set of the min player is the simplex: alpha_ij >= 0, and each row sums to one. There are no other
    feasible sets; `alpha in reals` states that an alpha derived from loss[i] may be negative."""

    code = "unknown-set"
    title_template = "{subject} in {name} is not known"
    label_template = "only alpha in simplex and alpha in reals exist"
    help_template = "write alpha in simplex for a min player; alpha in reals lets the alpha of a loss[i] be negative"
    wrong = "loss x {\n  R(a) = -a^2\n  alpha in ball\n}\n"
    right = "loss x {\n  R(a) = -a^2\n  alpha in simplex\n}\n"

    subject: str
    name: str


class MisplacedGradient(Diagnostic):
    """With `gradient through alpha`, the gradient also flows through an alpha that the spec states. A coordinate loss
    is differentiated completely anyway, and at the min player's optimum the derivative through alpha vanishes
    (Danskin's theorem)."""

    code = "misplaced-gradient"
    title_template = "gradient through {name} has no meaning in this loss"
    label_template = "only a stated alpha[i,j] can be differentiated"
    help_template = "remove the line, or state alpha[i,j]"
    wrong = "loss x {\n  phi(x) = x\n  psi(x) = x\n  gradient through alpha\n}\n"
    right = "loss x {\n  alpha[i,j] ~ exp(-d[i,j]^2)\n  gradient through alpha\n}\n"

    name: str


class MisplacedWeight(Diagnostic):
    """weight[i,j] multiplies psi in a coordinate loss. In the other families alpha is itself the weight, so a second
    one has no meaning."""

    code = "misplaced-weight"
    title_template = "weight[i,j] has no meaning without phi and psi"
    label_template = "only a coordinate loss is reweighted"
    help_template = "multiply alpha[i,j] by it instead"
    wrong = "loss x {\n  weight[i,j] = exp(s[i,j])\n  alpha[i,j] ~ 1\n}\n"
    right = "loss x {\n  alpha[i,j] ~ exp(s[i,j])\n}\n"


class MisplacedTilde(Diagnostic):
    """`~` says that each row of alpha is proportional to the right-hand side and sums to one. Nothing else is
    normalised this way."""

    code = "misplaced-tilde"
    title_template = "{name} cannot be defined up to proportionality"
    label_template = "~ is for alpha[i,j]"
    wrong = "loss x {\n  h[i,j] ~ exp(s[i,j])\n  alpha[i,j] ~ h[i,j]\n}\n"
    right = "loss x {\n  h[i,j] = exp(s[i,j])\n  alpha[i,j] ~ h[i,j]\n}\n"

    name: str
    is_alpha: bool = False

    @property
    def help(self) -> str:
        return "did you mean alpha[i,j]?" if self.is_alpha else "write ="


DIAGNOSTICS: tuple[type[Diagnostic], ...] = (
    NoLoss,
    NoFamily,
    TwoFamilies,
    MissingPhi,
    MissingPsi,
    MissingSimplex,
    MissingRegulariser,
    UnknownSet,
    MisplacedGradient,
    MisplacedWeight,
    MisplacedTilde,
)
