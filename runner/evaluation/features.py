"""Features of a frozen encoder: images come in; the features that a probe is trained and measured on come out, computed
once.

Features are taken before the projector, in evaluation mode, from images without augmentation. They are in float32,
whatever the encoder was trained in, so that the results of a probe do not depend on the machine's default precision.
"""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from runner.data.splits import Holdout, ImageData, Split
from runner.data.views import to_float
from runner.evaluation.frozen import frozen

# N training images, T test images, K kept, V validation, B batch, F features, C colours (3), H height, W width

BATCH = 128
"""Images that are encoded together; the size of it shows in the last bits of the features."""
GPU_PIXELS = 2**20
"""Pixels that a GPU encodes together, 1,024 images of 32 px: with fewer it waits for the next kernel to be launched."""
Autocast = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Features (N, F) in float32, with their classes (N,)."""

    x_NF: Tensor
    y_N: Tensor

    def at(self, indices_B: Tensor) -> "Labelled":
        return Labelled(self.x_NF[indices_B], self.y_N[indices_B])


@dataclass(frozen=True, eq=False)
class Features:
    """The features of a data set that a probe needs, and the fingerprint of the encoder that computed them."""

    classes: tuple[str, ...]
    train: Labelled
    """All training images, including those held out."""
    holdout: Holdout
    test: Labelled | None
    """None if the test set is sealed."""
    encoder: str

    @property
    def kept(self) -> Labelled:
        return self.train.at(self.holdout.kept_K)

    @property
    def validation(self) -> Labelled:
        return self.train.at(self.holdout.validation_V)


def read_features(encoder: nn.Module, data: ImageData, *, test: bool) -> Features:
    """The features of a data set, without those of a sealed test set.

    Raises `InputError` if the encoder has changed afterwards.
    """
    flags = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
    with frozen(encoder) as fingerprint, flags:
        return Features(
            data.classes,
            _labelled(encoder, data.train),
            data.holdout,
            _labelled(encoder, data.test) if test else None,
            fingerprint,
        )


def _labelled(encoder: nn.Module, split: Split) -> Labelled:
    return Labelled(encode(encoder, split.x_NCHW), split.y_N)


def encode(encoder: nn.Module, x_NCHW: Tensor, autocast: Autocast = nullcontext) -> Tensor:
    """Features (N, F) in float32 from an encoder in evaluation mode."""
    with autocast():
        batches = [encoder(to_float(x_BCHW)).float() for x_BCHW in torch.split(x_NCHW, batch_for(x_NCHW))]
    return torch.cat(batches)


def batch_for(x_NCHW: Tensor) -> int:
    """The number of images that are encoded together."""
    pixels = x_NCHW.shape[-1] * x_NCHW.shape[-2]
    return max(BATCH, GPU_PIXELS // pixels) if x_NCHW.device.type == "cuda" else BATCH


def pack(features: Features) -> bytes:
    """The features as an .npz for other programs: `train_features`, `train_labels`, and the same for validation and
    test.

    Before a probe is tested, it is trained on train and validation together.
    """
    parts = {"train": features.kept, "validation": features.validation, "test": features.test}
    arrays = {"classes": np.array(features.classes), "encoder": np.array(features.encoder)}
    for name, part in parts.items():
        if part is not None:
            arrays |= {f"{name}_features": part.x_NF.cpu().numpy(), f"{name}_labels": part.y_N.cpu().numpy()}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()
