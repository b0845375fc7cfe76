"""The features of trained encoders: runs come in; spectra, effective dimensionality, alignment and uniformity of
backbone and projector come out, for the untrained network, every checkpoint that `train --keep-every` kept, and the
last one.

Runs of one loss that ended at different epochs are points of one line.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from alphadsl.report.exceptions import InputError
from runner.data.datasets import load_data
from runner.data.views import make_view, recipe_of
from runner.network.models import SiameseNetwork, make_network
from runner.records.folder import RunFolder
from runner.records.record import check_whose, read_record
from runner.theory.report import Report, Rows, watched
from runner.theory.spectrum_figure import draw_spectra
from runner.training.checkpoint import load_checkpoint, taken_from

# N images, V views, F features, D embedding width

COLLAPSED = 1e-4
"""A direction has collapsed if its variance is below this fraction of the largest."""
SHARPNESS = 2.0
BATCH = 256


@dataclass(frozen=True, eq=False)
class Layer:
    """The features of one layer: the spectrum of their covariance, and where they are on the sphere."""

    eigenvalues_F: Tensor
    effective_dimensionality: float
    collapsed: int
    alignment: float
    uniformity: float


@dataclass(frozen=True, eq=False)
class Stage:
    """One network of one run, at one epoch."""

    loss: str
    run: str
    epoch: int
    layers: Mapping[str, Layer]


def measure_layer(features_VNF: Tensor) -> Layer:
    """Alignment: mean |u - u'|^2 over positives; uniformity: log mean exp(-2 |u_i - u_j|^2) over pairs of one view
    (Wang and Isola 2020), u = z / |z|. Effective dimensionality: exp of the entropy of the eigenvalues of the
    covariance, as shares of their sum (n_1 in Del Giudice 2021, doi 10.1080/00273171.2020.1743631); 1 for a layer
    without variance. The effective rank that a run records is of the features themselves, not centred."""
    whole_EF = features_VNF.flatten(0, 1)
    centred_EF = whole_EF - whole_EF.mean(0)
    eigenvalues_F = torch.linalg.eigvalsh(centred_EF.mT @ centred_EF / len(whole_EF)).flip(0).clamp_min(0)
    total = eigenvalues_F.sum()
    share_F = eigenvalues_F / total if total > 0 else eigenvalues_F
    unit_VNF = functional.normalize(features_VNF, dim=2, eps=0).nan_to_num()
    first_NF, second_NF = unit_VNF
    squared_P = functional.pdist(first_NF).square()
    return Layer(
        eigenvalues_F,
        float(torch.special.entr(share_F).sum().exp()),
        int((eigenvalues_F <= COLLAPSED * eigenvalues_F[0]).sum()),
        float((first_NF - second_NF).square().sum(1).mean()),
        float(torch.logsumexp(-SHARPNESS * squared_P, 0)) - math.log(len(squared_P)),
    )


def stages_of(run: RunFolder, images: int, data_dir: Path | None) -> Iterator[Stage]:
    """The untrained network of a run's seed, then every checkpoint. Raises `InputError` if there is none."""
    record = read_record(run)
    config = record.config.model_copy(update={"device": "cpu", **({"data_dir": data_dir} if data_dir else {})})
    if not run.checkpoint.exists():
        raise InputError(f"The run {run.path} has no checkpoint.", "Train it first, or name another run.")
    data = load_data(config, torch.device("cpu"))
    random = torch.Generator().manual_seed(0)
    chosen_N = torch.randperm(len(data.test.y_N), generator=random)[:images]
    x_NCHW = data.test.x_NCHW[chosen_N]
    views = [make_view(x_NCHW, recipe_of(config), random) for _ in range(2)]
    network = make_network(config, data.image_size)
    yield Stage(record.loss, run.path.name, 0, measure_network(network, views))
    measured = 0
    for path in (*run.checkpoints, run.checkpoint):
        checkpoint = load_checkpoint(path, torch.device("cpu"))
        check_whose(run, checkpoint.record, path)
        with taken_from(path):
            network.load_state_dict(checkpoint.measured)
        if checkpoint.epoch > measured:  # the last checkpoint may also be one that is kept for good
            measured = checkpoint.epoch
            yield Stage(record.loss, run.path.name, measured, measure_network(network, views))


@torch.no_grad()
def measure_network(network: SiameseNetwork, views: Sequence[Tensor]) -> dict[str, Layer]:
    network.eval()
    backbone, projector = [], []
    for x_NCHW in views:
        features_NF = torch.cat([network.encoder(part) for part in torch.split(x_NCHW, BATCH)])
        backbone.append(features_NF.double())
        projector.append(network.projector(features_NF).double())
    return {"backbone": measure_layer(torch.stack(backbone)), "projector": measure_layer(torch.stack(projector))}


def study(runs: Sequence[RunFolder], images: int, data_dir: Path | None) -> Report:
    stages: list[Stage] = []
    for run in watched(runs, "Spectra"):
        stages += stages_of(run, images, data_dir)
    rows = [
        [
            stage.run,
            stage.loss,
            str(stage.epoch),
            *(
                cell
                for layer in stage.layers.values()
                for cell in (
                    f"{layer.effective_dimensionality:.1f} / {len(layer.eigenvalues_F)}",
                    str(layer.collapsed),
                    f"{layer.alignment:.3f}",
                    f"{layer.uniformity:.2f}",
                )
            ),
        ]
        for stage in stages
    ]
    heads = [f"{layer}: {name}" for layer in ("h", "z") for name in ("eff. dim.", "collapsed", "align", "uniform")]
    table = Rows("Features of backbone (h) and projector (z)", ("run", "loss", "epoch", *heads), rows)
    numbers = {"images": images, "stages": [_numbers(stage) for stage in stages]}
    return Report("Spectra", [table], (), draw_spectra(stages), numbers, (_words(),))


def _words() -> str:
    return (
        "Effective dimensionality is exp of the entropy of the covariance's eigenvalues; collapsed counts directions "
        f"below {COLLAPSED:g} of the largest; align is the mean of |u - u'|^2 over positives and uniform the log of "
        "the mean of exp(-2 |u_i - u_j|^2), both of unit features. Epoch 0 is the untrained network of the seed."
    )


def _numbers(stage: Stage) -> dict[str, object]:
    layers = {
        name: {"eigenvalues": layer.eigenvalues_F.tolist(), "effective_dimensionality": layer.effective_dimensionality}
        | {"collapsed": layer.collapsed, "alignment": layer.alignment, "uniformity": layer.uniformity}
        for name, layer in stage.layers.items()
    }
    return {"loss": stage.loss, "run": stage.run, "epoch": stage.epoch, "layers": layers}
