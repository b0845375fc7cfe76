"""The settings of one experiment, frozen: what was asked for and the data set's defaults come in, a checked model
comes out. A value of the wrong kind or out of range is refused in one line that names the setting.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from alphadsl.report.exceptions import InputError

Dataset = Literal["digits", "cifar10", "cifar100", "stl10", "folder"]
Encoder = Literal["resnet8", "resnet18", "resnet50"]
Optimizer = Literal["adamw", "sgd"]
Precision = Literal["bf16", "32"]

DATASETS: tuple[str, ...] = get_args(Dataset)
ENCODERS: tuple[str, ...] = get_args(Encoder)

MOST = 10**9
"""More than any count can usefully be, and little enough for every library that is told one."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=MOST)]


class ExperimentConfig(BaseModel):
    """Everything but the loss that decides the weights a run ends with, and where its data lies."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: Dataset
    data_dir: Path | None = None
    image_size: Annotated[int, Field(ge=8, le=512)] = 32
    """Height and width in pixels to which `folder` images are brought; the other data sets have their own."""

    encoder: Encoder = "resnet8"
    width: Annotated[int, Field(ge=1, le=512)] = 16
    projector_dim: Annotated[int, Field(ge=2, le=8192)] = 128

    batch: Annotated[int, Field(ge=2, le=MOST)] = 256
    epochs: Annotated[int, Field(ge=0, le=MOST)] = 5
    optimizer: Optimizer = "adamw"
    lr: Positive = 1e-2
    weight_decay: NonNegative = 1e-4
    warmup_epochs: NonNegative = 0.5
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    precision: Precision = "bf16"
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda)$")] = "auto"
    threads: Count | None = None
    """At most so many CPU threads; by default all. Small images gain nothing from more than one."""
    compile: bool = False
    """Compile the encoder with `torch.compile`: neutral on a CPU, worth having on a GPU."""

    probe_epochs: Count = 50
    probe_batch: Count = 128
    probe_lr: Positive = 3e-4
    """The paper's probe: Adam, 3e-4, weight decay 1e-3, 50 epochs of batches of 128."""


DEFAULTS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "digits": {"image_size": 8, "epochs": 60, "warmup_epochs": 2, "precision": "32", "threads": 1}
        | {"probe_lr": 3e-3, "probe_epochs": 200},
        "cifar10": {},
        "cifar100": {},
        "stl10": {"image_size": 96, "encoder": "resnet18", "width": 64, "epochs": 100, "lr": 1e-3},
        "folder": {},
    }
)
"""What differs by data set. The rest is tuned for `resnet8` at width 16; encoders of width 64 want lr 1e-3."""


def make_config(dataset: str, **overrides: object) -> ExperimentConfig:
    """The data set's defaults under `overrides`, of which those that are None count as not given.

    Raises `InputError` for an unknown data set or a setting that is refused.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    _check_effective(dataset, given)
    try:
        return ExperimentConfig.model_validate({"dataset": dataset, **DEFAULTS.get(dataset, {}), **given})
    except ValidationError as refusal:
        raise _input_error(refusal.errors()[0]) from None


def _check_effective(dataset: str, given: Mapping[str, object]) -> None:
    """Refuse what has no effect on a data set, since whoever gives it expects one."""
    own_size = DEFAULTS.get(dataset, {}).get("image_size", ExperimentConfig.model_fields["image_size"].default)
    if dataset != "folder" and given.get("image_size", own_size) != own_size:
        raise InputError(f"The images of {dataset} have a size of their own.", "--image-size is for --dataset folder.")
    if "data_dir" in given and dataset == "digits":
        raise InputError(
            "The digits come with scikit-learn, not from a folder.", "Leave out --data-dir, or give --dataset."
        )


def _input_error(fault: ErrorDetails) -> InputError:
    setting = ".".join(str(part) for part in fault["loc"])
    reason = fault["msg"][:1].lower() + fault["msg"][1:]
    return InputError(f"The setting {setting} = {fault['input']!r} is refused: {reason}.", "See alphadsl train --help.")
