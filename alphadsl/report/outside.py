"""Methods that are often asked for but have no pairwise importances: why, and what to use instead.

The language covers losses whose gradient pushes pairs apart by alpha[i,j] and pulls positives together by beta[i]. A
method that decorrelates features, assigns to prototypes or predicts one view from the other has no such alpha.
"""

from dataclasses import dataclass

TOPIC = "out-of-family"


@dataclass(frozen=True)
class Outsider:
    """A method: its names, its paper, why it has no alpha, the closest losses of the library, and why these."""

    names: tuple[str, ...]
    title: str
    paper: str
    why: str
    losses: tuple[str, ...]
    instead: str


OUTSIDERS = (
    Outsider(
        ("vicreg",),
        "VICReg",
        "Bardes et al. 2022, arXiv 2105.04906",
        "variance and covariance are taken over the batch for each feature, and between features: the terms compare "
        "columns of Z, not rows, so there is no d[i,j] and no alpha[i,j]. Its invariance term alone is sum_i d[i]^2, "
        "with beta[i] constant and nothing that repels",
        ("align_uniform", "spectral"),
        "attraction, and a spread of the batch, both by pairs; penalties on the covariance of features and on the "
        "similarities of pairs are two sides of one matrix (Garrido et al. 2023, arXiv 2206.02574)",
    ),
    Outsider(
        ("barlow", "barlow_twins", "barlowtwins"),
        "Barlow Twins",
        "Zbontar et al. 2021, arXiv 2103.03230",
        "the cross-correlation of features between the views is driven to the identity: a D x D matrix, normalised "
        "over the batch, where a contrastive loss has the N x N matrix of pairs",
        ("spectral",),
        "its counterpart over pairs: squared similarities of negatives instead of squared correlations of features",
    ),
    Outsider(
        ("swav",),
        "SwAV",
        "Caron et al. 2020, arXiv 2006.09882",
        "embeddings are assigned to learned prototypes, with assignments balanced over the batch by Sinkhorn steps; a "
        "sample is compared with prototypes and never with another sample, so no pair has a distance to weigh",
        ("moco", "supcon"),
        "a queue holds many negatives at little memory; where groups are known, labels take the place of prototypes",
    ),
    Outsider(
        ("dino",),
        "DINO",
        "Caron et al. 2021, arXiv 2104.14294",
        "a student matches the centred, sharpened outputs of a moving-average teacher over K output dimensions; there "
        "are no negatives, and collapse is prevented by centring, not by pushing pairs apart",
        ("moco", "infonce"),
        "a queue of negatives, or large batches, do what centring does there",
    ),
    Outsider(
        ("byol",),
        "BYOL",
        "Grill et al. 2020, arXiv 2006.07733",
        "a predictor is trained to match a moving-average target of the other view: only beta[i] d[i]^2 is left, every "
        "alpha[i,j] is 0, and what prevents collapse (predictor, stop-gradient, moving average) is in the network",
        ("direct", "infonce"),
        "alpha > 0 takes the place of the predictor",
    ),
    Outsider(
        ("simsiam",),
        "SimSiam",
        "Chen and He 2021, arXiv 2011.10566",
        "a predictor and a stop-gradient on one branch: again only beta[i] d[i]^2, every alpha[i,j] is 0, and its "
        "dynamics live in the network instead of in the weights of pairs",
        ("quadratic", "direct"),
        "alpha > 0 takes the place of the predictor; quadratic is the plainest, every pair weighing the same",
    ),
)
BY_NAME = {name: outsider for outsider in OUTSIDERS for name in outsider.names}
_PLAIN = {name.replace("_", ""): entry for name, entry in BY_NAME.items()}


def find_outsider(name: str) -> tuple[Outsider, ...]:
    """The methods that a name refers to: one, all of them for the topic, or none."""
    plain = "".join(sign for sign in name.lower() if sign.isalnum())
    if plain == TOPIC.replace("-", ""):
        return OUTSIDERS
    return (_PLAIN[plain],) if plain in _PLAIN else ()
