"""Data sets: a name and a folder come in; uint8 images with labels come out on the device, in three parts: pretrain,
train and test.

Missing or damaged files are refused in one line that names the file and how to get it.
"""

import pickle
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torchvision.datasets import CIFAR10, CIFAR100, STL10
from torchvision.datasets.utils import check_integrity

from alphadsl.report.exceptions import InputError
from runner.contract import CompiledLoss
from runner.data.image_folder import read_image_folder
from runner.data.saved_dataset import read_saved_dataset
from runner.data.splits import ImageData, Split
from runner.settings.config import OWN_IMAGES, ExperimentConfig

# N images, C colours (3), H height, W width

DEFAULT_DATA_DIR = Path("data")
NOT_FETCHED = frozenset({"digits", "folder", "hf"})
DIGITS_TRAIN = 1297
"""The digits are ordered by writer, so the last 500 are a test on other writers."""

STL10_CLASSES = 10

_DAMAGE = (RuntimeError, OSError, EOFError, ValueError, KeyError, IndexError, pickle.UnpicklingError)


@dataclass(frozen=True)
class Source:
    """Where the data may be, the side in pixels to resize to, and whether the files may be downloaded."""

    data_dir: Path
    image_size: int
    download: bool


@dataclass(frozen=True)
class PublishedFiles:
    """The files of a torchvision data set with their published md5 sums, used to name the damaged file."""

    title: str
    folder: str
    archive: str
    archive_md5: str
    url: str
    sums: tuple[tuple[str, str], ...]


def load_data(config: ExperimentConfig, device: torch.device, *, download: bool = False) -> ImageData:
    """The data set of `config` on `device`. Raises `InputError` if it is missing or damaged."""
    if config.dataset == OWN_IMAGES:
        raise InputError(
            "The run was trained on images held by Python code, which are in no data folder.",
            "Give them in Python: alphadsl.train(LOSS, dataset=IMAGES)",
        )
    if config.data_dir is None and config.dataset in ("folder", "hf"):
        raise InputError(f"The data set {config.dataset} needs to know where it is.", "Give --data-dir DIR.")
    if download and config.dataset in NOT_FETCHED:
        raise InputError(f"There is nothing to download for the data set {config.dataset}.", "Leave out --download.")
    source = Source(config.data_dir or DEFAULT_DATA_DIR, config.image_size, download)
    data = READERS[config.dataset](source).resized(config.image_size)
    return data.to(device)


class TooFewImagesError(InputError):
    """Fewer images than a batch."""


def check_enough(loss: CompiledLoss, data: ImageData, config: ExperimentConfig) -> None:
    """Raises `InputError` if the images that a loss would be trained on do not fill a batch, or lack labels it
    needs."""
    if "labels" in loss.takes and not data.labelled:
        raise InputError(f"The loss {loss.name} needs labels, and these images have none.", "Give labelled images.")
    images, what = len(data.pretrain_NCHW), "images to pretrain on"
    if "labels" in loss.takes:
        images, what = len(data.holdout.kept_K), f"labelled images that are not held out, which {loss.name} needs"
    if images >= config.batch:
        return
    remedy = f"Give --batch {images} or less." if images > 1 else "Give more images."
    raise TooFewImagesError(
        f"The data set {config.dataset} has {images:,} {what}, fewer than one batch of {config.batch:,}.", remedy
    )


def check_labelled(data: ImageData, run: Path) -> None:
    """Raises `InputError` if the images have no labels to probe with."""
    if not data.labelled:
        raise InputError(
            f"The images of {run} have no labels, so it cannot be probed.",
            f"For a probe of your own, take its encoder: alphadsl export {shlex.quote(str(run))} -o encoder.pt",
        )


def _read_digits(source: Source) -> ImageData:
    bunch: Any = load_digits()
    x_NHW = torch.from_numpy(np.round(bunch.images * (255 / 16)).astype(np.uint8))
    x_NCHW = x_NHW[:, None].expand(-1, 3, -1, -1).contiguous()
    y_N = torch.from_numpy(bunch.target.astype(np.int64))
    train = Split(x_NCHW[:DIGITS_TRAIN], y_N[:DIGITS_TRAIN])
    test = Split(x_NCHW[DIGITS_TRAIN:], y_N[DIGITS_TRAIN:])
    return ImageData(tuple(str(digit) for digit in bunch.target_names), train.x_NCHW, train, test)


def _read_cifar10(source: Source) -> ImageData:
    return _read_published(_cifar_files("CIFAR-10", CIFAR10), lambda: _cifar(CIFAR10, source), source)


def _read_cifar100(source: Source) -> ImageData:
    return _read_published(_cifar_files("CIFAR-100", CIFAR100), lambda: _cifar(CIFAR100, source), source)


def _cifar(dataset: type[CIFAR10], source: Source) -> ImageData:
    train, test = (dataset(source.data_dir, train=part, download=source.download) for part in (True, False))
    train_split, test_split = (
        Split(torch.from_numpy(part.data).permute(0, 3, 1, 2).contiguous(), torch.tensor(part.targets))
        for part in (train, test)
    )
    return ImageData(tuple(train.classes), train_split.x_NCHW, train_split, test_split)


def _cifar_files(title: str, dataset: type[CIFAR10]) -> PublishedFiles:
    meta = (dataset.meta["filename"], dataset.meta["md5"])
    sums = (*((name, md5) for name, md5 in (*dataset.train_list, *dataset.test_list)), meta)
    return PublishedFiles(title, dataset.base_folder, dataset.filename, dataset.tgz_md5, dataset.url, sums)


def _read_stl10(source: Source) -> ImageData:
    sums = tuple((name, md5) for name, md5 in (*STL10.train_list, *STL10.test_list))
    files = PublishedFiles("STL-10", STL10.base_folder, STL10.filename, STL10.tgz_md5, STL10.url, sums)
    return _read_published(files, lambda: _stl10(source), source)


def _stl10(source: Source) -> ImageData:
    everything = STL10(str(source.data_dir), split="train+unlabeled", download=source.download)
    test = STL10(str(source.data_dir), split="test")
    names = tuple(getattr(everything, "classes", ()))  # from a file whose md5 sum torchvision does not know
    if len(names) != STL10_CLASSES:
        raise ValueError(f"{STL10.class_names_file} does not name {STL10_CLASSES} classes")
    pretrain_NCHW = torch.from_numpy(np.ascontiguousarray(everything.data))
    y_N = torch.from_numpy(np.asarray(everything.labels).astype(np.int64))
    labelled = int((y_N >= 0).sum())
    x_test_NCHW = torch.from_numpy(np.ascontiguousarray(test.data))
    y_test_N = torch.from_numpy(np.asarray(test.labels).astype(np.int64))
    train = Split(pretrain_NCHW[:labelled], y_N[:labelled])
    return ImageData(names, pretrain_NCHW, train, Split(x_test_NCHW, y_test_N))


def _read_published(files: PublishedFiles, read: Callable[[], ImageData], source: Source) -> ImageData:
    try:
        return read()
    except _DAMAGE as damage:
        raise _name_the_file(files, source, damage) from None


def _name_the_file(files: PublishedFiles, source: Source, damage: Exception) -> InputError:
    """The error that names the file on which torchvision failed, and what to do about it."""
    remedy = f"Let alphadsl train --download fetch it, or unpack {files.url} in {source.data_dir}."
    if source.download:
        remedy = f"Download {files.url} by other means and unpack it in {source.data_dir}."
    for name, md5 in files.sums:
        path = source.data_dir / files.folder / name
        if (source.data_dir / name).is_file() and not path.is_file():
            remedy = f"Give the folder that {source.data_dir} is in: --data-dir {source.data_dir.parent}"
        if not path.is_file():
            return InputError(f"{files.title} is not complete: {path} does not exist.", remedy)
        if not check_integrity(path, md5):
            remedy = f"Delete it, then: {remedy[0].lower()}{remedy[1:]}"
            return InputError(f"{files.title} is damaged: {path} does not have its published md5 sum.", remedy)
    return InputError(f"{files.title} in {source.data_dir} cannot be read: {str(damage).splitlines()[0]}.", remedy)


def _read_folder(source: Source) -> ImageData:
    return read_image_folder(source.data_dir, source.image_size)


def _read_hf(source: Source) -> ImageData:
    return read_saved_dataset(source.data_dir, source.image_size)


READERS: Mapping[str, Callable[[Source], ImageData]] = MappingProxyType(
    {
        "digits": _read_digits,
        "cifar10": _read_cifar10,
        "cifar100": _read_cifar100,
        "stl10": _read_stl10,
        "folder": _read_folder,
        "hf": _read_hf,
    }
)
