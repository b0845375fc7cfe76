"""The names that the field uses for losses, and what they are called here: a name comes in; advice comes out.

Every place that looks up a loss by name asks here first: `simclr` is spelled much like `macl`, but means InfoNCE.
Methods without pairwise importances are recognised, and advice points to the reason (`alphadsl explain NAME`).
"""

from collections.abc import Iterable

from alphadsl.report.suggest import suggest

# By the name in the library: other names of the same loss, or of methods that use it.
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
    """All names of the field for which there is advice, in lower case without punctuation."""
    return tuple(MEANT)


def meant_by(name: str) -> str | None:
    """The loss of the library that a name of the field stands for; None if there is none."""
    return MEANT.get(_plain(name))


def beginning_as(name: str) -> tuple[str, ...]:
    """The losses of the library that a partly typed name of the field may stand for."""
    typed = _plain(name)
    return tuple(dict.fromkeys(loss for known, loss in MEANT.items() if typed and known.startswith(typed)))


def advise(name: str, known: Iterable[str]) -> str | None:
    """What to do about an unknown name of a loss; None if nothing is close to it."""
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
