"""The settings of a run as options of a command, made from the fields of its configuration."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from alphadsl.cli import complete
from runner.settings.options import Option, all_options

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings from a .toml or .json file, or a run's config.json; options go first.",
    ),
]


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each setting of a run where it takes `**settings`; one not given is None."""
    signature = inspect.signature(command)
    own = [it for it in signature.parameters.values() if it.kind is not inspect.Parameter.VAR_KEYWORD]
    taken = {it.name for it in own}
    parameters = [*own, *(_parameter(option) for option in all_options() if option.name not in taken)]
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {it.name: it.annotation for it in parameters}
    return command


def _parameter(option: Option) -> inspect.Parameter:
    flag = f"{option.flag}/--no-{option.flag[2:]}" if option.kind is bool else option.flag
    given = typer.Option(
        None,
        flag,
        metavar=option.shape,
        help=option.help,
        show_default=False,
        rich_help_panel=option.about.group.value,
        autocompletion=_completion(option),
    )
    kind = str if option.kind is Path else option.kind
    return inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=given, annotation=kind | None)


def _completion(option: Option) -> complete.Complete | None:
    if option.kind is Path:
        return complete.folders
    return complete.any_of(*option.choices) if option.choices else None
