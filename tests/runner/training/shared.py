"""A small experiment that several processes train together, each in a process of its own."""

import os
import socket
from pathlib import Path
from typing import Any, Literal

import torch
from lightning.fabric import Fabric
from torch import Tensor

import alphadsl
from runner.data.datasets import load_data
from runner.data.splits import ImageData, Split
from runner.records.folder import RunFolder
from runner.settings.config import ExperimentConfig
from runner.settings.resolving import make_config
from runner.training.fabric import _fabric
from runner.training.job import Job, TrainingState
from runner.training.pretrain import prepare
from runner.training.schedule import epoch_batches
from runner.training.step import choose_backpropagation, train_step

SMALL = {"width": 2, "projector_dim": 8, "batch": 64, "epochs": 2, "device": "cpu", "precision": "32", "threads": 1}

CPU = torch.device("cpu")
CASES: dict[str, tuple[str, Literal["64-true", "32-true"], dict[str, Any]]] = {
    "negatives of all": ("infonce", "64-true", {}),
    "labels": ("supcon", "64-true", {}),
    "a learned temperature, in chunks": ("clip", "64-true", {"cached_chunks": 4}),
    "a queue": ("moco", "64-true", {"queue": 100}),
    "a predictor": ("infonce", "64-true", {"predictor": "mlp", "stop_gradient": True}),
    "rounded": ("infonce", "32-true", {}),
}
"""A loss, its precision, and settings of its run."""


def as_started(rank: int, world: int) -> None:
    """The variables that torchrun sets."""
    os.environ |= {
        name: str(value)
        for name, value in (("RANK", rank), ("LOCAL_RANK", rank), ("WORLD_SIZE", world), ("LOCAL_WORLD_SIZE", world))
    }


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def small_data() -> ImageData:
    digits = load_data(make_config("digits"), torch.device("cpu"))
    train = Split(digits.train.x_NCHW[:200], digits.train.y_N[:200])
    return ImageData(digits.classes, train.x_NCHW, train, Split(digits.test.x_NCHW[:50], digits.test.y_N[:50]))


def exact(fabric: Fabric) -> Fabric:
    """Fabric that hands embeddings to the loss as they come: its double precision rounds them to the default dtype."""
    fabric.strategy.precision.convert_output = lambda data: data  # type: ignore[method-assign]
    return fabric


def started(
    folder: Path, name: str, precision: Literal["64-true", "32-true"], settings: dict[str, Any]
) -> tuple[Job, TrainingState]:
    """A job and its state before the first step."""
    config: ExperimentConfig = make_config("digits", **SMALL | settings)
    loss = alphadsl.load(name, compile=False)
    job = Job(loss, small_data(), config, RunFolder(folder / "none"), exact(_fabric("cpu", precision)))  # type: ignore[arg-type]
    state = prepare(job)
    state.network.train()
    return job, state


def course(
    folder: Path, name: str, precision: Literal["64-true", "32-true"], settings: dict[str, Any]
) -> dict[str, Any]:
    """Slopes and running statistics of the first step, then the losses of two epochs."""
    job, state = started(folder, name, precision, settings)
    backpropagation = choose_backpropagation(job)
    images, epochs = len(job.images_NCHW), range(job.config.epochs)
    batches = [batch for epoch in epochs for batch in epoch_batches(images, epoch, job.config, CPU)]
    backpropagation(job, state, batches[0])
    slopes = {key: slope_of(weight) for key, weight in state.network.named_parameters()}
    slopes |= {f"loss/{index}": slope_of(weight) for index, weight in enumerate(job.loss.parameters())}
    buffers = {key: buffer.clone() for key, buffer in state.network.named_buffers()}
    losses = []
    for batch in batches:
        losses.append(float(train_step(job, state, batch, backpropagation).loss))
        state.step += 1
    return {"slopes": slopes, "losses": losses, "buffers": buffers}


def slope_of(weight: torch.nn.Parameter) -> Tensor:
    assert weight.grad is not None
    return weight.grad.clone()


def courses(folder: Path) -> dict[str, dict[str, Any]]:
    return {case: course(folder, *given) for case, given in CASES.items()}


def courses_of(rank: int, world: int, folder: str) -> dict[str, dict[str, Any]]:
    as_started(rank, world)
    return courses(Path(folder))
