"""How often something is done: words such as `10min`, `500steps` or `1epoch,10min` come in; intervals come out.

Refused: anything but a number with a unit, a unit given twice, and fractions of a step or an epoch.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_PART = re.compile(r"([0-9]*\.?[0-9]+)\s*([a-z]+)")
_SECONDS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(("s", "sec", "second", "seconds"), 1)
    | dict.fromkeys(("m", "min", "minute", "minutes"), 60)
    | dict.fromkeys(("h", "hour", "hours"), 3600)
)
_EXAMPLES = "write 10min, 500steps, 1epoch, or several with commas"
_LONGEST = 10**9


@dataclass(frozen=True)
class Often:
    """Every so many steps, epochs or seconds, whichever comes first; None for a unit that is not given."""

    steps: int | None = None
    epochs: int | None = None
    seconds: float | None = None


def parse_often(text: str) -> Often:
    """The intervals in a text. Raises `ValueError` with the reason."""
    amounts: dict[str, float] = {}
    for part in text.lower().split(","):
        kind, amount = _parse_part(part.strip())
        if kind in amounts:
            raise ValueError(f"it gives {kind} twice")
        amounts[kind] = amount
    steps, epochs = amounts.get("steps"), amounts.get("epochs")
    return Often(None if steps is None else int(steps), None if epochs is None else int(epochs), amounts.get("seconds"))


def _parse_part(part: str) -> tuple[str, float]:
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is not a number with a unit; {_EXAMPLES}")
    amount, unit = float(match[1]), match[2]
    if not 0 < amount <= _LONGEST:
        raise ValueError(f"{part} is not above 0 and at most {_LONGEST:,}")
    if unit in _SECONDS:
        return "seconds", amount * _SECONDS[unit]
    kind = f"{unit.removesuffix('s')}s"
    if kind not in ("steps", "epochs"):
        raise ValueError(f"{unit} is not a unit; {_EXAMPLES}")
    if amount != int(amount):
        raise ValueError(f"{part} is not a whole number")
    return kind, amount
