"""A study as it is stored: a plan and a location come in; the study, new or as far as it has come, comes out.

Every trial of the plan is put into the storage at the start, and workers take trials from there. A trial is identified
by its index in the plan: if a worker dies, another trial with the same index is added. If two processes do so at once,
the earlier trial counts and the other one is ignored.

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
from runner.studies.marks import REPEAT, STUDY, check_kind, find_marked
from runner.studies.plan import ANOTHER, FORMAT, Plan, Point, differences
from runner.studies.space import Value
from runner.studies.storage import GRACE, file_of, hidden, no_study, open_storage, told_in_a_line, url_of

PLAN, INDEX, WORKER, DIED, REASON, SCORES, RUNS = "plan", "index", "worker", "died", "reason", "scores", "runs"
MOST_DEATHS = 3
"""Number of workers that may die during a trial before it is given up."""


class Standing(StrEnum):
    """The state of a trial."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    PRUNED = "pruned"
    FAILED = "failed"


@dataclass(frozen=True)
class Entry:
    """One configuration of a study, and its result so far."""

    index: int
    standing: Standing
    point: Point
    score: float | None = None
    """Mean over seeds of the score that ranks trials, in [0, 1]; None for a trial that did not finish."""
    scores: tuple[float, ...] = ()
    """Scores by seed; for a trial that did not finish, those of its last rung."""
    rungs: tuple[tuple[int, float], ...] = ()
    """Pairs of an epoch and the nearest-neighbour accuracy there."""
    reason: str = ""
    runs: tuple[str, ...] = ()
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def over(self) -> bool:
        return self.standing not in (Standing.WAITING, Standing.RUNNING)

    @property
    def seconds(self) -> float:
        """Seconds it has taken, or has taken so far."""
        if self.started is None:
            return 0.0
        return ((self.ended or datetime.now()) - self.started).total_seconds()


@dataclass(frozen=True)
class StudyRoom:
    """Where a study is: its name, its folder, and its database."""

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
        """Every configuration, in the order of the plan, with its current state."""
        trials = by_index(self.trials())
        fixed = self.plan.fixed_points
        return [_entry(self.plan, index, fixed[index], trials.get(index, [])) for index in range(len(fixed))]

    def fill(self, trials: list[FrozenTrial]) -> bool:
        """Add a trial for every configuration without one: at the start, and after a worker has died.

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
    """The study of this name: new, or the existing one if it has the same plan. Raises `InputError`."""
    check_kind(room.folder, STUDY)
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
    for difference in differences(kept, plan):
        raise InputError(f"The study {room.name} is another one: {difference}.", f"{REPEAT} {ANOTHER}")
    opened = Study(room, kept, study)
    opened.fill(opened.trials())
    return opened


def read_study(room: StudyRoom) -> Study:
    """The existing study of this name, to look at or to work on. Raises `InputError` if there is none."""
    file = file_of(room.url)
    if file is not None and not file.is_file():
        raise InputError(f"There is no study {room.name}.", "alphadsl studies lists the existing ones.")
    storage = open_storage(room.url)
    with told_in_a_line(room.url):
        try:
            study = optuna.load_study(study_name=room.name, storage=storage)
        except KeyError:
            raise no_study(room.url, room.name, optuna.get_all_study_names(storage)) from None
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
    """The trials of each configuration, earlier ones first; trials without an index are left out."""
    grouped: dict[int, list[FrozenTrial]] = {}
    for trial in sorted(trials, key=lambda trial: trial.number):
        if INDEX in trial.user_attrs:
            grouped.setdefault(int(trial.user_attrs[INDEX]), []).append(trial)
    return grouped


def stands(trial: FrozenTrial) -> bool:
    """Whether a trial is waiting, running or over. One in the state FAIL was interrupted: configurations that fail are
    pruned with a reason, so that the search learns from them."""
    return trial.state is not TrialState.FAIL


def deaths(trials: list[FrozenTrial]) -> int:
    return sum(bool(trial.user_attrs.get(DIED)) for trial in trials)


def is_lost(trial: FrozenTrial) -> bool:
    """Whether its worker died long ago, between taking the trial and registering."""
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
        # The value that Optuna has for a pruned trial is that of its last rung, which was measured differently.
        score=trial.value if state is Standing.DONE else None,
        scores=tuple(trial.user_attrs.get(SCORES, ())),
        rungs=tuple(sorted(trial.intermediate_values.items())),
        reason=reason,
        runs=tuple(trial.user_attrs.get(RUNS, ())),
        started=trial.datetime_start,
        ended=trial.datetime_complete,
    )
