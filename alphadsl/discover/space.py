"""The space of losses that a search explores: a file that narrows it comes in; a checked model comes out.

Refused in one line: a name that the space does not have, and a value out of range.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alphadsl.ir.kinds import Over
from alphadsl.report.exceptions import InputError
from alphadsl.report.suggest import suggest

FamilyName = Literal["coordinate", "direct", "proportional", "min_player", "general"]
FunctionName = Literal["exp", "log", "sqrt", "relu", "sigmoid", "softplus", "tanh", "abs"]
OperatorName = Literal["add", "sub", "mul", "div", "pow", "max", "min"]
ReductionName = Literal["sum", "mean", "max", "min", "logsumexp"]
PairsName = Literal["two_view", "same_view", "cross_view"]

LARGEST_FILE = 1 << 16
LARGEST = 200
"""Largest size that a space may allow."""


class SearchSpace(BaseModel):
    """What a candidate may be made of. The defaults are what the language offers for two views without labels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    families: Annotated[tuple[FamilyName, ...], Field(min_length=1)] = (
        *("coordinate", "direct", "proportional"),
        *("min_player", "general"),
    )
    functions: Annotated[tuple[FunctionName, ...], Field(min_length=1)] = (
        *("exp", "log", "sqrt", "relu"),
        *("sigmoid", "softplus", "tanh"),
    )
    operators: Annotated[tuple[OperatorName, ...], Field(min_length=1)] = (
        *("add", "sub", "mul", "div"),
        *("pow", "max", "min"),
    )
    reductions: tuple[ReductionName, ...] = ("sum", "mean", "max", "logsumexp")
    pairs: Annotated[tuple[PairsName, ...], Field(min_length=1)] = ("two_view", "same_view", "cross_view")
    constants: Annotated[tuple[Annotated[float, Field(allow_inf_nan=False)], ...], Field(min_length=1)] = (
        *(0.1, 0.25, 0.5),
        *(1.0, 2.0, 4.0),
    )
    max_size: Annotated[int, Field(ge=3, le=LARGEST)] = 30
    """Largest number of nodes and parameters of a candidate, in total."""
    max_parameters: Annotated[int, Field(ge=0, le=10)] = 3
    paths: bool = True
    """Whether candidates may be on paths between and beyond the importances of two losses."""
    angle: Annotated[float, Field(gt=0, lt=90)] = 3.0
    """Angle in degrees below which the alpha and gradient of a candidate count as those of another loss."""

    @property
    def overs(self) -> tuple[Over, ...]:
        return tuple(Over(name) for name in self.reductions)


def read_space(path: Path) -> SearchSpace:
    """The space that a TOML file describes, such as `families = ["proportional"]`.

    Raises `InputError` if it cannot be read or has something that no space has.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise InputError(f"{path} is too large for a space.", "Give a file of a few lines.")
        said = tomllib.loads(content.decode("utf-8"))
    except OSError as failure:
        raise InputError(f"{path} cannot be read: {failure.strerror}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as failure:
        reason = "it is nested too deeply" if isinstance(failure, RecursionError) else " ".join(str(failure).split())
        raise InputError(
            f"{path} is not TOML: {reason}.", 'Write lines like max_size = 20 or pairs = ["two_view"].'
        ) from None
    try:
        return SearchSpace.model_validate(said)
    except ValidationError as refusal:
        fault = refusal.errors()[0]
        name = ".".join(str(part) for part in fault["loc"][:1])
        if fault["type"] == "extra_forbidden":
            close = suggest(name, SearchSpace.model_fields)
            remedy = f"Did you mean {close}?" if close else f"A space has {', '.join(SearchSpace.model_fields)}."
            raise InputError(f"{path}: a space has no {name}.", remedy) from None
        raise InputError(f"{path}: {name} = {fault['input']!r} is refused: {fault['msg'].lower()}.") from None
