"""Image files: every mode of Pillow's, orientation, frames and damage, each with the pixels that a person would see."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from runner.data.image_file import ENDINGS, FORMATS, UnreadableImageError, read_image, to_rgb

RED, WHITE, HALF = (255, 0, 0), (255, 255, 255), (255, 127, 127)
MODES: dict[str, tuple[Any, tuple[int, int, int]]] = {
    "1": (1, WHITE),
    "L": (90, (90, 90, 90)),
    "LA": ((0, 128), (127, 127, 127)),
    "La": ((0, 128), (127, 127, 127)),
    "RGB": (RED, RED),
    "RGBA": ((255, 0, 0, 128), HALF),
    "RGBa": ((128, 0, 0, 128), HALF),
    "RGBX": ((255, 0, 0, 0), RED),
    "CMYK": ((0, 255, 255, 0), RED),
    "YCbCr": ((76, 85, 255), (254, 0, 0)),
    "HSV": ((0, 255, 255), RED),
    "LAB": ((136, 208, 195), (250, 3, 11)),
}
"""A pixel in a mode, and the same over white in RGB."""


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_becomes_what_it_shows(mode: str) -> None:
    pixel, seen = MODES[mode]
    image = Image.new(mode, (2, 2))
    for band, value in enumerate(pixel if isinstance(pixel, tuple) else (pixel,)):
        bands = list(image.split()) if image.im.bands > 1 else [image]
        bands[band] = Image.new(bands[band].mode, (2, 2), value)
        image = Image.merge(mode, bands) if image.im.bands > 1 else bands[0]
    converted, treatment = to_rgb(image)
    assert np.abs(np.subtract(converted.getpixel((0, 0)), seen)).max() <= 1
    assert treatment.startswith(mode)


@pytest.mark.parametrize("mode", ["P", "PA"])
@pytest.mark.parametrize("clear", [False, True])
def test_a_palette_is_looked_up(mode: str, clear: bool) -> None:
    image = Image.new("P", (2, 2), 1)
    image.putpalette([0, 0, 0, *RED])
    image = image.convert(mode)
    if mode == "PA":
        image.putalpha(0 if clear else 255)
    elif clear:
        image.info["transparency"] = 1
    assert to_rgb(image)[0].getpixel((0, 0)) == (WHITE if clear else RED)


def saved(image: Image.Image, path: Path, **options: Any) -> Path:
    image.save(path, **options)
    return path


RAMP = np.linspace(0, 65535, 256).reshape(16, 16).astype(np.uint16)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pgm", "a.jp2"])
def test_16_bits_are_scaled_not_clipped(tmp_path: Path, name: str) -> None:
    read = read_image(saved(Image.fromarray(RAMP), tmp_path / name))
    assert np.array_equal(np.asarray(read.image)[:, :, 0].ravel(), np.arange(256))
    assert "16 bits scaled to 8" in read.treatment


def test_big_endian_and_12_bits_are_scaled_too(tmp_path: Path) -> None:
    assert to_rgb(Image.fromarray(RAMP.astype(">u2")), 16)[0].getpixel((15, 15)) == WHITE
    path = tmp_path / "twelve.tif"
    entries = [(256, 2), (257, 1), (258, 12), (259, 1), (262, 1), (273, 122), (277, 1), (278, 1), (279, 3)]
    tags = b"".join(struct.pack("<HHII", tag, 4 if tag in (273, 279) else 3, 1, value) for tag, value in entries)
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, len(entries)) + tags + bytes(4) + b"\xff\xf8\x00")
    read = read_image(path)
    assert (read.image.getpixel((0, 0)), read.image.getpixel((1, 0))) == (WHITE, (128, 128, 128))


def test_what_is_transparent_in_a_png_is_white(tmp_path: Path) -> None:
    for image in (Image.new("L", (2, 2), 7), Image.fromarray(np.full((2, 2), 7, np.uint16)), Image.new("RGB", (2, 2))):
        clear = (0, 0, 0) if image.mode == "RGB" else 7
        assert read_image(saved(image, tmp_path / "a.png", transparency=clear)).image.getpixel((0, 0)) == WHITE


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_a_mode_without_a_range_is_refused(tmp_path: Path, dtype: type) -> None:
    with pytest.raises(UnreadableImageError, match="does not say which values are black and white"):
        read_image(saved(Image.fromarray(RAMP.astype(dtype)), tmp_path / "a.tif"))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_every_orientation_is_upright(tmp_path: Path, orientation: int, ending: str) -> None:
    """The file is the upright image as a camera stores it under that tag (EXIF 2.32, 4.6.4)."""
    upright = Image.new("RGB", (24, 16), "white")
    upright.paste((0, 0, 0), (0, 0, 8, 8))
    turns = [(), ("FLIP_LEFT_RIGHT",), ("ROTATE_180",), ("FLIP_TOP_BOTTOM",), ("TRANSPOSE",), ("ROTATE_90",)]
    turns += [("TRANSVERSE",), ("ROTATE_270",)]
    stored = upright
    for turn in turns[orientation - 1]:
        stored = stored.transpose(getattr(Image.Transpose, turn))
    exif = Image.Exif()
    exif[274] = orientation
    read = read_image(saved(stored, tmp_path / f"a.{ending}", exif=exif))
    assert read.size == (24, 16)
    assert read.turned == (orientation > 1)
    assert np.abs(np.subtract(np.asarray(read.image, dtype=int), np.asarray(upright))).mean() < 2


@pytest.mark.parametrize("ending", ["gif", "png", "tif", "webp", "mpo"])
def test_of_several_frames_the_first_is_taken(tmp_path: Path, ending: str) -> None:
    first, *others = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "lime"))
    read = read_image(saved(first, tmp_path / f"a.{ending}", save_all=True, append_images=others))
    assert read.frames == 3
    assert np.abs(np.subtract(read.image.getpixel((3, 3)), RED)).max() < 4


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM"])
def test_a_file_cut_short_is_refused_at_every_length(tmp_path: Path, format: str) -> None:
    file = io.BytesIO()
    Image.effect_noise((16, 16), 90).save(file, format)
    whole = file.getvalue()
    for length in range(0, len(whole) - 40, 1 + len(whole) // 30):
        (tmp_path / "a.png").write_bytes(whole[:length])
        with pytest.raises(UnreadableImageError):
            read_image(tmp_path / "a.png")


def test_what_is_no_image_says_so(tmp_path: Path) -> None:
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "broken.png").symlink_to("nowhere.png")
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("%!PS-Adobe EPSF")
    (tmp_path / "folder.png").mkdir()
    reasons = {"loop": "symbolic links", "broken": "the link is broken", "empty": "0 bytes"}
    for name, reason in (reasons | {"text": "not an image", "folder": "not a file"}).items():
        with pytest.raises(UnreadableImageError, match=reason):
            read_image(tmp_path / f"{name}.png")


def test_what_is_decoded_has_its_endings() -> None:
    endings = {ending for ending, format in Image.registered_extensions().items() if format in (*FORMATS, "MPO")}
    assert endings | {".avif"} >= ENDINGS
    assert not ENDINGS & {".eps", ".ps", ".pdf", ".wmf"}
