"""Defaults of settings that differ by data set."""

from collections.abc import Mapping
from types import MappingProxyType

DEFAULTS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "digits": {"image_size": 8, "epochs": 60, "warmup_epochs": 2, "precision": "32", "threads": 1}
        | {"probe_lr": 3e-3, "probe_epochs": 200},
        "cifar10": {},
        "cifar100": {},
        "stl10": {"image_size": 96, "encoder": "resnet18", "width": 64, "epochs": 100, "lr": 1e-3},
        "folder": {},
        "hf": {},
    }
)
"""The defaults that differ by data set. The others are tuned for `resnet8` at width 16; encoders of width 64 want
lr 1e-3."""
