"""The names that the field uses for losses, and what they are called here: a name in, advice out.

Every place that looks for a loss by name asks here first: `simclr` is one letter pattern away from `macl`, and means
InfoNCE. Methods without pairwise importances are told apart with their reason (`alphadsl explain NAME`).
"""

from collections.abc import Iterable

from alphadsl.report.suggest import suggest

# By the name of the library: other names of the same loss, or of methods whose loss it is.
ALSO_CALLED: dict[str, tuple[str, ...]] = {
    "infonce": ("simclr", "simclrv2", "ntxent", "nce", "cpc", "cmc", "pirl", "nnclr", "infonceloss"),
    "moco": ("mocov2", "mocov3", "mocoloss"),
    "clip": ("openclip", "align", "cliploss", "convirt"),
    "siglip": ("siglip2", "sigliploss", "sigmoidloss"),
    "supcon": ("supervisedcontrastive", "supconloss", "supcl"),
    "eps_supinfonce": ("supinfonce", "epsilonsupinfonce", "fairkl"),
    "n_pairs": ("npair", "npairs", "npairloss", "multiclassnpair"),
    "triplet": ("facenet", "tripletloss", "maxmargin"),
    "triplet_semihard": ("semihard", "hardtriplet", "tripletsemihardloss"),
    "align_uniform": ("alignment", "uniformity", "wangisola", "alignmentuniformity"),
    "spectral": ("scl", "spectralcontrastive", "haochen"),
    "hard_negative": ("hcl", "hardnce", "hardcontrastive"),
    "debiased": ("debiasedcontrastive", "dclchuang"),
    "dcl": ("decoupled", "decoupledcontrastive"),
    "infoloob": ("cloob",),
    "rince": ("robustinfonce",),
    "multi_similarity": ("ms", "msloss", "multisimilarityloss"),
    "circle": ("circleloss",),
    "cauchy": ("tsimcne", "simcne"),
    "jsd": ("deepinfomax", "dim"),
    "cacr": ("contrastiveattractionrepulsion",),
    "lifted_structured": ("lifted", "liftedstructure"),
    "direct": ("alphacl", "alphacldirect"),
}
MEANT = {name: loss for loss, names in ALSO_CALLED.items() for name in names}


def known_names() -> tuple[str, ...]:
    """All names of the field that are told what they are here, as `find` reads them."""
    return tuple(MEANT)


def meant_by(name: str) -> str | None:
    """The loss of the library that a name of the field stands for."""
    return MEANT.get(_plain(name))


def beginning_as(name: str) -> tuple[str, ...]:
    """The losses of the library that a name of the field, typed so far, may stand for."""
    typed = _plain(name)
    return tuple(dict.fromkeys(loss for known, loss in MEANT.items() if typed and known.startswith(typed)))


def advise(name: str, known: Iterable[str]) -> str | None:
    """What to do about a loss of a name that does not exist, if anything is close to it."""
    loss = meant_by(name)
    if loss:
        return f"{name} is called {loss} here: write {loss}"
    from alphadsl.report.outside import find_outsider

    outsiders = find_outsider(name)
    if len(outsiders) == 1:
        (method,) = outsiders
        nearest = " or ".join(method.losses)
        return f"{method.title} has no pairwise importances: alphadsl explain {method.names[0]} says why; try {nearest}"
    close = suggest(name, known)
    return f"did you mean {close}?" if close else None


def _plain(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign.isalnum())
