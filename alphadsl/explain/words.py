"""What the closed sets of the IR mean, a line each, for a reader who has the paper beside them."""

from alphadsl.ir.kinds import Pairs, Space
from alphadsl.ir.nodes import Coordinate, Direct, Family, General, MinPlayer, Proportional

FAMILIES: dict[type[Family], str] = {
    Coordinate: "coordinate: phi and psi are stated, alpha is derived (Theorem 1)",
    Direct: "direct: alpha is stated, as it is",
    Proportional: "direct: alpha is stated, each row divided by its sum",
    MinPlayer: "min player: alpha solves a regularised game on the simplex",
    General: "general: loss[i] is stated whole, alpha and beta are its derivatives",
}
PAIRS = {
    Pairs.TWO_VIEW: "all 2N embeddings are anchors, the 2N - 2 of other samples their negatives",
    Pairs.SAME_VIEW: "all 2N embeddings are anchors, the N - 1 others of their own view their negatives",
    Pairs.CROSS_VIEW: "all 2N embeddings are anchors, the N - 1 others of the opposite view their negatives",
    Pairs.QUEUE: "the N embeddings of view 0 are anchors, the rows of a queue their negatives",
    Pairs.LABELS: "positives share the anchor's label (averaged over), all others are negatives",
    Pairs.CLASSES: "positives share the anchor's label (averaged over), other classes are negatives",
}
SPACES = {
    Space.SPHERE: "sphere: embeddings are normalised, d^2 = 1 - s",
    Space.EUCLIDEAN: "euclidean: embeddings as they come, d^2 half the squared distance, s the inner product",
}
