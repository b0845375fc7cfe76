"""Independent float64 oracles of the built-in losses, written from the papers' formulas and never from our
code.

In: the name of a loss. Out: from `ORACLES` a slow function `(z0, z1, **params) -> scalar`, from `defaults`
the parameters it has unless told otherwise, from `EXTREMES` settings at both ends of their sensible range.
An unknown name is a KeyError.
"""

import inspect

from tests.oracles.batch import Answer, Oracle, Params, value_and_gradient
from tests.oracles.coordinate import (
    dcl,
    infonce,
    infonce_hard,
    infonce_sharp,
    lifted_structured,
    mine,
    modified_triplet,
    n_plus_1_tuplet,
    soft_triplet,
    triplet,
    triplet_contrastive,
)
from tests.oracles.importance import (
    direct,
    direct_backprop,
    direct_unnormalised,
    entropy,
    inverse,
    inverse_direct,
    quadratic,
    square,
)

__all__ = ["EXTREMES", "ORACLES", "Answer", "Oracle", "Params", "defaults", "value_and_gradient"]

ORACLES: dict[str, Oracle] = {
    "dcl": dcl,
    "direct": direct,
    "direct_backprop": direct_backprop,
    "direct_unnormalised": direct_unnormalised,
    "entropy": entropy,
    "infonce": infonce,
    "infonce_hard": infonce_hard,
    "infonce_sharp": infonce_sharp,
    "inverse": inverse,
    "inverse_direct": inverse_direct,
    "lifted_structured": lifted_structured,
    "mine": mine,
    "modified_triplet": modified_triplet,
    "n_plus_1_tuplet": n_plus_1_tuplet,
    "quadratic": quadratic,
    "soft_triplet": soft_triplet,
    "square": square,
    "triplet": triplet,
    "triplet_contrastive": triplet_contrastive,
}

TAUS: tuple[Params, ...] = ({"tau": 0.01}, {"tau": 5.0})
POWERS: tuple[Params, ...] = tuple({"p": p, "tau": tau} for p in (0.5, 1.0, 2.0, 8.0) for tau in (0.01, 5.0))
NONE: tuple[Params, ...] = ()

EXTREMES: dict[str, tuple[Params, ...]] = {
    "dcl": TAUS,
    "direct": POWERS,
    "direct_backprop": POWERS,
    "direct_unnormalised": POWERS,
    "entropy": TAUS,
    "infonce": (*TAUS, {"eps": 0.0}, {"tau": 0.01, "eps": 0.0}, {"tau": 5.0, "eps": 100.0}),
    "infonce_hard": (
        {"tau": 0.01, "eps": 0.0, "beta": 0.0},
        {"tau": 0.01, "beta": 5.0},
        {"tau": 5.0, "beta": 0.0},
        {"tau": 5.0, "eps": 0.0, "beta": 5.0},
    ),
    "infonce_sharp": (*TAUS, {"eps": 0.0}),
    "inverse": tuple({"tau": tau, "gamma": gamma} for tau in (0.01, 5.0) for gamma in (1.1, 8.0)),
    # Not tau = 0.01 with k = 4: alpha reaches 1e8, which no float16 gradient can hold.
    "inverse_direct": (
        {"tau": 0.01, "k": 0.5},
        {"tau": 0.01, "k": 1.0},
        {"tau": 0.5, "k": 4.0},
        {"tau": 5.0, "k": 0.5},
        {"tau": 5.0, "k": 4.0},
    ),
    "lifted_structured": ({"eps": 0.0}, {"eps": 5.0}),
    "mine": NONE,
    "modified_triplet": ({"c": 0.1}, {"c": 100.0}),
    "n_plus_1_tuplet": NONE,
    "quadratic": NONE,
    "soft_triplet": (*TAUS, {"tau": 0.01, "eps": -5.0}, {"tau": 5.0, "eps": 5.0}),
    "square": TAUS,
    "triplet": ({"eps": 0.0}, {"eps": 5.0}),
    "triplet_contrastive": NONE,
}


def defaults(name: str) -> Params:
    """The keyword defaults of an oracle: the parameter values its spec must declare."""
    parameters = inspect.signature(ORACLES[name]).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
