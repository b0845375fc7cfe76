"""A picture of views: a configuration comes in; a file with some of its images, each beside random views of it, comes
out.
"""

import io
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor

from alphadsl.storage import write_file
from runner.data.datasets import load_data
from runner.data.views import make_view, recipe_of, to_float
from runner.settings.config import ExperimentConfig

# N images, V views and the image itself, C colours (3), H height, W width

INCHES = 0.9
"""Side of an image in the picture, in inches."""


def draw_gallery(config: ExperimentConfig, images: int, views: int, path: Path, *, download: bool = False) -> None:
    """Write a picture with one row per image: the image itself, then its views.

    Raises `InputError` if the data are missing or the picture cannot be written.
    """
    data = load_data(config, torch.device("cpu"), download=download)
    tiles_NVCHW = make_tiles(data.pretrain_NCHW, config, images, views)
    rows, columns = tiles_NVCHW.shape[:2]
    figure = Figure((columns * INCHES, rows * INCHES))
    axes = figure.subplots(rows, columns, squeeze=False)
    for row, tiles_VCHW in zip(axes, tiles_NVCHW, strict=True):
        for axis, tile_CHW in zip(row, tiles_VCHW, strict=True):
            axis.imshow(tile_CHW.permute(1, 2, 0).numpy(), interpolation="nearest")
            axis.set_axis_off()
    axes[0, 0].set_title("image", fontsize=8)
    axes[0, 1].set_title("views", fontsize=8)
    picture = io.BytesIO()
    figure.savefig(picture, format=path.suffix[1:].lower(), dpi=160, bbox_inches="tight")
    write_file(path, picture.getvalue())


def make_tiles(x_NCHW: Tensor, config: ExperimentConfig, images: int, views: int) -> Tensor:
    """At most `images` random images, each with `views` views of it: (N, 1 + V, C, H, W), floats in [0, 1]."""
    random = torch.Generator().manual_seed(config.seed)
    chosen_NCHW = x_NCHW[torch.randperm(len(x_NCHW), generator=random)[:images]]
    seen = [make_view(chosen_NCHW, recipe_of(config), random) for _ in range(views)]
    return torch.stack([to_float(chosen_NCHW), *seen], dim=1)
