"""Evaluations without training: a score that follows from the point at once, and ways to fail or to be killed."""

import os
import signal
import time
from collections import Counter
from multiprocessing.context import BaseContext
from pathlib import Path

from runner.settings.resolving import make_config
from runner.studies.plan import Ladder, Plan, Point
from runner.studies.space import Listed, Span
from runner.studies.study import Study, StudyRoom, open_study, room_of
from runner.studies.work import Evaluate, FailedError, Result, Task, work
from runner.studies.workers import Assignment

TEXTS = {"infonce": "loss infonce {}\n", "direct": "loss direct {}\n"}
TAU = Listed(name="tau", losses=("infonce", "direct"), values=(0.1, 0.2, 0.4))
POWER = Listed(name="p", losses=("direct",), values=(1.0, 2.0))
RATE = Span(name="lr", low=1e-3, high=1e-1, scale="log")
TWELVE = TAU.model_copy(update={"values": tuple(0.1 + 0.01 * step for step in range(12))})
CONFIG = make_config("digits", epochs=9, device="cpu")


def plan_of(*axes: Listed | Span, losses: tuple[str, ...] = ("infonce",), **others: object) -> Plan:
    asked = {"search": "grid", "trials": 1, "seeds": 2, "ladder": Ladder(), "config": CONFIG} | others
    texts = {loss: TEXTS[loss] for loss in losses}
    return Plan.model_validate({"losses": texts, "values": {}, "axes": axes, **asked})


def opened(folder: Path, plan: Plan, name: str = "mine") -> Study:
    return open_study(room_of(name, folder, None), plan)


def work_at_once(context: BaseContext, count: int, room: StudyRoom, plan: Plan) -> None:
    """Work on a study with several processes that find nothing there, and all make it."""
    processes = [context.Process(target=_work_from_scratch, args=(room, plan)) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0


def _work_from_scratch(room: StudyRoom, plan: Plan) -> None:
    work(open_study(room, plan), Scorer(room.folder, seconds=0.01))


def score_at(point: Point, epochs: int) -> float:
    """Best near tau = 0.2, p = 2 and lr = 0.01; more epochs are better."""
    values = {"tau": 0.2, "p": 2.0, "lr": 0.01, **point.values, **point.settings}
    distance = abs(float(values["tau"]) - 0.2) + 0.1 * abs(float(values["p"]) - 2) + abs(float(values["lr"]) - 0.01)
    return max(0.0, 0.8 - distance) * (0.5 + 0.5 * epochs / CONFIG.epochs)


class Scorer:
    """Scores a point, and notes below a folder what it was asked for."""

    def __init__(self, folder: Path, seconds: float = 0.0) -> None:
        self._log, self._seconds = folder / "asked.log", seconds

    def __call__(self, task: Task) -> Result:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{task.index} {task.epochs} {os.getpid()}\n")
        time.sleep(self._seconds)
        score = score_at(task.point, task.epochs)
        return Result((score, score), (f"{task.index:05}-seed0", f"{task.index:05}-seed1"))


class Diverges(Scorer):
    """Training diverges where tau is low."""

    def __call__(self, task: Task) -> Result:
        if task.point.values["tau"] < 0.15:
            raise FailedError("seed 0: the loss is nan")
        return super().__call__(task)


class KilledOnce(Scorer):
    """The first worker that is asked for some trial is killed while it is at it."""

    def __init__(self, folder: Path, index: int) -> None:
        super().__init__(folder)
        self._mark, self._index = folder / "killed", index

    def __call__(self, task: Task) -> Result:
        if task.index == self._index and not self._mark.exists():
            self._mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(task)


class Deadly(Scorer):
    """Whoever is asked for some trial is killed."""

    def __call__(self, task: Task) -> Result:
        if task.index == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(task)


def asked(folder: Path) -> Counter[int]:
    """How often each trial was evaluated."""
    lines = (folder / "asked.log").read_text(encoding="utf-8").splitlines()
    return Counter(int(line.split()[0]) for line in lines)


def make_scorer(assignment: Assignment, plan: Plan) -> Evaluate:
    return Scorer(assignment.room.folder, seconds=0.02)


def make_killed_once(assignment: Assignment, plan: Plan) -> Evaluate:
    return KilledOnce(assignment.room.folder, index=1)


def make_deadly(assignment: Assignment, plan: Plan) -> Evaluate:
    return Deadly(assignment.room.folder)


def room_in(folder: Path) -> StudyRoom:
    return room_of("mine", folder, None)
