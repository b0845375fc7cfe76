"""The state of a search, from its folder alone, whether it is running or not: a folder comes in; what there is to
report comes out.
"""

from dataclasses import dataclass

from runner.discovery.log import Candidate, SearchLog
from runner.discovery.plan import SearchPlan, SearchRoom, read_plan
from runner.discovery.report import ranking, top_rung
from runner.discovery.rungs import names_of_rungs
from runner.records.folder import AtWorkError, RunFolder, check_free_of_others
from runner.studies.marks import command_of


@dataclass(frozen=True)
class Overview:
    """A search as far as it has come."""

    room: SearchRoom
    plan: SearchPlan
    log: SearchLog
    at_work: bool

    @property
    def name(self) -> str:
        return self.room.folder.name

    @property
    def state(self) -> str:
        if self.at_work:
            return "running"
        return "ended" if self.room.listed.exists() else "stopped"

    @property
    def rung(self) -> str:
        """The highest rung at which a found loss has been trained."""
        return top_rung(self.log, names_of_rungs(self.plan))

    @property
    def best(self) -> Candidate | None:
        """The best of the found losses."""
        return next((candidate for candidate in ranking(self.log, self.rung) if not candidate.bred.control), None)

    @property
    def following(self) -> str:
        """The command that continues from here; empty if none is known or none is needed."""
        match self.state:
            case "ended":
                return f"alphadsl sweep {self.room.folder} --over lr=LOW..HIGH:log --trials N"
            case "stopped":
                return command_of(self.room.folder)
            case _:
                return ""


def look_at_search(room: SearchRoom) -> Overview:
    """The overview of a search. Raises `InputError` if the folder is not a search or is damaged."""
    return Overview(room, read_plan(room), SearchLog.look(room.log), _is_at_work(room))


def _is_at_work(room: SearchRoom) -> bool:
    try:
        check_free_of_others(RunFolder(room.folder))
    except AtWorkError:
        return True
    return False
