"""Arguments and options that several commands take, each said once."""

from pathlib import Path
from typing import Annotated

import typer

from alphadsl.cli import complete

Loss = Annotated[str, typer.Argument(metavar="SPEC", help="A built-in name or a file.", autocompletion=complete.losses)]
Losses = Annotated[
    list[str], typer.Argument(metavar="SPEC...", help="Built-in names or files.", autocompletion=complete.losses)
]
Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Spec files, or built-in names.", autocompletion=complete.losses)
]
Setting = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the losses.", autocompletion=complete.settings),
]
Picture = Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="A .png, .pdf or .svg file.")]
