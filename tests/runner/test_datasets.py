"""Data sets: every loader on small valid files of its format, and one line for each way they can be wrong."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import CIFAR10, CIFAR100, STL10

from alphadsl.report.faults import InputError
from runner.config import make_config
from runner.datasets import load_data
from runner.splits import ImageData

CPU = torch.device("cpu")
PER_FILE = 4


def load(dataset: str, root: Path) -> ImageData:
    return load_data(make_config(dataset, data_dir=root, batch=2, image_size=16), CPU)


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


def draw(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (20, 30)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of six images each, without a split."""
    for label, colour in (("blue", (0, 0, 200)), ("red", (200, 0, 0))):
        for index in range(6):
            draw(tmp_path / label / f"{index}.png", colour)
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


def test_a_folder_keeps_every_fifth_image_for_testing(folder: Path) -> None:
    data = load("folder", folder)
    assert data.classes == ("blue", "red")
    assert data.train.x_NCHW.shape == (10, 3, 16, 16)
    assert data.test.y_N.tolist() == [0, 1]
    assert data.test.x_NCHW[:, 2, 0, 0].tolist() == [200, 0]


def test_a_folder_may_bring_its_own_split(tmp_path: Path) -> None:
    for part, images in (("train", 3), ("test", 1)):
        for label in ("a", "b"):
            for index in range(images):
                draw(tmp_path / part / label / f"{index}.jpg", (9, 9, 9))
    data = load("folder", tmp_path)
    assert (len(data.train.y_N), len(data.test.y_N)) == (6, 2)


@pytest.mark.parametrize(("dataset", "archive"), [("cifar10", CIFAR10), ("cifar100", CIFAR100), ("stl10", STL10)])
def test_absent_data_are_named_with_the_remedy(dataset: str, archive: type[CIFAR10], tmp_path: Path) -> None:
    told = refusal(dataset, tmp_path)
    assert str(tmp_path / archive.base_folder) in told.message
    assert "does not exist" in told.message
    assert "--download" in told.help
    assert archive.url in told.help


def test_a_missing_file_is_named(cifar10: Path) -> None:
    (cifar10 / CIFAR10.base_folder / "data_batch_3").unlink()
    assert "data_batch_3 does not exist" in refusal("cifar10", cifar10).message


def test_a_truncated_file_is_named(cifar10: Path) -> None:
    path = cifar10 / CIFAR10.base_folder / "data_batch_3"
    path.write_bytes(path.read_bytes()[:500])
    told = refusal("cifar10", cifar10)
    assert told.message == f"CIFAR-10 is damaged: {path} does not have its published md5 sum."
    assert told.help.startswith("Delete it, then: add --download")


def test_a_pickle_that_cannot_be_read_is_one_line(cifar10: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cifar10 / CIFAR10.base_folder / "test_batch"
    path.write_bytes(path.read_bytes()[:500])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", md5(path)]])
    assert "CIFAR-10" in refusal("cifar10", cifar10).message


def test_a_truncated_stl10_file_is_named(stl10: Path) -> None:
    path = stl10 / STL10.base_folder / "unlabeled_X.bin"
    path.write_bytes(path.read_bytes()[:-7])
    assert str(path) in refusal("stl10", stl10).message


def test_an_image_that_cannot_be_read_is_named(folder: Path) -> None:
    path = folder / "red" / "2.png"
    path.write_bytes(path.read_bytes()[:40])
    told = refusal("folder", folder)
    assert told.message.startswith(f"The image {path} cannot be read")


def test_a_text_called_image_is_named(folder: Path) -> None:
    (folder / "red" / "2.png").write_text("not an image")
    assert "2.png cannot be read" in refusal("folder", folder).message


def test_an_empty_class_is_named(folder: Path) -> None:
    (folder / "green").mkdir()
    assert "green holds no image" in refusal("folder", folder).message


@pytest.mark.parametrize("classes", [0, 1])
def test_too_few_classes_are_refused(tmp_path: Path, classes: int) -> None:
    for index in range(classes):
        draw(tmp_path / f"class{index}" / "0.png", (0, 0, 0))
    assert f"too few class folders ({classes})" in refusal("folder", tmp_path).message


def test_a_split_with_other_classes_is_refused(folder: Path) -> None:
    root = folder / "root"
    for part, label in (("train", "a"), ("train", "b"), ("test", "a"), ("test", "c")):
        draw(root / part / label / "0.png", (0, 0, 0))
    assert "b is in one of them only" in refusal("folder", root).message


def test_half_a_split_is_refused(folder: Path) -> None:
    draw(folder / "train" / "a" / "0.png", (0, 0, 0))
    assert "has no counterpart" in refusal("folder", folder).message


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refusal("folder", tmp_path / "nowhere").message == f"The folder {tmp_path / 'nowhere'} does not exist."


def test_a_folder_must_be_given() -> None:
    with pytest.raises(InputError, match="needs to know where it is"):
        load_data(make_config("folder"), CPU)


def test_fewer_images_than_a_batch_are_refused() -> None:
    with pytest.raises(InputError, match="1297 images to pretrain on, fewer than one batch of 2000"):
        load_data(make_config("digits", batch=2000), CPU)
