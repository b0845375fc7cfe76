"""The settings of a run as options of a command, made from the fields of its configuration.

Several values of a setting, separated by commas, are for the command that trains them all; elsewhere they are refused
in one line.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from alphadsl.cli import complete
from alphadsl.cli.values import check_once
from alphadsl.report.exceptions import InputError
from runner.settings.about import Group
from runner.settings.options import Option, all_options

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings from a .toml or .json file, or a run's config.json; options override them.",
    ),
]

Values = tuple[object, ...]
Taking = Callable[[Option, Values], object]
"""What a command receives for the values of an option."""

SHAPES: Mapping[object, str] = MappingProxyType({int: "INTEGER", float: "FLOAT"})
ONLY_ONE: Mapping[str, str] = MappingProxyType({"seed": "give the first one, and --seeds N."})


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with an option for each setting of a run in place of `**settings`; one not given is None."""
    return _with_options(command, _one, all_options())


def with_view_settings(command: Callable[..., None]) -> Callable[..., None]:
    """The same, with only the settings that say how views are made."""
    return _with_options(command, _one, (it for it in all_options() if it.about.group is Group.VIEWS))


def with_grids(command: Callable[..., None]) -> Callable[..., None]:
    """The same, but a setting that may differ between runs is passed as a tuple of values."""
    return _with_options(command, _many, all_options())


def _with_options(command: Callable[..., None], taking: Taking, offered: Iterable[Option]) -> Callable[..., None]:
    signature = inspect.signature(command)
    own = [it for it in signature.parameters.values() if it.kind is not inspect.Parameter.VAR_KEYWORD]
    options = {option.name: option for option in offered}
    for parameter in own:
        options.pop(parameter.name, None)
    parameters = [*own, *map(_parameter, options.values())]

    @wraps(command)
    def reading(**given: object) -> None:
        for name, text in given.items():
            if name in options and isinstance(text, str) and _is_listed(options[name]):
                given[name] = taking(options[name], _values(options[name], text))
        command(**given)

    reading.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    reading.__annotations__ = {it.name: it.annotation for it in parameters}
    return reading


def _parameter(option: Option) -> inspect.Parameter:
    flag = f"{option.flag}/--no-{option.flag[2:]}" if option.kind is bool else option.flag
    given = typer.Option(
        None,
        flag,
        metavar=option.shape or SHAPES.get(option.kind),
        help=option.help,
        show_default=False,
        rich_help_panel=option.about.group.value,
        autocompletion=_completion(option),
    )
    kind = bool if option.kind is bool else str
    return inspect.Parameter(option.name, inspect.Parameter.KEYWORD_ONLY, default=given, annotation=kind | None)


def _is_listed(option: Option) -> bool:
    """Whether a comma separates values; in other texts, such as a path, it may be part of the text."""
    return option.may_vary or option.kind in (int, float)


def _values(option: Option, text: str) -> Values:
    try:
        return tuple(option.kind(word.strip()) for word in text.split(","))
    except ValueError:
        kind = "integer" if option.kind is int else "number"
        raise typer.BadParameter(f"{text!r} is not a valid {kind}.", param_hint=f"'{option.flag}'") from None


def _many(option: Option, values: Values) -> object:
    if not option.may_vary:
        return _one(option, values)
    check_once(option.flag, values)
    return values


def _one(option: Option, values: Values) -> object:
    if len(values) > 1:
        listed = ",".join(map(str, values))
        advice = option.several(listed) if option.may_vary else ONLY_ONE.get(option.name, "give one of them.")
        remedy = f"{advice[0].upper()}{advice[1:]}"
        raise InputError(f"{option.flag} {listed} gives several values, but only one is allowed here.", remedy)
    return values[0]


def _completion(option: Option) -> complete.Complete | None:
    if option.kind is Path:
        return complete.folders
    return complete.any_of(*option.choices) if option.choices else None
