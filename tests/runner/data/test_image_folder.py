"""Folders of images: every layout that is read, what is passed over, and one line for what can be read in two ways."""

import threading
import time
from pathlib import Path

import pytest
import torch
from PIL import Image

from alphadsl.report.exceptions import InputError
from runner.data import reading
from runner.data.image_file import ReadImage, decode_image
from runner.data.image_folder import read_image_folder
from runner.data.splits import ImageData

CLASSES = {"blue": (0, 0, 200), "red": (200, 0, 0)}


def draw(root: Path, *names: str) -> Path:
    """An image at each name, in the colour of the class that its path has."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        colour = next((value for label, value in CLASSES.items() if label in path.parts), (9, 9, 9))
        Image.new("RGB", (20, 30), colour).save(path)
    return root


def draw_class(root: Path, folder: str, count: int) -> None:
    draw(root, *(f"{folder}/{index}.png" for index in range(count)))


def draw_part(root: Path, part: str, count: int) -> None:
    for label in CLASSES:
        draw_class(root, f"{part}/{label}", count)


def counts(data: ImageData) -> tuple[int, int, int]:
    return len(data.pretrain_NCHW), len(data.train.y_N), len(data.test.y_N)


def refusal(root: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_image_folder(root, 16)
    assert "\n" not in caught.value.message + caught.value.help
    return caught.value.message


def test_without_a_split_every_fifth_image_is_kept_for_testing(tmp_path: Path) -> None:
    draw_part(tmp_path, ".", 6)
    data = read_image_folder(tmp_path, 16)
    assert data.classes == ("blue", "red")
    assert counts(data) == (10, 10, 2)
    assert data.test.y_N.tolist() == [0, 1]
    assert data.test.x_NCHW[:, 2, 0, 0].tolist() == [200, 0]
    assert data.train.x_NCHW.shape == (10, 3, 16, 16)


@pytest.mark.parametrize("train", ["train", "Train", "TRAIN", "Training", "train_set", "trainset"])
@pytest.mark.parametrize("test", ["test", "Testing", "TEST", "val", "valid", "Validation", "test_set"])
@pytest.mark.parametrize("around", [".", "archive/images"])
@pytest.mark.parametrize("layout", ["{part}/{label}", "{label}/{part}"])
def test_splits_are_splits_by_any_name_in_any_case(
    tmp_path: Path, train: str, test: str, around: str, layout: str
) -> None:
    for part, count in ((train, 2), (test, 1)):
        for label in CLASSES:
            draw_class(tmp_path / around, layout.format(part=part, label=label), count)
    data = read_image_folder(tmp_path, 8)
    assert data.classes == ("blue", "red")
    assert counts(data) == (4, 4, 2)
    assert [int(x.argmax()) for x in data.train.x_NCHW[:, ::2, 0, 0]] == [1, 1, 0, 0]


def test_validation_is_left_out_beside_test_and_unlabelled_images_are_pretrained_on(tmp_path: Path) -> None:
    for part, count in (("train", 3), ("val", 2), ("test", 1)):
        draw_part(tmp_path, part, count)
    draw_class(tmp_path, "unlabeled", 7)
    data = read_image_folder(tmp_path, 16)
    assert counts(data) == (13, 6, 2)
    assert any(line.startswith("left out: 4 images in") and "val" in line for line in data.notes)


def test_test_images_without_labels_are_left_out(tmp_path: Path) -> None:
    draw_part(tmp_path, "train", 5)
    draw_class(tmp_path, "test", 4)
    data = read_image_folder(tmp_path, 16)
    assert counts(data) == (8, 8, 2)
    assert any(line.startswith("left out: 4 images in") for line in data.notes)


@pytest.mark.parametrize("layout", [("0.png", "1.png"), ("cat/0.png", "cat/1.png"), ("train/0.png", "train/1.png")])
def test_images_in_fewer_than_two_classes_have_no_labels(tmp_path: Path, layout: tuple[str, ...]) -> None:
    data = read_image_folder(draw(tmp_path, *layout), 16)
    assert counts(data) == (2, 0, 0)
    assert not data.labelled
    assert any(line.startswith("no labels") for line in data.notes)


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    for label in ("train", "car", "plane"):
        draw_class(tmp_path, label, 5)
    assert read_image_folder(tmp_path, 16).classes == ("car", "plane", "train")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("train/red/0.png", "train/blue/0.png", "green/0.png"), "train is a split, green is not"),
        (("Train/red/0.png", "train/red/0.png", "test/red/0.png"), "are both for train"),
        (("val/red/0.png", "test/red/0.png"), "has test, val, but nothing to train on"),
        (("red/train/0.png", "red/test/0.png", "blue/0.png"), "Some classes have splits"),
        (("train/a/0.png", "train/b/0.png", "test/a/0.png", "test/c/0.png"), "b is in only one of them"),
        (("red/0.png", "blue/0.png"), "The class blue has one image"),
        ((), "There are no images below"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(tmp_path: Path, names: tuple[str, ...], told: str) -> None:
    assert told in refusal(draw(tmp_path, *names))


def test_what_is_there_in_place_of_images_is_named(tmp_path: Path) -> None:
    (tmp_path / "red").mkdir()
    (tmp_path / "red" / "0.heic").write_bytes(b"\0")
    assert f"There are no images below {tmp_path}; left out, not images: 1 (.heic 1)." in refusal(tmp_path)


def test_an_empty_class_is_named(tmp_path: Path) -> None:
    draw_part(tmp_path, ".", 3)
    (tmp_path / "green").mkdir()
    assert "green has no images" in refusal(tmp_path)


def test_what_no_person_put_there_is_passed_over_and_counted(tmp_path: Path) -> None:
    draw_part(tmp_path, ".", 5)
    for name in (".DS_Store", "red/Thumbs.db", "red/._0.png", "blue/desktop.ini"):
        (tmp_path / name).write_bytes(b"\0")
    draw(
        tmp_path, "__MACOSX/red/0.png", ".ipynb_checkpoints/0.png", "red/.ipynb_checkpoints/0.png", "blue/@eaDir/0.png"
    )
    for name in ("labels.csv", "red/notes.txt", "red/README"):
        (tmp_path / name).write_text("text")
    data = read_image_folder(tmp_path, 16)
    assert counts(data) == (8, 8, 2)
    assert "left out, hidden or system files: 8" in data.notes
    assert "left out, not images: 3 (.csv 1, no extension 1, .txt 1)" in data.notes


def test_links_are_followed_and_cycles_end(tmp_path: Path) -> None:
    draw_part(tmp_path / "images", ".", 5)
    draw_class(tmp_path, "elsewhere", 3)
    (tmp_path / "images/red/more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "images/red/back").symlink_to(tmp_path / "images")
    (tmp_path / "images/blue/self").symlink_to(".")
    (tmp_path / "images/blue/outside").symlink_to(tmp_path)
    data = read_image_folder(tmp_path / "images", 16)
    assert sum(counts(data)[1:]) == 13
    assert "left out, links that lead back to a folder above them: 3" in data.notes


def test_all_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    draw_part(tmp_path, ".", 6)
    cut, empty, broken = (tmp_path / "red" / f"{index}.png" for index in range(3))
    cut.write_bytes(cut.read_bytes()[:40])
    assert refusal(tmp_path).startswith(f"The image {cut} cannot be read")
    empty.write_bytes(b"")
    broken.unlink()
    broken.symlink_to("nowhere.png")
    told = refusal(tmp_path)
    assert told.startswith("3 images cannot be read")
    assert all(str(path) in told for path in (cut, empty, broken))


def test_the_summary_tells_what_was_read_and_how(tmp_path: Path) -> None:
    draw_part(tmp_path, ".", 5)
    Image.new("L", (40, 10)).save(tmp_path / "red" / "0.png")
    Image.new("RGBA", (20, 30)).save(tmp_path / "red" / "1.png")
    Image.new("I;16", (20, 30), 4095).save(tmp_path / "red" / "2.png")
    frames = [Image.new("RGB", (20, 30), colour) for colour in CLASSES.values()]
    frames[0].save(tmp_path / "red" / "3.gif", save_all=True, append_images=frames[1:])
    told = "\n".join(read_image_folder(tmp_path, 16).describe())
    probed = "9 in 2 classes to probe on, of which 2 are held out for validation, and 2 to test on"
    assert told.startswith(f"9 images of 16 x 16 px to pretrain on, {probed}")
    for line in (
        "blue 4 + 1, red 5 + 1",
        "every 5th of a class, held out",
        "sizes: 40 x 10 to 20 x 30; the central square of each, resized to 16 x 16",
        "1 L, the same grey in all three channels",
        "1 RGBA with alpha, over white",
        "1 I;16, 16 bits scaled to 8",
        "with several frames or pages, of which the first is used: 1",
        "dark: more than 8 bits, all below 12.5% of white: 1",
    ):
        assert line in told


def test_images_are_decoded_by_as_many_threads_as_there_are_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(3)

    def decode(path: Path) -> ReadImage:
        together.wait(timeout=30)  # until three are at it
        return decode_image(path)

    monkeypatch.setattr(reading, "usable_cores", lambda: 3)
    monkeypatch.setattr(reading, "decode_image", decode)
    draw_class(tmp_path, "red", 6)
    assert len(read_image_folder(tmp_path, 8).pretrain_NCHW) == 6


def test_order_and_faults_do_not_depend_on_which_thread_is_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shades = list(range(0, 60, 3))
    for shade in shades:
        (tmp_path / "grey").mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (shade, shade, shade)).save(tmp_path / "grey" / f"{shade:03}.png")
    straight = read_image_folder(tmp_path, 8)

    def late(path: Path) -> ReadImage:
        time.sleep(0.0005 * (60 - int(path.stem)))
        return decode_image(path)

    monkeypatch.setattr(reading, "usable_cores", lambda: 4)
    monkeypatch.setattr(reading, "AHEAD", 7)
    monkeypatch.setattr(reading, "decode_image", late)
    crowded = read_image_folder(tmp_path, 8)
    assert straight.pretrain_NCHW[:, 0, 0, 0].tolist() == shades
    assert torch.equal(straight.pretrain_NCHW, crowded.pretrain_NCHW)
    assert torch.equal(straight.test.x_NCHW, crowded.test.x_NCHW)
    assert straight.notes == crowded.notes
    for name in ("057", "003", "030"):
        (tmp_path / "grey" / f"{name}.png").write_bytes(b"")
    told = refusal(tmp_path)
    assert [told.index(name) for name in ("003", "030", "057")] == sorted(told.index(n) for n in ("003", "030", "057"))
