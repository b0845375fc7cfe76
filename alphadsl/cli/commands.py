"""The commands by name: where each one is defined, and in which part of the help. A command is imported when called.

Importing all of them takes several times as long as `alphadsl check` takes to answer.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup

from alphadsl.cli.processes import reported_once

WRITE, LOOK, TRAIN, MEASURE = "Write a loss", "Inspect losses", "Train and compare", "Measure"


class Home(NamedTuple):
    """The part of the help that lists a command, its module in `alphadsl.cli`, and its function or group there."""

    panel: str
    module: str
    attribute: str


HOMES: Mapping[str, Home] = {
    "new": Home(WRITE, "language", "new"),
    "check": Home(WRITE, "language", "check"),
    "fmt": Home(WRITE, "fmt", "fmt"),
    "lsp": Home(WRITE, "lsp", "lsp"),
    "list": Home(LOOK, "listing", "list_losses"),
    "show": Home(LOOK, "language", "show"),
    "explain": Home(LOOK, "explain", "explain"),
    "plot": Home(LOOK, "plot", "plot"),
    "train": Home(TRAIN, "experiment", "train"),
    "probe": Home(TRAIN, "experiment", "probe"),
    "export": Home(TRAIN, "export", "export"),
    "compare": Home(TRAIN, "experiment", "compare"),
    "runs": Home(TRAIN, "runs", "app"),
    "confirm": Home(TRAIN, "confirm", "confirm"),
    "sweep": Home(TRAIN, "sweep", "sweep"),
    "discover": Home(TRAIN, "discover", "discover"),
    "studies": Home(TRAIN, "studies", "app"),
    "views": Home(TRAIN, "views", "views"),
    "theory": Home(MEASURE, "theory", "app"),
    "doctor": Home(MEASURE, "doctor", "doctor"),
    "bench": Home(MEASURE, "bench", "bench"),
}


def trains_alone(command: str) -> bool:
    """Whether only one process can run this command."""
    return HOMES[command].panel == TRAIN and command != "train"


class _Commands(Mapping[str, Any]):
    """The commands as click needs them, each created when it is looked up."""

    def __getitem__(self, name: str) -> Any:
        home = HOMES[name]
        part = getattr(import_module(f"alphadsl.cli.{home.module}"), home.attribute)
        group = typer.Typer()
        group.callback()(lambda: None)  # without a callback, typer turns a group of one into a single command
        if isinstance(part, typer.Typer):
            group.add_typer(part, name=name, rich_help_panel=home.panel)
        else:
            group.command(name, rich_help_panel=home.panel)(part)
        return typer.main.get_group(group).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(HOMES)

    def __len__(self) -> int:
        return len(HOMES)


class Commands(TyperGroup):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:
        assert not settings.get("commands"), "a command is a row of HOMES"
        super().__init__(**{**settings, "commands": _Commands()})

    def invoke(self, ctx: Any) -> Any:
        with reported_once():
            return super().invoke(ctx)
