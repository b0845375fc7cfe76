"""Walking and rebuilding expressions.

Computations are memoised on structure, so equal parts are visited once. `rewrite` and `occurrences` go by identity
instead, because equal parts may occur in two places of the text and each must keep its own span.
"""

from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b

from alphadsl.ir.kinds import Level, Quantity
from alphadsl.ir.nodes import (
    Anchors,
    Apply,
    Coordinate,
    Count,
    Direct,
    Distance,
    Expr,
    Family,
    Gather,
    General,
    Importance,
    Inverse,
    Loss,
    MinPlayer,
    Multiplier,
    Num,
    Param,
    Pool,
    Proportional,
    Reduce,
    Statistic,
    Var,
)

LONGEST_SPELLING = 2_000


def children(expr: Expr) -> tuple[Expr, ...]:
    """The operands of a node; the functions of an `Inverse` or `Multiplier` are not among them."""
    match expr:
        case Apply(_, args):
            return args
        case Reduce(_, body) | Pool(_, body) | Gather(_, body):
            return (body,)
        case Inverse():
            return (expr.target,)
        case Multiplier():
            return (expr.cost, expr.low, expr.high)
        case _:
            return ()


def rebuild(expr: Expr, parts: tuple[Expr, ...]) -> Expr:
    """The same node with other children; the node itself if nothing changed."""
    if all(new is old for new, old in zip(parts, children(expr), strict=True)):
        return expr
    match expr:
        case Apply(op, _):
            return Apply(op, parts, span=expr.span)
        case Reduce(over, _):
            return Reduce(over, parts[0], span=expr.span)
        case Pool(over, _):
            return Pool(over, parts[0], span=expr.span)
        case Gather(over, _, among, but_one):
            return Gather(over, parts[0], among, but_one)
        case Inverse(slope, curvature):
            return Inverse(slope, curvature, parts[0])
        case Multiplier(method, response, curvature):
            return Multiplier(method, response, curvature, *parts)
        case _:
            return expr


def rewrite(expr: Expr, rule: Callable[[Expr], Expr]) -> Expr:
    """Apply a rule to every node, children first; each occurrence keeps its span."""
    done: dict[int, Expr] = {}
    for node in occurrences(expr):
        done[id(node)] = rule(rebuild(node, tuple(done[id(child)] for child in children(node))))
    return done[id(expr)]


def occurrences(expr: Expr, inner: Callable[[Expr], tuple[Expr, ...]] = children) -> Iterator[Expr]:
    """Every node object, children before parents; one that several parts share is visited once."""
    seen: set[int] = set()
    pending = [(expr, False)]
    while pending:
        node, entered = pending.pop()
        if entered:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            pending.append((node, True))
            pending += [(child, False) for child in reversed(inner(node))]


def walk(expr: Expr) -> Iterator[Expr]:
    """Every distinct node, children before parents: the order of evaluation."""
    seen: set[Expr] = set()
    pending = [(expr, False)]
    while pending:
        node, entered = pending.pop()
        if entered:
            yield node
        elif node not in seen:
            seen.add(node)
            pending.append((node, True))
            pending += [(child, False) for child in reversed(children(node))]


def substitute(expr: Expr, bindings: Mapping[str, Expr]) -> Expr:
    """Replace variables by expressions."""

    def rule(node: Expr) -> Expr:
        match node:
            case Var(name) if name in bindings:
                return bindings[name]
            case _:
                return node

    return rewrite(expr, rule)


def mentions(expr: Expr, variable: str) -> bool:
    return any(isinstance(node, Var) and node.name == variable for node in walk(expr))


def expressions_of(family: Family) -> tuple[Expr, ...]:
    """The expressions of a family, in the order in which they are written."""
    match family:
        case Coordinate(phi, psi, weight):
            return phi.body, psi.body, weight
        case Direct(alpha) | Proportional(alpha):
            return (alpha,)
        case MinPlayer(regulariser):
            return (regulariser.body,)
        case General(value):
            return (value,)


def losses_in(family: Family) -> tuple[Loss, ...]:
    """The losses whose importances a family uses."""
    parts = (part for expr in expressions_of(family) for part in walk(expr))
    return tuple(dict.fromkeys(part.of for part in parts if isinstance(part, Importance)))


def parameters_in(family: Family) -> tuple[str, ...]:
    """The parameters a family depends on, including those of losses it uses, in order of appearance."""
    names: dict[str, None] = {}
    for expr in expressions_of(family):
        for part in walk(expr):
            match part:
                case Param(name):
                    names[name] = None
                case Importance(of):
                    names |= dict.fromkeys(parameters_in(of.family))
    return tuple(names)


def level_of(expr: Expr) -> Level:
    """The level, which is the indices a value depends on. Cached on each node, since passes ask for it often."""
    for node in _unsettled(expr, "_level"):
        inside = max((vars(child)["_level"] for child in children(node)), default=Level.CONSTANT)
        object.__setattr__(node, "_level", _own_level(node, inside))
    level: Level = vars(expr)["_level"]
    return level


def nesting_of(expr: Expr) -> int:
    """The nesting depth of `where`. Cached on each node."""
    for node in _unsettled(expr, "_nesting"):
        inside = max((vars(child)["_nesting"] for child in children(node)), default=0)
        object.__setattr__(node, "_nesting", inside + (isinstance(node, Apply) and node.op == "where"))
    nesting: int = vars(expr)["_nesting"]
    return nesting


def _unsettled(expr: Expr, kept: str) -> Iterator[Expr]:
    """The nodes without the cached attribute `kept`, children before parents; the caller must set it on each."""
    pending = [] if kept in vars(expr) else [expr]
    while pending:
        unknown = [child for child in children(pending[-1]) if kept not in vars(child)]
        if not unknown:
            yield pending.pop()
        pending += unknown


def spelling_of(expr: Expr) -> str:
    """A text that distinguishes expressions and gives them a fixed order; a long one is shortened to its beginning and
    a digest. Cached on each node, since shared parts would otherwise be written out again and again."""
    for node in _unsettled(expr, "_spelling"):
        text = _spelled(node)
        digest = blake2b(text.encode(), digest_size=12).hexdigest() if len(text) > LONGEST_SPELLING else ""
        object.__setattr__(node, "_spelling", text[:LONGEST_SPELLING] + digest)
    spelling: str = vars(expr)["_spelling"]
    return spelling


def _spelled(node: Expr) -> str:
    inner = [vars(child)["_spelling"] for child in children(node)]
    match node:
        case Apply(op):
            return f"Apply(op={op!r}, args=({', '.join(inner)}{',' if len(inner) == 1 else ''}))"
        case Reduce(over) | Pool(over):
            return f"{type(node).__name__}(over={over!r}, body={inner[0]})"
        case Gather(over, _, among, but_one):
            return f"Gather(over={over!r}, body={inner[0]}, among={among!r}, but_one={but_one})"
        case _:
            return repr(node)


def count_parts(*exprs: Expr) -> int:
    """The number of distinct nodes in all expressions together: the cost of visiting every part once."""
    return len({node for expr in exprs for node in walk(expr)})


def size_of(expr: Expr) -> int:
    """The number of nodes of the expression when written out in full."""
    sizes: dict[Expr, int] = {}
    for node in walk(expr):
        sizes[node] = 1 + sum(sizes[child] for child in children(node))
    return sizes[expr]


def depth_of(expr: Expr) -> int:
    depths: dict[Expr, int] = {}
    for node in walk(expr):
        depths[node] = 1 + max((depths[child] for child in children(node)), default=0)
    return depths[expr]


def _own_level(node: Expr, inside: Level) -> Level:
    match node:
        case Num() | Param() | Var():
            return Level.CONSTANT
        case Anchors() | Pool():
            return Level.BATCH
        case Gather():
            return Level.PAIR if node.but_one else Level.ROW
        case Statistic(_, level):
            return level
        case Count() | Reduce() | Multiplier() | Distance(Quantity.POSITIVE | Quantity.INNER_POSITIVE):
            return Level.ROW
        case Distance() | Importance():
            return Level.PAIR
        case Apply() | Inverse():
            return inside
