"""Whether a loss is so sensitive to small distances (looks so closely) that they must not come from a cancellation.

On the sphere 1 - s has only the digits of s: in float32, a distance d of 1e-3 has its square known to a tenth. Most
losses tolerate this, since their weights change on the scale of a temperature; a Riesz kernel, a root or a hinge at 0
do not. To decide, the weights themselves are evaluated on batches that have collapsed, or in which some pairs nearly
have, and again with every cosine rounded. In Euclidean space lengths can be large compared with any distance, so every
loss that contains a distance looks closely.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np

from alphadsl.ir.derived import Derived
from alphadsl.ir.kinds import Quantity, Space
from alphadsl.ir.nodes import Distance, Expr, Loss, MinPlayer, Multiplier, Param
from alphadsl.ir.parameter import Learned, Parameter, Schedule
from alphadsl.ir.traversal import rewrite, walk
from alphadsl.reference.evaluate import Array, Numbers, evaluate
from alphadsl.transform.importance import lower_importance

ROUNDING = 2.0**-24
NOTICED = 1e-4
NEAR = (1e-5, 1e-8)
SAMPLES = 4
DISTANCES = (Quantity.NEGATIVE, Quantity.GAP)


def looks_closely(loss: Loss, values: Mapping[str, float]) -> bool:
    """Whether the weights of a loss, at these parameter values, are sensitive to the rounding of a float32 cosine."""
    if isinstance(loss.family, MinPlayer) and loss.space == Space.SPHERE:
        return False  # alpha is bounded, and changes by the change of its cost over the curvature of R
    derived = _derived(loss)
    if loss.space == Space.EUCLIDEAN:
        parts = (part for root in derived.parts for part in walk(root))
        return any(isinstance(part, Distance) and part.of in DISTANCES for part in parts)
    return any(
        _differ(evaluate(weight, exact), evaluate(weight, rounded), exact)
        for exact, rounded in _scenes(values)
        for weight in (derived.attract, derived.repel)
    )


def read_closely(loss: Loss) -> frozenset[str]:
    """The parameters on which the answer depends: none on the sphere for a min player, none in Euclidean space."""
    if isinstance(loss.family, MinPlayer) or loss.space == Space.EUCLIDEAN:
        return frozenset()
    derived = _derived(loss)
    weights = (derived.attract, derived.repel)
    return frozenset(part.name for weight in weights for part in walk(weight) if isinstance(part, Param))


@lru_cache(maxsize=256)
def looks_closely_somewhere(loss: Loss, parameters: tuple[Parameter, ...]) -> bool:
    """The same at the current values, and for parameters that change without `set`, at values that they may reach: the
    ends of a schedule, and half and twice a learned value."""
    values = {parameter.name: parameter.value for parameter in parameters}
    moved = (
        {**values, parameter.name: value}
        for parameter in parameters
        for value in _moves(parameter)
        if value in parameter.interval
    )
    return any(looks_closely(loss, setting) for setting in (values, *moved))


def _moves(parameter: Parameter) -> tuple[float, ...]:
    match parameter.role:
        case Learned():
            return parameter.value / 2, parameter.value * 2
        case Schedule(start=start, end=end):
            return start, end
        case _:
            return ()


@lru_cache(maxsize=256)
def _derived(loss: Loss) -> Derived:
    """Cached, since a module asks again whenever a parameter is set."""
    return lower_importance(loss).map(_without_search)


def _without_search(expr: Expr) -> Expr:
    """A multiplier is slow to find, and its lower bound works as well: weights that use it are positive there."""
    return rewrite(expr, lambda part: part.low if isinstance(part, Multiplier) else part)


def _differ(exact: Array, rounded: Array, numbers: Numbers) -> bool:
    """Whether the norm of the difference is too large relative to the norm; a norm of NaN counts as no difference."""
    counts = numbers.negative_AC if exact.shape[-1:] == numbers.negative_AC.shape[-1:] else np.True_
    with np.errstate(all="ignore"):
        error, size = (np.linalg.norm(np.where(counts, x, 0.0)) for x in (rounded - exact, exact))
        return bool(error > NOTICED * size)


def _scenes(values: Mapping[str, float]) -> Iterator[tuple[Numbers, Numbers]]:
    """Batches in float64 and as float32 has them: all pairs near, positives near, and half of the negatives near."""
    rng = np.random.default_rng(0)
    anchors = 2 * SAMPLES
    sample_A = np.arange(anchors) % SAMPLES
    negative_AC = sample_A[:, None] != sample_A
    for near in NEAR:
        for near_positive, near_negatives in ((True, True), (True, False), (False, True)):
            positive_A1 = rng.uniform(0.5, 1.5, (anchors, 1)) * (near if near_positive else 1.0)
            scale_AC = np.where(rng.random((anchors, anchors)) < (1.0 if near_positive else 0.5), near, 1.0)
            negative_A = rng.uniform(0.5, 1.5, (anchors, anchors)) * (scale_AC if near_negatives else 1.0)
            signs = rng.choice((-1.0, 1.0), (anchors, anchors + 1))
            rounded = np.maximum(np.hstack([positive_A1, negative_A]) + ROUNDING * signs, 0.0)
            yield tuple(
                Numbers(_quantities(d2[:, :1], d2[:, 1:]), negative_AC, values)
                for d2 in (np.hstack([positive_A1, negative_A]), rounded)
            )  # type: ignore[misc]


def _quantities(positive_A1: Array, negative_AC: Array) -> dict[Quantity, Array]:
    return {
        Quantity.POSITIVE: positive_A1,
        Quantity.NEGATIVE: negative_AC,
        Quantity.INNER_POSITIVE: 1 - positive_A1,
        Quantity.INNER_NEGATIVE: 1 - negative_AC,
    }
