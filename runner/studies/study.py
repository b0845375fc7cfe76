"""A study as it is kept: a plan and a place come in; the study, new or as far as it has come, comes out.

Every trial of the plan is put into the storage at the start, and workers take them out. The place in the plan, the
index, is what a trial is known by: where a worker dies, another trial of the same index is put in. Should two processes
do so at once, the earlier one counts and the other is left alone.

Refused: a study of another version, specs or settings; a storage that cannot be reached; an entry of another program.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState
from pydantic import ValidationError

import alphadsl
from alphadsl.report.exceptions import InputError
from runner.studies.marks import STUDY, find_marked
from runner.studies.plan import ANOTHER, FORMAT, Plan, Point, differences
from runner.studies.space import Value
from runner.studies.storage import GRACE, file_of, hidden, open_storage, told_in_a_line, url_of

PLAN, INDEX, WORKER, DIED, REASON, SCORES, RUNS = "plan", "index", "worker", "died", "reason", "scores", "runs"
MOST_DEATHS = 3
"""So many workers may die of one trial before it is given up."""


class Standing(StrEnum):
    """How far a trial is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    PRUNED = "pruned"
    FAILED = "failed"


@dataclass(frozen=True)
class Entry:
    """One configuration of a study and what became of it."""

    index: int
    standing: Standing
    point: Point
    score: float | None = None
    """Mean over seeds of what trials are ranked by; None of one that did not come to its end."""
    scores: tuple[float, ...] = ()
    """By seed: of a trial that did not come to its end, those of its last rung."""
    rungs: tuple[tuple[int, float], ...] = ()
    """Epochs, and the accuracy of nearest neighbours there."""
    reason: str = ""
    runs: tuple[str, ...] = ()
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def over(self) -> bool:
        return self.standing not in (Standing.WAITING, Standing.RUNNING)

    @property
    def seconds(self) -> float:
        """How long it has taken, or takes so far."""
        if self.started is None:
            return 0.0
        return ((self.ended or datetime.now()) - self.started).total_seconds()


@dataclass(frozen=True)
class StudyRoom:
    """Where a study is: its name, its folder, and the database it is kept in."""

    name: str
    folder: Path
    url: str

    @property
    def runs(self) -> Path:
        return self.folder / "runs"


def room_of(name: str, studies_dir: Path, storage: str | None) -> StudyRoom:
    folder = studies_dir / name
    return StudyRoom(name, folder, url_of(storage, folder))


@dataclass(frozen=True, eq=False)
class Study:
    """An open study."""

    room: StudyRoom
    plan: Plan
    optuna: optuna.Study

    def trials(self) -> list[FrozenTrial]:
        with told_in_a_line(self.room.url):
            return self.optuna.get_trials(deepcopy=False)

    def entries(self) -> list[Entry]:
        """Every configuration in the order of the plan, as it stands."""
        trials = by_index(self.trials())
        fixed = self.plan.fixed_points
        return [_entry(self.plan, index, fixed[index], trials.get(index, [])) for index in range(len(fixed))]

    def fill(self, trials: list[FrozenTrial]) -> bool:
        """Put in every configuration that none of the trials stands for: at the start, and where a worker has died.

        Returns whether there was one.
        """
        known, missing = by_index(trials), False
        with told_in_a_line(self.room.url):
            for index, fixed in enumerate(self.plan.fixed_points):
                mine = known.get(index, [])
                if not any(map(stands, mine)) and deaths(mine) < MOST_DEATHS:
                    chosen, missing = {**fixed, **(mine[-1].params if mine else {})}, True
                    self.optuna.enqueue_trial(chosen, user_attrs={INDEX: index})
        return missing


def open_study(room: StudyRoom, plan: Plan) -> Study:
    """The study of this name: new, or the one that is there if it is the same."""
    storage = open_storage(room.url)
    with told_in_a_line(room.url):
        study = optuna.create_study(storage=storage, study_name=room.name, direction="maximize", load_if_exists=True)
        if PLAN not in study.user_attrs:
            if study.get_trials(deepcopy=False):
                raise InputError(f"{room.name} in {hidden(room.url)} is a study of another program.", ANOTHER)
            study.set_user_attr(PLAN, plan.model_dump_json())
    kept = _read_plan(room, study)
    if kept.version != plan.version:
        raise InputError(
            f"The study {room.name} was made by alphadsl {kept.version}, and this is {plan.version}.",
            f"Use that version. {ANOTHER}",
        )
    for told in differences(kept, plan):
        raise InputError(f"The study {room.name} is another one: {told}.", f"Repeat its command. {ANOTHER}")
    opened = Study(room, kept, study)
    opened.fill(opened.trials())
    return opened


def read_study(room: StudyRoom) -> Study:
    """The study of this name as it is, to look at or to work on. Raises `InputError` where there is none."""
    file = file_of(room.url)
    if file is not None and not file.is_file():
        raise InputError(f"There is no study {room.name}.", "alphadsl studies lists those that are there.")
    storage = open_storage(room.url)
    with told_in_a_line(room.url):
        try:
            study = optuna.load_study(study_name=room.name, storage=storage)
        except KeyError:
            raise InputError(
                f"There is no study {room.name} in {hidden(room.url)}.", "alphadsl studies lists those that are there."
            ) from None
        return Study(room, _read_plan(room, study), study)


def find_studies(studies_dir: Path, storage: str | None) -> Iterator[StudyRoom]:
    """All studies below a folder, or in a database."""
    if storage is None:
        for folder in find_marked(studies_dir, STUDY):
            yield room_of(folder.name, studies_dir, None)
        return
    with told_in_a_line(storage):
        names = optuna.get_all_study_names(open_storage(storage))
    yield from (room_of(name, studies_dir, storage) for name in sorted(names))


def _read_plan(room: StudyRoom, study: optuna.Study) -> Plan:
    text = study.user_attrs.get(PLAN)
    if text is None:
        raise InputError(f"{room.name} in {hidden(room.url)} is a study of another program.", ANOTHER)
    try:
        return Plan.model_validate_json(text)
    except ValidationError as fault:
        first = fault.errors()[0]
        if first["loc"] == ("format",) or first["type"] == "extra_forbidden":
            raise InputError(
                f"The study {room.name} was made by another alphadsl; this is {alphadsl.__version__}, format {FORMAT}.",
                f"Use that version. {ANOTHER}",
            ) from None
        raise InputError(
            f"The plan of the study {room.name} is damaged.", f"Put a copy of it back. {ANOTHER}"
        ) from None


def by_index(trials: list[FrozenTrial]) -> dict[int, list[FrozenTrial]]:
    """The trials of each configuration, the earlier first; those that are surplus are left out."""
    grouped: dict[int, list[FrozenTrial]] = {}
    for trial in sorted(trials, key=lambda trial: trial.number):
        if INDEX in trial.user_attrs:
            grouped.setdefault(int(trial.user_attrs[INDEX]), []).append(trial)
    return grouped


def stands(trial: FrozenTrial) -> bool:
    """Whether a trial is under way or over. One that failed was broken off: configurations that fail are pruned with a
    reason, so that the search learns from them."""
    return trial.state is not TrialState.FAIL


def deaths(trials: list[FrozenTrial]) -> int:
    return sum(bool(trial.user_attrs.get(DIED)) for trial in trials)


def is_lost(trial: FrozenTrial) -> bool:
    """Whether its worker died between taking the trial and saying so, long ago."""
    silent = trial.state is TrialState.RUNNING and WORKER not in trial.user_attrs
    return silent and trial.datetime_start is not None and _age(trial.datetime_start) > timedelta(seconds=2 * GRACE)


def _age(moment: datetime) -> timedelta:
    return datetime.now() - moment


def _entry(plan: Plan, index: int, fixed: Mapping[str, Value], trials: list[FrozenTrial]) -> Entry:
    standing = [trial for trial in trials if stands(trial)]
    if not standing:
        given_up = deaths(trials) >= MOST_DEATHS
        reason = f"{MOST_DEATHS} workers died of it" if given_up else ""
        parameters = {**fixed, **(trials[-1].params if trials else {})}
        return Entry(index, Standing.FAILED if given_up else Standing.WAITING, plan.point(parameters), reason=reason)
    trial = standing[0]
    reason = str(trial.user_attrs.get(REASON, ""))
    match trial.state:
        case TrialState.COMPLETE:
            state = Standing.DONE
        case TrialState.PRUNED:
            state = Standing.FAILED if reason else Standing.PRUNED
        case TrialState.RUNNING:
            state = Standing.RUNNING
        case _:
            state = Standing.WAITING
    return Entry(
        index=index,
        standing=state,
        point=plan.point({**fixed, **trial.params}),
        # Of a trial that was pruned, Optuna's value is that of its last rung, which was measured otherwise.
        score=trial.value if state is Standing.DONE else None,
        scores=tuple(trial.user_attrs.get(SCORES, ())),
        rungs=tuple(sorted(trial.intermediate_values.items())),
        reason=reason,
        runs=tuple(trial.user_attrs.get(RUNS, ())),
        started=trial.datetime_start,
        ended=trial.datetime_complete,
    )
