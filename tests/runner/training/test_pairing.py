"""What a seed gives: whatever the loss, the same initial weights, the same batches and the same views."""

import pytest
import torch
from torch import Tensor

from runner.training import embedding
from tests.runner.conftest import Laboratory
from tests.runner.losses import PlainInfoNCE


class Keeping(PlainInfoNCE):
    """InfoNCE that keeps the embeddings it is first called with."""

    first: Tensor | None = None

    def forward(self, z0_ND: Tensor, z1_ND: Tensor) -> Tensor:
        if self.first is None:
            self.first = torch.cat([z0_ND, z1_ND]).detach().clone()
        return super().forward(z0_ND, z1_ND)


def test_losses_of_one_seed_share_weights_batches_and_views(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, list[Tensor]] = {"warm": [], "cold": []}
    losses = {"warm": Keeping(tau=0.9), "cold": Keeping(tau=0.1)}
    make_view = embedding.make_view
    for name, loss in losses.items():

        def keep(*given: object, views: list[Tensor] = seen[name]) -> Tensor:
            views.append(make_view(*given))  # type: ignore[arg-type]
            return views[-1]

        monkeypatch.setattr(embedding, "make_view", keep)
        laboratory.train(name, loss)
    assert len(seen["warm"]) == len(seen["cold"]) == 2 * 3 * laboratory.config.epochs
    assert all(torch.equal(one, other) for one, other in zip(seen["warm"], seen["cold"], strict=True))
    assert not torch.equal(seen["warm"][0], seen["warm"][2])
    assert losses["warm"].first is not None
    assert losses["cold"].first is not None
    assert torch.equal(losses["warm"].first, losses["cold"].first)
