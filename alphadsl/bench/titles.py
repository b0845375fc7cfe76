"""Contenders by name: a backend (`auto`, `dense eager`) or a rival. Torch is not imported here."""

from alphadsl.bench.task import Rival

TITLES = {
    Rival.plain: "plain, eager",
    Rival.compiled: "plain, torch.compile",
    Rival.lightly: "lightly NTXentLoss",
    Rival.metric_learning: "pytorch-metric-learning",
    Rival.products: "three products alone",
}


def is_rival(name: str) -> bool:
    return name in list(Rival)


def title_of(name: str) -> str:
    return TITLES[Rival(name)] if is_rival(name) else f"alphadsl {name}".removesuffix(" auto")
