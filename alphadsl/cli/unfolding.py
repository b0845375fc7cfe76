"""Options that belong together are a frozen dataclass: a command takes it as one parameter, its user sees the
fields."""

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import wraps
from typing import Any, get_type_hints

Command = Callable[..., None]


def unfolded(command: Command) -> Command:
    """The command, with an option for each field of the dataclasses that it takes. Their annotations are the options;
    the default of the parameter, which is such a dataclass, gives the defaults."""
    signature = inspect.signature(command)
    groups: dict[str, Any] = {it.name: it.default for it in signature.parameters.values() if is_dataclass(it.default)}
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        parameters += _fields(groups[parameter.name]) if parameter.name in groups else [parameter]

    @wraps(command)
    def folded(**given: Any) -> None:
        for name, default in groups.items():
            given[name] = replace(default, **{field.name: given.pop(field.name) for field in fields(default)})
        command(**given)

    folded.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    folded.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return folded


def _fields(group: Any) -> list[inspect.Parameter]:
    options = get_type_hints(type(group), include_extras=True)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [
        inspect.Parameter(field.name, kind, default=getattr(group, field.name), annotation=options[field.name])
        for field in fields(group)
    ]
