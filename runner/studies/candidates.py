"""What a search hands on to be confirmed: a list of candidates as JSON lines, or a study, comes in; losses with their
search scores and the seeds they were found with come out.

A line is one candidate: `name`, `spec` (the whole text), and where they are known `values` of its parameters,
`settings` it was tuned to, `search_score` (accuracy on validation images, in [0, 1]) and the `seeds` of the search.
Refused: a line that is none, two candidates of one name, a study without a finished trial.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alphadsl.report.exceptions import InputError
from alphadsl.storage import read_file, write_file
from runner.studies.marks import LIST, STUDY

TUNED = ("lr", "weight_decay", "warmup_epochs", "optimizer")
"""Settings that a candidate may bring, because a search tunes them; all others are the budget, equal for all."""


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
    """All seeds that the search has trained with, and those before it."""


def read_candidates(path: Path) -> tuple[Candidate, ...]:
    """Raises `InputError` that names the line at fault."""
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
                f"{path} has no candidate in line {number}: {where}: {fault['msg']}.",
                'Write {"name": "mine", "spec": "loss mine {...}", "search_score": 0.61, "seeds": [0, 1]}.',
            ) from None
    if not candidates:
        raise InputError(f"{path} has no candidate.", "A candidate is a line of JSON with a name and a spec.")
    return check_candidates(candidates, str(path))


def write_candidates(path: Path, candidates: Sequence[Candidate]) -> None:
    write_file(path, "".join(f"{candidate.model_dump_json()}\n" for candidate in candidates).encode())


def check_candidates(candidates: Sequence[Candidate], place: str) -> tuple[Candidate, ...]:
    """Raises `InputError` for two of one name, and for a setting that is no tuning."""
    names = [candidate.name for candidate in candidates]
    for index, candidate in enumerate(candidates):
        if candidate.name in names[:index]:
            raise InputError(f"{place} has two candidates called {candidate.name}.", "Give each its own name.")
        for setting in candidate.settings:
            if setting not in TUNED:
                raise InputError(
                    f"{place}: {candidate.name} brings {setting}, which has to be equal for all that are compared.",
                    f"Give --{setting.replace('_', '-')} to the command; a candidate may bring {', '.join(TUNED)}.",
                )
    return tuple(candidates)


def candidates_in(folder: Path) -> tuple[Candidate, ...]:
    """What the folder of a study, or of a search for losses, hands on."""
    if (folder / STUDY).is_file():
        return candidates_of_study(folder)
    if not (folder / LIST).exists():
        raise InputError(
            f"The search {folder} has handed on nothing yet: it has no {LIST}.", "Let it end, or repeat its command."
        )
    return read_candidates(folder / LIST)


def candidates_of_study(folder: Path) -> tuple[Candidate, ...]:
    """The best finished trial of each loss of a study that `alphadsl sweep` has made."""
    from runner.studies.study import Standing, read_study, room_of

    study = read_study(room_of(folder.name, folder.parent, None))
    plan = study.plan
    best: dict[str, Candidate] = {}
    for entry in study.entries():
        loss, score = entry.point.loss, entry.score
        beaten = loss in best and (best[loss].search_score or 0.0) >= (score or 0.0)
        if entry.standing is not Standing.DONE or score is None or beaten:
            continue
        best[loss] = Candidate(
            name=loss,
            spec=plan.losses[loss],
            values={**plan.values.get(loss, {}), **entry.point.values},
            settings={name: value for name, value in entry.point.settings.items() if name in TUNED},
            search_score=score,
            seeds=tuple(sorted({*plan.own_seeds, *plan.spent.get(loss, ())})),
        )
    if not best:
        raise InputError(f"The study {folder} has no finished trial.", "Repeat its command, which goes on.")
    return tuple(best.values())
