"""Data sets larger than a share of the memory: the same pixels, from a file that is made once."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from alphadsl.report.exceptions import InputError
from runner.data import pixels, reading
from runner.data.image_file import ReadImage, decode_image
from runner.data.image_folder import read_image_folder
from runner.data.splits import ImageData

IMAGES = 20


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for shade in range(IMAGES):
        folder = tmp_path / "images" / ("dark" if shade < IMAGES // 2 else "light")
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8 + shade, 8), shade * 12).save(folder / f"{shade:02}.png")
    return tmp_path / "images"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with so little memory that nothing is held in it, and room for pixels elsewhere."""
    monkeypatch.setenv(pixels.CACHE, str(tmp_path / "cache"))
    monkeypatch.setattr(pixels, "NOTED_EVERY", 4)
    return tmp_path / "cache"


@pytest.fixture
def held(images: Path) -> ImageData:
    """The same images in memory."""
    return read_image_folder(images, 8)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch, held: ImageData) -> list[str]:
    """The images that are decoded from here on, on a machine without memory."""
    names: list[str] = []

    def noting(path: Path) -> ReadImage:
        names.append(path.name)
        return decode_image(path)

    monkeypatch.setattr(pixels, "usable_memory", lambda: 1000)
    monkeypatch.setattr(reading, "decode_image", noting)
    return names


def assert_same(one: ImageData, other: ImageData) -> None:
    assert torch.equal(one.pretrain_NCHW, other.pretrain_NCHW)
    assert torch.equal(one.test.x_NCHW, other.test.x_NCHW)
    assert one.notes == other.notes


def test_images_are_decoded_once_into_a_file_that_is_named(
    images: Path, cache: Path, held: ImageData, decoded: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert_same(held, read_image_folder(images, 8))
    assert len(decoded) == IMAGES
    (folder,) = cache.iterdir()
    assert str(folder) in capsys.readouterr().err.replace("\n", "")
    assert_same(held, read_image_folder(images, 8))
    assert len(decoded) == IMAGES
    read_image_folder(images, 16)
    assert len(list(cache.iterdir())) == 2


def test_an_image_that_changed_is_read_again(images: Path, cache: Path, held: ImageData, decoded: list[str]) -> None:
    read_image_folder(images, 8)
    Image.new("L", (9, 9), 255).save(images / "dark" / "00.png")
    assert read_image_folder(images, 8).pretrain_NCHW[0].min() == 255


def test_reading_that_broke_off_is_gone_on_with(
    images: Path, cache: Path, held: ImageData, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def breaking(note: Path, mapped: object, count: int, tally: reading.Tally) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(count)
        write_note(note, mapped, count, tally)  # type: ignore[arg-type]

    write_note = pixels._write_note
    with monkeypatch.context() as patch:
        patch.setattr(pixels, "_write_note", breaking)
        with pytest.raises(KeyboardInterrupt):
            read_image_folder(images, 8)
    before = len(decoded)
    assert_same(held, read_image_folder(images, 8))
    assert written == [4, 8]
    assert len(decoded) - before == IMAGES - 8


def test_a_damaged_image_is_named_and_nothing_is_taken_for_read(
    images: Path, cache: Path, held: ImageData, decoded: list[str]
) -> None:
    whole = (images / "light" / "15.png").read_bytes()
    (images / "light" / "15.png").write_bytes(whole[:30])
    for _ in range(2):
        with pytest.raises(InputError, match=r"15\.png cannot be read"):
            read_image_folder(images, 8)
    (images / "light" / "15.png").write_bytes(whole)
    assert_same(held, read_image_folder(images, 8))


@pytest.mark.parametrize("damage", [b"", b"{", b'{"images": 20}', b"[]"])
def test_a_damaged_note_is_read_over(
    damage: bytes, images: Path, cache: Path, held: ImageData, decoded: list[str]
) -> None:
    read_image_folder(images, 8)
    (folder,) = cache.iterdir()
    (folder / "note.json").write_bytes(damage)
    assert_same(held, read_image_folder(images, 8))
    assert len(decoded) == 2 * IMAGES


def test_a_disk_without_room_is_refused_before_reading(
    images: Path, cache: Path, held: ImageData, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = pixels.shutil.disk_usage(images)
    monkeypatch.setattr(pixels.shutil, "disk_usage", lambda path: usage._replace(free=10))
    with pytest.raises(InputError, match="The pixels of these images take") as refusal:
        read_image_folder(images, 8)
    assert pixels.CACHE in refusal.value.help
    assert decoded == []
