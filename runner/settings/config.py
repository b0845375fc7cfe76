"""The settings of one experiment, frozen: what was asked for and the data set's defaults come in, a checked model
comes out. A value of the wrong kind or out of range is refused in one line that names the setting.

A setting is said once, as a field of `ExperimentConfig`: the options of `train`, what a file for `--config` may hold
and what a run writes down are all made from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from alphadsl.report.exceptions import InputError
from alphadsl.report.suggest import suggest

Dataset = Literal["digits", "cifar10", "cifar100", "stl10", "folder"]
Encoder = Literal["resnet8", "resnet18", "resnet50"]
Optimizer = Literal["adamw", "sgd"]
Auto = Literal["auto"]
Precision = Literal["auto", "bf16", "32"]
Products = Literal["exact", "fast"]

AUTO: Auto = "auto"
"""Decided by what the run is computed on. Records of earlier versions lack what was decided, and say this too."""

DATASETS: tuple[str, ...] = get_args(Dataset)
ENCODERS: tuple[str, ...] = get_args(Encoder)

MOST = 10**9
"""More than any count can usefully be, and little enough for every library that is told one."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=MOST)]


class Group(StrEnum):
    """Under which heading a setting is shown."""

    DATA = "Data"
    NETWORK = "Network"
    TRAINING = "Pretraining"
    MACHINE = "Machine"
    PROBE = "Probe"


@dataclass(frozen=True)
class About:
    """What a setting is, for whoever chooses its value."""

    group: Group
    help: str


class ExperimentConfig(BaseModel):
    """Everything but the loss that decides the weights a run ends with, and where its data lies."""

    # The command line reads the fields whatever the command is, and needs no validator for that.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    dataset: Annotated[Dataset, About(Group.DATA, "The images.")] = "digits"
    data_dir: Annotated[Path | None, About(Group.DATA, "Where the data set lies; else data/.")] = None
    image_size: Annotated[
        int, Field(ge=8, le=512), About(Group.DATA, "Pixels a side to which the images of `folder` are brought.")
    ] = 32

    encoder: Annotated[Encoder, About(Group.NETWORK, "Architecture of the encoder.")] = "resnet8"
    width: Annotated[
        int, Field(ge=1, le=512), About(Group.NETWORK, "Channels of the first stage; 64 is the usual ResNet.")
    ] = 16
    projector_dim: Annotated[int, Field(ge=2, le=8192), About(Group.NETWORK, "Width of the embeddings.")] = 128

    batch: Annotated[int, Field(ge=2, le=MOST), About(Group.TRAINING, "Images in a batch, each in two views.")] = 256
    epochs: Annotated[int, Field(ge=0, le=MOST), About(Group.TRAINING, "Epochs of pretraining.")] = 5
    optimizer: Annotated[Optimizer, About(Group.TRAINING, "The optimizer.")] = "adamw"
    lr: Annotated[Positive, About(Group.TRAINING, "Learning rate after the warm-up.")] = 1e-2
    weight_decay: Annotated[NonNegative, About(Group.TRAINING, "Weight decay.")] = 1e-4
    warmup_epochs: Annotated[NonNegative, About(Group.TRAINING, "Epochs of linear warm-up.")] = 0.5
    seed: Annotated[int, Field(ge=0, lt=2**31), About(Group.TRAINING, "The first seed.")] = 0

    precision: Annotated[Precision, About(Group.MACHINE, "Of the network: bf16 is autocast.")] = AUTO
    loss_products: Annotated[
        Products, About(Group.MACHINE, "Float32 products of the loss; fast ones round more on some devices.")
    ] = "exact"
    device: Annotated[Literal["auto", "cpu", "cuda"], About(Group.MACHINE, "What computes.")] = "auto"
    threads: Annotated[
        Auto | Count, About(Group.MACHINE, "At most so many CPU threads; small images gain nothing from several.")
    ] = AUTO
    channels_last: Annotated[
        Auto | bool, About(Group.MACHINE, "Layout of images in the encoder; else what is sound and faster here.")
    ] = AUTO
    compile: Annotated[Auto | bool, About(Group.MACHINE, "Compile the encoder; else it is not.")] = AUTO
    keep_every: Annotated[
        int,
        Field(ge=0, le=MOST),
        About(Group.MACHINE, "Epochs between checkpoints that are kept for good; 0 keeps the last one alone."),
    ] = 0

    probe_epochs: Annotated[Count, About(Group.PROBE, "Epochs of the linear probe.")] = 50
    probe_batch: Annotated[Count, About(Group.PROBE, "Images in a batch of the linear probe.")] = 128
    probe_lr: Annotated[Positive, About(Group.PROBE, "Learning rate of the linear probe.")] = 3e-4
    """The paper's probe: Adam, 3e-4, weight decay 1e-3, 50 epochs of batches of 128."""

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, bool) and info.field_name not in ("channels_last", "compile"):
            raise ValueError("true and false are no value of it")
        return value

    @field_validator("data_dir", mode="before")
    @classmethod
    def _nothing_is_no_folder(cls, value: object) -> object:
        """An empty word would be the folder that the command is in."""
        if isinstance(value, str) and not value.strip():
            raise ValueError("it names no folder")
        return value

    @field_validator("threads", mode="before")
    @classmethod
    def _no_threads_are_not_said(cls, value: object) -> object:
        """Earlier versions wrote null for threads that were not given."""
        return AUTO if value is None else value


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


@dataclass(frozen=True)
class Given:
    """Settings by name, of which those that are None are not given, and the file they are from, if any."""

    values: Mapping[str, object]
    file: Path | None = None


def make_config(dataset: str, **overrides: object) -> ExperimentConfig:
    """The data set's defaults under `overrides`. Raises `InputError` as `resolve_config` does."""
    return resolve_config(Given({"dataset": dataset, **overrides}))


def resolve_config(*layers: Given) -> ExperimentConfig:
    """The defaults of the data set under what is given, of which the later counts.

    Raises `InputError` for an unknown data set, or a setting that is unknown, refused or without effect.
    """
    given = {name: value for layer in layers for name, value in layer.values.items() if value is not None}
    files = {name: layer.file for layer in layers for name, value in layer.values.items() if value is not None}
    dataset = given.get("dataset", ExperimentConfig.model_fields["dataset"].default)
    defaults = DEFAULTS.get(dataset, {}) if isinstance(dataset, str) else {}
    try:
        _check_effective(str(dataset), given)
        return ExperimentConfig.model_validate({**defaults, **given})
    except ValidationError as refusal:
        raise _refusal(refusal.errors(), files) from None


def describe_config(config: ExperimentConfig) -> str:
    """The settings in brief: those that are not the data set's own, then the others of network and pretraining."""
    ordinary = make_config(config.dataset)
    own: list[str] = []
    usual: list[str] = []
    for name, field in ExperimentConfig.model_fields.items():
        value = getattr(config, name)
        told = f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        if name != "dataset" and value != getattr(ordinary, name):
            own.append(told)
        elif about_of(field).group in (Group.NETWORK, Group.TRAINING):
            usual.append(told)
    changed = f"{config.dataset} with {', '.join(own)}" if own else config.dataset
    return f"{changed}; by default {', '.join(usual)}" if usual else changed


def about_of(field: FieldInfo) -> About:
    """What the definition of a setting says of it."""
    (about,) = (part for part in field.metadata if isinstance(part, About))
    return about


def _check_effective(dataset: str, given: Mapping[str, object]) -> None:
    """Refuse what has no effect on a data set, since whoever gives it expects one."""
    own_size = DEFAULTS.get(dataset, {}).get("image_size", ExperimentConfig.model_fields["image_size"].default)
    if dataset != "folder" and given.get("image_size", own_size) != own_size:
        raise InputError(
            f"The images of {dataset} have a size of their own, and image_size = {given['image_size']!r} is given.",
            "--image-size is for --dataset folder.",
        )
    if "data_dir" in given and dataset == "digits":
        raise InputError(
            "The digits come with scikit-learn, not from a folder.", "Leave out --data-dir, or give --dataset."
        )


def _refusal(faults: list[ErrorDetails], files: Mapping[str, Path | None]) -> InputError:
    """The first setting that is refused, with all that its type says of it, since one of several kinds may do."""
    name = str(faults[0]["loc"][0])
    reasons = dict.fromkeys(_reason(fault) for fault in faults if fault["loc"][0] == name)
    file = files.get(name)
    told = f"{file}: the setting" if file else "The setting"
    value = _shortened(repr(faults[0]["input"]))
    close = suggest(name, ExperimentConfig.model_fields) if name not in ExperimentConfig.model_fields else None
    return InputError(
        f"{told} {name} = {value} is refused: {', or '.join(reasons)}.",
        f"Did you mean {close}?" if close else "See alphadsl train --help.",
    )


def _reason(fault: ErrorDetails) -> str:
    if fault["type"] == "extra_forbidden":
        return "there is no setting of this name"
    told = fault["msg"].removeprefix("Value error, ")
    return told[:1].lower() + told[1:]


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."
