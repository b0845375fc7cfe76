"""What a search hands on to be confirmed: a list of candidates as JSON lines, or a study, comes in; losses with their
search scores and the seeds they were found with come out.

A line is one candidate: `name`, `spec` (the whole text) and, where known, `values` of its parameters, `settings` that
were tuned for it, `search_score` (accuracy on validation images, in [0, 1]) and the `seeds` of the search. Refused: a
line that is not a candidate, two candidates of the same name, and a study without a finished trial.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alphadsl.report.exceptions import InputError
from alphadsl.storage import read_file, write_file
from runner.progress import tell
from runner.studies.marks import LIST, STUDY

TUNED = ("lr", "weight_decay", "warmup_epochs", "optimizer")
"""Settings that a candidate may have, because a search tunes them; all others are the budget, equal for all."""


class Candidate(BaseModel):
    """A loss that a search proposes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    spec: Annotated[str, Field(min_length=1)]
    """The self-contained text of the spec."""
    values: Mapping[str, float] = {}
    settings: Mapping[str, float | str] = {}
    search_score: Annotated[float, Field(ge=0, le=1)] | None = None
    seeds: tuple[int, ...] = ()
    """All seeds used by the search and by any search before it."""


def read_candidates(path: Path) -> tuple[Candidate, ...]:
    """The candidates in a file. Raises `InputError` that names the offending line."""
    candidates = []
    for number, line in enumerate(read_file(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            candidates.append(Candidate.model_validate_json(line))
        except ValidationError as refusal:
            fault = refusal.errors()[0]
            where = ".".join(map(str, fault["loc"])) or "the line"
            raise InputError(
                f"{path} has no valid candidate in line {number}: {where}: {fault['msg']}.",
                'Write {"name": "mine", "spec": "loss mine {...}", "search_score": 0.61, "seeds": [0, 1]}.',
            ) from None
    if not candidates:
        raise InputError(f"{path} has no candidate.", "A candidate is a line of JSON with a name and a spec.")
    return check_candidates(candidates, str(path))


def write_candidates(path: Path, candidates: Sequence[Candidate]) -> None:
    write_file(path, "".join(f"{candidate.model_dump_json()}\n" for candidate in candidates).encode())


def check_candidates(candidates: Sequence[Candidate], place: str) -> tuple[Candidate, ...]:
    """Raises `InputError` for two candidates of the same name, and for a setting that may not be tuned."""
    names = [candidate.name for candidate in candidates]
    for index, candidate in enumerate(candidates):
        if candidate.name in names[:index]:
            raise InputError(f"{place} has two candidates called {candidate.name}.", "Give each its own name.")
        for setting in candidate.settings:
            if setting not in TUNED:
                raise InputError(
                    f"{place}: {candidate.name} sets {setting}, which must be equal for all that are compared.",
                    f"Give --{setting.replace('_', '-')} to the command; a candidate may set {', '.join(TUNED)}.",
                )
    return tuple(candidates)


def candidates_in(folder: Path) -> tuple[Candidate, ...]:
    """The candidates that the folder of a study, or of a search for losses, hands on."""
    if (folder / STUDY).is_file():
        return candidates_of_study(folder)
    if not (folder / LIST).exists():
        raise InputError(
            f"The search {folder} has handed on nothing yet: it has no {LIST}.", "Let it end, or repeat its command."
        )
    return read_candidates(folder / LIST)


def candidates_of_study(folder: Path) -> tuple[Candidate, ...]:
    """The best finished trial of each loss in a study made by `alphadsl sweep`."""
    from runner.studies.plan import Point
    from runner.studies.study import Standing, read_study, room_of

    study = read_study(room_of(folder.name, folder.parent, None))
    plan = study.plan
    best: dict[str, Candidate] = {}
    chosen: dict[str, Point] = {}
    for entry in study.entries():
        loss, score = entry.point.loss, entry.score
        beaten = loss in best and (best[loss].search_score or 0.0) >= (score or 0.0)
        if entry.standing is not Standing.DONE or score is None or beaten:
            continue
        chosen[loss] = entry.point
        best[loss] = Candidate(
            name=loss,
            spec=plan.losses[loss],
            values={**plan.values.get(loss, {}), **entry.point.values},
            settings={name: value for name, value in entry.point.settings.items() if name in TUNED},
            search_score=score,
            seeds=tuple(sorted({*plan.own_seeds, *plan.spent.get(loss, ())})),
        )
    if not best:
        raise InputError(f"The study {folder} has no finished trial.", "Repeat its command to continue it.")
    for name in (axis.name for axis in plan.axes if not axis.losses and axis.name not in TUNED):
        values = ", ".join(f"{chosen[loss].settings[name]} ({loss})" for loss in best)
        tell(f"The best trials of {folder.name} have {name} {values}, which is not handed on: give the same to all.")
    return tuple(best.values())
