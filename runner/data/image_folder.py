"""A folder of images: a path comes in, square uint8 images with their class as label come out, and what was read.

Refused: a folder that is missing, holds no image or can be read in two ways; images that cannot be read, all of them
named at once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import ImageOps
from torch import Tensor

from alphadsl.report.exceptions import InputError
from runner.data.folder_tree import LeftOut, read_tree
from runner.data.image_file import UnreadableImageError, read_image
from runner.data.image_layout import HELP, ByClass, Layout, read_layout
from runner.data.splits import ImageData, Split

SHOWN_FAULTS = 3
SHOWN_CLASSES = 12
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
    train, test = (_read_split(part, size, tally) for part in (layout.train, layout.test))
    unlabelled_NCHW = _read_images(layout.unlabelled, size, tally)
    _check_readable(tally)
    pretrain_NCHW = torch.cat((train.x_NCHW, unlabelled_NCHW)) if layout.unlabelled else train.x_NCHW
    told = (*_tell_classes(layout), *layout.told, *tally.tell(size), *left_out.tell())
    return ImageData(tuple(layout.train), pretrain_NCHW, train, test, told)


def _read_split(images: ByClass, size: int, tally: Tally) -> Split:
    y_N = torch.tensor([label for label, paths in enumerate(images.values()) for _ in paths], dtype=torch.int64)
    return Split(_read_images((path for paths in images.values() for path in paths), size, tally), y_N)


def _read_images(paths: Iterable[Path], size: int, tally: Tally) -> Tensor:
    """Images (N, 3, size, size) of what can be read; the rest goes to the tally."""
    images = [pixels_HWC for path in paths if (pixels_HWC := _read(path, size, tally)) is not None]
    if not images:
        return torch.zeros(0, 3, size, size, dtype=torch.uint8)
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def _read(path: Path, size: int, tally: Tally) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None:
    try:
        read = read_image(path)
    except UnreadableImageError as reason:
        tally.faults.append((path, str(reason)))
        return None
    tally.treatments[read.treatment] += 1
    tally.sizes.append(read.size)
    tally.frames += read.frames > 1
    tally.turned += read.turned
    tally.dark += read.brightest < DARK
    return np.asarray(ImageOps.fit(read.image, (size, size)))


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
