"""One image file: a path comes in; 8-bit red, green and blue come out, with a note of how they were obtained.

Pillow decodes; this module decides how each of Pillow's modes is converted. Nothing is clipped: 16 bits are scaled to
8, and modes without a known range (32 bits, floating point) are refused. Transparent images are put on white, images
rotated by their EXIF tag are turned upright, and of several frames the first is taken. Refused, with the reason: a
broken link, a file that is empty, truncated or unreadable, and a mode without a known range.
"""

import io
import os
import stat
import warnings
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

Image.init()
FORMATS = tuple(
    name
    for name in ("AVIF", "BMP", "DIB", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TGA", "TIFF", "WEBP")
    if name in Image.OPEN
)
"""The formats that are decoded: those of photographs and of screens, none of which starts another program."""

ENDINGS = frozenset(
    (
        *(".avif", ".bmp", ".dib", ".gif", ".apng", ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".jp2", ".j2k", ".jpx"),
        *(".mpo", ".pbm", ".pgm", ".pnm", ".ppm", ".pfm", ".tga", ".tif", ".tiff", ".webp"),
    )
)
"""File extensions of images, in lower case; case does not matter."""

BACKGROUND = "white"
_BITS_PER_SAMPLE = 258
_ORIENTATION = 274


class UnreadableImageError(Exception):
    """The reason why a file cannot be read as an image."""


@dataclass(frozen=True, eq=False)
class ReadImage:
    """An image in RGB, and what its file was like."""

    image: Image.Image
    treatment: str
    """The mode of the file and how it was converted."""
    size: tuple[int, int]
    """Width and height, upright."""
    frames: int
    turned: bool
    brightest: float = 1.0
    """For images of more than 8 bits, the largest value as a fraction of white, in [0, 1]."""


def is_image_name(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS


def read_image(path: Path) -> ReadImage:
    """The first frame of a file, upright. Raises `UnreadableImageError` with the reason."""
    with without_warnings():
        return decode_image(path)


def without_warnings() -> AbstractContextManager[object]:
    """Used around decoding, in one thread for all: Pillow warns about metadata, or about a size that is not refused.
    Damaged pixels are errors, not warnings."""
    return warnings.catch_warnings(action="ignore")


def decode_image(path: Path) -> ReadImage:
    """Like `read_image`, for threads inside `without_warnings`."""
    _check_file(path)
    return _decode(path)


def decode_bytes(content: bytes) -> ReadImage:
    """Like `decode_image`, from the bytes of a file."""
    if not content:
        raise UnreadableImageError("it is empty (0 bytes)")
    return _decode(io.BytesIO(content))


def _decode(source: Path | io.BytesIO) -> ReadImage:
    try:
        with Image.open(source, formats=FORMATS) as image:
            frames = getattr(image, "n_frames", 1)
            if frames > 1:
                image.seek(0)
            turned = image.getexif().get(_ORIENTATION, 1) in range(2, 9)
            upright = ImageOps.exif_transpose(image)
            bits = _bits(image)
            brightest = float(np.asarray(upright).max()) / (2**bits - 1) if bits else 1.0
            return ReadImage(*to_rgb(upright, bits), upright.size, frames, turned, brightest)
    except UnreadableImageError:
        raise
    except UnidentifiedImageError:
        raise UnreadableImageError("it is not an image in a supported format") from None
    except Exception as damage:  # decoders raise all sorts of exceptions on damaged bytes
        reason = str(damage).splitlines()[0] if str(damage) else type(damage).__name__
        raise UnreadableImageError(reason.rstrip(".")) from None


def to_rgb(image: Image.Image, bits: int | None = None) -> tuple[Image.Image, str]:
    """An image of any mode in RGB, and how it was converted.

    White is 2^bits - 1 in modes of more than 8 bits. Raises `UnreadableImageError` where `bits` is needed and unknown.
    """
    mode = image.mode
    match mode:
        case "RGB" | "L" | "P" | "1" | "RGBA" | "RGBa" | "LA" | "La" | "PA" if image.has_transparency_data:
            return _over_background(image), f"{mode} with alpha, over {BACKGROUND}"
        case "RGB":
            return image, "RGB"
        case "1" | "L" | "LA" | "La":
            return image.convert("RGB"), f"{mode}, the same grey in all three channels"
        case "P" | "PA" | "RGBX" | "CMYK" | "YCbCr" | "HSV" | "RGBA" | "RGBa":
            return image.convert("RGB"), f"{mode}, converted"
        case "LAB":
            return _from_lab(image), "LAB, converted"
        case "I;16" | "I;16L" | "I;16B" | "I;16N" | "I" if bits:
            return _from_bits(image, bits), f"{mode}, {bits} bits scaled to 8"
        case _:
            raise UnreadableImageError(f"its mode {mode} does not say which values are black and white")


def _check_file(path: Path) -> None:
    try:
        facts = path.stat()
    except FileNotFoundError:
        raise UnreadableImageError("the link is broken" if path.is_symlink() else "it has vanished") from None
    except OSError as fault:
        raise UnreadableImageError((fault.strerror or str(fault)).lower()) from None
    if not stat.S_ISREG(facts.st_mode):
        raise UnreadableImageError("it is not a file")
    if facts.st_size == 0:
        raise UnreadableImageError("it is empty (0 bytes)")
    if not os.access(path, os.R_OK):
        raise UnreadableImageError("permission denied")


def _bits(image: Image.Image) -> int | None:
    """The number of bits for which white is 2^bits - 1: TIFF gives it, PNG and Netpbm scale to 16; else None."""
    match image.format, image.mode:
        case "TIFF", "I;16" | "I;16L" | "I;16B" | "I;16N":
            (bits, *_) = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, (16,))
            return int(bits)
        case _, "I;16" | "I;16L" | "I;16B" | "I;16N":
            return 16
        case "PPM" | "PNG", "I":
            return 16
        case _:
            return None


def _from_bits(image: Image.Image, bits: int) -> Image.Image:
    values_HW = np.asarray(image).astype(np.float64)
    grey_HW = np.round(values_HW * (255 / (2**bits - 1))).clip(0, 255)
    grey_HW[values_HW == image.info.get("transparency", -1)] = 255
    return Image.fromarray(grey_HW.astype(np.uint8)).convert("RGB")


def _over_background(image: Image.Image) -> Image.Image:
    straight = image.convert("LA") if image.mode == "La" else image
    layer = straight.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, BACKGROUND), layer).convert("RGB")


def _from_lab(image: Image.Image) -> Image.Image:
    """Pillow's own conversion of LAB copies L to all three channels; littleCMS converts the colours."""
    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    assert converted is not None
    return converted
