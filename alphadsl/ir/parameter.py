"""The parameters of a loss: a value, the interval it must lie in, and whether it is fixed, scheduled or learned."""

from dataclasses import field
from typing import Annotated, Any, Literal

from alphadsl.ir.interval import Interval
from alphadsl.ir.kinds import Shape
from alphadsl.ir.node import BY_KIND, UNWRITTEN, Real, node


@node
class Fixed:
    """A hyper-parameter that keeps its value during training."""

    kind: Literal["fixed"] = field(default="fixed", repr=False, kw_only=True)


@node
class Learned:
    """A parameter trained with the network, kept in its interval."""

    kind: Literal["learned"] = field(default="learned", repr=False, kw_only=True)


@node
class Schedule:
    """A parameter that changes from `start` to `end` as the fraction of training goes from 0 to 1; a step jumps at the
    fraction `at`."""

    shape: Shape
    start: Real
    end: Real
    at: Real = 0.5
    kind: Literal["schedule"] = field(default="schedule", repr=False, kw_only=True)


Role = Annotated[Fixed | Learned | Schedule, BY_KIND]


@node
class Parameter:
    name: str
    value: Real
    interval: Interval
    doc: str = ""
    role: Role = Fixed()
    span: Any = field(default=None, compare=False, repr=False, kw_only=True, metadata=UNWRITTEN)
