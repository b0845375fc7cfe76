"""Losses that are in no paper, as a check of those of the library: each a spec and its oracle, by name."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from tests.oracles.batch import Oracle, Setting, mean_over_anchors
from tests.oracles.index_sets import Row, cross_view, same_view


@dataclass(frozen=True)
class Variant:
    text: str
    oracle: Oracle


def dcl_over(rows: Callable[[int], list[Row]]) -> Oracle:
    """-s / tau + log sum_j exp(s_j / tau), over another index set."""

    def oracle(z0: Tensor, z1: Tensor, *, tau: float) -> Tensor:
        setting = Setting(rows(len(z0)))
        return mean_over_anchors(z0, z1, lambda a: -a.s / tau + torch.log(torch.exp(a.s_J / tau).sum()), setting)

    return oracle


VARIANTS = {
    "dcl_across": Variant("loss dcl_across extends dcl {\n  pairs cross_view\n}\n", dcl_over(cross_view)),
    "dcl_within": Variant("loss dcl_within extends dcl {\n  pairs same_view\n}\n", dcl_over(same_view)),
}
