"""Whether the passes keep a spec: a text in, its dense program and its interpreter on the same batch out, as numbers in
one order, and an AssertionError where the loss as text, as JSON or as a file of its own says something else.

Legend: N samples, D embedding width, Q rows of a queue.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

import alphadsl
from alphadsl.backend.module import ContrastiveLoss
from alphadsl.ir.loss_json import LOSS_JSON
from alphadsl.journey import Journey
from alphadsl.pipeline import VIEWS
from tests.oracles.states import views

NAMES = ("value", "attract", "repel", "gradient 0", "gradient 1", "slopes")
# The seed of labels: three classes, each of several samples; the last sample of an odd batch stands alone.
CLASSES = 3
# What a float32 evaluation rounds in rows, products and weights comes to a few ulps of every entry of the rows; moving
# them by this many shows how the gradient sways, and where a hinge or a selection turns over.
ROUNDINGS = 8.0


@dataclass(frozen=True)
class Given:
    """Two views and what the index set needs besides."""

    z0_ND: Tensor
    z1_ND: Tensor
    further: Mapping[str, Tensor]

    def to(self, dtype: torch.dtype) -> "Given":
        further = {name: x.to(dtype) if x.is_floating_point() else x for name, x in self.further.items()}
        return Given(self.z0_ND.to(dtype), self.z1_ND.to(dtype), further)


def nudged(given: Given, keep_lengths: bool, seed: int) -> Given:
    """Every entry of every row moved by some float32 ulps, up or down by chance; on the sphere lengths stay."""
    rng = torch.Generator().manual_seed(seed)

    def moved(z_ND: Tensor) -> Tensor:
        sign_ND = torch.randint(0, 2, z_ND.shape, generator=rng).to(z_ND.dtype) * 2 - 1
        near_ND = z_ND * (1 + ROUNDINGS * torch.finfo(torch.float32).eps * sign_ND)
        scale_N1 = (z_ND.norm(dim=1, keepdim=True) / near_ND.norm(dim=1, keepdim=True)).nan_to_num(1.0)
        return near_ND * scale_N1 if keep_lengths else near_ND

    further = {name: moved(x) if x.is_floating_point() else x for name, x in given.further.items()}
    return Given(moved(given.z0_ND), moved(given.z1_ND), further)


def given_for(spec: object, state: str, samples: int, width: int = 4, seed: int = 0) -> Given:
    """A batch for the index set of a checked loss; numbers that every dtype holds."""
    z0_ND, z1_ND = (z_ND.bfloat16().double() for z_ND in views(state, samples, width, seed))
    pairs = spec.pairs  # type: ignore[attr-defined]
    further: dict[str, Tensor] = {}
    if "queue" in pairs.takes:
        further["queue"] = torch.cat(views("random", 3, width, seed + 1)).bfloat16().double()
    if "labels" in pairs.takes:
        further["labels"] = torch.arange(samples) % min(CLASSES, max(2, samples - 1))
    return Given(z0_ND, z1_ND, further)


def numbers(loss: ContrastiveLoss, given: Given) -> list[Tensor]:
    """Value, importances, gradients and slopes of learned parameters."""
    leaves = [z_ND.clone().requires_grad_() for z_ND in (given.z0_ND, given.z1_ND)]
    learned = list(loss.parameters())
    value = loss(*leaves, **given.further)
    gradients = torch.autograd.grad(value, [*leaves, *learned], allow_unused=True)
    weights = loss.importance(given.z0_ND, given.z1_ND, **given.further)
    slopes = [torch.zeros(()) if slope is None else slope.double() for slope in gradients[2:]]
    parts = [value, weights.attract, weights.repel, *gradients[:2], torch.stack(slopes) if slopes else torch.zeros(0)]
    return [part.detach().double() for part in parts]


def assert_kept_as_text(loss: ContrastiveLoss) -> None:
    """Text and JSON of a loss are the loss."""
    again = alphadsl.loads(loss.text, compile=False)
    assert again.spec == loss.spec, f"not the same loss as text:\n{loss.text}"
    assert again.text == loss.text
    assert LOSS_JSON.validate_json(loss.ir_json()) == loss.spec


def assert_every_stage_is_shown(loss: ContrastiveLoss) -> None:
    journey = Journey.of(loss.spec)
    for view in VIEWS.values():
        assert view.text(journey).strip(), view.name


def standalone(loss: ContrastiveLoss, given: Given) -> list[Tensor]:
    """Value and gradients by the file that `show --emit torch` prints."""
    namespace: dict[str, object] = {"__name__": "standalone"}
    exec(compile(loss.source, "<standalone>", "exec"), namespace)
    found = namespace["loss"](given.z0_ND, given.z1_ND, *given.further.values())  # type: ignore[operator]
    return [part.double() for part in found[:3]]
