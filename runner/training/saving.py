"""The state of a run, put on disk and taken back: a run folder is where it goes."""

from alphadsl.storage import make_folder
from runner.records.record import check_whose
from runner.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, taken_from
from runner.training.job import Job, TrainingState


def keep(job: Job, state: TrainingState) -> None:
    """Write the checkpoint of this moment, and for good where the configuration says so."""
    checkpoint = Checkpoint(
        epoch=state.epoch,
        step=state.step,
        seconds=state.seconds,
        metrics_bytes=state.metrics_bytes,
        network=state.network.state_dict(),
        loss=job.loss.state_dict(),
        optimizer=state.optimizer.state_dict(),
        record=state.record,
    )
    if job.config.keep_every and state.epoch % job.config.keep_every == 0:
        make_folder(job.run.kept_checkpoint(state.epoch).parent)
        save_checkpoint(job.run.kept_checkpoint(state.epoch), checkpoint)  # first: a kill between them is made good
    save_checkpoint(job.run.checkpoint, checkpoint)


def restore(job: Job, state: TrainingState) -> None:
    """Bring the state to the last checkpoint. Raises `InputError` where it is damaged or another's."""
    checkpoint = load_checkpoint(job.run.checkpoint, job.fabric.device)
    check_whose(job.run, checkpoint.record)
    with taken_from(job.run.checkpoint):
        state.network.load_state_dict(checkpoint.network)
        job.loss.load_state_dict(checkpoint.loss)
        state.optimizer.load_state_dict(checkpoint.optimizer)
    state.epoch, state.step = checkpoint.epoch, checkpoint.step
    state.seconds, state.metrics_bytes = checkpoint.seconds, checkpoint.metrics_bytes
