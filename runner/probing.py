"""The probe of a run: a run folder and its data come in; probe.json comes out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from alphadsl.report.exceptions import InputError
from alphadsl.storage import check_writable, write_file
from runner.data.datasets import check_labelled, load_data
from runner.data.splits import ImageData
from runner.evaluation.features import Features, pack, read_features
from runner.evaluation.probe import ProbeResult, probe_features
from runner.evaluation.protocol import protocol_of
from runner.network.borrowed import OwnEncoder
from runner.network.models import SiameseNetwork, check_makeable
from runner.network.soundness import sound_network
from runner.progress import tell
from runner.records.boards import show_at
from runner.records.confusion import draw_confusion
from runner.records.folder import RunFolder, locked
from runner.records.identity import changes, current_environment, describe_data
from runner.records.record import read_record, way_to_probe, write_json
from runner.settings.about import Group, about_of
from runner.settings.config import ExperimentConfig, TestSet
from runner.settings.effective import check_together
from runner.settings.machine import keep_freed_memory, limit_threads
from runner.training.fabric import make_fabric
from runner.training.recovery import load_last
from runner.training.trained import load_trained


class Prober:
    """Probes encoders, each beside the untrained encoder of its seed, which is probed once for all losses."""

    def __init__(self, data: ImageData) -> None:
        self._data = data
        self._untrained: dict[ExperimentConfig, ProbeResult] = {}

    def probe(
        self, run: RunFolder, network: SiameseNetwork, config: ExperimentConfig, own: OwnEncoder | None = None
    ) -> Features:
        """Write probe.json and a picture of the confusion matrix. Returns the features that were probed.

        Raises `InputError` if there is nothing to measure on, or the encoder changes while it is probed.
        """
        fabric, protocol = make_fabric(config), protocol_of(config)
        with limit_threads(config.threads):
            checkpoint = load_last(run, fabric.device)
            fresh = of_untrained(config)
            if fresh not in self._untrained:
                tell(f"Probing the untrained encoder of seed {config.seed}.")
                untrained = sound_network(config, self._data.image_size, fabric, own)
                fabric.to_device(untrained)
                self._untrained[fresh] = probe_features(self._read(untrained, config), protocol)
            tell(f"Probing {run.path} with protocol {protocol.hash}.")
            features = self._read(network, config)
            trained = probe_features(features, protocol)
        conditions = {
            "protocol": protocol.hash,
            "protocol_details": protocol.to_json(),
            "untrained": self._untrained[fresh].accuracies,
            "epoch": checkpoint.epoch,
            "train_seconds": checkpoint.seconds,
            "identity": read_record(run).identity(),
            "environment": current_environment(config).model_dump(),
        }
        draw_confusion(trained.confusion, trained.classes, run.confusion)
        show_at(run, config, shown(trained), checkpoint.step)
        write_json(run.probe, trained.to_json() | conditions)  # last, since a run with this file is not probed again
        return features

    def _read(self, network: SiameseNetwork, config: ExperimentConfig) -> Features:
        return read_features(network.encoder, self._data, test=config.test_set == "read")


def shown(result: ProbeResult) -> dict[str, float]:
    """The accuracies of a probe for boards: probe/test_linear_last and so on, in [0, 1]."""
    parts = ((part, values) for part, values in result.accuracies.items() if isinstance(values, Mapping))
    return {f"probe/{part}_{name}": value for part, values in parts for name, value in values.items()}


def of_untrained(config: ExperimentConfig) -> ExperimentConfig:
    """The part of a configuration that decides its untrained encoder and its probe: of the training, only the seed."""
    fields = ExperimentConfig.model_fields.items()
    without = (Group.VIEWS, Group.TRAINING)
    training = {name: field.default for name, field in fields if about_of(field).group in without}
    return config.model_copy(update={**training, "seed": config.seed})


class ProbeFailedError(InputError):
    """Raised when a probe fails after a complete training."""


@contextmanager
def training_is_kept(run: RunFolder) -> Iterator[None]:
    """Report any error in the block, including internal ones, as a failure of the probe, so that the next run starts
    and this one can be probed later.

    Raises `ProbeFailedError`.
    """
    try:
        yield
    except Exception as fault:
        lines = str(fault).strip().splitlines()
        reason = fault.message if isinstance(fault, InputError) else ": ".join([type(fault).__name__, *lines[:1]])
        raise ProbeFailedError(
            f"The probe of {run.path} failed: {reason}", f"Its training is saved; to continue: {way_to_probe(run)}"
        ) from fault


def probe_run(
    run: RunFolder, data_dir: Path | None, test_set: TestSet | None = None, export: Path | None = None
) -> None:
    """Probe the last checkpoint of a run again, on the data it was trained on. The test set is read or sealed as in the
    run, unless `test_set` says otherwise. The features are written to `export`, if it is given.

    Raises `InputError` if the run cannot be probed, or if another process is using it.
    """
    keep_freed_memory()
    if export is not None:
        check_writable(export)
    record = read_record(run)
    if not record.run:
        raise InputError(
            f"{run.path} was written by an earlier alphadsl, and nothing in it is replaced.", "Compare it as it is."
        )
    config = record.config.model_copy(update={"threads": record.environments[-1].threads})
    if data_dir is not None:
        config = config.model_copy(update={"data_dir": data_dir})
    if test_set is not None:
        config = config.model_copy(update={"test_set": test_set})
    check_together(config)
    check_makeable(config)
    fabric = make_fabric(config)
    with locked(run):
        trained = load_trained(run, config, config.image_size, fabric)
        data = load_data(config, fabric.device)
        described = describe_data(data)
        if described != record.data:
            raise InputError(
                f"The run {run.path} was trained on other data, {record.data}, not {described}.",
                "Give the data it was trained on with --data-dir DIR.",
            )
        changed = changes(record.environments[-1], current_environment(config))
        if changed:
            tell(f"Probing {run.path} in another environment than it was trained in: {'; '.join(changed)}.")
        check_labelled(data, run.path)
        features = Prober(data).probe(run, trained.network, config)
    if export is not None:
        write_file(export, pack(features))
