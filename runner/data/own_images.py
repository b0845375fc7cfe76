"""Images held by Python code: tensors, or a PyTorch data set, come in; square uint8 images with labels come out.

Accepted are a tensor or array (N, 3, H, W) or (N, 1, H, W); a pair of that and labels (N,); and anything that has a
length and gives images, or pairs of an image and a label, by index: Pillow images, tensors (3, H, W) or (1, H, W), and
arrays (H, W, 3). Numbers are uint8, or real in [0, 1]. Refused, naming the first offender: numbers in another range,
images of several sizes when no size is given, and labels other than whole numbers from 0.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from alphadsl.report.exceptions import InputError
from runner.data.image_file import to_rgb
from runner.data.splits import ImageData, Split, resized
from runner.progress import watched

# N images, C colours (3), H height, W width

TAKEN = "Give a tensor of images (N, 3, H, W), a pair of images and labels, or a torch Dataset of (image, label)."
RANGE = "Give uint8, or real numbers in [0, 1] that are not normalised: the trainer draws its own views."


def take_images(given: object, test: object | None, size: int | None) -> ImageData:
    """The images to train on and those to test on, resized to `size` pixels a side; by default they keep their size.

    Raises `InputError` as described for the module.
    """
    train = _split(given, "dataset", size)
    side = size or train.x_NCHW.shape[-1]
    if test is None:
        tested = Split(train.x_NCHW[:0], torch.zeros(0, dtype=torch.int64))
    elif not len(train.y_N):
        raise InputError("Images without labels cannot be tested.", "Leave out test, or give labels in dataset.")
    else:
        tested = _split(test, "test", side)
    if test is not None and not len(tested.y_N):
        raise InputError("The test images have no labels.", "Give a pair of images and labels.")
    labels = [int(split.y_N.max()) for split in (train, tested) if len(split.y_N)]
    return ImageData(_names(given, max(labels, default=-1) + 1), train.x_NCHW, train, tested)


def _split(given: object, what: str, size: int | None) -> Split:
    match given:
        case (Tensor() | np.ndarray() as images, labels) if images.ndim == 4 and isinstance(given, tuple):
            return Split(_from_batch(_tensor(images), what, size), _labels(labels, what, len(images)))
        case Tensor() | np.ndarray():
            return Split(_from_batch(_tensor(given), what, size), torch.zeros(0, dtype=torch.int64))
        case _ if hasattr(given, "__len__") and hasattr(given, "__getitem__") and not isinstance(given, str | dict):
            return _from_samples(given, what, size)
        case _:
            raise InputError(f"{what} is a {type(given).__name__}, not images.", TAKEN)


def _from_batch(x_NCHW: Tensor, what: str, size: int | None) -> Tensor:
    if x_NCHW.ndim != 4 or x_NCHW.shape[1] not in (1, 3) or not len(x_NCHW):
        remedy = "Give (N, 3, H, W)."
        if x_NCHW.ndim == 4 and x_NCHW.shape[-1] in (1, 3):
            remedy = "Colours come before height and width: images.transpose(0, 3, 1, 2), or permute of a tensor."
        raise InputError(f"{what} has the shape {tuple(x_NCHW.shape)}, not that of images (N, 3, H, W).", remedy)
    _check_size(what, x_NCHW.shape[-2:], size)
    x_NCHW = _bytes(x_NCHW.detach().cpu(), what).expand(-1, 3, -1, -1)
    side = min(x_NCHW.shape[-2:])
    top, left = ((extent - side) // 2 for extent in x_NCHW.shape[-2:])
    square_NCHW = x_NCHW[:, :, top : top + side, left : left + side]
    return resized(square_NCHW, size or side).contiguous()


def _from_samples(given: Any, what: str, size: int | None) -> Split:
    if not len(given):
        raise InputError(f"{what} has no images.", TAKEN)
    parts, labels = [], list[object]()
    for place, sample in enumerate(watched(_samples(given), len(given), f"reading {what}")):
        image, *rest = sample if isinstance(sample, tuple | list) else (sample,)
        labels += rest[:1]
        parts.append(_from_sample(image, f"{what}[{place}]", size))
        if parts[-1].shape != parts[0].shape:
            pixels = " and ".join(f"{part.shape[-1]} x {part.shape[-2]}" for part in (parts[0], parts[-1]))
            raise InputError(f"{what} has images of several sizes, {pixels} px.", "Give image_size.")
    if labels and len(labels) != len(parts):
        raise InputError(f"{what} has {len(parts)} images, {len(labels)} of them with labels.", "Label all, or none.")
    y_N = _labels(labels, what, len(parts)) if labels else torch.zeros(0, dtype=torch.int64)
    return Split(torch.stack(parts), y_N)


def _samples(given: Any) -> Iterator[object]:
    """Go through a data set by index, since iterating over a PyTorch data set need not end."""
    return (given[place] for place in range(len(given)))


def _from_sample(image: object, what: str, size: int | None) -> Tensor:
    """One image (3, H, W) as uint8."""
    match image:
        case Image.Image():
            picture = to_rgb(image)[0]
            _check_size(what, (picture.height, picture.width), size)
            fitted = ImageOps.fit(picture, (size, size)) if size else picture
            return torch.from_numpy(np.array(fitted)).permute(2, 0, 1).contiguous()
        case Tensor() if image.ndim == 3:
            return _from_batch(image[None], what, size)[0]
        case np.ndarray() if image.ndim in (2, 3):
            x_HWC = np.atleast_3d(image)
            return _from_batch(torch.from_numpy(np.ascontiguousarray(x_HWC)).permute(2, 0, 1)[None], what, size)[0]
        case _:
            shape = f" {tuple(image.shape)}" if isinstance(image, Tensor | np.ndarray) else ""
            raise InputError(f"{what} is a {type(image).__name__}{shape}, not an image.", TAKEN)


def _check_size(what: str, extents: Sequence[int], size: int | None) -> None:
    height, width = extents
    if size is None and (height != width or not 8 <= height <= 512):
        remedy = "Give image_size: images are cropped to their central square and resized to it."
        raise InputError(f"{what} is {width} x {height} px, not square with 8 to 512 px a side.", remedy)


def _bytes(x: Tensor, what: str) -> Tensor:
    if x.dtype == torch.uint8:
        return x
    if not x.is_floating_point() or not bool(((x >= 0) & (x <= 1)).all()):
        span = f"from {float(x.min()):g} to {float(x.max()):g}" if x.numel() else "none"
        raise InputError(f"{what} is of {x.dtype}, {span}.", RANGE)
    return (x * 255).round().to(torch.uint8)


def _labels(given: object, what: str, images: int) -> Tensor:
    try:
        y_N = torch.stack([*map(torch.as_tensor, given)]) if isinstance(given, list) else _tensor(given)
    except (TypeError, ValueError, RuntimeError):
        raise InputError(
            f"The labels of {what} are not whole numbers.", "Give a number from 0 for each class."
        ) from None
    whole = not (y_N.is_floating_point() or y_N.is_complex() or y_N.dtype == torch.bool)
    if tuple(y_N.shape) != (images,) or not whole or bool((y_N < 0).any()):
        raise InputError(
            f"The labels of {what} are {tuple(y_N.shape)} of {y_N.dtype}, not {images} whole numbers from 0.",
            "Give a number from 0 for each image.",
        )
    return y_N.cpu().to(torch.int64)


def _tensor(given: object) -> Tensor:
    return given if isinstance(given, Tensor) else torch.as_tensor(np.asarray(given))


def _names(given: object, count: int) -> tuple[str, ...]:
    """The class names that a torchvision data set gives; otherwise the numbers of the classes."""
    named = getattr(given, "classes", None)
    if isinstance(named, list | tuple) and len(named) >= count:
        return tuple(map(str, named))
    return tuple(map(str, range(count)))
