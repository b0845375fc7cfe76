"""What every loss is worth where it can be worked out by hand: on orthogonal samples, and on one embedding for all."""

from math import exp, log, sqrt

N = 4
NEGATIVES = 2 * N - 2
OF_A_VIEW = N - 1
INFONCE = 0.5 * log(1 + NEGATIVES * exp(-2))
DEBIASED = log(1 + (NEGATIVES * exp(-2) - 0.1 * NEGATIVES) / 0.9)
# MACL's temperature where all positives coincide, and the negatives' exponentials there.
MACL = NEGATIVES * exp(-1 / 0.15)
# Two classes of two samples: three positives, of which one is the other view.
SUPCON = log(1 + NEGATIVES * exp(-1 / 0.07)) + 2 * log(1 + exp(1 / 0.07) + NEGATIVES - 1)
EPS_SUPINFONCE = log(exp(-0.25) + 4 * exp(-1 / 0.07)) + 2 * log(exp(-0.25) + 4)

# Samples on orthogonal axes, equal views: d_i = 0, every d_ij^2 = 1, every x_ij = -1. A queue holds the samples.
ORTHOGONAL: dict[str, float] = {
    "adnce": INFONCE,
    "align_uniform": -4.0,
    "beyond_infonce": -1.5 - 0.5 * INFONCE,
    "blend": 0.14 * log(1 + NEGATIVES * exp(-5)) - 0.3,
    "cacr": -1.0,
    "cauchy": log(3),
    "circle": log(1 + NEGATIVES * exp(-32)),
    "clip": log(1 + OF_A_VIEW * exp(-exp(2.6593))),
    "dcl": -2 + log(NEGATIVES),
    "dclw": -10 + log(NEGATIVES),
    "debiased": DEBIASED,
    "dhel": -1 / 0.3 + log(OF_A_VIEW),
    "direct": -1.0,
    "direct_backprop": -1.0,
    "direct_unnormalised": -NEGATIVES * exp(-2),
    "discovered_softplus": log(NEGATIVES * log(1 + exp(-2))),
    "dv": -2.0,
    "entmax": -1.0,
    "entropy": -1.0,
    "eps_supinfonce": 0.07 * EPS_SUPINFONCE / 3,
    "flatnce": 1.0,
    "hard_negative": DEBIASED,
    "infoloob": -1 + log(OF_A_VIEW) / 30,
    "infonce": INFONCE,
    "infonce_cosine": 0.1 * log(1 + NEGATIVES * exp(-10)),
    "infonce_direct_path": -1.0,
    "infonce_hard": 0.2 * log(1 + NEGATIVES * exp(-5)),
    "infonce_learned": log(1 + NEGATIVES * exp(-10)),
    "infonce_sharp": 0.1 * log(1 + NEGATIVES * exp(-10)),
    "inverse": -1.0,
    "inverse_direct": -NEGATIVES / 1.5,
    "jsd": log(1 + exp(-2)) + log(2),
    "kcl_gaussian": -1 + 16 * exp(-4),
    "kcl_imq": -1 + 16 * 2 / sqrt(6),
    "kcl_log": -8 * log(5),
    "kcl_riesz": -16 * sqrt(2),
    "lifted_structured": log(NEGATIVES) ** 2,
    "macl": log(1 + MACL) * (1 + MACL) / MACL,
    "mine": log(NEGATIVES) - 1,
    "moco": 0.07 * log(2 + OF_A_VIEW * exp(-1 / 0.07)),
    "modified_triplet": NEGATIVES / (1 + exp(10)),
    "multi_similarity": log(2) / 2 + log(1 + NEGATIVES * exp(-50)) / 50,
    "n_pairs": log(1 + OF_A_VIEW * exp(-1)) + 0.002,
    "n_plus_1_tuplet": log(1 + NEGATIVES * exp(-1)),
    "nt_logistic": log(1 + exp(-2)) + NEGATIVES * log(2),
    "nwj": -2 + exp(-1),
    "quadratic": -1.0,
    "rank_one": -NEGATIVES / (2 * N),
    "rince": -2 * exp(1) + 2 * sqrt(0.01 * (exp(2) + NEGATIVES)),
    "ring": INFONCE,
    "rpc": -2 + 0.01,
    "siglip": log(1 + exp(10 - exp(2.3026))) + OF_A_VIEW * log(1 + exp(-10)),
    "soft_triplet": INFONCE,
    "spectral": -2.0,
    "square": -1.0,
    "supcon": 0.07 * SUPCON / 3,
    "triplet": 0.0,
    "triplet_contrastive": -float(NEGATIVES),
    "triplet_margin": 0.0,
    "triplet_semihard": 0.0,
    "truncated": INFONCE,
}
# Positives and negatives all at the anchor: every x_ij = 0.
IDENTICAL: dict[str, float] = {
    "cauchy": log(1 + NEGATIVES),
    "clip": log(1 + OF_A_VIEW),
    "dcl": log(NEGATIVES),
    "debiased": log(1 + NEGATIVES),
    "discovered_softplus": log(NEGATIVES * log(2)),
    "hard_negative": log(1 + NEGATIVES),
    "infonce": 0.5 * log(1 + NEGATIVES),
    "infonce_hard": 0.2 * log(1 + NEGATIVES),
    "jsd": log(1 + exp(-2)) + log(1 + exp(2)),
    "kcl_gaussian": 15.0,
    "lifted_structured": (log(NEGATIVES) + 1) ** 2,
    "moco": 0.07 * log(1 + N),
    "modified_triplet": NEGATIVES / 2,
    "nwj": -2 + exp(1),
    "supcon": 0.07 * log(1 + NEGATIVES),
    "triplet": float(NEGATIVES),
    "triplet_margin": 0.8,
}
