"""A folder of images: a path comes in; square uint8 images labelled by class come out, with notes on what was read.

Refused: a folder that is missing, has no image or can be read in two ways, and images that cannot be read, all of them
named at once.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from alphadsl.report.exceptions import InputError
from runner.data.folder_tree import LeftOut, check_folder, read_tree
from runner.data.image_layout import HELP, ByClass, Layout, read_layout
from runner.data.pixels import read_pixels
from runner.data.reading import StoredFile
from runner.data.splits import ImageData, Split

SHOWN_CLASSES = 12


def read_image_folder(root: Path, size: int) -> ImageData:
    """The images below `root`, cropped to the central square and resized to `size` pixels a side. Raises
    `InputError`."""
    check_folder(root, HELP)
    left_out = LeftOut()
    tree = read_tree(root, left_out)
    if not tree.all_images():
        raise InputError(f"There are no images below {'; '.join((str(root), *left_out.tell()))}.", HELP)
    layout = read_layout(tree)
    train, test = ([path for paths in part.values() for path in paths] for part in (layout.train, layout.test))
    files = [StoredFile(path) for path in (*train, *layout.unlabelled, *test)]
    x_NCHW, tally = read_pixels(files, size)
    # Both are views of one tensor, which may be larger than memory.
    pretrain_NCHW, test_NCHW = torch.split(x_NCHW, [len(train) + len(layout.unlabelled), len(test)])
    notes = (*_tell_classes(layout), *layout.notes, *tally.tell(size), *left_out.tell())
    splits = Split(pretrain_NCHW[: len(train)], _labels(layout.train)), Split(test_NCHW, _labels(layout.test))
    return ImageData(tuple(layout.train), pretrain_NCHW, *splits, notes)


def _labels(images: ByClass) -> Tensor:
    """The class of each image (N,), as its index among the classes."""
    return torch.tensor([label for label, paths in enumerate(images.values()) for _ in paths], dtype=torch.int64)


def _tell_classes(layout: Layout) -> Sequence[str]:
    if not layout.train:
        return ()
    counts = [f"{name} {len(paths):,} + {len(layout.test[name]):,}" for name, paths in layout.train.items()]
    more = f" and {len(counts) - SHOWN_CLASSES:,} more" if len(counts) > SHOWN_CLASSES else ""
    return (f"classes, images to train + to test: {', '.join(counts[:SHOWN_CLASSES])}{more}",)
