"""Images in class folders: a folder comes in, square uint8 images with their class as label come out.

Two layouts are read: DIR/train/CLASS/* with DIR/test/CLASS/*, and DIR/CLASS/*, of which every fifth image of a class
is kept for testing. Refused in one line: no folder, no classes, a class without images, a file that is not an image.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torchvision.datasets.folder import IMG_EXTENSIONS

from alphadsl.report.faults import InputError
from runner.splits import ImageData, Split

TEST_EVERY = 5
_LAYOUT = "Put images in DIR/CLASS/, or in DIR/train/CLASS/ and DIR/test/CLASS/, and give --data-dir DIR."


def read_image_folder(root: Path, size: int) -> ImageData:
    """The images below `root`, cropped to the centre square and resized to `size` pixels."""
    if not root.is_dir():
        raise InputError(f"The folder {root} does not exist.", _LAYOUT)
    train_root, test_root = root / "train", root / "test"
    if train_root.is_dir() != test_root.is_dir():
        present, absent = (train_root, test_root) if train_root.is_dir() else (test_root, train_root)
        raise InputError(f"The folder {present} has no counterpart {absent}.", _LAYOUT)
    if train_root.is_dir():
        train, test = _list_classes(train_root), _list_classes(test_root)
        _check_same_classes(train, test, test_root)
    else:
        train, test = _hold_out(_list_classes(root))
    train_split = _read_split(train, size)
    return ImageData(tuple(train), train_split.x_NCHW, train_split, _read_split(test, size))


def _list_classes(root: Path) -> dict[str, list[Path]]:
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    if len(folders) < 2:
        raise InputError(f"The folder {root} has too few class folders ({len(folders)}); a probe needs two.", _LAYOUT)
    images = {folder.name: sorted(filter(_is_image, folder.rglob("*"))) for folder in folders}
    for name, paths in images.items():
        if not paths:
            endings = " ".join(IMG_EXTENSIONS)
            raise InputError(f"The class folder {root / name} holds no image.", f"Its files should end in {endings}.")
    return images


def _is_image(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in IMG_EXTENSIONS


def _check_same_classes(train: dict[str, list[Path]], test: dict[str, list[Path]], test_root: Path) -> None:
    unshared = sorted(train.keys() ^ test.keys())
    if unshared:
        raise InputError(
            f"The classes of {test_root} are not those of training: {unshared[0]} is in one of them only.",
            "Give both folders the same class folders.",
        )


def _hold_out(images: dict[str, list[Path]]) -> tuple[dict[str, list[Path]], dict[str, list[Path]]]:
    """Every fifth image of a class is for testing, at least one and never the only one."""
    for name, paths in images.items():
        if len(paths) < 2:
            raise InputError(f"The class {name} has one image; one to train and one to test are needed.", _LAYOUT)
    test = {name: paths[1::TEST_EVERY] for name, paths in images.items()}
    train = {name: sorted(set(paths) - set(test[name])) for name, paths in images.items()}
    return train, test


def _read_split(images: dict[str, list[Path]], size: int) -> Split:
    x_NHWC = np.stack([_read_image(path, size) for paths in images.values() for path in paths])
    y_N = torch.tensor([label for label, paths in enumerate(images.values()) for _ in paths])
    return Split(torch.from_numpy(x_NHWC).permute(0, 3, 1, 2).contiguous(), y_N)


def _read_image(path: Path, size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    try:
        with Image.open(path) as image:
            return np.asarray(ImageOps.fit(image.convert("RGB"), (size, size)))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as damage:
        raise InputError(f"The image {path} cannot be read: {damage}.", "Repair it or delete it.") from None
