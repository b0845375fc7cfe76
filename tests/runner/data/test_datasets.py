"""Data sets: every loader on small valid files of its format, and one line for each way they can be wrong."""

import hashlib
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate
from torchvision.datasets import CIFAR10, CIFAR100, STL10

import alphadsl
from alphadsl.report.exceptions import InputError
from runner.data.datasets import check_enough, check_labelled, load_data
from runner.data.splits import ImageData, Split
from runner.settings.resolving import make_config

CPU = torch.device("cpu")
PER_FILE = 4


def load(dataset: str, root: Path) -> ImageData:
    return load_data(make_config(dataset, data_dir=root, batch=2), CPU)


def parts(data: ImageData) -> tuple[torch.Tensor, ...]:
    return data.pretrain_NCHW, data.train.x_NCHW, data.test.x_NCHW


def refusal(dataset: str, root: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        load(dataset, root)
    assert "\n" not in caught.value.message + caught.value.help
    return caught.value


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def sums_of(folder: Path, listed: list[list[str]]) -> list[list[str]]:
    return [[name, md5(folder / name)] for name, _ in listed]


@pytest.fixture
def cifar10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """CIFAR-10 with four images a file: image k of a file is all of value k, its label is k."""
    folder = tmp_path / CIFAR10.base_folder
    folder.mkdir()
    pixels = np.repeat(np.arange(PER_FILE, dtype=np.uint8)[:, None], 3072, axis=1)
    for name, _ in (*CIFAR10.train_list, *CIFAR10.test_list):
        (folder / name).write_bytes(pickle.dumps({"data": pixels, "labels": list(range(PER_FILE))}))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcd")}))
    monkeypatch.setattr(CIFAR10, "train_list", sums_of(folder, CIFAR10.train_list))
    monkeypatch.setattr(CIFAR10, "test_list", sums_of(folder, CIFAR10.test_list))
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": md5(folder / "batches.meta")})
    return tmp_path


@pytest.fixture
def stl10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """STL-10 with two labelled, three unlabelled and two test images, stored column by column."""
    folder = tmp_path / STL10.base_folder
    folder.mkdir()
    columns = np.broadcast_to(np.arange(96, dtype=np.uint8)[:, None], (3, 96, 96))
    for name, images in (("train_X.bin", 2), ("unlabeled_X.bin", 3), ("test_X.bin", 2)):
        (folder / name).write_bytes(np.stack([columns] * images).tobytes())
    for name in ("train_y.bin", "test_y.bin"):
        (folder / name).write_bytes(bytes([1, 10]))
    (folder / "class_names.txt").write_text("\n".join("abcdefghij"))
    monkeypatch.setattr(STL10, "train_list", sums_of(folder, STL10.train_list))
    monkeypatch.setattr(STL10, "test_list", sums_of(folder, STL10.test_list))
    return tmp_path


def test_digits_are_split_by_writer() -> None:
    data = load_data(make_config("digits"), CPU)
    assert data.pretrain_NCHW.shape == (1297, 3, 8, 8)
    assert data.test.x_NCHW.shape == (500, 3, 8, 8)
    assert data.pretrain_NCHW.dtype == torch.uint8
    assert (int(data.pretrain_NCHW.min()), int(data.pretrain_NCHW.max())) == (0, 255)
    assert data.classes == tuple("0123456789")


def test_cifar10_is_read(cifar10: Path) -> None:
    data = load("cifar10", cifar10)
    assert data.train.x_NCHW.shape == (5 * PER_FILE, 3, 32, 32)
    assert data.test.x_NCHW.shape == (PER_FILE, 3, 32, 32)
    assert data.train.x_NCHW[:, 0, 0, 0].tolist() == data.train.y_N.tolist() == 5 * [0, 1, 2, 3]
    assert data.classes == tuple("abcd")


def test_stl10_pretrains_on_the_unlabelled_too(stl10: Path) -> None:
    data = load("stl10", stl10)
    assert data.pretrain_NCHW.shape == (5, 3, 96, 96)
    assert data.train.y_N.tolist() == data.test.y_N.tolist() == [0, 9]
    assert data.train.x_NCHW.shape == (2, 3, 96, 96)
    assert data.pretrain_NCHW[0, 0, 0].tolist() == list(range(96))


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["cifar10", "stl10", "digits"])
@pytest.mark.parametrize("size", [8, 24, 128])
def test_images_are_brought_to_another_size(dataset: str, size: int, request: pytest.FixtureRequest) -> None:
    root = {} if dataset == "digits" else {"data_dir": request.getfixturevalue(dataset)}
    own, data = (load_data(make_config(dataset, batch=2, **more), CPU) for more in (root, root | {"image_size": size}))
    for x_NCHW, own_NCHW in zip(parts(data), parts(own), strict=True):
        assert x_NCHW.shape == (len(own_NCHW), 3, size, size)
        scaled_NCHW = interpolate(own_NCHW.double(), (size, size), mode="bilinear", antialias=True)
        assert (x_NCHW - scaled_NCHW).abs().max() <= 1
    assert data.train.y_N.equal(own.train.y_N)
    assert data.test.y_N.equal(own.test.y_N)
    assert (own.image_size == size) or f"from {own.image_size} x" in data.describe()[-1]


@pytest.mark.parametrize(("dataset", "archive"), [("cifar10", CIFAR10), ("cifar100", CIFAR100), ("stl10", STL10)])
def test_absent_data_are_named_with_the_remedy(dataset: str, archive: type[CIFAR10], tmp_path: Path) -> None:
    told = refusal(dataset, tmp_path)
    assert str(tmp_path / archive.base_folder) in told.message
    assert "does not exist" in told.message
    assert "--download" in told.help
    assert archive.url in told.help


def test_the_folder_with_the_files_is_told_from_the_one_that_it_is_in(cifar10: Path) -> None:
    assert refusal("cifar10", cifar10 / CIFAR10.base_folder).help.endswith(f"--data-dir {cifar10}")


def test_a_missing_file_is_named(cifar10: Path) -> None:
    (cifar10 / CIFAR10.base_folder / "data_batch_3").unlink()
    assert "data_batch_3 does not exist" in refusal("cifar10", cifar10).message


def test_a_truncated_file_is_named(cifar10: Path) -> None:
    path = cifar10 / CIFAR10.base_folder / "data_batch_3"
    path.write_bytes(path.read_bytes()[:500])
    told = refusal("cifar10", cifar10)
    assert told.message == f"CIFAR-10 is damaged: {path} does not have its published md5 sum."
    assert told.help.startswith("Delete it, then: let alphadsl train --download")


def test_a_pickle_that_cannot_be_read_is_one_line(cifar10: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cifar10 / CIFAR10.base_folder / "test_batch"
    path.write_bytes(path.read_bytes()[:500])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", md5(path)]])
    assert "CIFAR-10" in refusal("cifar10", cifar10).message


def test_a_truncated_stl10_file_is_named(stl10: Path) -> None:
    path = stl10 / STL10.base_folder / "unlabeled_X.bin"
    path.write_bytes(path.read_bytes()[:-7])
    assert str(path) in refusal("stl10", stl10).message


@pytest.mark.parametrize("names", [None, "airplane"])
def test_the_names_of_the_classes_of_stl10_must_be_there(names: str | None, stl10: Path) -> None:
    path = stl10 / STL10.base_folder / "class_names.txt"
    path.unlink() if names is None else path.write_text(names)
    assert refusal("stl10", stl10).message.endswith("class_names.txt does not name 10 classes.")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refusal("folder", tmp_path / "nowhere").message == f"The folder {tmp_path / 'nowhere'} does not exist."


def test_a_folder_must_be_given() -> None:
    with pytest.raises(InputError, match="needs to know where it is"):
        load_data(make_config("folder"), CPU)


@pytest.mark.parametrize("name", ["infonce", "supcon"])
@pytest.mark.parametrize(("labelled", "told"), [(200, "fewer than one batch of 500"), (0, "")])
def test_fewer_images_than_a_batch_are_refused(data: ImageData, name: str, labelled: int, told: str) -> None:
    loss, few = alphadsl.load(name), replace(data, train=Split(data.train.x_NCHW[:labelled], data.train.y_N[:labelled]))
    told = told if labelled or name == "infonce" else "needs labels"
    with pytest.raises(InputError, match=told or "200 images to pretrain on, fewer than one batch of 500"):
        check_enough(loss, few, make_config("digits", batch=500))
    assert check_enough(alphadsl.load("infonce"), few, make_config("digits", batch=200)) is None


@pytest.mark.parametrize("dataset", ["digits", "folder"])
def test_what_cannot_be_downloaded_says_so(dataset: str, tmp_path: Path) -> None:
    place = None if dataset == "digits" else tmp_path
    with pytest.raises(InputError, match=f"nothing to download for the data set {dataset}"):
        load_data(make_config(dataset, data_dir=place), CPU, download=True)


def test_a_run_on_images_without_labels_still_has_an_encoder() -> None:
    none = Split(torch.zeros(0, 3, 8, 8, dtype=torch.uint8), torch.zeros(0, dtype=torch.int64))
    with pytest.raises(InputError, match="have no labels") as refusal:
        check_labelled(ImageData((), torch.zeros(4, 3, 8, 8, dtype=torch.uint8), none, none), Path("runs/my run"))
    assert refusal.value.help.endswith("alphadsl export 'runs/my run' -o encoder.pt")
