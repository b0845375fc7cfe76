"""Values of parameters as they are typed: words come in; numbers by name come out, for all losses or one of several.

Refused in one line: what is not NAME=NUMBER, a name given twice, and a value for a loss that the command does not have.
"""

from collections.abc import Mapping, Sequence

from alphadsl.report.exceptions import InputError
from alphadsl.report.suggest import suggest


def parse_settings(settings: list[str]) -> dict[str, float]:
    """The values of `--set NAME=VALUE`. Raises `InputError` for anything else, and for a name given twice."""
    values: dict[str, float] = {}
    for setting in settings:
        name, equals, number = (part.strip() for part in setting.partition("="))
        if not (name and equals):
            raise InputError(f"--set {setting} is not of the form NAME=VALUE.", "Write --set tau=0.2")
        if name in values:
            raise InputError(f"--set gives {name} twice.", "Keep one of the two.")
        try:
            values[name] = float(number)
        except ValueError:
            raise InputError(f"--set {setting}: {number!r} is not a number.", f"Write --set {name}=0.2") from None
    return values


def share_values(values: Mapping[str, float], losses: Sequence[str]) -> list[dict[str, float]]:
    """What each loss is given: `tau` is for all of them, `LOSS.tau` for the one of that name, and counts there.

    Raises `InputError` for a value of a loss that is not among them.
    """
    for name in values:
        loss, dot, _ = name.rpartition(".")
        if dot and loss not in losses:
            close = suggest(loss, losses)
            remedy = f"Did you mean {close}?" if close else f"The losses are {', '.join(losses)}."
            raise InputError(f"--set {name}: none of the losses is called {loss or 'nothing'}.", remedy)
    shared = {name: value for name, value in values.items() if "." not in name}
    return [shared | _own(values, loss) for loss in losses]


def _own(values: Mapping[str, float], loss: str) -> dict[str, float]:
    start = f"{loss}."
    return {name.removeprefix(start): value for name, value in values.items() if name.startswith(start)}


def tag_of(values: Mapping[str, float]) -> str:
    """What the values add to the name of a run."""
    return "".join(f"-{name}{value:g}" for name, value in values.items())
