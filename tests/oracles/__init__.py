"""Independent float64 oracles of the built-in losses, written from the papers' formulas and never from our
code.

In: the name of a loss. Out: from `ORACLES` a slow function `(z0, z1, labels or queue, **params) -> scalar`, from
`defaults` the parameters it has unless told otherwise, from `context_of` what it takes besides two views, from
`EXTREMES` settings at both ends of their sensible range. An unknown name is a KeyError.
"""

import inspect

from tests.oracles import coordinate, discovered, importance, reweighted, separate
from tests.oracles.batch import Answer, Context, Oracle, Params, value_and_gradient
from tests.oracles.contexts import context_of
from tests.oracles.extremes import EXTREMES

__all__ = [
    "EXTREMES",
    "ORACLES",
    "PAPER_TABLES",
    "Answer",
    "Context",
    "Oracle",
    "Params",
    "context_of",
    "defaults",
    "value_and_gradient",
]

# Parameters whose name is a word of Python's, which no function can declare.
KEYWORD_DEFAULTS: dict[str, Params] = {
    "align_uniform": {"lambda": 1.0},
    "multi_similarity": {"lambda": 1.0},
    "n_pairs": {"lambda": 0.002},
    "rince": {"lambda": 0.01},
}

# The losses of the two tables of Tian 2022, and what follows from them.
PAPER_TABLES: dict[str, Oracle] = {
    "dcl": coordinate.dcl,
    "direct": importance.direct,
    "direct_backprop": importance.direct_backprop,
    "direct_unnormalised": importance.direct_unnormalised,
    "entropy": importance.entropy,
    "infonce": coordinate.infonce,
    "infonce_hard": coordinate.infonce_hard,
    "infonce_sharp": coordinate.infonce_sharp,
    "inverse": importance.inverse,
    "inverse_direct": importance.inverse_direct,
    "lifted_structured": coordinate.lifted_structured,
    "mine": coordinate.mine,
    "modified_triplet": coordinate.modified_triplet,
    "n_plus_1_tuplet": coordinate.n_plus_1_tuplet,
    "quadratic": importance.quadratic,
    "soft_triplet": coordinate.soft_triplet,
    "square": importance.square,
    "triplet": coordinate.triplet,
    "triplet_contrastive": coordinate.triplet_contrastive,
}
ORACLES: dict[str, Oracle] = PAPER_TABLES | {
    "adnce": reweighted.adnce,
    "align_uniform": separate.align_uniform,
    "beyond_infonce": importance.beyond_infonce,
    "blend": importance.blend,
    "cacr": importance.cacr,
    "cauchy": separate.cauchy,
    "circle": separate.circle,
    "clip": reweighted.clip,
    "dclw": reweighted.dclw,
    "debiased": reweighted.debiased,
    "dhel": reweighted.dhel,
    "discovered_softplus": discovered.discovered_softplus,
    "dv": separate.dv,
    "entmax": importance.entmax,
    "eps_supinfonce": reweighted.eps_supinfonce,
    "flatnce": reweighted.flatnce,
    "hard_negative": reweighted.hard_negative,
    "infoloob": reweighted.infoloob,
    "infonce_cosine": reweighted.infonce_cosine,
    "infonce_direct_path": importance.infonce_direct_path,
    "infonce_learned": reweighted.infonce_learned,
    "jsd": separate.jsd,
    "kcl_gaussian": separate.kcl_gaussian,
    "kcl_imq": separate.kcl_imq,
    "kcl_log": separate.kcl_log,
    "kcl_riesz": separate.kcl_riesz,
    "macl": reweighted.macl,
    "moco": reweighted.moco,
    "multi_similarity": separate.multi_similarity,
    "n_pairs": separate.n_pairs,
    "nt_logistic": separate.nt_logistic,
    "nwj": separate.nwj,
    "rank_one": importance.rank_one,
    "rince": separate.rince,
    "ring": reweighted.ring,
    "rpc": separate.rpc,
    "siglip": separate.siglip,
    "spectral": separate.spectral,
    "supcon": reweighted.supcon,
    "triplet_margin": separate.triplet_margin,
    "triplet_semihard": separate.triplet_semihard,
    "truncated": reweighted.truncated,
}


def defaults(name: str) -> Params:
    """The keyword defaults of an oracle: the parameter values its spec must declare."""
    parameters = inspect.signature(ORACLES[name]).parameters.values()
    declared = {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
    return declared | KEYWORD_DEFAULTS.get(name, {})
