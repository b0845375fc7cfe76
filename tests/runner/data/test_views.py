"""Views: the same for the same stream, different for every sample, true to the recipe where that can be calculated."""

import colorsys
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from scipy.stats import ks_2samp
from torchvision import transforms
from torchvision.transforms.functional import gaussian_blur, resized_crop

from alphadsl.report.exceptions import InputError
from runner.data import views
from runner.data.views import (
    RECIPES,
    Recipe,
    Share,
    _chroma_map,
    _draw_blur,
    _draw_crop,
    make_view,
    recipe_of,
    to_float,
)
from runner.settings.resolving import make_config
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


CROPPED = replace(UNCHANGED, area=(0.2, 1.0), aspect=(3 / 4, 4 / 3))
JITTERED = replace(UNCHANGED, jitter=(0.4, 0.4, 0.4, 0.1), jitter_chance=0.8, grey_chance=0.2)


def boxes(recipe: Recipe, count: int) -> torch.Tensor:
    """Left and right, top and bottom of crops, in parts of the image: (4, B)."""
    shown = make_view(ramps().expand(count, -1, -1, -1), recipe, view_stream(0, 0))
    x_BW, y_BH = shown[:, 0, 0] * 255, shown[:, 1, :, 0] * 255
    # Two places that are far from the edge, where a ramp goes on as a constant, say what the crop is.
    ends = []
    for at_BT in (x_BW, y_BH):
        step_B = (at_BT[:, 40] - at_BT[:, 24]) / 16
        middle_B = (at_BT[:, 31] + at_BT[:, 32]) / 2 + 0.5
        ends += [middle_B - 32 * step_B, middle_B + 32 * step_B]
    return torch.stack(ends) / 64


def ramps() -> torch.Tensor:
    """An image of 64 px whose red is the column and whose green is the row."""
    along_S = torch.arange(64, dtype=torch.uint8)
    return torch.stack(
        [along_S.expand(64, 64), along_S[:, None].expand(64, 64), torch.zeros(64, 64, dtype=torch.uint8)]
    )


def theirs(transform: Callable[[torch.Tensor], torch.Tensor], x_CHW: torch.Tensor, count: int) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.stack([transform(x_CHW) for _ in range(count)])


def assert_same_distribution(ours_B: torch.Tensor, theirs_B: torch.Tensor) -> None:
    """By the distance of Kolmogorov and Smirnov; one in a thousand seeds would fail by chance, and seeds are fixed."""
    assert ks_2samp(ours_B.double().numpy(), theirs_B.double().numpy()).pvalue > 1e-3


def test_crops_are_those_of_torchvision() -> None:
    ours = boxes(CROPPED, 800)
    crop = transforms.RandomResizedCrop(64, CROPPED.area, CROPPED.aspect)
    torch.manual_seed(0)
    whole = torch.empty(1, 512, 512)  # large, so that whole pixels say little
    top, left, down, across = torch.tensor([crop.get_params(whole, CROPPED.area, CROPPED.aspect) for _ in range(800)]).T
    drawn = torch.stack([left, left + across, top, top + down]) / 512
    for mine_B, its_B in zip(ours, drawn, strict=True):
        assert_same_distribution(mine_B, its_B)
    area_B, its_area_B = ((box[1] - box[0]) * (box[3] - box[2]) for box in (ours, drawn))
    assert_same_distribution(area_B, its_area_B)


@pytest.mark.parametrize(("left", "across", "top", "down"), [(0, 32, 8, 40), (13, 21, 30, 34), (0, 64, 0, 64)])
def test_a_crop_is_resized_as_torchvision_does(left: int, across: int, top: int, down: int) -> None:
    x_BCHW = torch.randint(0, 256, (1, 3, 64, 64), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    row = [across / 64, 0, (2 * left + across) / 64 - 1, 0, down / 64, (2 * top + down) / 64 - 1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "_draw_crop", lambda batch, recipe, generator: torch.tensor([row]).unflatten(1, (2, 3)))
        shown = make_view(x_BCHW, UNCHANGED, view_stream(0, 0))
    expected = resized_crop(to_float(x_BCHW), top, left, down, across, [64, 64], antialias=False)
    # Next to the edge of a crop ours sees the pixels beyond it, as a crop that starts between pixels must.
    torch.testing.assert_close(shown[..., 3:-3, 3:-3], expected[..., 3:-3, 3:-3], atol=2e-5, rtol=0)


@pytest.mark.parametrize("colour", [(200, 60, 90), (120, 120, 120), (20, 200, 240)])
def test_colours_are_strewn_as_by_torchvision(colour: tuple[int, int, int]) -> None:
    """Luma and chroma of a picture of one colour, and how far its bright half is from its dark one: mean and spread
    agree to 0.3 of the spread, as values are clamped after each operation there, and at the end here."""
    x_CHW = torch.tensor(colour, dtype=torch.uint8)[:, None, None].repeat(1, 8, 8)
    x_CHW[:, 4:] //= 2
    brightness, contrast, saturation, hue = JITTERED.jitter
    jitter = transforms.RandomApply([transforms.ColorJitter(brightness, contrast, saturation, hue)], 0.8)
    transform = transforms.Compose([jitter, transforms.RandomGrayscale(0.2)])
    mine_BCHW = make_view(x_CHW.expand(600, -1, -1, -1), JITTERED, view_stream(0, 0))
    its_BCHW = theirs(transform, x_CHW / 255, 600)
    for name, measure in MEASURES.items():
        mine_B, its_B = measure(mine_BCHW), measure(its_BCHW)
        spread = float(its_B.std()) + 0.01
        assert float(mine_B.mean()) == pytest.approx(float(its_B.mean()), abs=0.3 * spread), name
        assert float(mine_B.std()) == pytest.approx(float(its_B.std()), abs=0.3 * spread), name


LUMA = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
MEASURES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "luma": lambda x_BCHW: (x_BCHW * LUMA).sum(dim=1).mean(dim=(1, 2)),
    "contrast": lambda x_BCHW: (x_BCHW[:, :, :4] - x_BCHW[:, :, 4:]).mean(dim=(1, 2, 3)),
    "saturation": lambda x_BCHW: (x_BCHW.amax(dim=1) - x_BCHW.amin(dim=1)).mean(dim=(1, 2)),
    "warmth": lambda x_BCHW: (x_BCHW[:, 0] - x_BCHW[:, 2]).mean(dim=(1, 2)),
}


@pytest.mark.parametrize("size", [8, 12, 32])
def test_a_blur_is_that_of_torchvision(size: int) -> None:
    """Where it happens, by its own width; other samples stay as they are."""
    x_BCHW = torch.randint(0, 256, (64, 3, size, size), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    recipe = replace(UNCHANGED, blur_chance=0.5)
    shown = make_view(x_BCHW, recipe, view_stream(0, 0))
    stream = view_stream(0, 0)
    _draw_crop(64, recipe, stream)
    blurred_M, sigma_M = _draw_blur(64, recipe, stream)
    assert 16 < len(blurred_M) < 48
    expected = to_float(x_BCHW)
    taps = 2 * min(6, size - 1) + 1
    for sample, sigma in zip(blurred_M.tolist(), sigma_M.tolist(), strict=True):
        expected[sample] = gaussian_blur(expected[sample], [taps, taps], [sigma, sigma])
    torch.testing.assert_close(shown, expected, atol=1e-5, rtol=0)


def test_a_device_is_sent_a_few_numbers_a_sample(x_BCHW: torch.Tensor) -> None:
    """Whatever the size of the images."""
    for size in (12, 48):
        sent: list[torch.Tensor] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(views, "_send", lambda drawn, device: sent.append(drawn) or drawn)  # noqa: B023
            make_view(torch.zeros(16, 3, size, size, dtype=torch.uint8), RECIPES["stl10"], view_stream(0, 0))
        assert sum(drawn.numel() for drawn in sent) <= 20 * 16


def test_hue_turns_as_in_hsv_and_leaves_greys() -> None:
    turn = 1 / 3
    colours_BKC = _chroma_map(torch.tensor([1.0]), torch.tensor([2 * math.pi * turn]))
    red = torch.tensor([0.6, 0.5, 0.5])
    hue, _, _ = colorsys.rgb_to_hsv(*(colours_BKC[0] @ red).tolist())
    assert min(abs(hue - turn), abs(1 - hue - turn)) < 0.06
    grey = torch.full((3,), 0.4)
    torch.testing.assert_close(colours_BKC[0] @ grey, grey, atol=2e-3, rtol=0)


@pytest.mark.parametrize("name", ["cifar10", "stl10", "digits"])
@pytest.mark.parametrize("every", [2, 3, 4])
def test_a_share_of_a_batch_has_the_views_of_the_whole(name: str, every: int, x_BCHW: torch.Tensor) -> None:
    whole_BCHW = make_view(x_BCHW, RECIPES[name], view_stream(3, 5))
    for first in range(every):
        share = Share(len(x_BCHW), first, every)
        part_bCHW = make_view(x_BCHW[first::every], RECIPES[name], view_stream(3, 5), share)
        torch.testing.assert_close(part_bCHW, whole_BCHW[first::every], rtol=0, atol=1e-6)
        assert part_bCHW.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("dataset", "size", "blurred"),
    [("folder", 32, False), ("folder", 33, True), ("own", 8, False), ("stl10", 96, True), ("cifar10", 96, False)],
)
def test_small_images_are_not_blurred_whosever_they_are(dataset: str, size: int, blurred: bool) -> None:
    given = {"data_dir": "pictures"} if dataset == "folder" else {}
    recipe = recipe_of(make_config(dataset, image_size=size, **given))
    assert (recipe.blur_chance > 0) == blurred
    assert recipe.jitter == (RECIPES["stl10"] if blurred else RECIPES["cifar10"]).jitter


@pytest.mark.parametrize(("dataset", "size"), [("cifar10", 32), ("stl10", 96), ("folder", 32), ("folder", 64)])
def test_the_settings_of_views_go_before_what_is_usual(dataset: str, size: int) -> None:
    usual = recipe_of(make_config(dataset, image_size=size))
    given = recipe_of(make_config(dataset, image_size=size, crop_area=0.3, jitter=0.25, grey=0.1, blur=0.7))
    assert given == replace(usual, area=(0.3, 1.0), jitter=(0.2, 0.2, 0.2, 0.05), grey_chance=0.1, blur_chance=0.7)
    assert recipe_of(make_config(dataset, image_size=size, grey=0.1)) == replace(usual, grey_chance=0.1)


def test_grey_has_no_effect_on_what_is_grey() -> None:
    with pytest.raises(InputError, match="has no effect on the digits"):
        make_config("digits", grey=0.5)
