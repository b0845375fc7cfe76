"""What every data set becomes: uint8 images (N, 3, H, W) and labels, in the three parts an experiment uses."""

from dataclasses import dataclass

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
    """`pretrain` is seen without labels; `train` and `test` are the linear probe's."""

    classes: tuple[str, ...]
    pretrain_NCHW: Tensor
    train: Split
    test: Split

    @property
    def image_size(self) -> int:
        return self.pretrain_NCHW.shape[-1]

    def to(self, device: torch.device) -> "ImageData":
        return ImageData(self.classes, self.pretrain_NCHW.to(device), self.train.to(device), self.test.to(device))
