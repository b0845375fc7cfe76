"""The intermediate representation in one file: what a checked loss is, and what an expression may be.

Nodes are frozen dataclasses: they compare and hash by structure (spans excepted), match by position, and round-trip as
JSON (`ir/loss_json.py`). Expressions live on levels: constant < batch < row `[i]` < pair `[i,j]`; j never reaches the
anchor itself or its positive. Distances follow the paper: d^2 is HALF the squared Euclidean distance, 1 - cosine on the
sphere.
"""

from dataclasses import field
from typing import Annotated, Any, Literal

from alphadsl.ir.index_sets import Pairs
from alphadsl.ir.interval import Interval
from alphadsl.ir.kinds import AlphaGradient, Among, Level, Method, Over, Quantity, Space
from alphadsl.ir.node import BY_KIND, UNWRITTEN, Real, node
from alphadsl.ir.parameter import Parameter


@node
class Num:
    value: Real
    span: Any = field(default=None, compare=False, repr=False, kw_only=True, metadata=UNWRITTEN)
    kind: Literal["num"] = field(default="num", repr=False, kw_only=True)


@node
class Param:
    """A hyper-parameter; the generated code receives it as a 0-d tensor."""

    name: str
    span: Any = field(default=None, compare=False, repr=False, kw_only=True, metadata=UNWRITTEN)
    kind: Literal["param"] = field(default="param", repr=False, kw_only=True)


@node
class Var:
    """The argument of a `Function`."""

    name: str
    span: Any = field(default=None, compare=False, repr=False, kw_only=True, metadata=UNWRITTEN)
    kind: Literal["var"] = field(default="var", repr=False, kw_only=True)


@node
class Distance:
    """d[i]^2, d[i,j]^2, or their difference; in Euclidean space also an inner product."""

    of: Quantity
    span: Any = field(default=None, compare=False, repr=False, kw_only=True, metadata=UNWRITTEN)
    kind: Literal["distance"] = field(default="distance", repr=False, kw_only=True)


@node
class Count:
    """The number of negatives of an anchor."""

    span: Any = field(default=None, compare=False, repr=False, kw_only=True, metadata=UNWRITTEN)
    kind: Literal["count"] = field(default="count", repr=False, kw_only=True)


@node
class Anchors:
    """The number of anchors of the batch."""

    kind: Literal["anchors"] = field(default="anchors", repr=False, kw_only=True)


@node
class Apply:
    """A built-in function, operator or comparison, by its name in the atom table."""

    op: str
    args: tuple["Expr", ...]
    span: Any = field(default=None, compare=False, repr=False, kw_only=True, metadata=UNWRITTEN)
    kind: Literal["apply"] = field(default="apply", repr=False, kw_only=True)


@node
class Reduce:
    """A reduction over the negatives of an anchor: one value per anchor."""

    over: Over
    body: "Expr"
    span: Any = field(default=None, compare=False, repr=False, kw_only=True, metadata=UNWRITTEN)
    kind: Literal["reduce"] = field(default="reduce", repr=False, kw_only=True)


@node
class Pool:
    """A reduction over the anchors of the batch: one value for all of them."""

    over: Over
    body: "Expr"
    span: Any = field(default=None, compare=False, repr=False, kw_only=True, metadata=UNWRITTEN)
    kind: Literal["pool"] = field(default="pool", repr=False, kw_only=True)


@node
class Importance:
    """alpha[i,j] of another loss on the same batch, held fixed; it lies in `interval`.

    The other loss has no parameters of its own: it is expressed in the parameters of the loss that uses it.
    """

    of: "Loss"
    interval: Interval
    span: Any = field(default=None, compare=False, repr=False, kw_only=True, metadata=UNWRITTEN)
    kind: Literal["importance"] = field(default="importance", repr=False, kw_only=True)


@node
class Statistic:
    """A named statistic of the core, of a row or of the batch, computed earlier."""

    name: str
    level: Level = Level.ROW
    kind: Literal["statistic"] = field(default="statistic", repr=False, kw_only=True)


@node
class Inverse:
    """The a in [0, 1] at which the decreasing `slope(a)` equals `target`, clipped to the ends; found numerically."""

    slope: "Function"
    curvature: "Function"
    target: "Expr"
    kind: Literal["inverse"] = field(default="inverse", repr=False, kw_only=True)


@node
class Multiplier:
    """The lambda_i between `low` and `high` at which sum_j response(cost[i,j] + lambda_i) = 1.

    The response is the optimal alpha for a given cost; it is decreasing, with the derivative 1 / curvature(alpha).
    """

    method: Method
    response: "Function"
    curvature: "Function"
    cost: "Expr"
    low: "Expr"
    high: "Expr"
    kind: Literal["multiplier"] = field(default="multiplier", repr=False, kw_only=True)


@node
class Gather:
    """A reduction over the negatives or the positives of a labelled anchor, for all its positives at once.

    `but_one` makes it one value per candidate: the reduction over all others.
    """

    over: Over
    body: "Expr"
    among: Among
    but_one: bool
    kind: Literal["gather"] = field(default="gather", repr=False, kw_only=True)


Expr = Annotated[
    Num
    | Param
    | Var
    | Distance
    | Count
    | Anchors
    | Apply
    | Reduce
    | Pool
    | Importance
    | Statistic
    | Inverse
    | Multiplier
    | Gather,
    BY_KIND,
]


@node
class Function:
    """A function of one argument, `Var(argument)` in its body."""

    argument: str
    body: Expr
    span: Any = field(default=None, compare=False, repr=False, kw_only=True, metadata=UNWRITTEN)


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
    """Like `Direct`, with each row of alpha divided by its sum."""

    alpha: Expr
    kind: Literal["proportional"] = field(default="proportional", repr=False, kw_only=True)


@node
class MinPlayer:
    """Like `Direct`, with alpha = argmin over the simplex of E(alpha) - R(alpha), row by row."""

    regulariser: Function
    kind: Literal["min_player"] = field(default="min_player", repr=False, kw_only=True)


@node
class General:
    """mean_i value[i], for any expression of the distances; alpha and beta are its derivatives."""

    value: Expr
    kind: Literal["general"] = field(default="general", repr=False, kw_only=True)


Family = Annotated[Coordinate | Direct | Proportional | MinPlayer | General, BY_KIND]


@node
class Loss:
    """A checked loss: an error that occurs later is not the author's."""

    name: str
    parameters: tuple[Parameter, ...]
    pairs: Pairs
    family: Family
    alpha_gradient: AlphaGradient = AlphaGradient.STOPPED
    space: Space = Space.SPHERE
