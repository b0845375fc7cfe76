"""Whether a run may get more epochs than it was planned for: its record, its loss and the requested epochs come in.

Refused: fewer epochs, and more epochs if a schedule depends on the total number, since a longer run would have been
different from its first step on.
"""

from alphadsl.report.exceptions import InputError
from runner.contract import CompiledLoss
from runner.records.folder import RunFolder
from runner.records.identity import RunRecord
from runner.settings.config import ExperimentConfig


def check_extension(run: RunFolder, record: RunRecord, loss: CompiledLoss, config: ExperimentConfig) -> None:
    """Raises `InputError` with what to do instead, if the run cannot be extended."""
    planned, asked = record.config.epochs, config.epochs
    if asked < planned:
        raise InputError(
            f"The run {run.path} is planned for {planned} epochs, not {asked}.",
            f"To end it earlier, give --epochs {planned} --stop-after {asked}. To train another, give --name.",
        )
    if config.schedule == "cosine":
        raise InputError(
            f"The run {run.path} cannot be extended: over {asked} epochs its {config.schedule} schedule would have had "
            f"other learning rates than over {planned}, from the start.",
            "Train another with --name; a run with --schedule constant can be extended.",
        )
    moving = scheduled_parameters(loss)
    if moving:
        raise InputError(
            f"The run {run.path} cannot be extended: the schedule of {moving[0]} of {loss.name} runs over all of its "
            f"{planned} epochs.",
            f"Train another with --name; where {moving[0]} is fixed or learned, a run can be extended.",
        )


def scheduled_parameters(loss: CompiledLoss) -> tuple[str, ...]:
    """The parameters that follow the progress of training; all that vary, for a loss that does not say which do."""
    scheduled: tuple[str, ...] = getattr(loss, "scheduled", loss.time_varying)
    return scheduled


def extended(record: RunRecord, config: ExperimentConfig) -> RunRecord:
    """The record with its new number of epochs; earlier plans stay in the record."""
    longer = record.config.model_copy(update={"epochs": config.epochs})
    return record.model_copy(update={"config": longer, "planned": (*record.planned, record.config.epochs)})
