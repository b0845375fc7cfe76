"""Compiled losses whose parameters live, and losses that take labels, through the trainer: learned parameters move and
resume with the run, schedules follow the steps, labels reach the loss."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

import alphadsl
from runner.data.splits import ImageData, Split
from runner.data.views import Recipe, Share, make_view
from runner.plan import plan_runs
from runner.records.folder import RunFolder
from runner.records.identity import describe_data
from runner.records.opening import IfExists, open_run
from runner.settings.resolving import make_config
from runner.training.checkpoint import load_checkpoint
from runner.training.fabric import make_fabric
from runner.training.job import Job
from runner.training.pretrain import pretrain
from tests.runner.conftest import SMALL, Laboratory
from tests.runner.losses import PlainInfoNCE

CPU = torch.device("cpu")
LEARNED = "loss learned {\n  learn tau = 0.5 in (0.05, 2)\n  phi(x) = log(1 + x)\n  psi(x) = exp(x / tau)\n}\n"
WARMING = "loss warming extends infonce {\n  set tau = linear(0.2, 0.8)\n}\n"
LABELLED = "loss labelled extends infonce {\n  pairs labels\n}\n"
MOCO = "loss moco extends infonce {\n  pairs queue\n}\n"


class StoppedLoss(torch.nn.Module):
    """A loss that is interrupted at a call, and otherwise what it wraps."""

    def __init__(self, loss: torch.nn.Module, call: int) -> None:
        super().__init__()
        self.loss, self.left = loss, call

    def __getattr__(self, name: str) -> object:
        own = {**self.__dict__, **self.__dict__.get("_modules", {})}
        return own[name] if name in own else getattr(own["loss"], name)

    def parameters(self, recurse: bool = True) -> object:  # type: ignore[override]
        return self.loss.parameters(recurse)

    def state_dict(self, *given: object, **named: object) -> object:  # type: ignore[override]
        return self.loss.state_dict()

    def forward(self, z0_ND: torch.Tensor, z1_ND: torch.Tensor, **further: torch.Tensor) -> torch.Tensor:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        value: torch.Tensor = self.loss(z0_ND, z1_ND, **further)
        return value


def trained(laboratory: Laboratory, name: str, loss: object, if_exists: IfExists = IfExists.REFUSE) -> RunFolder:
    run = open_run(laboratory.root / name, loss, laboratory.config, if_exists, describe_data(laboratory.data))  # type: ignore[arg-type]
    pretrain(Job(loss, laboratory.data, laboratory.config, run, make_fabric(laboratory.config)))  # type: ignore[arg-type]
    return run


def rows(run: RunFolder, name: str) -> list[float]:
    found = (json.loads(line) for line in run.metrics.read_text().splitlines())
    return [row[name] for row in found if name in row]


@pytest.mark.slow
def test_a_learned_parameter_moves_and_resumes_with_the_run(laboratory: Laboratory) -> None:
    straight = trained(laboratory, "straight", alphadsl.loads(LEARNED))
    with pytest.raises(KeyboardInterrupt):
        trained(laboratory, "stopped", StoppedLoss(alphadsl.loads(LEARNED), 8))
    resumed = trained(laboratory, "stopped", alphadsl.loads(LEARNED), IfExists.RESUME)
    course = rows(straight, "loss/tau")
    assert len(set(course)) == laboratory.config.epochs
    assert all(0.05 < tau < 2 for tau in course)
    assert rows(resumed, "loss/tau") == course
    assert rows(resumed, "loss") == rows(straight, "loss")
    first, second = (load_checkpoint(run.checkpoint, CPU).loss for run in (straight, resumed))
    assert first.keys() == second.keys() == {"learned.tau"}
    assert torch.equal(first["learned.tau"], second["learned.tau"])


def test_a_schedule_follows_the_steps(laboratory: Laboratory) -> None:
    loss = alphadsl.loads(WARMING)
    run = trained(laboratory, "warming", loss)
    course = rows(run, "loss/tau")
    assert course == sorted(course)
    assert course[-1] == loss.values["tau"] == pytest.approx(0.8)


class Labelled(PlainInfoNCE):
    """InfoNCE that asks for labels, and keeps them."""

    def __init__(self) -> None:
        super().__init__()
        self.takes = frozenset({"labels"})
        self.told: list[Tensor] = []

    def forward(self, z0_ND: Tensor, z1_ND: Tensor, labels: Tensor | None = None) -> Tensor:
        assert labels is not None
        self.told.append(labels)
        return super().forward(z0_ND, z1_ND)


def test_labels_are_those_of_the_images(laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images that show nothing but their label, as the views of each step are made of them."""
    y_N = laboratory.data.train.y_N
    x_NCHW = y_N.to(torch.uint8)[:, None, None, None].expand_as(laboratory.data.train.x_NCHW)
    train = Split(x_NCHW, y_N)
    laboratory.data = ImageData(laboratory.data.classes, x_NCHW, train, laboratory.data.test)
    seen: list[Tensor] = []

    def noting(x_BCHW: Tensor, recipe: Recipe, stream: torch.Generator, share: Share | None) -> Tensor:
        seen.append(x_BCHW[:, 0, 0, 0])
        return make_view(x_BCHW, recipe, stream, share)

    monkeypatch.setattr("runner.training.embedding.make_view", noting)
    loss = Labelled()
    trained(laboratory, "labelled", loss)
    held_out = len(laboratory.data.holdout.validation_V)
    assert held_out == 20
    assert len(loss.told) == 4 * ((200 - held_out) // 64)
    assert len({tuple(labels.tolist()) for labels in loss.told}) > 1
    for labels_B, shown_B in zip(loss.told, seen[::2], strict=True):
        assert torch.equal(labels_B, shown_B.to(labels_B.dtype))


def test_labels_reach_a_loss_that_takes_them(laboratory: Laboratory) -> None:
    run = trained(laboratory, "labelled", alphadsl.loads(LABELLED))
    losses = rows(run, "loss")
    assert sum(losses[-3:]) < sum(losses[:3])


def test_every_seed_learns_for_itself() -> None:
    configs = [make_config("digits", seed=seed, **SMALL) for seed in (0, 1)]
    first, second = (planned.loss for planned in plan_runs([alphadsl.loads(LEARNED)], configs, Path("runs"), None, {}))
    mine, other = next(iter(first.parameters())), next(iter(second.parameters()))
    assert mine is not other
    assert torch.equal(mine, other)
