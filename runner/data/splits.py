"""What every data set becomes: uint8 images (N, 3, H, W) and labels, in the three parts an experiment uses."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

# N images, C colours (3), H height, W width


@dataclass(frozen=True, eq=False)
class Split:
    """Images (N, 3, H, W) as uint8 and their labels (N,) as int64 in [0, number of classes)."""

    x_NCHW: Tensor
    y_N: Tensor

    def to(self, device: torch.device) -> "Split":
        return Split(self.x_NCHW.to(device), self.y_N.to(device))


@dataclass(frozen=True, eq=False)
class ImageData:
    """`pretrain` is seen without labels; `train` and `test` are the linear probe's, empty where there are no labels."""

    classes: tuple[str, ...]
    pretrain_NCHW: Tensor
    train: Split
    test: Split
    told: tuple[str, ...] = ()
    """What was decided while reading, a line each."""

    @property
    def labelled(self) -> bool:
        return len(self.train.y_N) > 0

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

    def describe(self) -> tuple[str, ...]:
        """How much there is, then what was decided while reading."""
        size = f"{len(self.pretrain_NCHW):,} images of {self.image_size} x {self.image_size} px to pretrain on"
        if not self.labelled:
            return (size, *self.told)
        probe = (
            f"{len(self.train.y_N):,} and {len(self.test.y_N):,} in {len(self.classes)} classes to probe and test on"
        )
        return (f"{size}, {probe}", *self.told)
