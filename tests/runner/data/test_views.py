"""Views: the same for the same stream, different for every sample, true to the recipe where that can be calculated."""

import colorsys
import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from runner.data.views import RECIPES, Recipe, _chroma_map, _sample_axis, make_view, to_float
from runner.training.schedule import view_stream

UNCHANGED = Recipe(
    area=(1, 1), jitter=(0, 0, 0, 0), aspect=(1, 1), flip=0, jitter_chance=0, grey_chance=0, blur_chance=0
)


@pytest.fixture
def x_BCHW() -> torch.Tensor:
    return torch.randint(0, 256, (16, 3, 12, 12), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


@pytest.mark.parametrize("name", RECIPES)
def test_views_follow_from_seed_and_step(name: str, x_BCHW: torch.Tensor) -> None:
    first, again, other_step, other_seed = (
        make_view(x_BCHW, RECIPES[name], view_stream(seed, step)) for seed, step in ((3, 5), (3, 5), (3, 6), (4, 5))
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other_step)
    assert not torch.equal(first, other_seed)


@pytest.mark.parametrize("name", RECIPES)
def test_every_sample_has_its_own_parameters(name: str, x_BCHW: torch.Tensor) -> None:
    same_BCHW = x_BCHW[:1].expand(64, -1, -1, -1)
    views = make_view(same_BCHW, RECIPES[name], view_stream(0, 0))
    assert len(torch.unique(views, dim=0)) == 64


@pytest.mark.parametrize("name", RECIPES)
def test_views_are_images(name: str, x_BCHW: torch.Tensor) -> None:
    views = make_view(x_BCHW, RECIPES[name], view_stream(0, 0))
    assert views.shape == x_BCHW.shape
    assert views.is_contiguous(memory_format=torch.channels_last)
    assert 0 <= views.min() < views.max() <= 1


def test_two_views_of_one_stream_differ(x_BCHW: torch.Tensor) -> None:
    stream = view_stream(0, 0)
    first, second = (make_view(x_BCHW, RECIPES["cifar10"], stream) for _ in range(2))
    assert not torch.equal(first, second)


def test_the_recipe_of_no_change_changes_nothing(x_BCHW: torch.Tensor) -> None:
    torch.testing.assert_close(make_view(x_BCHW, UNCHANGED, view_stream(0, 0)), to_float(x_BCHW), atol=2e-6, rtol=0)


def test_a_flip_mirrors_the_columns(x_BCHW: torch.Tensor) -> None:
    flipped = make_view(x_BCHW, replace(UNCHANGED, flip=1), view_stream(0, 0))
    torch.testing.assert_close(flipped, to_float(x_BCHW).flip(3), atol=2e-6, rtol=0)


def test_grey_is_the_luma(x_BCHW: torch.Tensor) -> None:
    grey = make_view(x_BCHW, replace(UNCHANGED, grey_chance=1), view_stream(0, 0))
    luma = (to_float(x_BCHW) * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(dim=1, keepdim=True)
    torch.testing.assert_close(grey, luma.expand(-1, 3, -1, -1), atol=2e-3, rtol=0)


def test_a_crop_is_resized_as_torch_does(x_BCHW: torch.Tensor) -> None:
    """The left half of the columns; its last column is left out, where ours sees the pixel beyond the crop."""
    columns_BTS = _sample_axis(torch.tensor([0.0]), torch.tensor([0.5]), 12)
    halves = to_float(x_BCHW) @ columns_BTS.mT
    expected = functional.interpolate(to_float(x_BCHW)[..., :6], size=(12, 12), mode="bilinear")
    torch.testing.assert_close(halves[..., :11], expected[..., :11], atol=2e-6, rtol=0)


def test_hue_turns_as_in_hsv_and_leaves_greys() -> None:
    turn = 1 / 3
    colours_BKC = _chroma_map(torch.tensor([1.0]), torch.tensor([2 * math.pi * turn]))
    red = torch.tensor([0.6, 0.5, 0.5])
    hue, _, _ = colorsys.rgb_to_hsv(*(colours_BKC[0] @ red).tolist())
    assert min(abs(hue - turn), abs(1 - hue - turn)) < 0.06
    grey = torch.full((3,), 0.4)
    torch.testing.assert_close(colours_BKC[0] @ grey, grey, atol=2e-3, rtol=0)
