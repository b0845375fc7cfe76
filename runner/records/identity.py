"""The identity of a run: the loss and its spec, the settings, the data, and what it was computed with.

Two runs whose `RunRecord` differs only in the seed are seeds of one experiment. Another loss, setting or data set makes
another run. Another environment (code, torch, threads, products, device) may change bits of the same run.
"""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from runner.contract import CompiledLoss
from runner.data.splits import ImageData, Split
from runner.records.code import SHOWN, code_version
from runner.settings.config import AUTO, NO_SETTING, ExperimentConfig
from runner.settings.encoders import architecture_of
from runner.settings.machine import resolve_device
from runner.settings.processes import world_size
from runner.settings.views import usual_views

NEW_SETTINGS = {
    **{"loss_products": "exact", "log_every": None, "keep_every": None, "cached_chunks": 1, "schedule": "cosine"},
    **{"predictor": "none", "stop_gradient": False, "projector_hidden": 0, "projector_norm": True},
    **{"select": "validation", "test_set": None, "save_every": None, "keep_last": None, "logger": None},
    **{"momentum": 0.9, "clip": 0.0, "deterministic": True, "recipe": None, "shuffle": True, "ema": 0.0},
}
"""Settings that earlier versions did not have, with the values that mean the same as their absence."""


class Environment(BaseModel):
    """What a run is computed with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    """The version of alphadsl, with a fingerprint of its code."""
    torch: str
    threads: int
    products: str
    """torch's precision of float32 matrix products: highest, high or medium."""
    device: str
    processes: int = 1


class DataRecord(BaseModel):
    """The content of a data set: a fingerprint of images, labels and split as used in training, and the counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    pretrain: int
    train: int
    test: int
    classes: int

    def __str__(self) -> str:
        return f"{self.fingerprint[:SHOWN]} ({self.pretrain} + {self.test} images, {self.classes} classes)"


class RunRecord(BaseModel):
    """What a run was asked to do, on which data and with what. Earlier versions did not record data and environment."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    loss: str
    values: Mapping[str, float]
    config: ExperimentConfig
    run: str = ""
    """A unique name of this run, whatever its folder is called."""
    spec: str = ""
    """SHA-256 of the text of the spec."""
    data: DataRecord | None = None
    environments: tuple[Environment, ...] = ()
    """The first environment, and those it was resumed in that differ from the one before."""
    planned: tuple[int, ...] = ()
    """The numbers of epochs it was planned for before it was extended."""

    def parameters(self) -> dict[str, str]:
        """The values that distinguish a loss from others with the same name."""
        return {name: shown_number(value) for name, value in self.values.items()}

    def settings(self) -> dict[str, str]:
        """Everything else that distinguishes experiments, except the seed. For earlier versions only the location of
        the data is known."""
        config = self.config.model_dump(exclude=undecided(self.config).union(NO_SETTING))
        settings = {name: str(value) for name, value in config.items()}
        settings["encoder"] = architecture_of(self.config.encoder)
        if self.data is None:
            return settings | {"data_dir": str(self.config.data_dir)}
        return settings | {"data": self.data.fingerprint[:SHOWN]} | self.computed_with()

    def computed_with(self) -> dict[str, str]:
        """The environments of the run, in order."""
        return {
            name: " then ".join(dict.fromkeys(str(getattr(known, name)) for known in self.environments))
            for name in Environment.model_fields
        }

    def identity(self) -> str:
        """A fingerprint of everything that must agree before two parts of one run are put together."""
        bare = self.config.model_copy(update=dict.fromkeys(NO_SETTING - {"seed"}))
        whose = self.model_copy(update={"config": bare, "environments": ()})
        # An extended run is the same as one that had this many epochs from the start.
        usual = {**NEW_SETTINGS, **usual_views(bare)}
        new = {name for name, value in usual.items() if getattr(bare, name) == value}
        unknown: dict[str, set[str] | bool] = {"config": undecided(bare) | new, "planned": True}
        return fingerprint_of(whose.model_dump_json(exclude=unknown, warnings=False).encode())

    def identities(self) -> frozenset[str]:
        """Its identity now, and those it had before it was extended."""
        before = (self.config.model_copy(update={"epochs": epochs}) for epochs in self.planned)
        return frozenset(self.model_copy(update={"config": it}).identity() for it in (self.config, *before))


def undecided(config: ExperimentConfig) -> set[str]:
    """Settings that the machine decided and that are not recorded, since earlier versions did not have them."""
    return {name for name in ExperimentConfig.model_fields if getattr(config, name) == AUTO}


def make_record(loss: CompiledLoss, config: ExperimentConfig, data: DataRecord | None, run: str) -> RunRecord:
    return RunRecord(
        loss=loss.name,
        values=dict(loss.values),
        config=config,
        run=run,
        spec=fingerprint_of(loss.text.encode()),
        data=data,
        environments=(current_environment(config),),
    )


def differences(old: RunRecord, new: RunRecord) -> dict[str, tuple[object, object]]:
    """What would make `new` a different run from `old`: names of settings or parts, with both values."""
    compared = {
        name: (getattr(old.config, name), getattr(new.config, name))
        for name in ExperimentConfig.model_fields
        if name not in NO_SETTING - {"seed"}
    }
    loss = (old.loss, dict(old.values), old.spec), (new.loss, dict(new.values), new.spec)
    compared |= {"loss": loss, "data": (old.data, new.data)}
    return {
        name: (before, now) for name, (before, now) in compared.items() if before != now and AUTO not in (before, now)
    }


def changes(old: Environment, new: Environment) -> list[str]:
    """The differences between two environments, such as `threads 1, now 2`."""
    return [
        f"{name} {getattr(old, name)}, now {getattr(new, name)}"
        for name in Environment.model_fields
        if getattr(old, name) != getattr(new, name)
    ]


def current_environment(config: ExperimentConfig) -> Environment:
    available = torch.get_num_threads()
    device = resolve_device(config.device)
    return Environment(
        code=code_version(),
        torch=version("torch"),
        threads=available if config.threads == AUTO else min(available, config.threads),
        products=torch.get_float32_matmul_precision(),
        device=torch.cuda.get_device_name() if device == "cuda" else device,
        processes=world_size(),
    )


def describe_data(data: ImageData) -> DataRecord:
    """The record of a data set: every pixel and every label counts, the location of the files does not.

    The images are in memory as they are trained on, so their content is hashed rather than names or dates: the 180 MB
    of CIFAR-10 take a fraction of a second.
    """
    digest = hashlib.sha256(repr(data.classes).encode())
    for tensor in (data.pretrain_NCHW, *_tensors(data.train), *_tensors(data.test)):
        digest.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().data)
    return DataRecord(
        fingerprint=digest.hexdigest(),
        pretrain=len(data.pretrain_NCHW),
        train=len(data.train.y_N),
        test=len(data.test.y_N),
        classes=len(data.classes),
    )


def _tensors(split: Split) -> Sequence[Tensor]:
    return split.x_NCHW, split.y_N


def fingerprint_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def shown_number(value: float) -> str:
    """A number written as short as possible without changing its value."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)
