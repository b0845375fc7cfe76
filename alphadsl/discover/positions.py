"""Where in a loss something else may be put: a family comes in; its positions come out, with what may be written there.

A position is a node in one of the expressions of a family. Its level says which indices may be used there, and its
argument which variable. An exponent must be constant, since no gradient is taken with respect to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from alphadsl.ir.build import ONE
from alphadsl.ir.kinds import Level
from alphadsl.ir.nodes import (
    Apply,
    Coordinate,
    Direct,
    Expr,
    Family,
    Function,
    General,
    Importance,
    Loss,
    MinPlayer,
    Pool,
    Proportional,
    Reduce,
)
from alphadsl.ir.traversal import children, expressions_of, parameters_in, rebuild, size_of


@dataclass(frozen=True)
class Position:
    """A node in its position: the expression, the path from its root, and what may be used there."""

    expression: int
    path: tuple[int, ...]
    level: Level
    argument: str | None
    node: Expr

    def allows(self, other: "Position") -> bool:
        """Whether the node of another position may be put here."""
        return (self.argument is None and other.argument is None and other.level <= self.level) or (
            self.argument is not None and other.argument is not None and self.level == other.level
        )


def positions_of(family: Family) -> tuple[Position, ...]:
    """Every position of a family, roots first."""
    return tuple(
        position
        for index, (expr, (level, argument)) in enumerate(zip(expressions_of(family), _grounds(family), strict=True))
        for position in _within(Position(index, (), level, argument, expr))
    )


def with_node(family: Family, position: Position, node: Expr) -> Family:
    """The family with another node at a position."""
    bodies = list(expressions_of(family))
    bodies[position.expression] = _put(bodies[position.expression], position.path, node)
    return with_expressions(family, tuple(bodies))


def put(loss: Loss, position: Position, node: Expr) -> Loss:
    """The loss with another node at a position, and without the parameters that are no longer used."""
    family = with_node(loss.family, position, node)
    names = parameters_in(family)
    return replace(
        loss, family=family, parameters=tuple(parameter for parameter in loss.parameters if parameter.name in names)
    )


def with_expressions(family: Family, bodies: tuple[Expr, ...]) -> Family:
    """The family with other bodies, in the order in which they are written."""
    match family:
        case Coordinate(phi, psi):
            return Coordinate(Function(phi.argument, bodies[0]), Function(psi.argument, bodies[1]), bodies[2])
        case Direct():
            return Direct(bodies[0])
        case Proportional():
            return Proportional(bodies[0])
        case MinPlayer(regulariser):
            return MinPlayer(Function(regulariser.argument, bodies[0]))
        case General():
            return General(bodies[0])


def size_of_loss(loss: Loss) -> int:
    """Number of nodes and parameters. A weight of 1 is not counted; the nodes of another loss that is used are."""
    bodies = [body for body in expressions_of(loss.family) if body != ONE]
    return sum(_size(body) for body in bodies) + len(loss.parameters)


def _size(body: Expr) -> int:
    used = [
        position.node
        for position in _within(Position(0, (), Level.PAIR, None, body))
        if isinstance(position.node, Importance)
    ]
    return size_of(body) + sum(size_of_loss(replace(node.of, parameters=())) for node in used)


def _grounds(family: Family) -> tuple[tuple[Level, str | None], ...]:
    """The level and the argument of each expression as a whole."""
    match family:
        case Coordinate(phi, psi):
            return (Level.CONSTANT, phi.argument), (Level.CONSTANT, psi.argument), (Level.PAIR, None)
        case Direct() | Proportional():
            return ((Level.PAIR, None),)
        case MinPlayer(regulariser):
            return ((Level.CONSTANT, regulariser.argument),)
        case General():
            return ((Level.ROW, None),)


def _within(position: Position) -> Iterator[Position]:
    yield position
    if isinstance(position.node, Pool):
        return
    for index, child in enumerate(children(position.node)):
        level, argument = position.level, position.argument
        match position.node:
            case Reduce():
                level = Level.PAIR
            case Apply("pow") if index == 1:
                level, argument = Level.CONSTANT, None
        yield from _within(Position(position.expression, (*position.path, index), level, argument, child))


def _put(expr: Expr, path: tuple[int, ...], node: Expr) -> Expr:
    if not path:
        return node
    parts = list(children(expr))
    parts[path[0]] = _put(parts[path[0]], path[1:], node)
    return rebuild(expr, tuple(parts))
