"""The meanings of the enumerations of the IR, one line each, for a reader of the paper."""

from alphadsl.ir.kinds import Space
from alphadsl.ir.nodes import Coordinate, Direct, Family, General, MinPlayer, Proportional

FAMILIES: dict[type[Family], str] = {
    Coordinate: "coordinate: phi and psi are stated, alpha is derived (Theorem 1)",
    Direct: "direct: alpha is stated, as it is",
    Proportional: "direct: alpha is stated, each row divided by its sum",
    MinPlayer: "min player: alpha solves a regularised game on the simplex",
    General: "general: loss[i] is stated whole, alpha and beta are its derivatives",
}
SPACES = {
    Space.SPHERE: "sphere: embeddings are normalised, d^2 = 1 - s",
    Space.EUCLIDEAN: "euclidean: embeddings as given, d^2 half the squared distance, s the inner product",
}
