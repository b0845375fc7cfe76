"""What a candidate is trained on, from seconds to hours: a spec with values comes in; accuracies on validation images,
by seed, come out. No rung reads the test set.

Every loss is trained with Adam, which divides out the size of a gradient: the scale of a loss is not a discovery. The
toy is a small network on the training digits. The other rungs are runs of the trainer, in run folders.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch

import alphadsl
from alphadsl.report.exceptions import InputError
from runner.discovery.plan import SearchPlan, SearchRoom
from runner.experiment import Options
from runner.plan import PlannedRun
from runner.records.opening import IfExists
from runner.settings.machine import limit_threads
from runner.studies.trial import check_scorable, score_of, train_seeds
from runner.studies.work import FailedError
from runner.supplies import Stock
from runner.theory.bridge import make_small_network, probe_small, train_small
from runner.theory.data import Recipe, Views, read_views

TOY = "toy"
TRAIN, HELD, STEPS = 600, 600, 150
SEEDS = 1_000
"""The seeds of a search begin at this number times the seed of the search; `confirm` uses others."""
SLOWEST, TIMED = 20, 3
"""A step may take at most `SLOWEST` times as long as one of InfoNCE, by the processor time of `TIMED` steps, since a
search trains hundreds of losses."""


def seeds_of(search: int, count: int) -> range:
    """All seeds that a search with this seed trains with."""
    return range(SEEDS * search, SEEDS * search + count)


class Rung(Protocol):
    """Trains one loss with each seed."""

    @property
    def name(self) -> str: ...

    def score(self, name: str, text: str, values: Mapping[str, float]) -> tuple[float, ...]:
        """Accuracies in [0, 1] on validation images, by seed. Raises `FailedError` if training diverges."""


@dataclass(frozen=True)
class Toy:
    """A two-layer network on 600 training digits, probed on 600 others."""

    seeds: int
    seed: int
    name: str = TOY

    @cached_property
    def _parts(self) -> list[tuple[Views, Views]]:
        parts = []
        for seed in seeds_of(self.seed, self.seeds):
            views = read_views("digits", Recipe(samples=TRAIN + HELD, seed=seed))
            parts.append((views.part(slice(0, TRAIN)), views.part(slice(TRAIN, None))))
        return parts

    def score(self, name: str, text: str, values: Mapping[str, float]) -> tuple[float, ...]:
        loss = alphadsl.loads(text, values=dict(values), compile=False)
        scores = []
        with limit_threads(1):
            self._check_pace(loss)
            for seed, (train, held) in zip(seeds_of(self.seed, self.seeds), self._parts, strict=True):
                network = make_small_network(train.width, seed)
                train_small(loss, network, train, seed, STEPS)
                if not all(torch.isfinite(weight).all() for weight in network.parameters()):
                    raise FailedError("its weights are no longer finite")
                scores.append(probe_small(network, train, held))
        return tuple(scores)

    def _check_pace(self, loss: alphadsl.ContrastiveLoss) -> None:
        pace = self._seconds(loss) / self._usual_seconds
        if pace > SLOWEST:
            raise FailedError(f"its steps take {pace:.0f} times as long as those of InfoNCE")

    @cached_property
    def _usual_seconds(self) -> float:
        return self._seconds(alphadsl.load("infonce", compile=False))

    def _seconds(self, loss: alphadsl.ContrastiveLoss) -> float:
        """Processor time of a few steps, after a first one to warm up."""
        train, _ = self._parts[0]
        network = make_small_network(train.width, self.seed)
        train_small(loss, network, train, self.seed, 1)
        started = time.process_time()
        train_small(loss, network, train, self.seed, TIMED)
        return time.process_time() - started


@dataclass(frozen=True)
class Trained:
    """Runs of the trainer for some epochs, probed on validation images and resumed where they were interrupted."""

    plan: SearchPlan
    room: SearchRoom
    epochs: int
    options: Options

    @property
    def name(self) -> str:
        return _name_of(self.epochs)

    def score(self, name: str, text: str, values: Mapping[str, float]) -> tuple[float, ...]:
        runs = [self._run(name, text, values, seed) for seed in seeds_of(self.plan.seed, self.plan.seeds)]
        return tuple(score_of(folder) for folder in train_seeds(runs, self.options))

    def _run(self, name: str, text: str, values: Mapping[str, float], seed: int) -> PlannedRun:
        changed = {"epochs": self.epochs, "seed": seed, "test_set": "sealed"}
        config = self.plan.config.model_copy(update=changed)
        loss = alphadsl.loads(text, values=dict(values), products=config.loss_products)
        return PlannedRun(loss, config, self.room.runs / f"{name}-{self.epochs}-seed{config.seed}")


def names_of_rungs(plan: SearchPlan) -> tuple[str, ...]:
    return (TOY, *map(_name_of, plan.epochs))


def _name_of(epochs: int) -> str:
    return f"{epochs} epochs"


def rungs_of(plan: SearchPlan, room: SearchRoom, stock: Stock) -> tuple[Rung, ...]:
    """The toy, then the rungs of the trainer, cheapest first. Raises `InputError` if their images are missing."""
    check_scorable(plan.config, stock)
    options = Options(IfExists.RESUME_LAST_GOOD, stock=stock)
    return (Toy(plan.seeds, plan.seed), *(Trained(plan, room, epochs, options) for epochs in plan.epochs))


def check_rungs(epochs: Sequence[int]) -> None:
    """Raises `InputError` if later rungs are not longer."""
    if list(epochs) != sorted(set(epochs)):
        raise InputError(f"The rungs {', '.join(map(str, epochs))} do not increase.", "Write --rungs 1,4,16.")
