"""A data set that Hugging Face `datasets` saved to disk: its folder comes in; square uint8 images with labels come out.

The folder is what `save_to_disk` writes: Arrow files, with JSON files that name splits, files and columns. pyarrow maps
them into memory, so `datasets` itself is not needed. Refused: a folder that is not such a data set, no column of images
or several, and classes that differ between splits.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from alphadsl.extras import require
from alphadsl.report.exceptions import InputError
from alphadsl.storage import read_file
from runner.data.folder_tree import check_folder
from runner.data.image_file import ReadImage, UnreadableImageError, decode_bytes, decode_image
from runner.data.image_layout import PART_NAMES, TEST_EVERY, TOLD_HELD_OUT, Part
from runner.data.pixels import read_pixels
from runner.data.reading import stamp_of
from runner.data.splits import ImageData, Split

if TYPE_CHECKING:
    from pyarrow import Table

# N images

HELP = "Give the folder that save_to_disk wrote: --dataset hf:DIR."
UNLABELLED = -1
"""The value that `datasets` writes for an unknown label."""


@dataclass(frozen=True, eq=False)
class StoredRow:
    """An image in one row of a table."""

    table: "Table"
    column: str
    row: int
    folder: Path
    stamps: str

    def decode(self) -> ReadImage:
        content = self.table[self.column][self.row].as_py()
        match content:
            case {"bytes": bytes(data)} | bytes(data):
                return decode_bytes(data)
            case {"path": str(path)} if path:
                return decode_image(self.folder / path)
            case _:
                raise UnreadableImageError("it is empty")

    def stamp(self) -> str:
        return f"{self.stamps} {self.row}"

    def __str__(self) -> str:
        return f"{self.row} of {self.folder}"


@dataclass(frozen=True, eq=False)
class SavedSplit:
    """The rows of one split."""

    folder: Path
    images: tuple[StoredRow, ...]
    classes: tuple[str, ...]
    y_N: Tensor
    """Labels (N,), -1 where there is none."""
    labels: str
    """The column of the labels, or why there are none."""

    def pick(self, rows: Tensor) -> "SavedSplit":
        return replace(self, images=tuple(self.images[row] for row in rows.tolist()), y_N=self.y_N[rows])

    @property
    def labelled(self) -> "SavedSplit":
        return self.pick((self.y_N >= 0).nonzero()[:, 0])

    @property
    def others(self) -> "SavedSplit":
        return self.pick((self.y_N < 0).nonzero()[:, 0])


def read_saved_dataset(root: Path, size: int) -> ImageData:
    """The images of a saved data set, cropped to the central square and resized to `size` pixels a side.

    Raises `InputError` if it cannot be read or pyarrow is not installed.
    """
    splits = {name: _read_split(folder) for name, folder in _split_folders(root).items()}
    parts, decisions = _parts_of(splits, root)
    train, test = parts[Part.TRAIN].labelled, parts[Part.TEST].labelled
    extra = [*parts[Part.TRAIN].others.images, *parts[Part.UNLABELLED].images]
    images = [*train.images, *extra, *test.images]
    if not images:
        raise InputError(f"The data set {root} has no rows.", HELP)
    x_NCHW, tally = read_pixels(images, size)
    pretrain_NCHW, test_NCHW = torch.split(x_NCHW, [len(train.images) + len(extra), len(test.images)])
    counts = ", ".join(f"{name} {len(split.images):,}" for name, split in splits.items())
    notes = (f"splits of {root}: {counts}", *decisions, *tally.tell(size))
    learnt = Split(pretrain_NCHW[: len(train.images)], train.y_N)
    return ImageData(train.classes, pretrain_NCHW, learnt, Split(test_NCHW, test.y_N), notes)


def _split_folders(root: Path) -> Mapping[str, Path]:
    check_folder(root, HELP)
    if (root / "dataset_dict.json").is_file():
        names = _read_json(root / "dataset_dict.json").get("splits")
        if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
            return {name: root / name for name in names}
        raise InputError(f"{root / 'dataset_dict.json'} names no splits.", HELP)
    if (root / "state.json").is_file():
        return {"train": root}
    raise InputError(f"{root} is not a data set that was saved to disk: it has no state.json.", HELP)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_file(path))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise InputError(f"{path} is damaged.", "Save the data set again.")
    return content


def _read_split(folder: Path) -> SavedSplit:
    require("The data set hf", "hf")
    import pyarrow as arrow

    state, info = _read_json(folder / "state.json"), _read_json(folder / "dataset_info.json")
    if state.get("_indices_data_files"):
        raise InputError(f"{folder} is a selection of rows.", "Call flatten_indices() before you save it.")
    try:
        paths = [folder / part["filename"] for part in state["_data_files"]]
        features = {name: _kind(feature) for name, feature in info["features"].items()}
    except (KeyError, TypeError, AttributeError):
        raise InputError(f"{folder} does not say which files and columns it has.", "Save the data set again.") from None
    tables = []
    for path in paths:
        try:
            tables.append(arrow.ipc.open_stream(arrow.memory_map(str(path))).read_all())
        except (arrow.ArrowException, OSError) as fault:
            reason = str(fault).splitlines()[0].rstrip(".")
            raise InputError(f"{path} cannot be read: {reason}.", "Save the data set again.") from None
    column = _image_column(features, folder)
    if not tables:
        raise InputError(f"{folder} has no rows.", "Save it with images, or leave out this split.")
    stamps = " ".join(map(stamp_of, paths))
    table = arrow.concat_tables(tables)
    _check_column(table, column, folder)
    rows = tuple(StoredRow(table, column, row, folder, stamps) for row in range(table.num_rows))
    return SavedSplit(folder, rows, *_labels(table, info["features"], folder))


def _kind(feature: Any) -> str:
    return str(feature.get("_type")) if isinstance(feature, dict) else "Sequence"


def _image_column(features: Mapping[str, str], folder: Path) -> str:
    columns = [name for name, kind in features.items() if kind == "Image"]
    preferred = [name for name in columns if name in ("image", "img")] or columns
    if len(preferred) != 1:
        present = ", ".join(columns) or f"none among {', '.join(features)}"
        raise InputError(
            f"{folder} must have one column of images, and has {present}.",
            "Keep one: select_columns([...]) in datasets, cast to datasets.Image().",
        )
    return preferred[0]


def _check_column(table: "Table", name: str, folder: Path) -> None:
    if name not in table.column_names:
        raise InputError(f"{folder} has no column {name}, although it lists one.", "Save the data set again.")


def _labels(table: "Table", features: Mapping[str, Any], folder: Path) -> tuple[tuple[str, ...], Tensor, str]:
    """Names of the classes, labels (N,) and their column: the label column with most classes. No labels if there is
    none, and why."""
    named = {name: it["names"] for name, it in features.items() if _kind(it) == "ClassLabel" and it.get("names")}
    if not named:
        others = ", ".join(name for name, feature in features.items() if _kind(feature) != "Image")
        reason = f"no labels: {folder} has no column of type ClassLabel, so nothing is probed"
        remedy = f"; class_encode_column in datasets makes one of {others}" if others else ""
        return (), torch.full((table.num_rows,), UNLABELLED), reason + remedy
    name = max(named, key=lambda it: len(named[it]))
    _check_column(table, name, folder)
    try:
        values = table[name].fill_null(UNLABELLED).to_numpy().astype(np.int64)
    except (TypeError, ValueError):
        raise InputError(f"{folder} has labels in {name} that are not numbers.", "Save the data set again.") from None
    if len(values) and not (values.min() >= UNLABELLED and values.max() < len(named[name])):
        raise InputError(f"{folder} has labels in {name} that are outside its {len(named[name])} classes.")
    return tuple(map(str, named[name])), torch.from_numpy(values), f"labels: {name}"


def _parts_of(splits: Mapping[str, SavedSplit], root: Path) -> tuple[Mapping[Part, SavedSplit], Sequence[str]]:
    """The splits for training, for testing, and without labels; and what was decided, one decision per line."""
    known: dict[Part, str] = {}
    for name in splits:
        part = PART_NAMES.get(name.casefold(), Part.UNLABELLED if name.casefold() == "unsupervised" else None)
        if part is not None:
            known.setdefault(part, name)
    if Part.TRAIN not in known:
        raise InputError(
            f"The data set {root} has {', '.join(splits)}, but nothing to train on.",
            "Call a split train: datasets.DatasetDict(train=...).",
        )
    train = splits[known[Part.TRAIN]]
    unlabelled = known.get(Part.UNLABELLED)
    extra = train.pick(torch.zeros(0, dtype=torch.int64)) if unlabelled is None else splits[unlabelled]
    tests = (known[part] for part in (Part.TEST, Part.VALIDATION) if part in known)
    chosen = next((name for name in tests if len(splits[name].labelled.images)), None)
    used = {known[Part.TRAIN], unlabelled, chosen}
    notes = [train.labels, *(f"left out: the split {name}" for name in splits if name not in used)]
    if chosen is None:
        train, test = _hold_out(train)
    else:
        test = splits[chosen]
    if len(test.images):
        notes.append(f"test images: the split {chosen}" if chosen else TOLD_HELD_OUT)
    if test.classes != train.classes:
        raise InputError(f"The classes of {test.folder} are not those of {train.folder}.", "Give both the same.")
    return {Part.TRAIN: train, Part.TEST: test, Part.UNLABELLED: extra}, notes


def _hold_out(train: SavedSplit) -> tuple[SavedSplit, SavedSplit]:
    """Split off every fifth image of a class for testing."""
    held_N = torch.zeros(len(train.y_N), dtype=torch.bool)
    for label in range(len(train.classes)):
        held_N[(train.y_N == label).nonzero()[1::TEST_EVERY, 0]] = True
    return train.pick((~held_N).nonzero()[:, 0]), train.pick(held_N.nonzero()[:, 0])
