"""A folder of images: a path comes in, square uint8 images with their class as label come out, and what was read.

Refused: a folder that is missing, holds no image or can be read in two ways; images that cannot be read, all of them
named at once.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import ImageOps
from torch import Tensor

from alphadsl.report.exceptions import InputError
from runner.data.folder_tree import LeftOut, read_tree
from runner.data.image_file import ReadImage, UnreadableImageError, decode_image, without_warnings
from runner.data.image_layout import HELP, ByClass, Layout, read_layout
from runner.data.splits import ImageData, Split
from runner.progress import watched
from runner.settings.processor import usable_cores

SHOWN_FAULTS = 3
SHOWN_CLASSES = 12
AHEAD = 256
"""Images that are decoded before the first of them is taken, at the size that is trained on."""
DARK = 1 / 8
"""Images of more than 8 bits whose greatest value is below this part of white are said to be dark."""


@dataclass
class Tally:
    """What the files were, by count."""

    treatments: Counter[str] = field(default_factory=Counter)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    frames: int = 0
    turned: int = 0
    dark: int = 0
    faults: list[tuple[Path, str]] = field(default_factory=list)

    def count(self, read: ReadImage) -> None:
        self.treatments[read.treatment] += 1
        self.sizes.append(read.size)
        self.frames += read.frames > 1
        self.turned += read.turned
        self.dark += read.brightest < DARK

    def tell(self, size: int) -> list[str]:
        smallest, largest = (choose(self.sizes, key=lambda wh: wh[0] * wh[1]) for choose in (min, max))
        span = f"{_pixels(smallest)} to {_pixels(largest)}" if smallest != largest else _pixels(smallest)
        modes = "; ".join(f"{count:,} {treatment}" for treatment, count in self.treatments.most_common())
        lines = [f"sizes: {span}; the middle square of each, resized to {size} x {size}", f"modes: {modes}"]
        counts = {
            "turned upright, by their EXIF tag": self.turned,
            "of several frames or pages, of which the first is taken": self.frames,
            f"dark: of more than 8 bits, and below {DARK:.1%} of white": self.dark,
        }
        return lines + [f"{what}: {count:,}" for what, count in counts.items() if count]


def read_image_folder(root: Path, size: int) -> ImageData:
    """The images below `root`, cropped to the centre square and resized to `size` pixels."""
    if not root.is_dir():
        raise InputError(f"The folder {root} does not exist.", HELP)
    left_out, tally = LeftOut(), Tally()
    layout = read_layout(read_tree(root, left_out))
    train, test = ([path for paths in part.values() for path in paths] for part in (layout.train, layout.test))
    paths = [*train, *test, *layout.unlabelled]
    x_NCHW = _read_images(paths, size, tally)
    _check_readable(tally)
    train_NCHW, test_NCHW, unlabelled_NCHW = torch.split(x_NCHW, [len(train), len(test), len(layout.unlabelled)])
    pretrain_NCHW = torch.cat((train_NCHW, unlabelled_NCHW)) if layout.unlabelled else train_NCHW
    told = (*_tell_classes(layout), *layout.told, *tally.tell(size), *left_out.tell())
    splits = Split(train_NCHW, _labels(layout.train)), Split(test_NCHW, _labels(layout.test))
    return ImageData(tuple(layout.train), pretrain_NCHW, *splits, told)


def _labels(images: ByClass) -> Tensor:
    """The class of each image (N,), by its place among the classes."""
    return torch.tensor([label for label, paths in enumerate(images.values()) for _ in paths], dtype=torch.int64)


def _read_images(paths: Sequence[Path], size: int, tally: Tally) -> Tensor:
    """Images (N, 3, size, size), in the order of their paths; what cannot be read goes to the tally."""
    x_NCHW = torch.zeros(len(paths), 3, size, size, dtype=torch.uint8)
    squares = watched(_decode(paths, size), len(paths), "images read")
    for row_CHW, path, square in zip(x_NCHW, paths, squares, strict=True):
        match square:
            case ReadImage():
                row_CHW.copy_(torch.from_numpy(np.array(square.image)).permute(2, 0, 1))
                tally.count(square)
            case reason:
                tally.faults.append((path, str(reason)))
    return x_NCHW


def _decode(paths: Sequence[Path], size: int) -> Iterator[ReadImage | UnreadableImageError]:
    """What becomes of each file, in order, by a thread for each core: Pillow decodes without Python's lock."""
    with without_warnings():
        pool = ThreadPoolExecutor(usable_cores())
        try:
            for start in range(0, len(paths), AHEAD):
                yield from pool.map(partial(_square, size=size), paths[start : start + AHEAD])
        finally:
            pool.shutdown(cancel_futures=True)


def _square(path: Path, size: int) -> ReadImage | UnreadableImageError:
    """A file's image at the size that is trained on, since the whole one would take memory until its turn comes."""
    try:
        read = decode_image(path)
    except UnreadableImageError as reason:
        return reason
    return replace(read, image=ImageOps.fit(read.image, (size, size)))


def _check_readable(tally: Tally) -> None:
    remedy = "Repair, convert or move what is named."
    match tally.faults:
        case []:
            return
        case [(path, reason)]:
            raise InputError(f"The image {path} cannot be read: {reason}.", remedy)
        case faults:
            shown = "; ".join(f"{path} ({reason})" for path, reason in faults[:SHOWN_FAULTS])
            more = f"; and {len(faults) - SHOWN_FAULTS:,} more" if len(faults) > SHOWN_FAULTS else ""
            raise InputError(f"{len(faults):,} images cannot be read: {shown}{more}.", remedy)


def _tell_classes(layout: Layout) -> Sequence[str]:
    if not layout.train:
        return ()
    counts = [f"{name} {len(paths):,} + {len(layout.test[name]):,}" for name, paths in layout.train.items()]
    more = f" and {len(counts) - SHOWN_CLASSES:,} more" if len(counts) > SHOWN_CLASSES else ""
    return (f"classes, images to train + to test: {', '.join(counts[:SHOWN_CLASSES])}{more}",)


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
