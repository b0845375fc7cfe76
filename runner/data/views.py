"""Views of images: a batch of uint8 images and a seed come in; float views in [0, 1] come out, with parameters drawn
for each sample. The parameters are drawn on the CPU, so that a seed gives the same views on any device. They reach the
device of the images as the few numbers of two affine maps, in one copy that does not block. The rest is computed there.

Crop, resize and flip are one affine map of positions; brightness, contrast, saturation, hue and greyscale are one of
colours; Gaussian blur is two convolutions of only those samples that are blurred. This works on a whole batch, several
times faster than sample by sample or than kornia on a batch (see RESULTS.md), which is why it is written here. Compared
with SimCLR's recipe (Chen et al. 2020, appendix A), hue is rotated in the YIQ plane instead of HSV, the colour
operations come in one fixed order, and values are clamped once, at the end.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional

from runner.settings.config import ExperimentConfig
from runner.settings.views import BY_DATASET, ViewSettings, views_of

# B batch, R tries, M blurred samples, C colours (3), K their outputs (3), H height, W width, S pixels, T taps, P planes


@dataclass(frozen=True)
class Recipe:
    """How far a view may differ from its image; `jitter` is (brightness, contrast, saturation, hue)."""

    area: tuple[float, float]
    jitter: tuple[float, float, float, float]
    aspect: tuple[float, float] = (3 / 4, 4 / 3)
    flip: float = 0.5
    jitter_chance: float = 0.8
    grey_chance: float = 0.2
    blur_chance: float = 0.0
    blur_sigma: tuple[float, float] = (0.1, 2.0)
    """Range of the standard deviation of the blur, in pixels of the view."""


def _for(dataset: str, views: ViewSettings) -> Recipe:
    """The recipe with these settings, whose strength of colours is the s of SimCLR (Chen et al. 2020, appendix A).
    Digits are not mirrored, and keep more of their shape."""
    strengths = (0.8 * views.jitter, 0.8 * views.jitter, 0.8 * views.jitter, 0.2 * views.jitter)
    recipe = Recipe((views.crop_area, 1.0), strengths, grey_chance=views.grey, blur_chance=views.blur)
    return replace(recipe, aspect=(0.8, 1.25), flip=0.0) if dataset == "digits" else recipe


RECIPES: Mapping[str, Recipe] = MappingProxyType({name: _for(name, usual) for name, usual in BY_DATASET.items()})
"""What is usual for each data set; for images of many sizes, for large ones."""


def recipe_of(config: ExperimentConfig) -> Recipe:
    """How the views of a run are made."""
    return _for(config.dataset, views_of(config))


# Luma of an RGB colour, and the chroma plane in which hue is an angle (ITU-R BT.601, YIQ).
_YIQ_KC = torch.tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
_LUMA_C = _YIQ_KC[0]
_TRIES = 10
_FAR = 3
"""Number of standard deviations at which a Gaussian is cut off."""


@dataclass(frozen=True)
class Share:
    """Every `every`-th sample of a batch, starting at index `first`."""

    batch: int
    first: int
    every: int

    @property
    def places(self) -> slice:
        return slice(self.first, None, self.every)

    def of(self, indices_M: Tensor, told_M: Tensor) -> tuple[Tensor, Tensor]:
        """Those of some samples that are in the share, by their index in it, with the values that belong to them."""
        mine_M = indices_M % self.every == self.first
        return indices_M[mine_M] // self.every, told_M[mine_M]


def make_view(x_BCHW: Tensor, recipe: Recipe, generator: torch.Generator, share: Share | None = None) -> Tensor:
    """One random view of each uint8 image (B, 3, H, W): floats in [0, 1] of the same shape, channels last.

    Images that are a share of a batch get the views that they would get in the whole batch: the random numbers, a few
    for each sample, are drawn for all samples.
    """
    batch, device = share.batch if share else len(x_BCHW), x_BCHW.device
    places_B23 = _draw_crop(batch, recipe, generator)
    blurred_M, sigma_M = _draw_blur(batch, recipe, generator)
    map_BKC, lift_BC = _draw_colours(batch, recipe, generator)
    drawn = torch.cat([places_B23.flatten(1), map_BKC.flatten(1), lift_BC], dim=1)
    if share is not None:
        drawn, (blurred_M, sigma_M) = drawn[share.places].contiguous(), share.of(blurred_M, sigma_M)
    drawn = _send(drawn, device)
    places_B23, map_BKC, lift_BC = drawn[:, :6].reshape(-1, 2, 3), drawn[:, 6:15].reshape(-1, 3, 3), drawn[:, 15:]

    grid_BHW2 = functional.affine_grid(places_B23, list(x_BCHW.shape), align_corners=False)
    views_BCHW = functional.grid_sample(x_BCHW.float() / 255, grid_BHW2, padding_mode="border", align_corners=False)
    if len(blurred_M):
        radius = min(math.ceil(_FAR * recipe.blur_sigma[1]), x_BCHW.shape[-1] - 1)
        blurred_M = _send(blurred_M, device)
        views_BCHW[blurred_M] = _blur(views_BCHW[blurred_M], _send(sigma_M, device), radius)
    views_BCS = views_BCHW.flatten(2)
    offset_B = (lift_BC * views_BCS.mean(dim=2)).sum(dim=1)
    views_BKS = torch.baddbmm(offset_B[:, None, None], map_BKC, views_BCS).clamp_(0, 1)
    return views_BKS.view_as(views_BCHW).contiguous(memory_format=torch.channels_last)


def to_float(x_BCHW: Tensor) -> Tensor:
    """The images as the encoder sees them without augmentation: floats in [0, 1], channels last."""
    return (x_BCHW.float() / 255).contiguous(memory_format=torch.channels_last)


def _send(drawn: Tensor, device: torch.device) -> Tensor:
    """A CPU tensor on the device; a GPU copies it while the CPU continues."""
    return drawn.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else drawn.to(device)


def _draw_crop(batch: int, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Where each position (x, y) of a view is in its image: affine maps (B, 2, 3) of [-1, 1] x [-1, 1].

    As in torchvision, the first of ten crops that fits into the image is used, and the whole image if none fits.
    """
    side_BR = _uniform((batch, _TRIES), recipe.area, generator).sqrt()
    logs = math.log(recipe.aspect[0]), math.log(recipe.aspect[1])
    stretch_BR = _uniform((batch, _TRIES), logs, generator).div(2).exp()
    across_BR, down_BR = side_BR * stretch_BR, side_BR / stretch_BR
    fits_BR = torch.maximum(across_BR, down_BR) <= 1
    first_B1 = fits_BR.int().argmax(dim=1, keepdim=True)
    across_B, down_B = (
        torch.where(fits_BR.any(dim=1), extent_BR.gather(1, first_B1).squeeze(1), 1)
        for extent_BR in (across_BR, down_BR)
    )
    # The centre of a crop can move by at most the part of the axis, of half-length 1, that the crop leaves free.
    y_B = (2 * _uniform(batch, (0, 1), generator) - 1) * (1 - down_B)
    x_B = (2 * _uniform(batch, (0, 1), generator) - 1) * (1 - across_B)
    across_B = torch.where(_chance(batch, recipe.flip, generator), -across_B, across_B)
    nought_B = torch.zeros(batch)
    return torch.stack([across_B, nought_B, x_B, nought_B, down_B, y_B], dim=1).view(-1, 2, 3)


def _draw_blur(batch: int, recipe: Recipe, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The indices (M,) of the samples that are blurred, and the standard deviation (M,) of each in pixels."""
    blurred_M = _chance(batch, recipe.blur_chance, generator).nonzero().flatten()
    return blurred_M, _uniform(batch, recipe.blur_sigma, generator)[blurred_M]


def _blur(x_MCHW: Tensor, sigma_M: Tensor, radius: int) -> Tensor:
    """Gaussian blur with a standard deviation for each sample; images are mirrored at their edges."""
    samples, colours, height, width = x_MCHW.shape
    taps_T = torch.arange(-radius, radius + 1, device=x_MCHW.device)
    filter_MT = torch.softmax(-(taps_T**2) / (2 * sigma_M[:, None] ** 2), dim=1)
    planes = samples * colours
    filter_P1T = filter_MT.repeat_interleave(colours, dim=0)[:, None]
    mirrored = functional.pad(x_MCHW, (radius,) * 4, mode="reflect").view(1, planes, height + 2 * radius, -1)
    down = functional.conv2d(mirrored, filter_P1T[..., None], groups=planes)
    return functional.conv2d(down, filter_P1T[:, :, None], groups=planes).view(samples, colours, height, width)


def _draw_colours(batch: int, recipe: Recipe, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Brightness, contrast, saturation, hue, greyscale: x becomes map (B, 3, 3) @ x + lift (B, 3) . mean of the
    crop."""
    brightness, contrast, saturation, hue = recipe.jitter
    changed_B = _chance(batch, recipe.jitter_chance, generator)
    brightness_B = torch.where(changed_B, _uniform(batch, _around_one(brightness), generator), 1)
    contrast_B = torch.where(changed_B, _uniform(batch, _around_one(contrast), generator), 1)
    saturation_B = torch.where(changed_B, _uniform(batch, _around_one(saturation), generator), 1)
    turn_B = torch.where(changed_B, _uniform(batch, (-hue, hue), generator), 0)
    saturation_B = torch.where(_chance(batch, recipe.grey_chance, generator), 0, saturation_B)
    gain_B, lift_B = brightness_B * contrast_B, brightness_B * (1 - contrast_B)
    map_BKC = gain_B[:, None, None] * _chroma_map(saturation_B, 2 * math.pi * turn_B)
    return map_BKC, lift_B[:, None] * _LUMA_C


def _chroma_map(saturation_B: Tensor, angle_B: Tensor) -> Tensor:
    """The linear map of colours (B, 3, 3) that scales the chroma by `saturation` and rotates it by `angle`; greys
    stay."""
    yiq_BKC = torch.zeros(len(angle_B), 3, 3)
    yiq_BKC[:, 0, 0] = 1
    yiq_BKC[:, 1, 1] = yiq_BKC[:, 2, 2] = saturation_B * angle_B.cos()
    yiq_BKC[:, 2, 1] = saturation_B * angle_B.sin()
    yiq_BKC[:, 1, 2] = -yiq_BKC[:, 2, 1]
    rgb_BKC: Tensor = torch.linalg.inv(_YIQ_KC) @ yiq_BKC @ _YIQ_KC
    return rgb_BKC


def _around_one(strength: float) -> tuple[float, float]:
    return max(0.0, 1 - strength), 1 + strength


def _uniform(shape: int | tuple[int, ...], bounds: tuple[float, float], generator: torch.Generator) -> Tensor:
    low, high = bounds
    return low + (high - low) * torch.rand(shape, generator=generator)


def _chance(batch: int, probability: float, generator: torch.Generator) -> Tensor:
    return torch.rand(batch, generator=generator) < probability
