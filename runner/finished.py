"""A run as seen from Python: its folder comes in; its accuracies, measurements, encoder and features come out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from alphadsl.report.exceptions import InputError
from alphadsl.storage import read_file
from runner.data.own_images import take_images
from runner.evaluation.features import encode
from runner.evaluation.frozen import evaluating
from runner.exporting import export_encoder
from runner.network.borrowed import OwnEncoder, bare
from runner.network.models import check_makeable
from runner.records.folder import RunFolder
from runner.records.identity import fingerprint_of
from runner.records.metrics import read_rows
from runner.records.record import read_probe, read_record
from runner.settings.config import ExperimentConfig
from runner.training.fabric import make_own_fabric
from runner.training.trained import Trained, load_trained


@dataclass(frozen=True, eq=False)
class Run:
    """What a run left in its folder. Each property raises `InputError` if its file is missing or damaged."""

    folder: Path
    own: OwnEncoder | None = field(default=None, repr=False)

    @property
    def config(self) -> ExperimentConfig:
        """The settings, including those that the machine decided."""
        return read_record(self._files).config

    @property
    def loss(self) -> str:
        """The spec, self-contained: `alphadsl.loads(run.loss)`."""
        content = read_file(self._files.spec)
        if fingerprint_of(content) != read_record(self._files).spec:
            raise InputError(f"{self._files.spec} is not as the run wrote it.", "Put a copy of it back.")
        return content.decode()

    @property
    def epoch(self) -> int:
        """Number of completed epochs."""
        return self._trained.checkpoint.epoch

    @property
    def accuracies(self) -> Mapping[str, Mapping[str, Any]]:
        """Top-1 accuracies in [0, 1] by part: `validation` (`linear`, `knn_200`), `test` (`linear_last`, `linear_best`,
        `knn_200`) unless it is sealed, and `untrained`, which has both parts for the encoder before training."""
        probe = read_probe(self._files)
        parts = {name: probe.get(name) for name in ("validation", "test", "untrained")}
        return {name: part for name, part in parts.items() if part is not None}

    @property
    def rows(self) -> Sequence[Mapping[str, float]]:
        """The rows of `metrics.jsonl`: one per step (`loss`, `gradient`, `lr`) and one per epoch (`knn`, ...)."""
        return read_rows(self._files.metrics)

    @property
    def encoder(self) -> nn.Module:
        """The trained encoder in evaluation mode: images (N, 3, H, W) in [0, 1] to features (N, F)."""
        return bare(self._trained.network.encoder)

    def features(self, images: object) -> Tensor:
        """Features (N, F) in float32 of images, in any of the forms that `alphadsl.train` takes, at the size that the
        run was trained with. Raises `InputError` for anything else."""
        x_NCHW = take_images(images, None, self.config.image_size).pretrain_NCHW
        encoder = self._trained.network.encoder
        with evaluating(encoder):
            return encode(encoder, x_NCHW.to(next(encoder.parameters()).device))

    def export(self, path: str | Path) -> Path:
        """Write the encoder to a file of its own, `.pt` or `.safetensors`. Raises `InputError` for other extensions."""
        export_encoder(self._files, Path(path))
        return Path(path)

    @property
    def _files(self) -> RunFolder:
        return RunFolder(self.folder)

    @cached_property
    def _trained(self) -> Trained:
        config = self.config
        check_makeable(config, self.own)
        trained = load_trained(self._files, config, config.image_size, make_own_fabric(config), self.own)
        trained.network.eval()
        return trained
