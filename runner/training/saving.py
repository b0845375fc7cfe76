"""The state of a run, saved to its run folder and restored from it.

The last checkpoint is the run. Those just before it are kept beside it, so that damage to one loses little.
"""

import torch

from alphadsl.storage import keep_as, make_subfolder
from runner.records.checkpoints import thin_out
from runner.training.checkpoint import Checkpoint, damaged, save_checkpoint, taken_from
from runner.training.job import Job, TrainingState
from runner.training.recovery import load_last


def keep(job: Job, state: TrainingState) -> None:
    """Write the current checkpoint, and a copy that is kept for good if the configuration says so."""
    measured = state.averaging.read(job, state)
    checkpoint = Checkpoint(
        epoch=state.epoch,
        step=state.step,
        seconds=state.clock.run,
        epoch_seconds=state.clock.epoch,
        metrics_bytes=state.metrics_bytes,
        network=state.network.state_dict(),
        loss=job.loss.state_dict(),
        optimizer=state.optimizer.state_dict(),
        record=state.record,
        branches=state.branches.state_dict(),
        averaged={} if measured is state.network else measured.state_dict(),
    )
    if _is_for_good(job, state):
        make_subfolder(job.run.kept_checkpoint(state.epoch).parent)
        save_checkpoint(job.run.kept_checkpoint(state.epoch), checkpoint)  # first, so a kill in between loses nothing
    if state.saved is not None and state.saved != state.step and job.config.keep_last > 1:
        make_subfolder(job.run.earlier_checkpoint(state.saved).parent)
        keep_as(job.run.checkpoint, job.run.earlier_checkpoint(state.saved))
    save_checkpoint(job.run.checkpoint, checkpoint)
    state.saved = state.step
    thin_out(job.run, job.config.keep_last - 1)


def _is_for_good(job: Job, state: TrainingState) -> bool:
    ends_an_epoch = state.step == state.epoch * job.epoch_steps > 0
    return ends_an_epoch and job.config.keep_every > 0 and state.epoch % job.config.keep_every == 0


def find_checkpoint(job: Job) -> Checkpoint | None:
    """The last checkpoint of the run, on the CPU. Raises `InputError` if it is damaged or belongs to another run."""
    if not job.run.checkpoint.exists():
        return None
    checkpoint = load_last(job.run, torch.device("cpu"))
    if not 0 <= checkpoint.step - checkpoint.epoch * job.epoch_steps <= job.epoch_steps:
        raise damaged(job.run.checkpoint, f"its step {checkpoint.step} is not one of epoch {checkpoint.epoch + 1}")
    return checkpoint


def restore(job: Job, state: TrainingState, checkpoint: Checkpoint) -> None:
    """Restore the state from a checkpoint. Raises `InputError` if they do not fit."""
    with taken_from(job.run.checkpoint):
        state.network.load_state_dict(checkpoint.network)
        state.branches.load_state_dict(checkpoint.branches)
        job.loss.load_state_dict(checkpoint.loss)
        state.optimizer.load_state_dict(checkpoint.optimizer)
        state.averaging.restore(checkpoint.averaged, checkpoint.step)
    state.epoch, state.step, state.saved = checkpoint.epoch, checkpoint.step, checkpoint.step
    state.clock.run, state.clock.epoch = checkpoint.seconds, checkpoint.epoch_seconds
    state.metrics_bytes = checkpoint.metrics_bytes
