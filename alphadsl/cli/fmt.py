"""The command `fmt`: rewrites spec files in canonical form, in place; what cannot be parsed is reported and left
alone."""

import sys
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import typer

from alphadsl.cli.console import complain, complain_about_spec
from alphadsl.report.exceptions import InputError, SpecError
from alphadsl.report.source import Source
from alphadsl.resolve.files import SUFFIX, read_source
from alphadsl.storage import write_file
from alphadsl.syntax.format import ascii_names, format_source, greek_names
from alphadsl.syntax.formula import Letters

STDIN = "-"


def fmt(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Spec files, folders of them, or - for stdin.")],
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit with 1 if a file would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Change nothing; show what would change.")] = False,
    unicode: Annotated[
        bool, typer.Option("--unicode/--ascii", help="Write names as Greek letters (τ), or as words (tau).")
    ] = False,
) -> None:
    """Write specs in their canonical form: columns, spacing, minimal brackets; comments stay where they are.

    Example: alphadsl fmt mine.alpha, or alphadsl fmt --check specs
    """
    letters = greek_names if unicode else ascii_names
    deliver = _show if diff else _name if check else _write
    refused = False
    for name in _expanded(files):
        try:
            source = _read(name)
            text = _formatted(source, letters)
            deliver(name, source, text)
            refused |= check and text != source.text
        except SpecError as wrong:
            complain_about_spec(wrong.diagnostics)
            refused = True
        except InputError as absent:
            complain(absent)
            refused = True
    if refused:
        raise typer.Exit(1)


def _formatted(source: Source, letters: Letters) -> str:
    formatted = format_source(source, letters)
    if formatted.text is None:
        raise SpecError(formatted.diagnostics)
    return formatted.text


def _show(_: str, source: Source, text: str) -> None:
    typer.echo("".join(_difference(source, text)), nl=False)


def _name(_: str, source: Source, text: str) -> None:
    if text != source.text:
        typer.echo(f"{source.name}: would change")


def _write(name: str, source: Source, text: str) -> None:
    if name == STDIN:
        sys.stdout.buffer.write(text.encode())
    elif text != source.text:
        write_file(Path(name), text.encode())
        typer.echo(f"{name}: formatted")


def _expanded(names: Iterable[str]) -> Iterator[str]:
    """The names, each folder replaced by the specs in it, without duplicates."""
    for name in dict.fromkeys(names):
        path = Path(name)
        yield from [str(file) for file in sorted(path.rglob(f"*{SUFFIX}"))] if path.is_dir() else [name]


def _read(name: str) -> Source:
    try:
        if name == STDIN:
            return Source("<stdin>", sys.stdin.buffer.read().decode("utf-8"))
        return read_source(Path(name))
    except UnicodeDecodeError as failure:
        raise InputError(f"{name} is not UTF-8 text (byte {failure.start})", "is it a spec?") from None
    except (OSError, ValueError) as failure:
        raise InputError(f"{name} cannot be read: {getattr(failure, 'strerror', None) or failure}") from None


def _difference(source: Source, text: str) -> Iterator[str]:
    before, after = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    for line in unified_diff(before, after, source.name, source.name):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
