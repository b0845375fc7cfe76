"""Data for the experiments: a name, a size and a seed come in; two views of each sample come out, in float64.

Synthetic data come from the generators below; `digits` and `cifar10` are pixels under the trainer's augmentation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor

from alphadsl.report.exceptions import InputError
from runner.data.datasets import load_data
from runner.data.views import RECIPES, make_view
from runner.settings.resolving import make_config

# V views (2), N samples, F inputs, M components

CLUSTERS, SPREAD = 5, 3.0
POOLED = 8
"""Pixels a side that larger images are averaged down to."""


@dataclass(frozen=True, eq=False)
class Views:
    """Two views of each sample (2, N, F), its class, and the directions (M, F) that the data are made of, if any."""

    name: str
    x_VNF: Tensor
    classes_N: Tensor
    components_MF: Tensor | None = None

    @property
    def x_EF(self) -> Tensor:
        return self.x_VNF.flatten(0, 1)

    @property
    def width(self) -> int:
        return self.x_VNF.shape[2]

    def part(self, which: slice) -> "Views":
        """A part of the samples."""
        return Views(self.name, self.x_VNF[:, which], self.classes_N[which])


@dataclass(frozen=True)
class Recipe:
    """Size and kind of the data: samples, inputs, standard deviation of the noise between views, and a seed."""

    samples: int = 60
    width: int = 10
    noise: float = 0.5
    seed: int = 0


Random = torch.Generator
Generator = Callable[[Recipe, Random], Views]


def components(recipe: Recipe, random: Random) -> Views:
    """One component each: a unit vector times its magnitude, from 10 for the first to 1 for the last, plus independent
    noise in each view along the same component (the setting of the authors' relu_2layer.py)."""
    return _one_component(recipe, random, torch.linspace(10, 1, recipe.width, dtype=torch.float64), recipe.noise)


def equal(recipe: Recipe, random: Random) -> Views:
    """One component each, all of magnitude 1 and without noise: the top eigenvalue of C_alpha is degenerate."""
    return _one_component(recipe, random, torch.ones(recipe.width, dtype=torch.float64), 0.0)


def mixture(recipe: Recipe, random: Random) -> Views:
    """A Gaussian mixture: five centres with standard deviation 3, samples with 1 around them, views with noise."""
    centres_MF = SPREAD * _normal((CLUSTERS, recipe.width), random)
    classes_N = torch.arange(recipe.samples) % CLUSTERS
    x_NF = centres_MF[classes_N] + _normal((recipe.samples, recipe.width), random)
    return Views("mixture", _noisy(x_NF, recipe, random), classes_N)


def gaussian(recipe: Recipe, random: Random) -> Views:
    """One Gaussian with standard deviation 3 / k in its k-th direction, randomly rotated; views with noise. No
    classes."""
    deviations_F = SPREAD / torch.arange(1, recipe.width + 1, dtype=torch.float64)
    turned_FF = torch.linalg.qr(_normal((recipe.width, recipe.width), random))[0]
    x_NF = _normal((recipe.samples, recipe.width), random) * deviations_F @ turned_FF
    return Views("gaussian", _noisy(x_NF, recipe, random), torch.arange(recipe.samples) % 2)


def opposed(recipe: Recipe, random: Random) -> Views:
    """The second view of x is -x: nothing is farther away than a positive, and C_alpha has no positive eigenvalue."""
    x_NF = _normal((recipe.samples, recipe.width), random)
    return Views("opposed", torch.stack([x_NF, -x_NF]), torch.arange(recipe.samples) % 2)


GENERATORS: Mapping[str, Generator] = MappingProxyType(
    {maker.__name__: maker for maker in (components, equal, mixture, gaussian, opposed)}
)
PIXELS = ("digits", "cifar10")


def read_views(name: str, recipe: Recipe, data_dir: Path | None = None) -> Views:
    """The data of a name. Raises `InputError` for an unknown name, or data that do not exist."""
    random = torch.Generator().manual_seed(recipe.seed)
    if name in GENERATORS:
        if data_dir is not None:
            raise InputError(f"The data {name} are generated, not read from a folder.", "Leave out --data-dir.")
        return GENERATORS[name](recipe, random)
    if name not in PIXELS:
        raise InputError(f"There are no data called {name}.", f"Choose one of {', '.join((*GENERATORS, *PIXELS))}.")
    data = load_data(make_config(name, data_dir=data_dir), torch.device("cpu"))
    if recipe.samples > len(data.train.y_N):
        raise InputError(f"{name} has {len(data.train.y_N):,} images to train on.", "Give fewer --samples.")
    chosen_N = torch.randperm(len(data.train.y_N), generator=random)[: recipe.samples]
    images_NCHW = data.train.x_NCHW[chosen_N]
    x_VNF = torch.stack([_pixels(make_view(images_NCHW, RECIPES[name], random)) for _ in range(2)])
    centred_VNF = x_VNF - x_VNF.mean((0, 1))
    return Views(f"{name} pixels", centred_VNF / centred_VNF.std(), data.train.y_N[chosen_N])


def _pixels(views_NCHW: Tensor) -> Tensor:
    """Each image as a row of numbers: grey images with one channel, larger images averaged down to 8 x 8."""
    x_NCHW = views_NCHW.double()
    if (x_NCHW[:, :1] == x_NCHW).all():
        x_NCHW = x_NCHW[:, :1]
    return torch.nn.functional.adaptive_avg_pool2d(x_NCHW, POOLED).flatten(1)


def _one_component(recipe: Recipe, random: Random, magnitudes_M: Tensor, noise: float) -> Views:
    if recipe.samples < len(magnitudes_M):
        raise InputError(
            f"{recipe.samples} samples cannot show {len(magnitudes_M)} components.", "Give more --samples."
        )
    classes_N = torch.arange(recipe.samples) % len(magnitudes_M)
    lengths_VN = magnitudes_M[classes_N] + noise * _normal((2, recipe.samples), random)
    directions_MF = torch.eye(len(magnitudes_M), dtype=torch.float64)
    name = "components" if noise or len(set(magnitudes_M.tolist())) > 1 else "equal"
    return Views(name, lengths_VN[:, :, None] * directions_MF[classes_N], classes_N, directions_MF)


def _noisy(x_NF: Tensor, recipe: Recipe, random: Random) -> Tensor:
    return x_NF + recipe.noise * _normal((2, *x_NF.shape), random)


def _normal(shape: tuple[int, ...], random: Random) -> Tensor:
    return torch.randn(shape, generator=random, dtype=torch.float64)
