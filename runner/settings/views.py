"""How views are usually made: a configuration comes in; the numbers of its views that are not given come out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType

from runner.settings.config import AUTO, OWN_IMAGES, ExperimentConfig


@dataclass(frozen=True)
class ViewSettings:
    """The settings of views by name."""

    crop_area: float
    jitter: float
    grey: float
    blur: float


CIFAR = ViewSettings(crop_area=0.2, jitter=0.5, grey=0.2, blur=0.0)
STL = ViewSettings(crop_area=0.2, jitter=1.0, grey=0.2, blur=0.5)
DIGITS = ViewSettings(crop_area=0.5, jitter=0.5, grey=0.0, blur=0.2)

BY_DATASET: Mapping[str, ViewSettings] = MappingProxyType(
    {"digits": DIGITS, "cifar10": CIFAR, "cifar100": CIFAR, "stl10": STL, "folder": STL, "hf": STL, OWN_IMAGES: STL}
)
SMALL = 32
"""Pixels a side up to which views are made as for CIFAR: no blur, and weaker changes of colour."""


def usual_views(config: ExperimentConfig) -> dict[str, float]:
    """As is usual for the data set or, for images of many sizes, for the size they are resized to."""
    usual = BY_DATASET[config.dataset]
    return asdict(CIFAR if usual is STL and config.image_size <= SMALL else usual)


def views_of(config: ExperimentConfig) -> ViewSettings:
    """The settings of its views, with a number for each that is `auto`."""
    usual = usual_views(config)
    return ViewSettings(**usual | {name: given for name in usual if (given := getattr(config, name)) != AUTO})


def decide_views(config: ExperimentConfig) -> ExperimentConfig:
    """The configuration with these numbers."""
    return config.model_copy(update=asdict(views_of(config)))
