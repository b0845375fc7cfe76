"""Where in a loss something else may be put: a family comes in; its places come out, with what may be written there.

A place is a node in one of the expressions of a family. Its level says which indices may be used there, and its
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
class Place:
    """A node in its position: the expression, the path from its root, and what may be used there."""

    expression: int
    way: tuple[int, ...]
    level: Level
    argument: str | None
    node: Expr

    def allows(self, other: "Place") -> bool:
        """Whether the node of another place may be put here."""
        return (self.argument is None and other.argument is None and other.level <= self.level) or (
            self.argument is not None and other.argument is not None and self.level == other.level
        )


def places_of(family: Family) -> tuple[Place, ...]:
    """Every place of a family, roots first."""
    return tuple(
        place
        for index, (expr, (level, argument)) in enumerate(zip(expressions_of(family), _grounds(family), strict=True))
        for place in _within(Place(index, (), level, argument, expr))
    )


def with_node(family: Family, place: Place, node: Expr) -> Family:
    """The family with another node at a place."""
    bodies = list(expressions_of(family))
    bodies[place.expression] = _put(bodies[place.expression], place.way, node)
    return with_expressions(family, tuple(bodies))


def put(loss: Loss, place: Place, node: Expr) -> Loss:
    """The loss with another node at a place, and without the parameters that are no longer used."""
    family = with_node(loss.family, place, node)
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
    used = [place.node for place in _within(Place(0, (), Level.PAIR, None, body)) if isinstance(place.node, Importance)]
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


def _within(place: Place) -> Iterator[Place]:
    yield place
    if isinstance(place.node, Pool):
        return
    for index, child in enumerate(children(place.node)):
        level, argument = place.level, place.argument
        match place.node:
            case Reduce():
                level = Level.PAIR
            case Apply("pow") if index == 1:
                level, argument = Level.CONSTANT, None
        yield from _within(Place(place.expression, (*place.way, index), level, argument, child))


def _put(expr: Expr, way: tuple[int, ...], node: Expr) -> Expr:
    if not way:
        return node
    parts = list(children(expr))
    parts[way[0]] = _put(parts[way[0]], way[1:], node)
    return rebuild(expr, tuple(parts))
