"""What a search did, line by line: events come in and are on disk at once; the current candidates can be read back.

A last line that a kill truncated is dropped, and its work is repeated. Refused: a line before the last one that cannot
be read.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from alphadsl.report.exceptions import InputError
from alphadsl.storage import guarded, read_file


def shown_rung(rung: str) -> str:
    """The name of a rung in words."""
    return "1 epoch" if rung == "1 epochs" else rung


class Event(BaseModel):
    """Something that the search did."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BredEvent(Event):
    """A candidate was written and judged; an empty `gate` means that it passed."""

    kind: Literal["bred"] = "bred"
    number: int
    name: str
    text: str = ""
    parents: tuple[str, ...] = ()
    how: str = ""
    gate: str = ""
    reason: str = ""
    size: int = 0
    near: str = ""
    angle: float = 0.0
    control: bool = False


class ScoredEvent(Event):
    """A candidate was trained at a rung, with these values of its parameters, or failed."""

    kind: Literal["scored"] = "scored"
    name: str
    rung: str
    scores: tuple[float, ...] = ()
    """Accuracies in [0, 1] on validation images, by seed."""
    values: Mapping[str, float] = Field(default_factory=dict)
    failed: str = ""
    seconds: float = 0.0


class RungEvent(Event):
    """How well a rung predicts which losses do well at the next, measured on the losses the search starts from."""

    kind: Literal["rung"] = "rung"
    rung: str
    next: str
    correlation: float
    losses: int
    kept: bool

    @property
    def sentence(self) -> str:
        compared = f"{shown_rung(self.rung)} against {shown_rung(self.next)}"
        return f"{compared}: rank correlation {self.correlation:+.2f} over {self.losses} losses"


class TrimmedEvent(Event):
    """A survivor in its simplified form."""

    kind: Literal["trimmed"] = "trimmed"
    name: str
    text: str
    size: int
    score: float


AnyEvent = Annotated[BredEvent | ScoredEvent | RungEvent | TrimmedEvent, Field(discriminator="kind")]
EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


@dataclass
class Candidate:
    """A loss that passed the gates, or a control, and its scores so far."""

    bred: BredEvent
    scored: dict[str, ScoredEvent] = field(default_factory=dict)
    trimmed: TrimmedEvent | None = None

    @property
    def name(self) -> str:
        return self.bred.name

    def score(self, rung: str) -> float | None:
        """Mean score over seeds; None if it was not trained at the rung, or failed."""
        event = self.scored.get(rung)
        return None if event is None or not event.scores else sum(event.scores) / len(event.scores)


@dataclass
class SearchLog:
    """The log of one search: the events in its file, and those that are added."""

    path: Path
    events: list[AnyEvent] = field(default_factory=list)
    candidates: dict[str, Candidate] = field(default_factory=dict)
    bred: int = 0
    """Number of candidates that were written, whatever became of them."""

    @staticmethod
    def open(path: Path) -> "SearchLog":
        """The log, to be continued: a truncated last line is removed."""
        if path.exists():
            _cut_half_line(path)
        return SearchLog.look(path)

    @staticmethod
    def look(path: Path) -> "SearchLog":
        """The log as it is on disk, where another process may be writing."""
        log = SearchLog(path)
        if path.exists():
            for event in _read(path):
                log._take(event)
        return log

    def add(self, event: AnyEvent) -> None:
        """Write an event to disk, then count it."""
        with guarded(self.path, "written"), self.path.open("a", encoding="utf-8") as file:
            file.write(event.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._take(event)

    @property
    def passed(self) -> int:
        """Number of candidates that passed the gates."""
        return sum(not candidate.bred.control for candidate in self.candidates.values())

    @property
    def seconds(self) -> float:
        """Seconds spent on judging and training."""
        return sum(event.seconds for event in self.events if isinstance(event, ScoredEvent))

    def gates(self) -> dict[str, int]:
        """How many candidates were stopped by each gate, and how many passed."""
        counts: dict[str, int] = {}
        for event in self.events:
            if isinstance(event, BredEvent) and not event.control:
                counts[event.gate or "passed"] = counts.get(event.gate or "passed", 0) + 1
        return counts

    def _take(self, event: AnyEvent) -> None:
        self.events.append(event)
        match event:
            case BredEvent():
                self.bred = max(self.bred, event.number)
                if not event.gate:
                    self.candidates[event.name] = Candidate(event)
            case ScoredEvent() if event.name in self.candidates:
                self.candidates[event.name].scored[event.rung] = event
            case TrimmedEvent() if event.name in self.candidates:
                self.candidates[event.name].trimmed = event


def _cut_half_line(path: Path) -> None:
    content = read_file(path)
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with guarded(path, "written"):
            os.truncate(path, whole)


def _read(path: Path) -> Iterator[AnyEvent]:
    content = read_file(path)
    whole = content.rfind(b"\n") + 1
    for number, line in enumerate(content[:whole].splitlines(), start=1):
        try:
            yield EVENT.validate_json(line)
        except (ValidationError, json.JSONDecodeError):
            raise InputError(f"{path} is damaged in line {number}.", "Put a copy of it back.") from None
