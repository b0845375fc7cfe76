"""The computation on a row block, some anchors of a labelled loss against all candidates, where the positives of an
anchor are taken together.

Legend as in `cells`.
"""

from typing import NamedTuple

from torch import Tensor

from alphadsl.backend.runtime.cells import Core, Masks, Tensors, compare_in_space, compare_on_sphere
from alphadsl.backend.runtime.pairs import Axis


class Weighed(NamedTuple):
    """For each anchor, the value and the gradients with respect to learned parameters; in Euclidean space also how far
    anchors (A, 1) and candidates (C, 1) move along themselves. The push minus the pull of each pair overwrites s."""

    value_A1: Tensor
    slopes: Tensors
    along: tuple[tuple[Tensor, Tensor], ...]


def row_block_sphere(
    core: Core, masks: Masks, s_AC: Tensor, anchors: Axis, candidates: Axis, parameters: Tensors
) -> Weighed:
    """Some anchors against all candidates."""
    value_A1, attract_AC, repel_AC, *slopes = compare_on_sphere(core, masks, s_AC, anchors, candidates, parameters)
    s_AC.copy_(repel_AC - attract_AC)
    return Weighed(value_A1, tuple(slopes), ())


def row_block_euclidean(
    core: Core, masks: Masks, s_AC: Tensor, anchors: Axis, candidates: Axis, parameters: Tensors
) -> Weighed:
    compared = compare_in_space(core, masks, s_AC.clone(), anchors, candidates, parameters)
    value_A1, attract_AC, repel_AC, pull_AC, push_AC, *slopes = compared
    s_AC.copy_(repel_AC - attract_AC)
    along_AC = pull_AC - push_AC
    return Weighed(value_A1, tuple(slopes), ((along_AC.sum(-1, keepdim=True), along_AC.sum(-2)[:, None]),))
