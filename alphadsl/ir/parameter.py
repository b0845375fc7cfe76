"""The parameters of a loss: a value, the interval it keeps to, and whether it stays, is scheduled or is learned."""

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from alphadsl.ir.interval import Interval
from alphadsl.ir.kinds import Shape
from alphadsl.ir.node import NodeSpan, node


@node
class Fixed:
    """A hyper-parameter that stays as it is set."""

    kind: Literal["fixed"] = field(default="fixed", repr=False, kw_only=True)


@node
class Learned:
    """A parameter trained with the network, kept in its interval."""

    kind: Literal["learned"] = field(default="learned", repr=False, kw_only=True)


@node
class Schedule:
    """A parameter that moves from `start` to `end` as training goes from 0 to 1; a step does so at `at`."""

    shape: Shape
    start: float
    end: float
    at: float = 0.5
    kind: Literal["schedule"] = field(default="schedule", repr=False, kw_only=True)


Role = Annotated[Fixed | Learned | Schedule, Field(discriminator="kind")]


@node
class Parameter:
    name: str
    value: float
    interval: Interval
    doc: str = ""
    role: Role = Fixed()
    span: NodeSpan = field(default=None, compare=False, repr=False, kw_only=True)
