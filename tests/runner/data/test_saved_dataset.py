"""Data sets that Hugging Face `datasets` saved to disk: Arrow files with JSON beside them, written here as it does."""

import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow
import pytest
import torch
from PIL import Image

from alphadsl.report.exceptions import InputError
from runner.data.datasets import load_data
from runner.data.image_layout import TOLD_HELD_OUT
from runner.data.saved_dataset import read_saved_dataset
from runner.settings.resolving import make_config

COLOURS = ("red", "green", "blue")
ARROW = "data-00000-of-00001.arrow"
IMAGE, LABEL = {"_type": "Image"}, {"_type": "ClassLabel", "names": list(COLOURS)}


def picture(colour: str, mode: str = "RGB", form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).convert(mode).save(file, form)
    return file.getvalue()


def save_split(
    folder: Path,
    rows: Sequence[tuple[bytes | None, int | None]],
    features: Mapping[str, object] | None = None,
    files: int = 1,
) -> None:
    folder.mkdir(parents=True)
    image = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    schema = pyarrow.schema([("image", image), ("label", pyarrow.int64())])
    names = [f"data-{part:05}-of-{files:05}.arrow" for part in range(files)]
    for part, name in enumerate(names):
        mine = rows[part::files]
        columns = {"image": [{"bytes": it, "path": None} for it, _ in mine], "label": [label for _, label in mine]}
        with pyarrow.ipc.new_stream(folder / name, schema) as stream:
            stream.write_table(pyarrow.table(columns, schema))
    state = {"_data_files": [{"filename": name} for name in names], "_split": folder.name}
    (folder / "state.json").write_text(json.dumps(state))
    told = {"features": features or {"image": IMAGE, "label": LABEL}}
    (folder / "dataset_info.json").write_text(json.dumps(told))


def rows_of(count: int) -> list[tuple[bytes | None, int | None]]:
    return [(picture(COLOURS[index % 3]), index % 3) for index in range(count)]


def save(root: Path, **splits: Sequence[tuple[bytes | None, int | None]]) -> Path:
    for name, rows in splits.items():
        save_split(root / name, rows)
    (root / "dataset_dict.json").write_text(json.dumps({"splits": list(splits)}))
    return root


def test_splits_labels_and_pixels_are_those_of_the_data_set(tmp_path: Path) -> None:
    root = save(tmp_path / "set", train=rows_of(6), test=rows_of(3), unlabeled=[(picture("white"), -1)])
    data = load_data(make_config(f"hf:{root}", image_size=8), torch.device("cpu"))
    assert data.classes == COLOURS
    assert data.train.y_N.tolist() == [0, 1, 2, 0, 1, 2]
    assert data.test.y_N.tolist() == [0, 1, 2]
    assert data.train.x_NCHW[:3, :, 0, 0].tolist() == [[255, 0, 0], [0, 128, 0], [0, 0, 255]]
    assert data.pretrain_NCHW[-1, :, 0, 0].tolist() == [255, 255, 255]
    assert len(data.pretrain_NCHW) == 7
    assert f"splits of {root}: train 6, test 3, unlabeled 1" in data.notes


def test_a_single_split_in_several_files_is_held_out_from(tmp_path: Path) -> None:
    save_split(tmp_path / "set", rows_of(12), files=2)
    data = read_saved_dataset(tmp_path / "set", 8)
    assert (len(data.train.y_N), len(data.test.y_N)) == (9, 3)
    assert sorted(data.test.y_N.tolist()) == [0, 1, 2]


def test_validation_stands_for_a_test_split_without_labels(tmp_path: Path) -> None:
    root = save(tmp_path / "set", train=rows_of(6), validation=rows_of(3), test=[(picture("red"), -1)] * 2)
    assert read_saved_dataset(root, 8).test.y_N.tolist() == [0, 1, 2]


def test_images_without_labels_are_pretrained_on(tmp_path: Path) -> None:
    save_split(tmp_path / "set", [(picture("red"), None)] * 3, {"image": IMAGE, "label": {"_type": "Value"}})
    data = read_saved_dataset(tmp_path / "set", 8)
    assert (len(data.pretrain_NCHW), data.labelled, data.classes) == (3, False, ())
    assert any("class_encode_column in datasets makes one of label" in note for note in data.notes)


def test_what_was_decided_is_told(tmp_path: Path) -> None:
    root = save(tmp_path / "set", train=rows_of(6), test=[(picture("red"), -1)], extra=rows_of(1))
    told = ("labels: label", "left out: the split test", "left out: the split extra", TOLD_HELD_OUT)
    assert read_saved_dataset(root, 8).notes[1:5] == told
    (root / "extra").rename(root / "dev")
    (root / "dataset_dict.json").write_text('{"splits": ["train", "dev"]}')
    assert read_saved_dataset(root, 8).notes[1:3] == ("labels: label", "test images: the split dev")


@pytest.mark.parametrize(("mode", "form"), [("L", "PNG"), ("P", "GIF"), ("CMYK", "JPEG"), ("LA", "PNG")])
def test_images_of_any_mode_are_read(mode: str, form: str, tmp_path: Path) -> None:
    save_split(tmp_path / "set", [(picture("white", mode, form), 0)] * 2)
    assert read_saved_dataset(tmp_path / "set", 8).train.x_NCHW.min() >= 250


def two_columns(root: Path) -> None:
    (root / "train" / "dataset_info.json").write_text(
        json.dumps({"features": {"left": IMAGE, "right": IMAGE, "label": LABEL}})
    )


def another_label(root: Path) -> None:
    (root / "train" / "dataset_info.json").write_text(json.dumps({"features": {"image": IMAGE, "kind": LABEL}}))


def labels_in_words(root: Path) -> None:
    path = root / "train" / ARROW
    table = pyarrow.ipc.open_stream(path.read_bytes()).read_all()
    words = table.set_column(1, "label", pyarrow.array(["red"] * len(table)))
    with pyarrow.ipc.new_stream(path, words.schema) as stream:
        stream.write_table(words)


def refill(root: Path, rows: Sequence[tuple[bytes | None, int | None]]) -> None:
    for path in (root / "train").iterdir():
        path.unlink()
    (root / "train").rmdir()
    save_split(root / "train", rows)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (lambda root: root.rename(root.with_name("moved")), "does not exist"),
    "no state": (lambda root: (root / "train" / "state.json").unlink(), "state.json"),
    "not a data set": (lambda root: (root / "dataset_dict.json").unlink(), "has no state.json"),
    "damaged state": (lambda root: (root / "train" / "state.json").write_text("{"), "state.json is damaged"),
    "no files named": (lambda root: (root / "train" / "state.json").write_text("{}"), "which files and columns"),
    "no splits": (lambda root: (root / "dataset_dict.json").write_text("{}"), "names no splits"),
    "nothing to train on": (
        lambda root: (root / "dataset_dict.json").write_text('{"splits": ["test"]}'),
        "nothing to train on",
    ),
    "file gone": (lambda root: (root / "train" / ARROW).unlink(), ARROW),
    "file empty": (lambda root: (root / "train" / ARROW).write_bytes(b""), ARROW),
    "file cut short": (
        lambda root: (root / "train" / ARROW).write_bytes((root / "train" / ARROW).read_bytes()[:700]),
        ARROW,
    ),
    "two columns of images": (two_columns, "one column of images, and has left, right"),
    "a column that is not there": (another_label, "has no column kind, although it lists one"),
    "labels in words": (labels_in_words, "labels in label that are not numbers"),
    "an empty image": (lambda root: refill(root, [*rows_of(3), (b"", 0)]), "it is empty (0 bytes)"),
    "no image": (lambda root: refill(root, [*rows_of(3), (None, 0)]), "it is empty"),
    "half an image": (lambda root: refill(root, [*rows_of(3), (picture("red")[:40], 0)]), "train cannot be read"),
    "a label too many": (lambda root: refill(root, [*rows_of(3), (picture("red"), 7)]), "outside its 3 classes"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named_in_one_line(damage: str, tmp_path: Path) -> None:
    root = save(tmp_path / "set", train=rows_of(6), test=rows_of(3))
    harm, told = DAMAGES[damage]
    harm(root)
    with pytest.raises(InputError) as refusal:
        read_saved_dataset(root, 8)
    assert told in refusal.value.message
    assert "\n" not in refusal.value.message


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_split(tmp_path / "set", rows_of(6))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"The data set hf needs .* \(pyarrow\): pip install 'alphadsl\[hf\]'"):
        read_saved_dataset(tmp_path / "set", 8)


def test_two_places_are_refused() -> None:
    with pytest.raises(InputError, match="both say where the data are"):
        make_config("hf:here", data_dir="there")
    with pytest.raises(InputError, match="data_dir = '' is refused"):
        make_config("hf:")
