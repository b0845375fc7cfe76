"""Where the pixels of a data set are stored: stored images come in; one tensor of all of them comes out.

A set that is small compared with the memory is decoded into memory. A larger one is decoded once into a file, which is
memory-mapped: training reads it by index, at the speed of memory for pages that the system has kept, and of the disk
otherwise. The file is in the user's cache, under a name made from the names, sizes and times of the images, so images
that have changed are read again; an unfinished file is continued. Refused: a disk without room for it.
"""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import platformdirs
import torch
from torch import Tensor

from alphadsl.report.exceptions import InputError
from alphadsl.storage import guarded, make_folder, write_file
from runner.data.reading import Stored, Tally, read_into
from runner.locks import lock_file
from runner.progress import tell
from runner.settings.processor import usable_memory

# N images

SHARE = 0.25
"""Fraction of the memory: data sets up to this size are held in memory."""
NOTED_EVERY = 4096
"""Images between two records of progress, from which an interrupted reading continues."""
GIGABYTE = 1e9
CACHE = "ALPHADSL_DATA_CACHE"
"""The environment variable that names another folder for the pixels."""


def read_pixels(images: Sequence[Stored], size: int) -> tuple[Tensor, Tally]:
    """All images (N, 3, size, size) and their tally. Raises `InputError` that names those that cannot be read."""
    shape = (len(images), 3, size, size)
    needed = int(np.prod(shape))
    if needed <= SHARE * usable_memory():
        x_NCHW, tally = torch.zeros(shape, dtype=torch.uint8), Tally()
        for _ in read_into(x_NCHW, images, tally):
            pass
        tally.check_readable()
        return x_NCHW, tally
    folder = _cache_folder() / _name_of(images, size)
    make_folder(folder)
    with guarded(folder, "used"), lock_file(folder / ".lock", wait=True):
        tally = _fill(folder, images, shape)
    tell(f"{needed / GIGABYTE:.1f} GB of pixels would take too much of the memory, so they are in {folder}.")
    return torch.from_numpy(np.memmap(folder / "pixels", np.uint8, "c", shape=shape)), tally


def _fill(folder: Path, images: Sequence[Stored], shape: tuple[int, ...]) -> Tally:
    """Decode the images that are not in the file yet."""
    pixels, note = folder / "pixels", folder / "note.json"
    done, tally = _noted(note) if pixels.exists() else (0, Tally())
    if done == len(images):
        return tally
    _reserve(pixels, int(np.prod(shape)))
    mapped = np.memmap(pixels, np.uint8, "r+", shape=shape)
    if done:
        tell(f"{done:,} of {len(images):,} images were already read into {folder}.")
    for count in read_into(torch.from_numpy(mapped)[done:], images[done:], tally):
        if count % NOTED_EVERY == 0 and not tally.faults:
            _write_note(note, mapped, done + count, tally)
    tally.check_readable()
    _write_note(note, mapped, len(images), tally)
    return tally


def _write_note(note: Path, mapped: "np.memmap[tuple[int, ...], np.dtype[np.uint8]]", count: int, tally: Tally) -> None:
    mapped.flush()  # the pixels first, so that the note never claims more images than there are
    write_file(note, json.dumps({"images": count, "tally": vars(tally)}).encode())


def _noted(note: Path) -> tuple[int, Tally]:
    """The number of images that are there, with their tally; zero if that is not known."""
    try:
        stored = json.loads(note.read_bytes())
        tally = Tally(**stored["tally"])
        tally.treatments = Counter(tally.treatments)
        tally.sizes = [(width, height) for width, height in tally.sizes]
        return int(stored["images"]), tally
    except (OSError, ValueError, KeyError, TypeError):
        return 0, Tally()


def _reserve(pixels: Path, needed: int) -> None:
    """Allocate the whole file at once, since a full disk kills a process that writes to a mapped file."""
    there = pixels.stat().st_size if pixels.exists() else 0
    free = shutil.disk_usage(pixels.parent).free
    if needed - there > free:
        raise InputError(
            f"The pixels of these images take {needed / GIGABYTE:.1f} GB, and {pixels.parent} has "
            f"{free / GIGABYTE:.1f} GB.",
            f"Make room on its disk, set {CACHE} to a folder on another, or give a smaller --image-size.",
        )
    with pixels.open("ab") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, needed)
        file.truncate(needed)


def _cache_folder() -> Path:
    return Path(os.environ.get(CACHE) or platformdirs.user_cache_path("alphadsl") / "images")


def _name_of(images: Sequence[Stored], size: int) -> str:
    digest = hashlib.sha256(f"{size}".encode())
    for image in images:
        digest.update(f"\n{image.stamp()}".encode(errors="surrogateescape"))
    return digest.hexdigest()[:16]
