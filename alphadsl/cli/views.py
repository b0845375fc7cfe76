"""The command `views`: a data set comes in; a picture of some images, each with views as in training, comes out.

Torch and the runner are imported inside, so that the rest of the command line starts without them.
"""

from pathlib import Path
from typing import Annotated

import typer

from alphadsl.cli import complete
from alphadsl.cli.experiment import DataDir
from alphadsl.cli.options import check_picture, folder_of
from alphadsl.cli.settings import with_view_settings
from alphadsl.extras import require

Output = Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="A .png, .pdf or .svg file.")]


@with_view_settings
def views(
    dataset: Annotated[str, typer.Option(help="The images.", autocompletion=complete.setting("dataset"))] = "digits",
    data_dir: DataDir = None,
    image_size: Annotated[
        int | None, typer.Option(help="Pixels a side that images are resized to; each data set has its default.")
    ] = None,
    images: Annotated[int, typer.Option(min=1, max=64, help="Number of images, one row each.")] = 8,
    count: Annotated[int, typer.Option("--views", min=1, max=32, help="Number of views of each image.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the choice of images and views.")] = 0,
    download: Annotated[bool, typer.Option("--download", help="Download the data set if it is missing.")] = False,
    output: Output = Path("views.png"),
    **settings: object,
) -> None:
    """Draw views of images as in training, one row per image.

    Example: alphadsl views --dataset cifar10 --grey 0.1 -o views.png
    """
    require("alphadsl views", "train")
    check_picture(output)
    folder = None if data_dir is None else folder_of("--data-dir", data_dir)
    from runner.data.gallery import draw_gallery
    from runner.settings.resolving import make_config

    config = make_config(dataset, data_dir=folder, image_size=image_size, seed=seed, device="cpu", **settings)
    draw_gallery(config, images, count, output, download=download)
    typer.echo(str(output))
