"""Shell completion: losses and files, parameters, stages, codes, data sets and runs. No torch is imported.

`alphadsl --install-completion` sets it up once. Each function takes what is typed so far and returns what can follow.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import typer

from alphadsl.api import find_text
from alphadsl.pipeline import VIEWS, lower_spec
from alphadsl.report.errors import CATALOGUE
from alphadsl.report.exceptions import InputError, SpecError
from alphadsl.report.field import beginning_as
from alphadsl.resolve.files import SUFFIX, library_names

Complete = Callable[[str], list[str]]
RUN_MARK = "alphadsl-run.json"
# Where a shell puts the line being typed: bash, and the others.
LINES = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")


class Meant(str):
    """A word that replaces another one. Typer drops words that do not start with what was typed, and asks the words
    themselves."""

    def startswith(self, *_: object) -> bool:
        return True


def any_of(*words: str) -> Complete:
    """Complete to one of the words."""
    return lambda incomplete: _beginning(words, incomplete)


def list_of(*words: str) -> Complete:
    """Complete to several of the words, separated by commas."""

    def complete(incomplete: str) -> list[str]:
        done, comma, last = incomplete.rpartition(",")
        return [f"{done}{comma}{word}" for word in _beginning(words, last) if word not in done.split(",")]

    return complete


def losses(incomplete: str) -> list[str]:
    """Built-in names, and spec files here or below the folder being typed. For a name that is only used in the field,
    the loss that it stands for."""
    return _losses_and_files(incomplete) or [Meant(loss) for loss in beginning_as(incomplete)]


def _losses_and_files(incomplete: str) -> list[str]:
    folder = Path(incomplete).parent if "/" in incomplete else Path()
    with suppress(OSError):
        files = [path for path in sorted(folder.iterdir()) if path.suffix == SUFFIX or path.is_dir()]
        paths = [f"{path}/" if path.is_dir() else str(path) for path in files if not path.name.startswith(".")]
        return _beginning((*library_names(), *paths), incomplete)
    return _beginning(library_names(), incomplete)


def setting(name: str) -> Complete:
    """The values of a setting of a run that has a few."""
    from runner.settings.options import option_of

    return any_of(*option_of(name).choices)


def folders(incomplete: str) -> list[str]:
    """Folders here, or below the folder being typed."""
    folder = Path(incomplete).parent if "/" in incomplete else Path()
    with suppress(OSError):
        names = [f"{path}/" for path in sorted(folder.iterdir()) if path.is_dir()]
        return _beginning([name for name in names if not name.startswith(".")], incomplete)
    return []


def explained(incomplete: str) -> list[str]:
    """Losses, codes of diagnostics, and methods outside the family."""
    from alphadsl.report.outside import BY_NAME, TOPIC

    return [*losses(incomplete), *_beginning((*CATALOGUE, TOPIC, *BY_NAME), incomplete)]


def settings(incomplete: str) -> list[str]:
    """NAME= for each parameter of the losses on the command line so far.

    The losses are taken from the words of the line, since at `--set` a value is missing, and then nothing is parsed.
    """
    names: dict[str, None] = {}
    for word in next((os.environ[name] for name in LINES if name in os.environ), "").split():
        if word in library_names() or word.endswith(SUFFIX):
            with suppress(InputError, SpecError):
                names |= dict.fromkeys(parameter.name for parameter in lower_spec(find_text(word)).loss.parameters)
    return _beginning((f"{name}=" for name in names), incomplete)


def runs(context: typer.Context, incomplete: str) -> list[str]:
    """Names of the runs below --runs-dir, and paths to them."""
    below = Path(context.params.get("runs_dir") or "runs")
    with suppress(OSError):
        names = sorted(path.parent.name for path in below.glob(f"*/{RUN_MARK}"))
        return _beginning((*names, *(str(below / name) for name in names)), incomplete)
    return []


def studies(context: typer.Context, incomplete: str) -> list[str]:
    """Names of the studies and searches below --studies-dir."""
    from runner.studies.marks import SEARCH, STUDY, find_marked

    below = Path(context.params.get("studies_dir") or "studies")
    with suppress(OSError):
        return _beginning((folder.name for folder in find_marked(below, STUDY, SEARCH)), incomplete)
    return []


stages = any_of(*VIEWS)


def _beginning(words: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in dict.fromkeys(words) if word.startswith(incomplete)]
