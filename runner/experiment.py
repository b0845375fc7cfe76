"""Whole experiments: losses, configurations and a place come in; trained and probed run folders come out.

Every refusal that can be known beforehand (names that collide, runs that exist, data that are missing) comes before the
first step of training.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lightning.fabric import Fabric

from alphadsl.report.faults import InputError
from runner.checkpoint import load_checkpoint
from runner.config import ExperimentConfig
from runner.contract import CompiledLoss, check_trainable
from runner.datasets import check_enough, check_labelled, load_data
from runner.machine import keep_freed_memory
from runner.models import SiameseNetwork, make_network
from runner.pretrain import Job, make_fabric, pretrain
from runner.probe import ProbeResult, probe_encoder
from runner.progress import tell
from runner.record import IfExists, RunFolder, check_run, open_run, read_record, write_json
from runner.splits import ImageData


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


class Prober:
    """Probes encoders, each beside the untrained encoder of its seed, which is probed once for all losses."""

    def __init__(self, data: ImageData, fabric: Fabric) -> None:
        self._data, self._fabric = data, fabric
        self._untrained: dict[ExperimentConfig, ProbeResult] = {}

    def probe(self, run: RunFolder, network: SiameseNetwork, config: ExperimentConfig) -> None:
        """Write probe.json."""
        if config not in self._untrained:
            tell(f"Probing the untrained encoder of seed {config.seed}.")
            untrained = make_network(config, self._data.image_size)
            self._fabric.to_device(untrained)
            self._untrained[config] = probe_encoder(untrained.encoder, self._data, config, self._fabric)
        tell(f"Probing {run.path}.")
        trained = probe_encoder(network.encoder, self._data, config, self._fabric)
        checkpoint = load_checkpoint(run.checkpoint, self._fabric.device)
        progress = {"epoch": checkpoint.epoch, "train_seconds": checkpoint.seconds}
        write_json(run.probe, trained.to_json() | {"untrained": self._untrained[config].to_json()} | progress)


def plan_runs(
    losses: Sequence[CompiledLoss], configs: Sequence[ExperimentConfig], runs_dir: Path, name: str | None, tag: str
) -> list[PlannedRun]:
    """Every loss with every seed, each with learned parameters of its own.

    Raises `InputError` where two losses have one name, and for a loss that cannot be trained here.
    """
    names = [loss.name for loss in losses]
    for loss in losses:
        check_trainable(loss)
    for repeated in (loss for index, loss in enumerate(names) if loss in names[:index]):
        raise InputError(f"Two of the specs define a loss called {repeated}.", "Give each its own name in its file.")
    only = len(losses) == 1 and len(configs) == 1
    return [
        PlannedRun(
            copy.deepcopy(loss), config, runs_dir / (name if only and name else _run_name(loss, config, name, tag))
        )
        for loss in losses
        for config in configs
    ]


def _run_name(loss: CompiledLoss, config: ExperimentConfig, name: str | None, tag: str) -> str:
    return f"{name or config.dataset}-{loss.name}{tag}-seed{config.seed}"


def train_runs(plan: Sequence[PlannedRun], options: Options) -> list[RunFolder]:
    """Train and probe one run after another. Raises `InputError` for anything that is the user's to mend."""
    for planned in plan:
        check_run(planned.path, planned.loss, planned.config, options.if_exists)
    keep_freed_memory()
    config = plan[0].config
    fabric = make_fabric(config)
    data = load_data(config, fabric.device, download=options.download)
    for line in data.describe():
        tell(line)
    for planned in plan:
        check_enough(planned.loss, data, planned.config)
    prober = Prober(data, fabric)
    return [_train_run(planned, data, fabric, prober, options) for planned in plan]


def _train_run(planned: PlannedRun, data: ImageData, fabric: Fabric, prober: Prober, options: Options) -> RunFolder:
    run = open_run(planned.path, planned.loss, planned.config, options.if_exists)
    network = pretrain(Job(planned.loss, data, planned.config, run, fabric))
    if options.probe and data.labelled and not run.probe.is_file():
        prober.probe(run, network, planned.config)
    return run


def probe_runs(runs: Sequence[RunFolder], data_dir: Path | None) -> None:
    """Probe the last checkpoint of each run again."""
    keep_freed_memory()
    configs = {run: read_record(run).config for run in runs}
    for run, config in configs.items():
        if data_dir is not None:
            config = config.model_copy(update={"data_dir": data_dir})
        fabric = make_fabric(config)
        data = load_data(config, fabric.device)
        check_labelled(data, run.path)
        network = make_network(config, data.image_size)
        fabric.to_device(network)
        network.load_state_dict(load_checkpoint(run.checkpoint, fabric.device).network)
        Prober(data, fabric).probe(run, network, config)
