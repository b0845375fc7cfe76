"""Random expressions: a position and a space come in; a random expression that may be put there comes out."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alphadsl.discover.positions import Position
from alphadsl.discover.space import SearchSpace
from alphadsl.ir.build import GAP, NEGATIVE_D2, ONE, POSITIVE_D2, add, apply, div, mul, neg, power, sub
from alphadsl.ir.kinds import Level
from alphadsl.ir.nodes import Expr, Num, Param, Reduce, Var

NEGATIVE_S, POSITIVE_S = sub(ONE, NEGATIVE_D2), sub(ONE, POSITIVE_D2)
"""The cosines s[i,j] and s[i], which on the sphere are 1 - d^2."""

OPERATORS: dict[str, Callable[[Expr, Expr], Expr]] = {
    "add": add,
    "sub": lambda a, b: add(a, neg(b)),
    "mul": mul,
    "div": div,
    "max": lambda a, b: apply("max", a, b),
    "min": lambda a, b: apply("min", a, b),
}
DEEPEST = 3
STOP, CALL, REDUCE = 0.35, 0.5, 0.25
"""Probabilities that growth ends at a leaf, that it calls a function, and that a row reduces its pairs."""


@dataclass(frozen=True)
class Grower:
    """Grows expressions in a space, with the parameters of the loss that they are for."""

    space: SearchSpace
    parameters: Sequence[str]
    chance: random.Random

    def expression(self, position: Position, depth: int = DEEPEST) -> Expr:
        """An expression that may be put at a position."""
        return self._grown(position.level, position.argument, depth)

    def constant(self) -> Expr:
        """A number or a parameter."""
        if self.parameters and self.chance.random() < 0.5:
            return Param(self.chance.choice(self.parameters))
        return Num(self.chance.choice(self.space.constants))

    def called(self, part: Expr) -> Expr:
        """A random function of an expression."""
        return apply(self.chance.choice(self.space.functions), part)

    def joined(self, part: Expr, level: Level, argument: str | None) -> Expr:
        """An expression joined with a small one by an operator."""
        operator = self.chance.choice(self.space.operators)
        if operator == "pow":
            return power(part, self.constant())
        other = self._leaf(level, argument)
        first, second = (part, other) if self.chance.random() < 0.75 else (other, part)
        return OPERATORS[operator](first, second)

    def _grown(self, level: Level, argument: str | None, depth: int) -> Expr:
        if depth == 0 or self.chance.random() < STOP:
            return self._leaf(level, argument)
        if level == Level.ROW and self.space.overs and self.chance.random() < REDUCE:
            return Reduce(self.chance.choice(self.space.overs), self._grown(Level.PAIR, None, depth - 1))
        part = self._grown(level, argument, depth - 1)
        return self.called(part) if self.chance.random() < CALL else self.joined(part, level, argument)

    def _leaf(self, level: Level, argument: str | None) -> Expr:
        leaves: list[Expr] = []
        if argument is not None:
            leaves += [Var(argument)] * 3
        if level >= Level.PAIR:
            leaves += [NEGATIVE_D2, NEGATIVE_S, GAP]
        if level >= Level.ROW:
            leaves += [POSITIVE_D2, POSITIVE_S]
        return self.chance.choice([*leaves, self.constant()])
