"""Arguments and options that several commands take, each defined once."""

from pathlib import Path
from typing import Annotated

import typer

from alphadsl.cli import complete
from alphadsl.report.exceptions import InputError
from alphadsl.storage import check_writable

Loss = Annotated[str, typer.Argument(metavar="SPEC", help="A built-in name or a file.", autocompletion=complete.losses)]
Losses = Annotated[
    list[str], typer.Argument(metavar="SPEC...", help="Built-in names or files.", autocompletion=complete.losses)
]
Proposals = Annotated[
    list[str],
    typer.Argument(
        metavar="SPEC|STUDY...",
        help="Built-in names, files, studies, searches, or lists of candidates (.jsonl).",
        autocompletion=complete.losses,
    ),
]
Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Spec files, or built-in names.", autocompletion=complete.losses)
]
Setting = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the losses.", autocompletion=complete.settings),
]
Picture = Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="A .png, .pdf or .svg file.")]

ENDINGS = (".png", ".pdf", ".svg")


def check_picture(path: Path) -> None:
    """Raises `InputError` if a picture cannot be written to a path; called before it is drawn."""
    check_names_a_file("-o", path, "alpha.png")
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"{path} has no extension of a picture format", f"end it in one of {', '.join(ENDINGS)}")
    check_writable(path)


def stem_of(flag: str, path: Path) -> Path:
    """The path of files without their extensions. Raises `InputError` if it does not name a file."""
    if path.name in ("", ".."):
        raise InputError(f"{flag} names no file: {str(path)!r}.", f"Write {flag} figures/mine")
    return path


def folder_of(flag: str, text: str) -> Path:
    """A folder that may not exist yet. Raises `InputError` for an empty name, and for a file."""
    if not text.strip():
        raise InputError(f"{flag} is given without a folder.", f"Leave {flag} out, or write {flag} . for this folder.")
    if Path(text).is_file():
        raise InputError(f"{flag} {text} is a file, not a folder.", "Name a folder.")
    return Path(text)


def check_names_a_file(flag: str, path: Path, example: str) -> None:
    """Raises `InputError` if a path cannot be that of a file, with an example of one that can."""
    if path.name in ("", "..") and not path.is_absolute():
        raise InputError(f"{flag} names no file.", f"Write {flag} {path / example}")
    if path.is_dir():
        raise InputError(f"{flag} {path} is a folder.", f"Write {flag} {path / example}")
