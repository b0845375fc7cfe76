"""The command `export`: a run comes in; its encoder comes out as a file for other programs.

Torch and the runner are imported inside, so that the rest of the command line starts without them.
"""

from pathlib import Path
from typing import Annotated

import typer

from alphadsl.cli.options import check_names_a_file, folder_of
from alphadsl.cli.runs import RunName, RunsDir
from alphadsl.extras import require
from alphadsl.storage import check_writable


def export(
    run: RunName,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="A .pt or .safetensors file.")] = Path(
        "encoder.pt"
    ),
    runs_dir: RunsDir = "runs",
) -> None:
    """Write the encoder of a run, as last trained, to a file of its own.

    Example: alphadsl export digits-infonce-seed0 -o encoder.pt
    """
    require("alphadsl export", "train")
    check_names_a_file("-o", output, "encoder.pt")
    check_writable(output)
    from runner.exporting import export_encoder
    from runner.records.finding import find_runs

    (folder,) = find_runs([run], folder_of("--runs-dir", runs_dir))
    metadata = export_encoder(folder, output)
    typer.echo(
        f"{output}: {metadata.encoder}, {metadata.features} features, "
        f"trained with {metadata.loss} for {metadata.epoch} epochs"
    )
