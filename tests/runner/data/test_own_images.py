"""Images in memory: every form becomes the same bytes, and what is no image is named."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import ConcatDataset, Dataset, TensorDataset

from alphadsl.report.exceptions import InputError
from runner.data.own_images import take_images

X_NCHW = torch.randint(0, 256, (6, 3, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
Y_N = torch.tensor([0, 1, 2, 0, 1, 2])


class Pictures(Dataset[Any]):
    """As torchvision has them: images of Pillow with whole numbers, and names of the classes."""

    classes = ("cat", "dog", "eel")

    def __init__(self, sizes: tuple[tuple[int, int], ...] = ((8, 8),) * 6) -> None:
        self.sizes = sizes

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, place: int) -> tuple[Image.Image, int]:
        picture = Image.fromarray(X_NCHW[place].permute(1, 2, 0).numpy())
        return picture.resize(self.sizes[place]), int(Y_N[place])


FORMS: dict[str, Callable[[], object]] = {
    "bytes": lambda: (X_NCHW, Y_N),
    "real": lambda: (X_NCHW.double() / 255, Y_N),
    "half": lambda: (X_NCHW.float() / 255, Y_N.to(torch.int32)),
    "arrays": lambda: (X_NCHW.numpy(), Y_N.numpy()),
    "a list of labels": lambda: (X_NCHW, Y_N.tolist()),
    "TensorDataset": lambda: TensorDataset(X_NCHW, Y_N),
    "ConcatDataset": lambda: ConcatDataset([TensorDataset(X_NCHW[:2], Y_N[:2]), TensorDataset(X_NCHW[2:], Y_N[2:])]),
    "pictures": Pictures,
    "a list of arrays": lambda: [(x.permute(1, 2, 0).numpy(), np.int64(y)) for x, y in zip(X_NCHW, Y_N, strict=True)],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_becomes_the_same_images_and_labels(form: str) -> None:
    data = take_images(FORMS[form](), None, None)
    assert torch.equal(data.pretrain_NCHW, X_NCHW)
    assert torch.equal(data.train.x_NCHW, X_NCHW)
    assert torch.equal(data.train.y_N, Y_N)
    assert len(data.test.y_N) == 0
    assert data.classes == (("cat", "dog", "eel") if form == "pictures" else ("0", "1", "2"))


@pytest.mark.parametrize("given", [X_NCHW, X_NCHW.numpy(), list(X_NCHW), TensorDataset(X_NCHW)], ids=range(4))
def test_without_labels_there_is_nothing_to_probe_on(given: object) -> None:
    data = take_images(given, None, None)
    assert torch.equal(data.pretrain_NCHW, X_NCHW)
    assert not data.labelled


def test_grey_images_have_three_colours_and_large_ones_are_brought_to_the_size() -> None:
    grey = take_images(X_NCHW[:, :1], None, None).pretrain_NCHW
    assert torch.equal(grey, X_NCHW[:, :1].expand(-1, 3, -1, -1))
    wide = take_images((torch.rand(3, 3, 20, 40), [0, 1, 2]), (torch.rand(2, 3, 30, 20), [0, 1]), 16)
    assert wide.pretrain_NCHW.shape == (3, 3, 16, 16)
    assert wide.test.x_NCHW.shape == (2, 3, 16, 16)
    pictures = take_images(Pictures(((8, 8), (20, 10), (9, 30))), None, 12)
    assert pictures.pretrain_NCHW.shape == (3, 3, 12, 12)


@pytest.mark.parametrize(
    ("given", "size", "told"),
    [
        ((X_NCHW.float(), Y_N), None, "from 0 to 255.*normalised"),
        ((X_NCHW.float() / 255 - 0.5, Y_N), None, "from -0.5"),
        ((torch.full((2, 3, 8, 8), torch.nan), [0, 1]), None, "from nan"),
        ((X_NCHW.int(), Y_N), None, "torch.int32"),
        (X_NCHW.permute(0, 2, 3, 1), None, "Colours come before height"),
        (X_NCHW[0], None, "has the shape"),
        (X_NCHW[:0], None, "has the shape"),
        (X_NCHW[:, :2], None, "has the shape"),
        (X_NCHW[:, :, :, :4], None, "4 x 8 px, not square"),
        ((X_NCHW, Y_N[:5]), None, r"\(5,\).*6 whole numbers"),
        ((X_NCHW, Y_N.float()), None, "torch.float32"),
        ((X_NCHW, Y_N - 1), None, "from 0"),
        ((X_NCHW, ["cat"] * 6), None, "not whole numbers"),
        ([], None, "no images"),
        ("images", None, "is a str"),
        (7, None, "is a int"),
        ({"image": X_NCHW}, None, "is a dict"),
        ([("cat", 1)], None, r"dataset\[0\] is a str"),
        ([X_NCHW[0], (X_NCHW[1], 1)], None, "2 images, 1 of them with labels"),
        (Pictures(((8, 8), (9, 9))), None, "8 x 8 and 9 x 9 px.*image_size"),
    ],
)
def test_what_is_no_image_is_named_in_one_line(given: object, size: int | None, told: str) -> None:
    with pytest.raises(InputError, match=told) as refusal:
        take_images(given, None, size)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "test", "told"),
    [(X_NCHW, (X_NCHW, Y_N), "cannot be tested"), ((X_NCHW, Y_N), X_NCHW, "no labels"), ((X_NCHW, Y_N), 3, "test is")],
)
def test_images_to_test_on_need_labels_on_both_sides(given: object, test: object, told: str) -> None:
    with pytest.raises(InputError, match=told):
        take_images(given, test, None)
