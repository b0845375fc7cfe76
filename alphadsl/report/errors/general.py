"""Errors about a general loss[i], spaces and index sets, and parameters that change during training."""

from alphadsl.report.diagnostic import Diagnostic, Remedy, Severity, replacement


class ConstantLoss(Diagnostic):
    """A loss is minimised by moving embeddings, so it must depend on a distance or a similarity, d[i], d[i,j], s[i] or
    s[i,j], outside a stopgrad."""

    code = "constant-loss"
    title_template = "this loss does not depend on the embeddings"
    label_template = "depends on no distance and no similarity"
    help_template = "use d[i] or s[i] for the positive, d[i,j] or s[i,j] for the negatives"
    wrong = "loss x {\n  param tau = 0.5 in (0, inf)\n  loss[i] = log(tau)\n}\n"
    right = "loss x {\n  param tau = 0.5 in (0, inf)\n  loss[i] = tau * logsumexp_j(s[i,j] / tau) - s[i]\n}\n"


class FlatLoss(Diagnostic):
    """A loss moves embeddings by its derivatives. Those of comparisons, of terms that cancel and of a stopgrad are 0:
    here alpha[i,j] and beta[i] are 0 for every batch, and training would change nothing."""

    code = "flat-loss"
    title_template = "this loss has no gradient: its alpha and beta are 0"
    label_template = "moves no embedding, whatever the batch"
    help_template = "instead of a comparison, write sigmoid((s[i,j] - 0.5) / tau), which rises smoothly"
    wrong = "loss x {\n  loss[i] = mean_j(s[i,j] > 0.5) - (s[i] > 0.5)\n}\n"
    right = "loss x {\n  loss[i] = mean_j(sigmoid((s[i,j] - 0.5) / 0.1)) - sigmoid((s[i] - 0.5) / 0.1)\n}\n"


class IdleLearned(Diagnostic):
    """A learned parameter is updated by the derivative of the loss. If it occurs only in terms that are held fixed (in
    the alpha of a direct loss or of a min player, in a stopgrad) or cancel, the derivative is 0, and the parameter
    would keep its initial value."""

    code = "idle-learned"
    title_template = "{name} is learned, but the loss has no derivative with respect to it"
    label_template = "would never move"
    help_template = "write param {name}, or add the line gradient through alpha if alpha alone uses it"
    wrong = "loss x {\n  learn tau = 0.5 in (0, inf)\n  alpha[i,j] ~ exp(-d[i,j]^2 / tau)\n}\n"
    right = "loss x {\n  param tau = 0.5 in (0, inf)\n  alpha[i,j] ~ exp(-d[i,j]^2 / tau)\n}\n"

    name: str


class NegativeAlpha(Diagnostic):
    """alpha[i,j] is the derivative of the loss with respect to -d[i,j]^2: the weight of pushing i and j apart. Where it
    is negative, a negative is pulled closer. Some published losses do so on purpose; write `alpha in reals` to say
    so."""

    code = "negative-alpha"
    severity = Severity.WARNING
    title_template = "the derived alpha[i,j] can be negative"
    label_template = "pulls negatives in"
    note_template = "alpha[i,j] = {value} was found at {place}"
    help_template = "flip a sign, or add the line alpha in reals beside loss[i] = ..."
    wrong = "loss x {\n  loss[i] = logsumexp_j(-s[i,j]) - s[i]\n}\n"
    right = "loss x {\n  loss[i] = logsumexp_j(s[i,j]) - s[i]\n}\n"

    value: str
    place: str


class NegativeBeta(Diagnostic):
    """beta[i] is the derivative of the loss with respect to d[i]^2: the weight of pulling an anchor to its positive.
    Where it is negative, positives are pushed apart. Some published losses do so on purpose; write `alpha in reals` to
    say so."""

    code = "negative-beta"
    severity = Severity.WARNING
    title_template = "the derived beta[i] can be negative"
    label_template = "pushes positives apart"
    note_template = "beta[i] = {value} was found at {place}"
    help_template = "flip a sign, or add the line alpha in reals beside loss[i] = ..."
    wrong = "loss x {\n  loss[i] = logsumexp_j(s[i,j]) + s[i]\n}\n"
    right = "loss x {\n  loss[i] = logsumexp_j(s[i,j]) - s[i]\n}\n"

    value: str
    place: str


class MisplacedReals(Diagnostic):
    """`alpha in reals` states that the alpha derived from a loss[i] or a blend may be negative. In the other families,
    alpha is proved non-negative, or the loss is refused."""

    code = "misplaced-reals"
    title_template = "alpha in reals has no meaning in this loss"
    label_template = "only an alpha derived from loss[i] may be negative"
    help_template = "remove the line"
    wrong = "loss x {\n  phi(x) = x\n  psi(x) = x\n  alpha in reals\n}\n"
    right = "loss x {\n  loss[i] = mean_j(s[i,j]^2) - 2 * s[i]\n  alpha in reals\n}\n"


class UnknownSpace(Diagnostic):
    """Embeddings live on the unit sphere, to which the loss normalises them, or in Euclidean space, where they are used
    as given."""

    code = "unknown-space"
    title_template = "there is no space called {name}"
    label_template = "one of {known}"
    wrong = "loss x {\n  space euclidian\n  alpha[i,j] ~ exp(-d[i,j]^2)\n}\n"
    right = "loss x {\n  space euclidean\n  alpha[i,j] ~ exp(-d[i,j]^2)\n}\n"

    name: str
    known: str
    suggestion: str | None

    @property
    def help(self) -> str:
        return f"did you mean {self.suggestion}?" if self.suggestion else "write space sphere or space euclidean"

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        known = (self.suggestion,) if self.suggestion else self.known.split(", ")
        return tuple(replacement(self.span, name) for name in known)


class UnknownAgainst(Diagnostic):
    """With `pairs labels`, the negatives of an anchor are all other embeddings except its positive (`against others`,
    the default), or those of other classes (`against other_classes`). The other index sets have fixed negatives."""

    code = "unknown-against"
    title_template = "pairs {pairs} against {name} is not known"
    label_template = "no such negatives"
    help_template = "write pairs labels against others, or pairs labels against other_classes"
    wrong = "loss x extends infonce {\n  pairs labels against classes\n}\n"
    right = "loss x extends infonce {\n  pairs labels against other_classes\n}\n"

    pairs: str
    name: str


class LearnedAtEdge(Diagnostic):
    """A learned parameter is kept in its interval by a smooth map that approaches the ends but never reaches them, so
    it must start in the interior."""

    code = "learned-at-edge"
    title_template = "{name} is learned, but starts at an end of {interval}"
    label_template = "learning never reaches an end of the interval"
    help_template = "start inside the interval, or widen it"
    wrong = "loss x extends infonce {\n  learn w = 0 in [0, 1]\n  weight[i,j] = 1 + w\n}\n"
    right = "loss x extends infonce {\n  learn w = 0.5 in [0, 1]\n  weight[i,j] = 1 + w\n}\n"

    name: str
    interval: str


class WrongSchedule(Diagnostic):
    """A `param` may change during training: constant(a); linear(a, b) and cosine(a, b) go from a to b; step(a, b, t)
    jumps from a to b at the fraction t of training. A learned parameter cannot have a schedule."""

    code = "wrong-schedule"
    title_template = "{name} is not a valid schedule: {reason}"
    label_template = "no such schedule"
    help_template = "write constant(a), linear(a, b), cosine(a, b) or step(a, b, t) with 0 < t < 1, of numbers"
    wrong = "loss x extends infonce {\n  set tau = cosine(0.1)\n}\n"
    right = "loss x extends infonce {\n  set tau = cosine(0.1, 0.5)\n}\n"

    name: str
    reason: str


DIAGNOSTICS: tuple[type[Diagnostic], ...] = (
    ConstantLoss,
    FlatLoss,
    IdleLearned,
    NegativeAlpha,
    NegativeBeta,
    MisplacedReals,
    UnknownSpace,
    UnknownAgainst,
    LearnedAtEdge,
    WrongSchedule,
)
