"""Values of parameters as they are typed: words come in; numbers by name come out, for all losses or one of several.

Refused in one line: anything but NAME=NUMBER, a name or a number given twice, several numbers where one is allowed, and
a value for a loss that the command does not have.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from alphadsl.report.exceptions import InputError
from alphadsl.report.suggest import suggest

Value = TypeVar("Value")


def parse_settings(settings: list[str]) -> dict[str, float]:
    """The values of `--set NAME=VALUE`. Raises `InputError` for anything else, and for a name given twice."""
    values = parse_lists(settings)
    for name, numbers in values.items():
        if len(numbers) > 1:
            listed = ",".join(f"{number:g}" for number in numbers)
            raise InputError(
                f"--set {name}={listed} gives several values, but only one is allowed here.",
                f"Give alphadsl train --set {name}={listed}, or sweep --over {name}={listed}",
            )
    return {name: number for name, (number,) in values.items()}


def parse_lists(settings: list[str]) -> dict[str, tuple[float, ...]]:
    """The values of `--set NAME=VALUE,VALUE,...`, one or more for each name. Raises `InputError` like
    `parse_settings`."""
    values: dict[str, tuple[float, ...]] = {}
    for setting in settings:
        name, equals, words = (part.strip() for part in setting.partition("="))
        if not (name and equals):
            raise InputError(f"--set {setting} is not of the form NAME=VALUE.", "Write --set tau=0.2")
        if name in values:
            raise InputError(f"--set gives {name} twice.", "Keep one of the two.")
        values[name] = tuple(_number(setting, name, word.strip()) for word in words.split(","))
        check_once(f"--set {setting}", values[name])
    return values


def check_once(said: str, values: Sequence[object]) -> None:
    """Raises `InputError` if one of several values is given twice."""
    for repeated in (value for at, value in enumerate(values) if value in values[:at]):
        shown = f"{repeated:g}" if isinstance(repeated, float) else repeated
        raise InputError(f"{said} gives {shown} twice.", "Keep one of the two.")


def _number(setting: str, name: str, word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise InputError(f"--set {setting}: {word!r} is not a number.", f"Write --set {name}=0.2") from None


def share_values(values: Mapping[str, Value], losses: Sequence[str]) -> list[dict[str, Value]]:
    """The values for each loss: `tau` is for all of them, `LOSS.tau` for the one of that name, where it takes
    precedence.

    Raises `InputError` for a value for a loss that is not among them.
    """
    for name in values:
        loss, dot, _ = name.rpartition(".")
        if dot and loss not in losses:
            close = suggest(loss, losses)
            remedy = f"Did you mean {close}?" if close else f"The losses are {', '.join(losses)}."
            raise InputError(f"--set {name}: none of the losses is called {loss or 'nothing'}.", remedy)
    shared = {name: value for name, value in values.items() if "." not in name}
    return [shared | _own(values, loss) for loss in losses]


def _own(values: Mapping[str, Value], loss: str) -> dict[str, Value]:
    start = f"{loss}."
    return {name.removeprefix(start): value for name, value in values.items() if name.startswith(start)}


def tag_of(values: Mapping[str, float]) -> str:
    """What the values add to the name of a run."""
    return "".join(f"-{name}{value:g}" for name, value in values.items())
