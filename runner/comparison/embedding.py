"""Where images are in the feature space of an encoder: groups of runs come in; their features in two dimensions, and a
picture of them, come out. What cannot be shown (data or a checkpoint that is gone) is reported, and blocks nothing.

The plane is that of the first two principal components of the features before the projector. It is a linear map, the
same for all images, so that nearness in the picture is not made by the picture. A sealed test set stays sealed: images
of the training set are shown instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from alphadsl.report.exceptions import InputError
from runner.comparison.drawing import LINE, add_legend, colour, grid, mark, tell_axes
from runner.comparison.sections import TEST, Section
from runner.data.datasets import load_data
from runner.data.splits import ImageData, Split
from runner.data.views import to_float
from runner.network.models import check_makeable
from runner.records.identity import describe_data
from runner.records.summary import FinishedRun, Group
from runner.settings.config import ExperimentConfig
from runner.settings.machine import limit_threads
from runner.training.fabric import make_fabric
from runner.training.trained import load_trained

# N images, F features

IMAGES = 500
BATCH = 100
MOST_CLASSES = 10


@dataclass(frozen=True, eq=False)
class Plane:
    """Images in the plane of the first two principal components."""

    at_N2: Tensor
    y_N: Tensor
    classes: tuple[str, ...]
    variance: float
    """The fraction of the features' variance that lies in the plane, in [0, 1]."""


def draw_embeddings(section: Section) -> tuple[Figure | None, list[str]]:
    """A panel for the first seed of each group, and lines about what could not be shown."""
    planes: list[tuple[Group, Plane]] = []
    notes: list[str] = []
    data: dict[str, ImageData] = {}
    for group in section.groups:
        try:
            planes.append((group, _plane_of(group.runs[0], section, data)))
        except InputError as reason:
            notes.append(f"{group.label} is not shown: {reason.message}")
    return (_draw(planes, section) if planes else None), notes


def _plane_of(run: FinishedRun, section: Section, data: dict[str, ImageData]) -> Plane:
    """The plane of one run. Raises `InputError` if data or checkpoint are missing, damaged or of another run."""
    config = run.record.config.model_copy(update={"device": "cpu", "precision": "32"})
    fabric = make_fabric(config)
    check_makeable(config)
    folder = str(config.data_dir)
    if folder not in data:
        data[folder] = _own_data(run, config)
    split = data[folder].test if section.measured.part == TEST else data[folder].train
    trained = load_trained(run.folder, config, data[folder].image_size, fabric)
    with limit_threads(config.threads):
        return project(trained.network.encoder, split, data[folder].classes)


def _own_data(run: FinishedRun, config: ExperimentConfig) -> ImageData:
    data = load_data(config, torch.device("cpu"))
    if run.record.data is not None and describe_data(data) != run.record.data:
        raise InputError(f"{run.folder.path} was trained on other data than are there now.")
    return data


@torch.no_grad()
def project(encoder: nn.Module, split: Split, classes: tuple[str, ...]) -> Plane:
    """Some of the images, evenly spaced, in the plane in which their features vary most."""
    stride = -(-len(split.y_N) // IMAGES)
    x_NCHW, y_N = split.x_NCHW[::stride], split.y_N[::stride]
    encoder.eval()
    features_NF = torch.cat([encoder(to_float(x_BCHW)).float() for x_BCHW in torch.split(x_NCHW, BATCH)])
    centred_NF = (features_NF - features_NF.mean(dim=0)).double()
    u_NK, scale_K, _ = torch.linalg.svd(centred_NF, full_matrices=False)
    at_N2 = u_NK[:, :2] * scale_K[:2]
    # The sign of a component is arbitrary; the heavier tail is put on the right.
    at_N2 = at_N2 * torch.where(at_N2.pow(3).sum(dim=0) < 0, -1.0, 1.0)
    variance = scale_K.pow(2)
    return Plane(at_N2, y_N, classes, float(variance[:2].sum() / variance.sum().clamp_min(1e-30)))


def _draw(planes: Sequence[tuple[Group, Plane]], section: Section) -> Figure:
    figure, panels = grid(len(planes), 3, 4.4, 3.9)
    for axes, (group, plane) in zip(panels, planes, strict=True):
        for label, name in enumerate(plane.classes):
            points = plane.at_N2[plane.y_N == label].numpy().T
            ink, key = (colour(label), name) if label < MOST_CLASSES else (LINE, None)
            on_top = 3 - label / len(plane.classes)
            axes.plot(*points, mark(label), ms=3, color=ink, alpha=0.6, mew=0, label=key, zorder=on_top)
        axes.set_xticks([])
        axes.set_yticks([])
        seed = group.runs[0].record.config.seed
        tell_axes(axes, f"{group.label}, seed {seed}", f"first two components, {plane.variance:.0%} of the variance")
    add_legend(figure, panels)
    return figure
