"""Many stored images: where each lies comes in, all of them as squares of one size come out, and what they were.

A thread for each core decodes, since Pillow decodes without Python's lock. Pixels go where the caller wants them: to
memory, or to a file that is mapped to it. Refused: images that cannot be read, all of them named at once.
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
"""Images that are decoded before the first of them is taken, at the size that is trained on."""
DARK = 1 / 8
"""Images of more than 8 bits whose greatest value is below this part of white are said to be dark."""


class Stored(Protocol):
    """An image before it is read; its text is the name that a refusal has for it."""

    def decode(self) -> ReadImage:
        """Raises `UnreadableImageError` with the reason."""

    def stamp(self) -> str:
        """What changes when the image does: where it lies, how large it is and of when."""


def stamp_of(path: Path) -> str:
    """The stamp of a file; of one that is not there, its name alone."""
    try:
        facts = path.stat()
    except OSError:
        return str(path)
    return f"{path.resolve()} {facts.st_size} {facts.st_mtime_ns}"


@dataclass(frozen=True)
class StoredFile:
    """An image that is a file of its own."""

    path: Path

    def decode(self) -> ReadImage:
        return decode_image(self.path)

    def stamp(self) -> str:
        return stamp_of(self.path)

    def __str__(self) -> str:
        return str(self.path)


@dataclass
class Tally:
    """What the images were, by count."""

    treatments: Counter[str] = field(default_factory=Counter)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    """The smallest and the largest."""
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
        lines = [f"sizes: {span}; the middle square of each, resized to {size} x {size}", f"modes: {modes}"]
        counts = {
            "turned upright, by their EXIF tag": self.turned,
            "of several frames or pages, of which the first is taken": self.frames,
            f"dark: of more than 8 bits, and below {DARK:.1%} of white": self.dark,
        }
        return lines + [f"{what}: {count:,}" for what, count in counts.items() if count]

    def check_readable(self) -> None:
        """Raises `InputError` that names what could not be read."""
        remedy = "Repair, convert or move what is named."
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
    """Bring the images into rows (3, size, size), in their order, and say after each how many there are by now; what
    cannot be read goes to the tally."""
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
    """What becomes of each image, in order."""
    with without_warnings():
        pool = ThreadPoolExecutor(usable_cores())
        try:
            for start in range(0, len(images), AHEAD):
                yield from pool.map(partial(_square, size=size), images[start : start + AHEAD])
        finally:
            pool.shutdown(cancel_futures=True)


def _square(image: Stored, size: int) -> ReadImage | UnreadableImageError:
    """An image at the size that is trained on, since the whole one would take memory until its turn comes."""
    try:
        read = image.decode()
    except UnreadableImageError as reason:
        return reason
    return replace(read, image=ImageOps.fit(read.image, (size, size)))


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
