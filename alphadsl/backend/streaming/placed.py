"""The whole batch placed in the space of a loss, from which a process takes row blocks; and the way back to its own
embeddings.

Legend: V 2 views, N samples of all processes, E embeddings (view 0, then view 1), D embedding width.
"""

from dataclasses import dataclass

from torch import Tensor

from alphadsl.backend.runtime.step import on_tangent, unit_rows, widened
from alphadsl.backend.streaming.distributed import Ranks
from alphadsl.ir.kinds import Space


@dataclass(frozen=True)
class PlacedViews:
    """`lengths_VN1` are the lengths of the embeddings before they were normalised; None in Euclidean space."""

    placed_VND: Tensor
    lengths_VN1: Tensor | None
    ranks: Ranks

    @property
    def points_ED(self) -> Tensor:
        return self.placed_VND.flatten(0, 1)

    def half_squares(self, points_PD: Tensor) -> Tensor:
        """Half squared lengths of points (P, 1); on the sphere, where they are not needed, (P, 0)."""
        sphere = self.lengths_VN1 is not None
        return points_PD[:, :0] if sphere else points_PD.square().sum(-1, keepdim=True) / 2

    def gradient(self, received_ED: Tensor) -> Tensor:
        """The gradient with respect to the embeddings of this process as given (V, n, D), from what all placed
        embeddings have received."""
        gradient_VND = received_ED.view_as(self.placed_VND)
        if self.lengths_VN1 is not None:
            gradient_VND = on_tangent(gradient_VND, self.placed_VND, self.lengths_VN1)
        return gradient_VND[:, slice(*self.ranks.mine)]


def place(z_VND: Tensor, space: Space, ranks: Ranks) -> PlacedViews:
    """The embeddings of all processes, placed in the space of the loss."""
    all_VND = ranks.whole_views(z_VND)
    placed_VND, lengths_VN1 = unit_rows(all_VND) if space == Space.SPHERE else (widened(all_VND), None)
    return PlacedViews(placed_VND, lengths_VN1, ranks)
