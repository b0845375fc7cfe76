"""The closed sets of words that the IR is written in: levels, quantities, reductions, spaces."""

from enum import IntEnum, StrEnum


class Level(IntEnum):
    CONSTANT = 0
    BATCH = 1
    ROW = 2
    PAIR = 3


class Quantity(StrEnum):
    """What is known of an anchor and its positive or a negative; `GAP` is d[i]^2 - d[i,j]^2, kept as one quantity.

    The inner products s[i], s[i,j] are quantities of their own in Euclidean space only; on the sphere they are 1 - d^2.
    """

    POSITIVE = "positive"
    NEGATIVE = "negative"
    GAP = "gap"
    INNER_POSITIVE = "inner_positive"
    INNER_NEGATIVE = "inner_negative"


class Over(StrEnum):
    """The ways to reduce many values to one."""

    SUM = "sum"
    MEAN = "mean"
    MAX = "max"
    MIN = "min"
    LOGSUMEXP = "logsumexp"


class Method(StrEnum):
    """How a multiplier is found: sorting, exact for a piecewise linear response, or safeguarded Newton steps."""

    PROJECTION = "projection"
    ROOT = "root"


class AlphaGradient(StrEnum):
    """Whether alpha is held fixed (the paper's game) or differentiated (its `backprop alpha` row)."""

    STOPPED = "stopped"
    THROUGH = "through"


class Among(StrEnum):
    """The candidates of a labelled anchor: those it repels, or those that share its label."""

    NEGATIVES = "negatives"
    POSITIVES = "positives"


class Positives(StrEnum):
    """What a core has a row for: an anchor with its one positive; each positive of an anchor apart; or an anchor with
    all its positives together, whose statistics they share."""

    ONE = "one"
    APART = "apart"
    TOGETHER = "together"


class Space(StrEnum):
    """Where embeddings live: normalised on the unit sphere, or as they come."""

    SPHERE = "sphere"
    EUCLIDEAN = "euclidean"


class Geometry(StrEnum):
    """How pairs are measured: by products, from which distances follow; or by differences, where a loss looks at small
    distances so closely that it would see what cancels in 1 - s."""

    SPHERE = "sphere"
    EUCLIDEAN = "euclidean"
    NEAR_SPHERE = "near_sphere"
    NEAR_EUCLIDEAN = "near_euclidean"


class Shape(StrEnum):
    """How a scheduled parameter moves from its start to its end over training."""

    LINEAR = "linear"
    COSINE = "cosine"
    STEP = "step"


class Streaming(StrEnum):
    """How a loss is computed without a matrix of all pairs: by tiles with statistics carried online, by strips of whole
    rows, or not at all."""

    TILES = "tiles"
    STRIPS = "strips"
    NONE = "none"
