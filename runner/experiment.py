"""Whole experiments: losses, configurations and a folder come in; trained and probed run folders come out.

Every error that can be known beforehand (colliding names, existing runs, missing or different data) is raised before
the first training step.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace

from alphadsl.report.exceptions import InputError
from alphadsl.storage import RESUMED
from runner.contract import check_shareable
from runner.data.datasets import check_enough
from runner.data.splits import ImageData
from runner.network.models import check_makeable
from runner.network.soundness import decide_layout
from runner.plan import PlannedRun
from runner.probing import ProbeFailedError, training_is_kept
from runner.progress import tell
from runner.records.boards import check_loggers
from runner.records.ending import forget_ending, noted
from runner.records.folder import AtWorkError, RunFolder, check_free_of_others, locked
from runner.records.identity import DataRecord
from runner.records.opening import IfExists, check_run, open_run, restored
from runner.records.record import is_probed
from runner.settings.config import ExperimentConfig
from runner.settings.decisions import decide
from runner.settings.effective import check_divisible
from runner.settings.keys import decide_keys
from runner.settings.machine import keep_freed_memory, resolve_device
from runner.settings.processes import leads, world_size
from runner.settings.processor import look_at
from runner.settings.views import decide_views
from runner.supplies import Stock, Supplies
from runner.training.callbacks import Callback
from runner.training.fabric import make_fabric
from runner.training.finite import DivergedError
from runner.training.job import Job
from runner.training.optimizers import check_installed
from runner.training.pretrain import pretrain
from runner.training.recovery import go_back
from runner.training.together import is_known_to_all, led, together


@dataclass(frozen=True)
class Options:
    """What a command says about its runs as a whole."""

    if_exists: IfExists = IfExists.REFUSE
    probe: bool = True
    restore_threads: bool = True
    """Whether a resumed run uses the same number of threads as before."""
    stop_after: int | None = None
    """The epoch after which runs end for now. They are probed then, and continue when resumed as if never stopped."""
    before: Callable[[PlannedRun], object] = lambda run: None
    """Called before each run."""
    callbacks: tuple[Callback, ...] = ()
    stock: Stock = field(default_factory=Stock)
    """What the runs share. A caller that trains more than once on the same images keeps it."""


@dataclass(frozen=True)
class Failure:
    """A run that ended early, and the reason."""

    run: PlannedRun
    reason: InputError

    @property
    def what(self) -> str:
        """How the run ended, in a word or two."""
        match self.reason:
            case DivergedError():
                return "diverged"
            case ProbeFailedError():
                return "not probed"
            case _:
                return "failed"

    def __str__(self) -> str:
        return f"{self.run.path} {self.what}: {self.reason.message}"

    @property
    def reason_to_repeat(self) -> InputError:
        """The reason, with help for a command that resumes its runs by itself and has no option for it."""
        reason, path = self.reason, self.run.path
        if isinstance(reason, DivergedError | ProbeFailedError):
            return reason
        remedy = reason.help.replace(RESUMED, "")
        if not path.exists():
            remedy = "Repeat the command: the run is trained again."
        elif "--" in remedy:
            remedy = f"Move {path} away and repeat the command: it is trained again."
        return InputError(reason.message, remedy)


@dataclass(frozen=True)
class Outcome:
    """The runs that were trained, and those that failed."""

    folders: tuple[RunFolder, ...]
    probed: bool
    failures: tuple[Failure, ...]


def train_runs(plan: Sequence[PlannedRun], options: Options) -> Outcome:
    """Train and probe one run after another. One that fails, for example when its loss diverges, does not stop the
    others.

    Raises `InputError` for errors that can be known before the first step and are the user's to fix.
    """
    plan = _restored(plan, options)
    together(lambda: _check_settings(plan, options.stop_after))
    led(lambda: _check_all(plan, options))
    keep_freed_memory()
    supplies = options.stock.of(plan[0].config)
    together(lambda: _check_enough(plan, supplies.data))
    plan = _with_configs(plan, led(lambda: _decided(plan, supplies.data, options.stock)))
    led(lambda: _check_all(plan, options, supplies.record))
    folders, failures = [], []
    for planned in plan:
        options.before(planned)
        try:
            folders.append(_train_run(planned, supplies, options))
        except InputError as reason:
            if not (is_known_to_all(reason) or isinstance(reason, ProbeFailedError)):
                raise
            failures.append(Failure(planned, reason))
            if len(plan) > 1:  # the caller reports all failures at the end, which may be far away
                tell(str(failures[-1]))
    return Outcome(tuple(folders), options.probe and supplies.data.labelled, tuple(failures))


def check_runs(plan: Sequence[PlannedRun], options: Options) -> None:
    """Raises the `InputError` that `train_runs` would, as far as it can be known before any data are read. Runs that
    another process is using are left to that process."""
    for planned in _restored(plan, options):
        _check_settings([planned])
        with suppress(AtWorkError):
            _check_all([planned], options)


def _restored(plan: Sequence[PlannedRun], options: Options) -> Sequence[PlannedRun]:
    """The runs, with what was decided for an earlier part of each if they are resumed."""
    if not options.if_exists.resumes:
        return plan
    again = options.restore_threads
    return _with_configs(plan, led(lambda: [restored(run.path, run.config, threads=again) for run in plan]))


def _check_stop(plan: Sequence[PlannedRun], stop_after: int | None) -> None:
    """Raises `InputError` where no run has an epoch to be stopped after."""
    longest = max(planned.config.epochs for planned in plan)
    if stop_after is not None and stop_after > longest:
        raise InputError(
            f"--stop-after {stop_after} has no effect on {longest} epoch{'' if longest == 1 else 's'}.",
            f"Leave out --stop-after, or give --epochs {stop_after} or more.",
        )


def _check_settings(plan: Sequence[PlannedRun], stop_after: int | None = None) -> None:
    _check_stop(plan, stop_after)
    for planned in plan:
        check_divisible(planned.config, world_size())
        check_loggers(planned.config)
        check_makeable(planned.config, planned.encoder)
        check_installed(planned.config)


def _check_enough(plan: Sequence[PlannedRun], data: ImageData) -> None:
    for planned in plan:
        check_shareable(planned.loss, world_size())
        check_enough(planned.loss, data, planned.config)


def _with_configs(plan: Sequence[PlannedRun], configs: Sequence[ExperimentConfig]) -> list[PlannedRun]:
    return [replace(planned, config=config) for planned, config in zip(plan, configs, strict=True)]


def _decided(plan: Sequence[PlannedRun], data: ImageData, stock: Stock) -> list[ExperimentConfig]:
    """The configurations with every `auto` decided; also prints a line about how the runs are computed."""
    configs = []
    for planned in plan:
        processor = look_at(resolve_device(planned.config.device))
        decided = decide(planned.config, processor)
        decided = decide_layout(decided, data.image_size, make_fabric(decided.config))
        stock.tell_once(decided.describe(processor))
        queued = "queue" in planned.loss.takes
        config = decide_keys(decide_views(decided.config), planned.loss.name, queued, len(data.pretrain_NCHW))
        if queued:
            keys = f"a queue of {config.queue:,} keys, momentum {config.momentum_encoder:g}"
            stock.tell_once(f"{planned.loss.name}: {keys}")
        configs.append(config)
    return configs


def _check_all(plan: Sequence[PlannedRun], options: Options, data: DataRecord | None = None) -> None:
    for planned in plan:
        # First, since a run that another process is just starting is only half there.
        check_free_of_others(RunFolder(planned.path))
        check_run(planned.path, planned.loss, planned.config, options.if_exists, data)


def _train_run(planned: PlannedRun, supplies: Supplies, options: Options) -> RunFolder:
    with ExitStack() as open_folder:

        def opened() -> RunFolder:
            open_folder.enter_context(locked(RunFolder(planned.path)))
            run = open_run(planned.path, planned.loss, planned.config, options.if_exists, supplies.record)
            if options.if_exists is IfExists.RESUME_LAST_GOOD:
                go_back(run)
            forget_ending(run)
            return run

        run = led(opened)
        fabric = make_fabric(planned.config)
        with noted(run, DivergedError, leads()):
            brought = (options.stop_after, planned.encoder, options.callbacks)
            job = Job(planned.loss, supplies.data, planned.config, run, fabric, *brought)
            trained = pretrain(job)
        if trained.epoch < planned.config.epochs:
            tell(f"{planned.path} ends for now after epoch {trained.epoch} of {planned.config.epochs}.")
        test = planned.config.test_set == "read"
        asked = leads() and options.probe and supplies.data.labelled
        if asked and not is_probed(run, trained.epoch, test=test):
            with training_is_kept(run):
                measured = trained.averaging.read(job, trained)
                supplies.prober.probe(run, measured, planned.config, planned.encoder)
        return run
