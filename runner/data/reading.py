"""Many stored images: where each is stored comes in; all of them come out as squares of one size, with a tally.

One thread per core decodes, since Pillow releases Python's lock while it decodes. Pixels go where the caller wants
them: into memory or a memory-mapped file. Refused: images that cannot be read, all of them named at once.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from PIL import ImageOps
from torch import Tensor

from alphadsl.report.exceptions import InputError
from runner.data.image_file import ReadImage, UnreadableImageError, decode_image, without_warnings
from runner.progress import watched
from runner.settings.processor import usable_cores

# N images

SHOWN_FAULTS = 3
AHEAD = 256
"""Images, at the size used for training, that are decoded before the first of them is taken."""
DARK = 1 / 8
"""Images of more than 8 bits are reported as dark if their largest value is below this fraction of white."""


class Stored(Protocol):
    """An image before it is read; its `str` is its name in error messages."""

    def decode(self) -> ReadImage:
        """The image, decoded. Raises `UnreadableImageError` with the reason."""

    def stamp(self) -> str:
        """A text that changes when the image does: its location, size and modification time."""


def stamp_of(path: Path) -> str:
    """The stamp of a file; only the name if it does not exist."""
    try:
        facts = path.stat()
    except OSError:
        return str(path)
    return f"{path.resolve()} {facts.st_size} {facts.st_mtime_ns}"


@dataclass(frozen=True)
class StoredFile:
    """An image in a file of its own."""

    path: Path

    def decode(self) -> ReadImage:
        return decode_image(self.path)

    def stamp(self) -> str:
        return stamp_of(self.path)

    def __str__(self) -> str:
        return str(self.path)


@dataclass
class Tally:
    """Counts of what the images were like."""

    treatments: Counter[str] = field(default_factory=Counter)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    """The smallest and the largest size; each is (width, height)."""
    frames: int = 0
    turned: int = 0
    dark: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)

    def count(self, read: ReadImage) -> None:
        self.treatments[read.treatment] += 1
        sizes = [*self.sizes, read.size]
        self.sizes = [choose(sizes, key=lambda wh: wh[0] * wh[1]) for choose in (min, max)]
        self.frames += read.frames > 1
        self.turned += read.turned
        self.dark += read.brightest < DARK

    def tell(self, size: int) -> list[str]:
        smallest, largest = self.sizes
        span = f"{_pixels(smallest)} to {_pixels(largest)}" if smallest != largest else _pixels(smallest)
        modes = "; ".join(f"{count:,} {treatment}" for treatment, count in self.treatments.most_common())
        lines = [f"sizes: {span}; the central square of each, resized to {size} x {size}", f"modes: {modes}"]
        counts = {
            "turned upright as their EXIF tag says": self.turned,
            "with several frames or pages, of which the first is used": self.frames,
            f"dark: more than 8 bits, all below {DARK:.1%} of white": self.dark,
        }
        return lines + [f"{what}: {count:,}" for what, count in counts.items() if count]

    def check_readable(self) -> None:
        """Raises `InputError` that names the images that could not be read."""
        remedy = "Repair, convert or remove them."
        match self.faults:
            case []:
                return
            case [(name, reason)]:
                raise InputError(f"The image {name} cannot be read: {reason}.", remedy)
            case faults:
                shown = "; ".join(f"{name} ({reason})" for name, reason in faults[:SHOWN_FAULTS])
                more = f"; and {len(faults) - SHOWN_FAULTS:,} more" if len(faults) > SHOWN_FAULTS else ""
                raise InputError(f"{len(faults):,} images cannot be read: {shown}{more}.", remedy)


def read_into(x_NCHW: Tensor, images: Sequence[Stored], tally: Tally) -> Iterator[int]:
    """Decode the images into rows (3, size, size), in order, and yield the count so far after each one. Images that
    cannot be read go into the tally."""
    squares = watched(_decode(images, x_NCHW.shape[-1]), len(images), "images read")
    for count, (row_CHW, image, square) in enumerate(zip(x_NCHW, images, squares, strict=True), start=1):
        match square:
            case ReadImage():
                row_CHW.copy_(torch.from_numpy(np.array(square.image)).permute(2, 0, 1))
                tally.count(square)
            case reason:
                tally.faults.append((str(image), str(reason)))
        yield count


def _decode(images: Sequence[Stored], size: int) -> Iterator[ReadImage | UnreadableImageError]:
    """Each image decoded, or the reason why it cannot be, in order."""
    with without_warnings():
        pool = ThreadPoolExecutor(usable_cores())
        try:
            for start in range(0, len(images), AHEAD):
                yield from pool.map(partial(_square, size=size), images[start : start + AHEAD])
        finally:
            pool.shutdown(cancel_futures=True)


def _square(image: Stored, size: int) -> ReadImage | UnreadableImageError:
    """An image at the size used for training, since the full one would occupy memory until its turn comes."""
    try:
        read = image.decode()
    except UnreadableImageError as reason:
        return reason
    return replace(read, image=ImageOps.fit(read.image, (size, size)))


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
