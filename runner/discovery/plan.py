"""What a search is, and where it is stored: a folder comes in; the plan in it comes out, new or as it was.

Refused: another plan in the same folder, and a plan of another version.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

import alphadsl
from alphadsl.discover.space import SearchSpace
from alphadsl.report.exceptions import InputError
from alphadsl.storage import make_folder, read_file, write_file
from runner.settings.config import NO_SETTING, ExperimentConfig
from runner.studies.marks import LIST, REPEAT, SEARCH, check_kind

ANOTHER = "Give --name for another search."
NOT_COMPARED = (NO_SETTING - {"seed"}) | {"compile", "channels_last"}
"""Settings of the runs that may differ when a search is continued, perhaps on another machine."""


class SearchPlan(BaseModel):
    """Everything that decides what a search tries, except the time it has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = alphadsl.__version__
    parents: dict[str, str]
    """The losses that the search starts from: names and spec texts."""
    space: SearchSpace
    epochs: tuple[int, ...]
    """Epochs of the rungs after the toy."""
    seeds: int
    seed: int
    factor: int
    config: ExperimentConfig


@dataclass(frozen=True)
class SearchRoom:
    """The paths of the files of a search."""

    folder: Path

    @property
    def plan(self) -> Path:
        return self.folder / SEARCH

    @property
    def log(self) -> Path:
        return self.folder / "log.jsonl"

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def listed(self) -> Path:
        """The best candidates and the losses started from, for `confirm` and `sweep`."""
        return self.folder / LIST

    @property
    def candidates(self) -> Path:
        return self.folder / "candidates"

    @property
    def page(self) -> Path:
        return self.folder / "discovery.html"


def open_search(room: SearchRoom, plan: SearchPlan) -> SearchPlan:
    """The plan as stored. Raises `InputError` if the folder holds another search, or a study."""
    check_kind(room.folder, SEARCH)
    if not room.plan.exists():
        make_folder(room.folder)
        write_file(room.plan, plan.model_dump_json(indent=1).encode())
        return plan
    kept = read_plan(room)
    if kept.version != plan.version:
        raise InputError(
            f"The search {room.folder} was made by alphadsl {kept.version}, and this is {plan.version}.",
            f"Use that version. {ANOTHER}",
        )
    for name in SearchPlan.model_fields:
        mine, its = getattr(plan, name), getattr(kept, name)
        if name == "config":
            mine, its = (config.model_dump(exclude=set(NOT_COMPARED)) for config in (mine, its))
            name = next((key for key in mine if mine[key] != its[key]), name)
            mine, its = mine.get(name), its.get(name)
        if mine != its:
            difference = f": {its}, now {mine}" if isinstance(its, int | float | str | tuple) else ""
            raise InputError(f"The search {room.folder} has another {name}{difference}.", f"{REPEAT} {ANOTHER}")
    return plan


def read_plan(room: SearchRoom) -> SearchPlan:
    """The plan of a search. Raises `InputError` if there is none or it cannot be read."""
    if not room.plan.exists():
        raise InputError(f"{room.folder} is not a search: it has no search.json.", "Give a folder below studies/.")
    try:
        return SearchPlan.model_validate_json(read_file(room.plan))
    except ValidationError:
        raise InputError(f"{room.plan} is damaged, or of another version.", f"Put a copy back. {ANOTHER}") from None
