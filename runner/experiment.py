"""Whole experiments: losses, configurations and a place come in; trained and probed run folders come out.

Every refusal that can be known beforehand (names that collide, runs that exist, data that are missing or others) comes
before the first step of training.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lightning.fabric import Fabric

from alphadsl.report.exceptions import InputError
from runner.contract import CompiledLoss, check_products, check_trainable
from runner.data.datasets import check_enough, check_labelled, load_data
from runner.data.splits import ImageData
from runner.evaluation.probe import ProbeResult, probe_encoder
from runner.network.models import SiameseNetwork
from runner.network.soundness import decide_layout, sound_network
from runner.progress import tell
from runner.records.folder import RunFolder, check_free_of_others, check_name, locked
from runner.records.identity import DataRecord, changes, current_environment, describe_data
from runner.records.opening import IfExists, check_run, open_run, restored
from runner.records.record import check_whose, is_probed, read_record, write_json
from runner.settings.config import ExperimentConfig
from runner.settings.decisions import decide
from runner.settings.machine import keep_freed_memory, limit_threads, resolve_device
from runner.settings.processor import look_at
from runner.training.checkpoint import Checkpoint, load_checkpoint, taken_from
from runner.training.fabric import make_fabric
from runner.training.pretrain import DivergedError, Job, pretrain


@dataclass(frozen=True)
class PlannedRun:
    """One loss with one seed, and where it goes."""

    loss: CompiledLoss
    config: ExperimentConfig
    path: Path


@dataclass(frozen=True)
class Options:
    """What a command says about its runs as a whole."""

    if_exists: IfExists = IfExists.REFUSE
    download: bool = False
    probe: bool = True
    restore_threads: bool = True
    """Whether a run that is resumed takes the threads it was computed with before."""


class Prober:
    """Probes encoders, each beside the untrained encoder of its seed, which is probed once for all losses."""

    def __init__(self, data: ImageData) -> None:
        self._data = data
        self._untrained: dict[ExperimentConfig, ProbeResult] = {}

    def probe(self, run: RunFolder, network: SiameseNetwork, config: ExperimentConfig) -> None:
        """Write probe.json."""
        fabric = make_fabric(config)
        with limit_threads(config.threads):
            checkpoint = load_own(run, fabric)
            if config not in self._untrained:
                tell(f"Probing the untrained encoder of seed {config.seed}.")
                untrained = sound_network(config, self._data.image_size, fabric)
                fabric.to_device(untrained)
                self._untrained[config] = probe_encoder(untrained.encoder, self._data, config, fabric)
            tell(f"Probing {run.path}.")
            trained = probe_encoder(network.encoder, self._data, config, fabric)
        whose = {
            "epoch": checkpoint.epoch,
            "train_seconds": checkpoint.seconds,
            "identity": read_record(run).identity(),
            "environment": current_environment(config).model_dump(),
        }
        write_json(run.probe, trained.to_json() | {"untrained": self._untrained[config].to_json()} | whose)


def plan_runs(
    losses: Sequence[CompiledLoss],
    configs: Sequence[ExperimentConfig],
    runs_dir: Path,
    name: str | None,
    tags: Mapping[str, str],
) -> list[PlannedRun]:
    """Every loss with every seed, each with learned parameters of its own; `tags` adds to names, by loss.

    Raises `InputError` where two losses have one name, for a name that is no folder's, and for a loss that cannot be
    trained here.
    """
    names = [loss.name for loss in losses]
    for loss in losses:
        check_trainable(loss)
    for repeated in (loss for index, loss in enumerate(names) if loss in names[:index]):
        raise InputError(f"Two of the specs define a loss called {repeated}.", "Give each its own name in its file.")
    only = len(losses) == 1 and len(configs) == 1
    if name is not None:
        check_name(name)
    plan = []
    for loss in losses:
        for config in configs:
            folder = name if only and name else _run_name(loss, config, name, tags.get(loss.name, ""))
            check_name(folder)
            check_products(loss, config.loss_products)
            plan.append(PlannedRun(copy.deepcopy(loss), config, runs_dir / folder))
    return plan


def _run_name(loss: CompiledLoss, config: ExperimentConfig, name: str | None, tag: str) -> str:
    return f"{name or config.dataset}-{loss.name}{tag}-seed{config.seed}"


@dataclass(frozen=True)
class Failure:
    """A run that ended before its time, and why."""

    run: PlannedRun
    reason: InputError

    @property
    def what(self) -> str:
        """How the run ended, in a word."""
        return "diverged" if isinstance(self.reason, DivergedError) else "failed"


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
    if options.if_exists is IfExists.RESUME:
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
        network = pretrain(Job(planned.loss, supplies.data, planned.config, run, make_fabric(planned.config)))
        if options.probe and supplies.data.labelled and not is_probed(run, planned.config.epochs):
            supplies.prober.probe(run, network, planned.config)
        return run


def load_own(run: RunFolder, fabric: Fabric) -> Checkpoint:
    """The checkpoint of a run. Raises `InputError` where it is another's."""
    checkpoint = load_checkpoint(run.checkpoint, fabric.device)
    check_whose(run, checkpoint.record)
    return checkpoint


def probe_run(run: RunFolder, data_dir: Path | None) -> None:
    """Probe the last checkpoint of a run again, on the data it was trained on."""
    keep_freed_memory()
    record = read_record(run)
    if not record.run:
        raise InputError(
            f"{run.path} was written by an earlier alphadsl, and nothing in it is replaced.", "Compare it as it is."
        )
    config = record.config.model_copy(update={"threads": record.environments[-1].threads})
    if data_dir is not None:
        config = config.model_copy(update={"data_dir": data_dir})
    fabric = make_fabric(config)
    checkpoint = load_own(run, fabric)
    data = load_data(config, fabric.device)
    found = describe_data(data)
    if found != record.data:
        raise InputError(
            f"The run {run.path} was trained on other data, {record.data}, not {found}.",
            "Give the data it was trained on with --data-dir DIR.",
        )
    changed = changes(record.environments[-1], current_environment(config))
    if changed:
        tell(f"Probing {run.path} with other bits than it was trained with: {'; '.join(changed)}.")
    check_labelled(data, run.path)
    network = sound_network(config, data.image_size, fabric)
    fabric.to_device(network)
    with taken_from(run.checkpoint):
        network.load_state_dict(checkpoint.network)
    Prober(data).probe(run, network, config)
