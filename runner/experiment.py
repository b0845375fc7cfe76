"""Whole experiments: losses, configurations and a place come in; trained and probed run folders come out.

Every refusal that can be known beforehand (names that collide, runs that exist, data that are missing or others) comes
before the first step of training.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from alphadsl.report.exceptions import InputError
from runner.data.datasets import check_enough, load_data
from runner.data.splits import ImageData
from runner.network.soundness import decide_layout
from runner.plan import PlannedRun
from runner.probing import ProbeFailedError, Prober, training_is_kept
from runner.progress import tell
from runner.records.folder import RunFolder, check_free_of_others, locked
from runner.records.identity import DataRecord, describe_data
from runner.records.opening import IfExists, check_run, open_run, restored
from runner.records.record import is_probed
from runner.settings.decisions import decide
from runner.settings.machine import keep_freed_memory, resolve_device
from runner.settings.processor import look_at
from runner.training.fabric import make_fabric
from runner.training.finite import DivergedError
from runner.training.job import Job
from runner.training.pretrain import pretrain
from runner.training.recovery import go_back


@dataclass(frozen=True)
class Options:
    """What a command says about its runs as a whole."""

    if_exists: IfExists = IfExists.REFUSE
    download: bool = False
    probe: bool = True
    restore_threads: bool = True
    """Whether a run that is resumed takes the threads it was computed with before."""
    stop_after: int | None = None
    """The epoch after which runs end for now, probed as they are then; resumed, they go on as if never stopped."""


@dataclass(frozen=True)
class Failure:
    """A run that ended before its time, and why."""

    run: PlannedRun
    reason: InputError

    @property
    def what(self) -> str:
        """How the run ended, in a word."""
        match self.reason:
            case DivergedError():
                return "diverged"
            case ProbeFailedError():
                return "not probed"
            case _:
                return "failed"


@dataclass(frozen=True)
class Outcome:
    """The runs that were trained, and those that failed."""

    folders: tuple[RunFolder, ...]
    probed: bool
    failures: tuple[Failure, ...]


def train_runs(plan: Sequence[PlannedRun], options: Options) -> Outcome:
    """Train and probe one run after another; one that fails, as where its loss diverges, does not stop the others.

    Raises `InputError` for what can be known before the first step and is the user's to fix.
    """
    if options.if_exists.resumes:
        again = options.restore_threads
        plan = [replace(run, config=restored(run.path, run.config, threads=again)) for run in plan]
    _check_all(plan, options)
    keep_freed_memory()
    config = plan[0].config
    data = load_data(config, make_fabric(config).device, download=options.download)
    for line in data.describe():
        tell(line)
    for planned in plan:
        check_enough(planned.loss, data, planned.config)
    plan = _decided(plan, data)
    record = describe_data(data)
    _check_all(plan, options, record)
    supplies = Supplies(data, record, Prober(data))
    folders, failures = [], []
    for planned in plan:
        try:
            folders.append(_train_run(planned, supplies, options))
        except InputError as reason:
            failures.append(Failure(planned, reason))
            tell(f"{planned.path} {failures[-1].what}: {reason.message}")
    return Outcome(tuple(folders), options.probe and data.labelled, tuple(failures))


@dataclass(frozen=True, eq=False)
class Supplies:
    """What all runs of a command share."""

    data: ImageData
    record: DataRecord
    prober: Prober


def _decided(plan: Sequence[PlannedRun], data: ImageData) -> list[PlannedRun]:
    """The plan with every setting decided that says `auto`, and a line on how the runs are computed."""
    told, runs = dict[str, None](), []
    for planned in plan:
        processor = look_at(resolve_device(planned.config.device))
        decided = decide(planned.config, processor)
        decided = decide_layout(decided, data.image_size, make_fabric(decided.config))
        told[decided.describe(processor)] = None
        runs.append(replace(planned, config=decided.config))
    for line in told:
        tell(line)
    return runs


def _check_all(plan: Sequence[PlannedRun], options: Options, data: DataRecord | None = None) -> None:
    for planned in plan:
        check_run(planned.path, planned.loss, planned.config, options.if_exists, data)
        check_free_of_others(RunFolder(planned.path))


def _train_run(planned: PlannedRun, supplies: Supplies, options: Options) -> RunFolder:
    with locked(RunFolder(planned.path)):
        run = open_run(planned.path, planned.loss, planned.config, options.if_exists, supplies.record)
        if options.if_exists is IfExists.RESUME_LAST_GOOD:
            go_back(run)
        fabric = make_fabric(planned.config)
        trained = pretrain(Job(planned.loss, supplies.data, planned.config, run, fabric, options.stop_after))
        if trained.epoch < planned.config.epochs:
            tell(f"{planned.path} ends for now after epoch {trained.epoch} of {planned.config.epochs}.")
        test = planned.config.test_set == "read"
        if options.probe and supplies.data.labelled and not is_probed(run, trained.epoch, test=test):
            with training_is_kept(run):
                supplies.prober.probe(run, trained.network, planned.config)
        return run
