"""Reading the files of a run: a run folder comes in; its record, its probe and its epoch come out.

Refused, each with a message of its own: a folder that is not a run, a damaged file, a file that belongs to another run,
and one that a newer version wrote.
"""

import json
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alphadsl.report.exceptions import InputError
from alphadsl.storage import read_file, write_file
from runner.records.folder import RunFolder, State, read_marker, state_of
from runner.records.identity import RunRecord, differences, fingerprint_of
from runner.settings.config import OWN_IMAGES
from runner.settings.encoders import OWN

ROW = re.compile(r"\[\n\s*(\d+(?:,\n\s*\d+)*)\n\s*\]")
"""A list of whole numbers as `json` indents it. No string in a JSON file contains a line break."""

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class ValidationAccuracies(BaseModel):
    """Top-1 accuracies of a probe on images held out of the training set. Choices are made on these."""

    linear: Share
    best_epoch: Annotated[int, Field(ge=1)]
    knn_200: Share


class TestAccuracies(BaseModel):
    """Top-1 accuracies of a probe on the test set."""

    linear_last: Share
    linear_best: Share
    best_epoch: Annotated[int, Field(ge=1)]
    knn_200: Share


class Accuracies(BaseModel):
    """The results of a probe, on validation images, on the test set or on both."""

    model_config = ConfigDict(extra="allow")

    validation: ValidationAccuracies | None = None
    test: TestAccuracies | None = None
    """None if the test set was sealed."""

    @model_validator(mode="before")
    @classmethod
    def _earlier_ones_were_of_the_test_set(cls, value: Any) -> Any:
        if isinstance(value, dict) and "linear_last" in value:
            return {**value, "test": {name: value.get(name) for name in TestAccuracies.model_fields}}
        return value

    @model_validator(mode="after")
    def _something_was_measured(self) -> Self:
        if self.validation is None and self.test is None:
            raise ValueError("neither part was measured")
        return self


class ProbeRecord(Accuracies):
    """The content of probe.json."""

    untrained: Accuracies
    epoch: Annotated[int, Field(ge=0)]
    train_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    identity: str | None = None
    """`RunRecord.identity` of the probed run; earlier versions wrote none."""
    protocol: str | None = None
    """A hash of all that decides the accuracies besides encoder and images; earlier versions wrote none."""
    protocol_details: Mapping[str, Any] | None = None
    per_class: Mapping[str, Share | None] | None = None
    """The fraction of each class that was recognised."""
    confusion: tuple[tuple[int, ...], ...] | None = None
    """How many images of each class (rows) were assigned to each class."""
    counted_on: Literal["validation", "test"] | None = None
    """The images that `per_class` and `confusion` are about."""


def read_record(run: RunFolder) -> RunRecord:
    """What the run in a folder was asked to do. Raises `InputError` if that cannot be known."""
    match state_of(run):
        case State.UNNAMED | State.FREE if run.marker.exists():
            raise InputError(f"{run.config} is missing.", "Put a copy of it back.")
        case State.FREE:
            raise InputError(f"{run.path} is not a run: it has no config.json.", "Give a folder below runs/.")
        case State.FOREIGN:
            raise InputError(f"{run.path} is not a run of alphadsl.", "Give a folder that train has written.")
        case State.EARLIER:
            record = _parse_record(run)
            return record.model_copy(update={"spec": fingerprint_of(read_file(run.spec))})
        case _:
            record, marker = _parse_record(run), read_marker(run)
            if record.run != marker.run:
                raise InputError(f"{run.config} belongs to another run.", "Put the run's own file back.")
            return record


def _parse_record(run: RunFolder) -> RunRecord:
    content = read_file(run.config)
    try:
        return RunRecord.model_validate_json(content)
    except ValidationError as refusal:
        unknown = [fault for fault in refusal.errors() if fault["type"] == "extra_forbidden"]
        missing = [fault for fault in refusal.errors() if fault["type"] == "missing"]
        if unknown and not missing:
            raise InputError(
                f"{run.config} has the setting {unknown[0]['loc'][-1]}, which this alphadsl does not know.",
                "Use the version that wrote it.",
            ) from None
        raise InputError(f"{run.config} is damaged or not the file of a run.", "Put a copy of it back.") from None


def write_record(run: RunFolder, record: RunRecord) -> None:
    write_json(run / "config.json", json.loads(record.model_dump_json()))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON that is easy to read: a row of whole numbers is one line."""
    text = ROW.sub(lambda row: f"[{' '.join(row[1].split())}]", json.dumps(content, indent=2))
    write_file(path, f"{text}\n".encode())


def way_to_probe(run: RunFolder) -> str:
    """A command that probes the run, or a Python call if only Python code has its images or its encoder."""
    with suppress(InputError):
        config = read_record(run).config
        if config.dataset == OWN_IMAGES or config.encoder.startswith(OWN):
            return 'the same alphadsl.train(...) with if_exists="resume"'
    return f"alphadsl probe {shlex.quote(str(run.path))}"


def read_probe(run: RunFolder) -> dict[str, Any]:
    """The content of probe.json. Raises `InputError` if the run was not probed, or the file is of another run."""
    again = f"Try: {way_to_probe(run)}"
    if not run.probe.exists():
        raise InputError(f"The run {run.path} was not probed.", again)
    try:
        probe = ProbeRecord.model_validate_json(read_file(run.probe))
    except ValidationError:
        raise InputError(f"{run.probe} is damaged or not the file of a probe.", again) from None
    record = read_record(run)
    if record.run and probe.identity not in record.identities():
        raise InputError(f"{run.probe} is of another run, or of other settings than {run.config}.", again)
    return probe.model_dump()


def is_probed(run: RunFolder, epoch: int, *, test: bool = False) -> bool:
    """Whether probe.json is about this very run after so many epochs, and about the test set if that is asked for."""
    try:
        probe = read_probe(run)
    except InputError:
        return False
    return bool(probe["epoch"] == epoch) and not (test and probe["test"] is None)


def check_whose(run: RunFolder, text: str, path: Path | None = None) -> None:
    """Check that a checkpoint with this record, by default the last one, belongs to the run.

    Raises `InputError` that names what differs.
    """
    record, path = read_record(run), path or run.checkpoint
    try:
        written = RunRecord.model_validate_json(text)
    except ValidationError:
        raise InputError(f"{path} does not say which run it belongs to.", "Put the run's own file back.") from None
    for name, (mine, its) in differences(record, written).items():
        if name == "epochs" and its in record.planned:
            continue
        difference = "another loss" if name == "loss" else f"{name} {its}, where {run.config} says {mine}"
        raise InputError(f"{path} is of another run: {difference}.", "Put the run's own file back.")
    if record.run != written.run:
        raise InputError(f"{path} is of another run with the same settings.", "Put the run's own file back.")
