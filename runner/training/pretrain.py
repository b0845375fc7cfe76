"""Contrastive pretraining: a loss, images and a configuration come in; a trained network comes out.

This is one loop, to be read from top to bottom; the work of each iteration is in the modules beside it. Fabric handles
precision and device. With several processes, all of them take steps, and rank 0 writes. Refused: a loss or a gradient
that is not finite.
"""

from contextlib import AbstractContextManager

import torch
from torch import nn

from runner.network.branches import Branches
from runner.network.normalisation import share_statistics
from runner.network.soundness import sound_network
from runner.progress import Progress
from runner.records.boards import open_boards
from runner.records.metrics import MetricsLog, Unwritten
from runner.records.opening import note_environment
from runner.records.record import read_record
from runner.settings.decisions import decide
from runner.settings.machine import limit_threads
from runner.settings.processes import leads, rank, world_size
from runner.settings.processor import look_at
from runner.training.averaging import make_averaging
from runner.training.calling import Calls
from runner.training.job import Job, TrainingState
from runner.training.keeping import Keeper, in_its_folder
from runner.training.objective import fill_queue
from runner.training.observing import observe
from runner.training.optimizers import make_optimizer
from runner.training.readings import Readings
from runner.training.saving import find_checkpoint, restore
from runner.training.schedule import epoch_batches, seed_layers
from runner.training.step import choose_backpropagation, train_step
from runner.training.stopping import StopSignals
from runner.training.together import led


def pretrain(job: Job) -> TrainingState:
    """Train from the last checkpoint of the run, or from the start, up to the last epoch of the job.

    Raises `DivergedError` if the loss or its gradient is not finite, and `InputError` if a checkpoint is damaged or
    belongs to another run.
    """
    state = prepare(job)
    if state.epoch >= job.last_epoch > 0:
        return state
    state.record = led(lambda: note_whose(job))
    with (
        in_its_folder(job, state),
        limit_threads(job.config.threads),
        _cudnn(job),
        _random_numbers_kept(job),
        led_log(job, state) as log,
        Progress(job.run.path.name, state.step, job.steps, job.config) as progress,
        Readings(job, state, log, progress) as readings,
        StopSignals() as signals,
    ):
        keeper, calls = Keeper(job, state, log, readings, signals), Calls(job, state)
        if state.saved is None:
            keeper.save()  # so that if there is no checkpoint later, it was lost
        calls.start()
        while not job.ends_at(state):
            speed = train_epoch(job, state, readings, keeper, calls)
            with keeper.interruptible():
                observed = led(lambda: observe(job, state))
            state.epoch += 1
            row = {"step": state.step, "epoch": state.epoch, "images_per_second": speed, "seconds": state.clock.run}
            log.write(row | observed)
            calls.epoch(row | observed)
            progress.tell_epoch(state.epoch, observed.get("knn"), speed)
            state.clock.epoch = 0.0
            keeper.after_epoch()
        calls.end()
    return state


def train_epoch(job: Job, state: TrainingState, readings: Readings, keeper: Keeper, calls: Calls) -> float:
    """Train on the remaining batches of an epoch, and check that all losses were finite. Returns images per second over
    the whole epoch."""
    state.network.train()
    backpropagation, epoch = choose_backpropagation(job), state.epoch + 1
    done = state.step - state.epoch * job.epoch_steps
    with state.clock.running():
        for indices_B in epoch_batches(len(job.images_NCHW), state.epoch, job.config, job.fabric.device, done):
            seed_layers(job.config.seed, state.step, rank())
            result = train_step(job, state, indices_B, backpropagation)
            state.step += 1
            readings.add(state.step, epoch, result)
            calls.step(result.loss)
            keeper.after_step()
        readings.read()
    return job.epoch_steps * job.config.batch / state.clock.epoch


def note_whose(job: Job) -> str:
    """The record of the run as JSON, with the environment that it is computed in from here on."""
    note_environment(job.run, job.config)
    return read_record(job.run).model_dump_json()


def led_log(job: Job, state: TrainingState) -> MetricsLog:
    """The measurements of the run, written by rank 0."""
    if not leads():
        return Unwritten()
    return MetricsLog(job.run.metrics, state.metrics_bytes, lambda: open_boards(job.run, job.config, state.step))


def _cudnn(job: Job) -> AbstractContextManager[None]:
    """Whether cuDNN may try its algorithms for the fastest, some of which give different bits each time."""
    same = decide(job.config, look_at(job.fabric.device.type)).config.deterministic is True
    return torch.backends.cudnn.flags(enabled=True, benchmark=not same, deterministic=same)


def _random_numbers_kept(job: Job) -> AbstractContextManager[None]:
    """Restore the random state after training, for users who train inside a program of their own."""
    return torch.random.fork_rng(devices=[job.fabric.device] if job.fabric.device.type == "cuda" else [])


def prepare(job: Job) -> TrainingState:
    """Network and optimizer on the device, restored from the last checkpoint if there is one."""
    network = sound_network(job.config, job.data.image_size, job.fabric, job.encoder)
    branches, averaging = Branches(network, job.decided), make_averaging(network, job.config)
    if world_size() > 1:
        share_statistics(network, job.fabric.device)
        share_statistics(branches, job.fabric.device)
    if job.config.compile is True:
        network.encoder.compile()
    trained = network if branches.predictor is None else nn.ModuleList([network, branches.predictor])
    embed, optimizer = job.fabric.setup(network, make_optimizer(trained, job.loss, job.config))
    branches.to(next(network.parameters()))
    averaging.to(next(network.parameters()))
    predict = None if branches.predictor is None else job.fabric.setup_module(branches.predictor)
    state = TrainingState(network, embed, optimizer, branches, averaging, predict)
    checkpoint = led(lambda: find_checkpoint(job))
    if checkpoint is None:
        fill_queue(job, state)
    else:
        restore(job, state, checkpoint)
    return state
