"""The intermediate representation on one screen: what a checked loss is, and what an expression may be.

Nodes are frozen pydantic dataclasses: they compare and hash by structure (spans excepted), match by position, and
round-trip as JSON. Expressions live on levels: constant < batch < row `[i]` < pair `[i,j]`; j never reaches the
anchor itself or its positive. Distances follow the paper: d^2 is HALF the squared Euclidean distance, 1 - cosine on
the sphere.
"""

from dataclasses import field
from enum import IntEnum, StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from alphadsl.ir.interval import Interval
from alphadsl.ir.node import node

NodeSpan = Annotated[Any, Field(exclude=True)]


class Level(IntEnum):
    CONSTANT = 0
    BATCH = 1
    ROW = 2
    PAIR = 3


@node
class Num:
    value: float
    span: NodeSpan = field(default=None, compare=False, repr=False, kw_only=True)
    kind: Literal["num"] = field(default="num", repr=False, kw_only=True)


@node
class Param:
    """A hyper-parameter; reaches the generated code as a 0-d tensor."""

    name: str
    span: NodeSpan = field(default=None, compare=False, repr=False, kw_only=True)
    kind: Literal["param"] = field(default="param", repr=False, kw_only=True)


@node
class Var:
    """The argument of a `Function`."""

    name: str
    span: NodeSpan = field(default=None, compare=False, repr=False, kw_only=True)
    kind: Literal["var"] = field(default="var", repr=False, kw_only=True)


class Quantity(StrEnum):
    """What is known of an anchor and another embedding; `GAP` is d[i]^2 - d[i,j]^2, kept as one quantity."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    GAP = "gap"


@node
class Distance:
    """d[i]^2, d[i,j]^2, or their difference."""

    of: Quantity
    span: NodeSpan = field(default=None, compare=False, repr=False, kw_only=True)
    kind: Literal["distance"] = field(default="distance", repr=False, kw_only=True)


@node
class Count:
    """The number of negatives of an anchor."""

    span: NodeSpan = field(default=None, compare=False, repr=False, kw_only=True)
    kind: Literal["count"] = field(default="count", repr=False, kw_only=True)


@node
class Apply:
    """A built-in function, operator or comparison, by its name in the atom table."""

    op: str
    args: tuple["Expr", ...]
    span: NodeSpan = field(default=None, compare=False, repr=False, kw_only=True)
    kind: Literal["apply"] = field(default="apply", repr=False, kw_only=True)


class Over(StrEnum):
    """The reductions over the negatives of an anchor."""

    SUM = "sum"
    MEAN = "mean"
    MAX = "max"
    MIN = "min"
    LOGSUMEXP = "logsumexp"


@node
class Reduce:
    over: Over
    body: "Expr"
    span: NodeSpan = field(default=None, compare=False, repr=False, kw_only=True)
    kind: Literal["reduce"] = field(default="reduce", repr=False, kw_only=True)


@node
class Statistic:
    """A named row statistic of the core, computed in an earlier pass."""

    name: str
    kind: Literal["statistic"] = field(default="statistic", repr=False, kw_only=True)


@node
class Inverse:
    """The a in [0, 1] at which the decreasing `slope(a)` equals `target`, clipped to the ends; found numerically."""

    slope: "Function"
    curvature: "Function"
    target: "Expr"
    kind: Literal["inverse"] = field(default="inverse", repr=False, kw_only=True)


class Method(StrEnum):
    """How a multiplier is found: sorting, exact for a piecewise linear response, or safeguarded Newton steps."""

    PROJECTION = "projection"
    ROOT = "root"


@node
class Multiplier:
    """The lambda_i at which sum_j response(cost[i,j] + lambda_i) = 1, between `low` and `high`.

    The response is the alpha that a price buys; it falls, and its derivative is 1 / curvature(alpha).
    """

    method: Method
    response: "Function"
    curvature: "Function"
    cost: "Expr"
    low: "Expr"
    high: "Expr"
    kind: Literal["multiplier"] = field(default="multiplier", repr=False, kw_only=True)


Expr = Annotated[
    Num | Param | Var | Distance | Count | Apply | Reduce | Statistic | Inverse | Multiplier,
    Field(discriminator="kind"),
]


@node
class Function:
    """A function of one argument, `Var(argument)` in its body."""

    argument: str
    body: Expr
    span: NodeSpan = field(default=None, compare=False, repr=False, kw_only=True)


@node
class Coordinate:
    """mean_i phi(sum_j weight[i,j] psi(d[i]^2 - d[i,j]^2))."""

    phi: Function
    psi: Function
    weight: Expr
    kind: Literal["coordinate"] = field(default="coordinate", repr=False, kw_only=True)


@node
class Direct:
    """mean_i sum_j alpha[i,j] (d[i]^2 - d[i,j]^2), alpha held fixed."""

    alpha: Expr
    kind: Literal["direct"] = field(default="direct", repr=False, kw_only=True)


@node
class Proportional:
    """As `Direct`, each row of alpha divided by its sum."""

    alpha: Expr
    kind: Literal["proportional"] = field(default="proportional", repr=False, kw_only=True)


@node
class MinPlayer:
    """As `Direct`, alpha = argmin over the simplex of E(alpha) - R(alpha), row by row."""

    regulariser: Function
    kind: Literal["min_player"] = field(default="min_player", repr=False, kw_only=True)


Family = Annotated[Coordinate | Direct | Proportional | MinPlayer, Field(discriminator="kind")]


class AlphaGradient(StrEnum):
    """Whether alpha is held fixed (the paper's game) or differentiated (its `backprop alpha` row)."""

    STOPPED = "stopped"
    THROUGH = "through"


class Pairs(StrEnum):
    TWO_VIEW = "two_view"
    SAME_VIEW = "same_view"
    CROSS_VIEW = "cross_view"


@node
class Parameter:
    name: str
    value: float
    interval: Interval
    doc: str = ""
    span: NodeSpan = field(default=None, compare=False, repr=False, kw_only=True)


@node
class Loss:
    """A checked loss: nothing in it can be the author's fault any more."""

    name: str
    parameters: tuple[Parameter, ...]
    pairs: Pairs
    family: Family
    alpha_gradient: AlphaGradient = AlphaGradient.STOPPED


LOSS_JSON: TypeAdapter[Loss] = TypeAdapter(Loss)
