"""The common form of all data sets: uint8 images (N, 3, H, W) and labels, in the three parts that an experiment uses,
and which of the training images are held out for validation.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

# N images, C colours (3), H height, W width, K images that are kept for training, V images that are held out

HELD_OUT = 0.1
"""The fraction of each class of the training images that is held out for validation."""
RESIZED_AT_ONCE = 4096
HOLDOUT_SEED = 0
"""The seed of the choice, a constant, so that all runs on a data set hold out the same images."""


@dataclass(frozen=True, eq=False)
class Split:
    """Images (N, 3, H, W) as uint8 and their labels (N,) as int64 in [0, number of classes)."""

    x_NCHW: Tensor
    y_N: Tensor

    def to(self, device: torch.device) -> "Split":
        return Split(self.x_NCHW.to(device), self.y_N.to(device))


@dataclass(frozen=True, eq=False)
class Holdout:
    """Which images of a training set are kept for training (K,) and which are held out for validation (V,): increasing
    indices that together cover the set."""

    kept_K: Tensor
    validation_V: Tensor


def hold_out(y_N: Tensor) -> Holdout:
    """Hold out a tenth of each class, rounded, and at least one image; a class of a single image is kept whole.

    The choice depends on the labels only, not on the device.
    """
    random = torch.Generator().manual_seed(HOLDOUT_SEED)
    labels_N = y_N.cpu()
    held_N = torch.zeros(len(labels_N), dtype=torch.bool)
    for label in sorted(set(labels_N.tolist())):
        members_M = (labels_N == label).nonzero()[:, 0]
        count = max(1, round(HELD_OUT * len(members_M))) if len(members_M) > 1 else 0
        held_N[members_M[torch.randperm(len(members_M), generator=random)[:count]]] = True
    kept_K, validation_V = (chosen_N.nonzero()[:, 0].to(y_N.device) for chosen_N in (~held_N, held_N))
    return Holdout(kept_K, validation_V)


@dataclass(frozen=True, eq=False)
class ImageData:
    """`pretrain` is used without labels. `train` and `test` are for the linear probe; both are empty without labels."""

    classes: tuple[str, ...]
    pretrain_NCHW: Tensor
    train: Split
    test: Split
    notes: tuple[str, ...] = ()
    """Decisions made while reading, one per line."""

    @property
    def labelled(self) -> bool:
        return len(self.train.y_N) > 0

    @cached_property
    def holdout(self) -> Holdout:
        """Which part of `train` is held out to make choices on; nothing that is chosen is trained on its labels."""
        return hold_out(self.train.y_N)

    @cached_property
    def learnt(self) -> Split:
        """The rest of `train`, for losses that take labels."""
        kept_K = self.holdout.kept_K
        return Split(self.train.x_NCHW[kept_K], self.train.y_N[kept_K])

    @property
    def image_size(self) -> int:
        return self.pretrain_NCHW.shape[-1]

    def to(self, device: torch.device) -> "ImageData":
        return replace(
            self,
            pretrain_NCHW=self.pretrain_NCHW.to(device),
            train=self.train.to(device),
            test=self.test.to(device),
        )

    def resized(self, size: int) -> "ImageData":
        """With images of `size` x `size` px, by bilinear interpolation with antialiasing."""
        if size == self.image_size:
            return self
        pretrain_NCHW = resized(self.pretrain_NCHW, size)
        shared = self.train.x_NCHW.data_ptr() == self.pretrain_NCHW.data_ptr()
        x_train_NCHW = pretrain_NCHW[: len(self.train.y_N)] if shared else resized(self.train.x_NCHW, size)
        test = Split(resized(self.test.x_NCHW, size), self.test.y_N)
        notes = (*self.notes, f"resized from {self.image_size} x {self.image_size} px")
        return replace(
            self, pretrain_NCHW=pretrain_NCHW, train=Split(x_train_NCHW, self.train.y_N), test=test, notes=notes
        )

    def describe(self) -> tuple[str, ...]:
        """How many images there are, then the decisions made while reading."""
        size = f"{len(self.pretrain_NCHW):,} images of {self.image_size} x {self.image_size} px to pretrain on"
        if not self.labelled:
            return (size, *self.notes)
        probe = (
            f"{len(self.train.y_N):,} in {len(self.classes)} classes to probe on, of which "
            f"{len(self.holdout.validation_V):,} are held out for validation, and {len(self.test.y_N):,} to test on"
        )
        return (f"{size}, {probe}", *self.notes)


def resized(x_NCHW: Tensor, size: int) -> Tensor:
    """Images (N, C, size, size), resized in chunks, since they are floating-point numbers in between."""
    if x_NCHW.shape[-1] == size:
        return x_NCHW
    from torchvision.transforms.v2.functional import resize  # imports all of torchvision, Dynamo included

    parts = (resize(part_NCHW, [size, size], antialias=True) for part_NCHW in torch.split(x_NCHW, RESIZED_AT_ONCE))
    return torch.cat(tuple(parts))
