"""The enumerations of the IR: levels, quantities, reductions, spaces."""

from enum import IntEnum, StrEnum


class Level(IntEnum):
    CONSTANT = 0
    BATCH = 1
    ROW = 2
    PAIR = 3


class Quantity(StrEnum):
    """A measurement of an anchor and its positive or a negative; `GAP` is d[i]^2 - d[i,j]^2, kept as one quantity.

    The inner products s[i], s[i,j] are separate quantities only in Euclidean space; on the sphere they are 1 - d^2.
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
    """How a multiplier is found: by sorting, which is exact for a piecewise linear response, or by safeguarded Newton
    steps."""

    PROJECTION = "projection"
    ROOT = "root"


class AlphaGradient(StrEnum):
    """Whether alpha is held fixed (the paper's game) or differentiated (its `backprop alpha` row)."""

    STOPPED = "stopped"
    THROUGH = "through"


class Among(StrEnum):
    """The candidates of a labelled anchor that a reduction runs over: its negatives, or those with its label."""

    NEGATIVES = "negatives"
    POSITIVES = "positives"


class Positives(StrEnum):
    """What a row of a core is: an anchor with its one positive; an anchor with one of its several positives; or an
    anchor with all its positives, which then share its statistics."""

    ONE = "one"
    APART = "apart"
    TOGETHER = "together"


class Space(StrEnum):
    """Where embeddings live: normalised to the unit sphere, or used as given."""

    SPHERE = "sphere"
    EUCLIDEAN = "euclidean"


class Geometry(StrEnum):
    """How pairs are measured: by inner products, from which distances follow; or by differences, for a loss that is so
    sensitive to small distances that the cancellation in 1 - s would matter."""

    SPHERE = "sphere"
    EUCLIDEAN = "euclidean"
    NEAR_SPHERE = "near_sphere"
    NEAR_EUCLIDEAN = "near_euclidean"


class Shape(StrEnum):
    """How a scheduled parameter changes from its start to its end over training."""

    LINEAR = "linear"
    COSINE = "cosine"
    STEP = "step"


class Streaming(StrEnum):
    """How a loss is computed without a matrix of all pairs: by tiles with statistics carried online, by blocks of
    whole rows, or not at all."""

    TILES = "tiles"
    ROW_BLOCKS = "row blocks"
    NONE = "none"
