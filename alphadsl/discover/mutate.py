"""One step from a loss to another: a loss, a space and a random generator come in; a loss that differs in one thing
comes out.

The result is well-formed and no more: the checker decides whether it is a loss. A mutation that has nothing to work on
returns None.
"""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from alphadsl.discover.grow import Grower
from alphadsl.discover.positions import Position, positions_of, put, with_expressions
from alphadsl.discover.space import SearchSpace
from alphadsl.ir.index_sets import INDEX_SETS
from alphadsl.ir.interval import POSITIVE, REAL
from alphadsl.ir.kinds import AlphaGradient, Level
from alphadsl.ir.nodes import Apply, Direct, Expr, Loss, Num, Param, Proportional, Reduce, Var
from alphadsl.ir.parameter import Fixed, Parameter
from alphadsl.ir.traversal import children, expressions_of, rewrite

WIDEST = 0.5
"""Standard deviation of the logarithm of the factor by which a constant is perturbed."""
LIFTED = ("a", "b", "c", "g", "k", "m", "q", "t", "u", "v", "w")
"""Names for constants that become parameters."""
ALIKE = (
    frozenset({"exp", "softplus", "relu", "sigmoid", "tanh", "sqrt", "log", "abs"}),
    frozenset({"add", "mul", "max", "min", "div"}),
)
"""Functions and operators that may be swapped for each other."""


@dataclass(frozen=True)
class Setting:
    """What a mutation works with: the space, another loss to take parts from, and a random generator."""

    space: SearchSpace
    other: Loss
    chance: random.Random

    def position(self, loss: Loss, wanted: Callable[[Position], bool] = lambda position: True) -> Position | None:
        """A random one of the positions of a loss that `wanted` accepts, if there is one."""
        positions = [position for position in positions_of(loss.family) if wanted(position)]
        return self.chance.choice(positions) if positions else None

    def grower(self, loss: Loss) -> Grower:
        return Grower(self.space, [parameter.name for parameter in loss.parameters], self.chance)


Mutation = Callable[[Loss, Setting], Loss | None]


def replace_part(loss: Loss, setting: Setting) -> Loss | None:
    """Replace a part by something new."""
    position = setting.position(loss)
    return None if position is None else put(loss, position, setting.grower(loss).expression(position, depth=2))


def wrap(loss: Loss, setting: Setting) -> Loss | None:
    """Put a part inside a function, or join it with something small."""
    position = setting.position(loss, lambda position: position.level > Level.CONSTANT or position.argument is not None)
    if position is None:
        return None
    grower = setting.grower(loss)
    wrapped = (
        grower.called(position.node)
        if setting.chance.random() < 0.5
        else grower.joined(position.node, position.level, position.argument)
    )
    return put(loss, position, wrapped)


def unwrap(loss: Loss, setting: Setting) -> Loss | None:
    """Replace an operation by one of its operands."""
    position = setting.position(loss, lambda position: isinstance(position.node, Apply))
    return None if position is None else put(loss, position, setting.chance.choice(children(position.node)))


def swap(loss: Loss, setting: Setting) -> Loss | None:
    """Swap a function, operator or reduction for another one over the same parts."""

    def swaps(position: Position) -> list[Expr]:
        match position.node:
            case Apply(op, args):
                known = {*setting.space.functions, *setting.space.operators}
                ops = [name for alike in ALIKE if op in alike for name in sorted(alike & known) if name != op]
                return [Apply(name, args) for name in ops]
            case Reduce(over, body):
                return [Reduce(other, body) for other in setting.space.overs if other != over]
            case _:
                return []

    position = setting.position(loss, lambda position: bool(swaps(position)))
    return None if position is None else put(loss, position, setting.chance.choice(swaps(position)))


def perturb(loss: Loss, setting: Setting) -> Loss | None:
    """Make a number, or the value of a parameter, somewhat larger or smaller."""
    factor = math.exp(setting.chance.gauss(0, WIDEST))
    numbers = [
        position
        for position in positions_of(loss.family)
        if isinstance(position.node, Num) and position.node.value != 0
    ]
    held = [index for index, parameter in enumerate(loss.parameters) if isinstance(parameter.role, Fixed)]
    if not numbers and not held:
        return None
    chosen = setting.chance.randrange(len(numbers) + len(held))
    if chosen < len(numbers):
        node = numbers[chosen].node
        assert isinstance(node, Num)
        return put(loss, numbers[chosen], Num(rounded(node.value * factor)))
    at = held[chosen - len(numbers)]
    parameter = loss.parameters[at]
    value = rounded(parameter.value * factor if parameter.value else factor - 1)
    if value not in parameter.interval:
        return None
    moved = replace(parameter, value=value)
    return replace(loss, parameters=(*loss.parameters[:at], moved, *loss.parameters[at + 1 :]))


def lift(loss: Loss, setting: Setting) -> Loss | None:
    """Replace a number by a parameter."""
    free = [name for name in LIFTED if name not in {parameter.name for parameter in loss.parameters}]
    position = setting.position(loss, lambda position: isinstance(position.node, Num) and position.node.value != 0)
    if position is None or not free or len(loss.parameters) >= setting.space.max_parameters:
        return None
    assert isinstance(position.node, Num)
    value = position.node.value
    parameter = Parameter(free[0], value, POSITIVE if value > 0 else REAL)
    return put(replace(loss, parameters=(*loss.parameters, parameter)), position, Param(free[0]))


def settle(loss: Loss, setting: Setting) -> Loss | None:
    """Replace a parameter by its value."""
    held = [parameter for parameter in loss.parameters if isinstance(parameter.role, Fixed)]
    if not held:
        return None
    chosen = setting.chance.choice(held)

    def rule(node: Expr) -> Expr:
        return Num(chosen.value) if isinstance(node, Param) and node.name == chosen.name else node

    bodies = tuple(rewrite(body, rule) for body in expressions_of(loss.family))
    return replace(loss, family=with_expressions(loss.family, bodies))


def change_pairs(loss: Loss, setting: Setting) -> Loss | None:
    """Change the index set: other negatives for the same anchors."""
    names = [name for name in setting.space.pairs if name != loss.pairs.name]
    return replace(loss, pairs=INDEX_SETS[setting.chance.choice(names)]) if names else None


def change_family(loss: Loss, setting: Setting) -> Loss | None:
    """Let rows of alpha sum to one, or not; let the gradient flow through alpha, or not."""
    turned: list[Loss] = []
    match loss.family:
        case Direct(alpha):
            turned.append(replace(loss, family=Proportional(alpha)))
        case Proportional(alpha):
            turned.append(replace(loss, family=Direct(alpha)))
    if isinstance(loss.family, Direct | Proportional):
        through = loss.alpha_gradient == AlphaGradient.THROUGH
        turned.append(replace(loss, alpha_gradient=AlphaGradient.STOPPED if through else AlphaGradient.THROUGH))
    return setting.chance.choice(turned) if turned else None


def cross(loss: Loss, setting: Setting) -> Loss | None:
    """Replace a part by a part of another loss, and add the parameters that it uses."""
    donor = _apart(setting.other, loss)
    position = setting.position(loss, lambda position: position.level > Level.CONSTANT or position.argument is not None)
    if position is None:
        return None
    fitting = [theirs for theirs in positions_of(donor.family) if position.allows(theirs)]
    if not fitting:
        return None
    given = setting.chance.choice(fitting)
    node = _renamed_argument(given.node, given.argument, position.argument)
    crossed = put(replace(loss, parameters=(*loss.parameters, *donor.parameters)), position, node)
    return crossed if len(crossed.parameters) <= setting.space.max_parameters else None


MUTATIONS: Mapping[str, tuple[Mutation, int]] = MappingProxyType(
    {
        "replace": (replace_part, 3),
        "wrap": (wrap, 3),
        "unwrap": (unwrap, 2),
        "swap": (swap, 3),
        "perturb": (perturb, 2),
        "lift": (lift, 1),
        "settle": (settle, 1),
        "pairs": (change_pairs, 1),
        "family": (change_family, 1),
        "cross": (cross, 3),
    }
)
"""Each mutation with its relative frequency."""


def mutate(loss: Loss, setting: Setting) -> tuple[str, Loss] | None:
    """A random mutation and its result; None if it had nothing to work on or changed nothing."""
    names = list(MUTATIONS)
    (name,) = setting.chance.choices(names, [weight for _, weight in MUTATIONS.values()])
    mutation, _ = MUTATIONS[name]
    made = mutation(loss, setting)
    return None if made is None or made == loss else (name, made)


def rounded(value: float, digits: int = 3) -> float:
    """A value rounded to `digits` significant digits, as a person would write it."""
    return float(f"{value:.{digits}g}")


def _apart(donor: Loss, loss: Loss) -> Loss:
    """The donor, with new names for parameters that the loss has with another interval."""
    mine = {parameter.name: parameter for parameter in loss.parameters}
    free = iter(name for name in LIFTED if name not in mine)
    names: dict[str, str] = {}
    kept = []
    for parameter in donor.parameters:
        if parameter.name not in mine:
            kept.append(parameter)
        elif mine[parameter.name].interval != parameter.interval:
            names[parameter.name] = next(free, parameter.name)
            kept.append(replace(parameter, name=names[parameter.name]))

    def rule(node: Expr) -> Expr:
        return Param(names[node.name]) if isinstance(node, Param) and node.name in names else node

    bodies = tuple(rewrite(body, rule) for body in expressions_of(donor.family))
    return replace(donor, parameters=tuple(kept), family=with_expressions(donor.family, bodies))


def _renamed_argument(node: Expr, old: str | None, new: str | None) -> Expr:
    if old == new or new is None:
        return node

    def rule(part: Expr) -> Expr:
        return Var(new) if isinstance(part, Var) and part.name == old else part

    return rewrite(node, rule)
