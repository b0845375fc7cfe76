"""Builds the surface tree while the parser reduces each grammar rule, so that nothing recurses.

Every expression carries its depth and its extent, which unlike its span includes the enclosing brackets. Refused: an
expression that is nested too deeply, and a number that a float64 cannot hold.
"""

from math import inf, isinf
from typing import NamedTuple

from lark import Transformer, v_args

from alphadsl.report.errors.syntax import NumberTooLarge, TooDeep
from alphadsl.report.source import Span
from alphadsl.syntax import tree
from alphadsl.syntax.lexeme import Lexeme, Refused

DEEPEST = 64


class Sized(NamedTuple):
    node: tree.Expression
    depth: int
    extent: Span


class Named(NamedTuple):
    keyword: tree.Keyword
    depth: int


Argument = Sized | Named


def parse_number(token: Lexeme) -> float:
    value = float(token)
    if isinf(value):
        shown = str(token) if len(token) <= 20 else f"{token[:20]}..."
        raise Refused(NumberTooLarge(token.span, number=shown))
    return value


def _deepen(sign: Lexeme, *operands: Argument) -> int:
    depth = 1 + max(operand.depth for operand in operands)
    if depth > DEEPEST:
        raise Refused(TooDeep(sign.span, limit=DEEPEST))
    return depth


def _name(token: Lexeme) -> tree.Name:
    return tree.Name(str(token), token.span)


def _closing(word: Lexeme, value: Sized, bounds: tree.Bounds | None, doc: Lexeme | None) -> tuple[str, Span]:
    """The description of a parameter, and the extent of its line."""
    last = doc.span if doc else bounds.span if bounds else value.extent
    return doc[1:-1] if doc else "", word.span.to(last)


def _leaf(node: tree.Expression) -> Sized:
    return Sized(node, 1, node.span)


@v_args(inline=True)
class Build(Transformer[Lexeme, tuple[tree.LossDef, ...]]):
    """One method per rule of `grammar/alpha.lark`."""

    def start(self, *losses: tree.LossDef) -> tuple[tree.LossDef, ...]:
        return losses

    def loss(
        self,
        word: Lexeme,
        name: Lexeme,
        parent: Lexeme | None,
        _open: Lexeme,
        items: tuple[tree.Item, ...],
        close: Lexeme,
    ) -> tree.LossDef:
        return tree.LossDef(_name(name), _name(parent) if parent else None, items, word.span.to(close.span))

    def blend(self, word: Lexeme, name: Lexeme, _equal: Lexeme, body: Sized) -> tree.LossDef:
        span = word.span.to(body.extent)
        return tree.LossDef(_name(name), None, (tree.BlendItem(body.node, span),), span)

    def items(self, *items: tree.Item) -> tuple[tree.Item, ...]:
        return items

    # Definitions

    def param(
        self, word: Lexeme, name: Lexeme, value: Sized, bounds: tree.Bounds | None, doc: Lexeme | None
    ) -> tree.ParamItem:
        return tree.ParamItem(_name(name), value.node, bounds, *_closing(word, value, bounds, doc))

    def learn(
        self, word: Lexeme, name: Lexeme, value: Sized, bounds: tree.Bounds | None, doc: Lexeme | None
    ) -> tree.LearnItem:
        return tree.LearnItem(_name(name), value.node, bounds, *_closing(word, value, bounds, doc))

    def set(self, word: Lexeme, name: Lexeme, value: Sized) -> tree.SetItem:
        return tree.SetItem(_name(name), value.node, word.span.to(value.extent))

    def pairs(self, word: Lexeme, name: Lexeme, against: Lexeme | None) -> tree.PairsItem:
        last = against or name
        return tree.PairsItem(_name(name), _name(against) if against else None, word.span.to(last.span))

    def space(self, word: Lexeme, name: Lexeme) -> tree.SpaceItem:
        return tree.SpaceItem(_name(name), word.span.to(name.span))

    def through(self, word: Lexeme, name: Lexeme) -> tree.ThroughItem:
        return tree.ThroughItem(_name(name), word.span.to(name.span))

    def member(self, name: Lexeme, domain: Lexeme) -> tree.MemberItem:
        return tree.MemberItem(_name(name), _name(domain), name.span.to(domain.span))

    def function(self, name: Lexeme, argument: Lexeme, body: Sized) -> tree.FunctionItem:
        return tree.FunctionItem(_name(name), _name(argument), body.node, name.span.to(body.extent))

    def indexed_item(
        self, name: Lexeme, indices: tuple[Lexeme, ...], relation: Lexeme, body: Sized
    ) -> tree.IndexedItem:
        names = tuple(_name(index) for index in indices[:-1])
        return tree.IndexedItem(_name(name), names, _name(relation), body.node, name.span.to(body.extent))

    def constant(self, name: Lexeme, body: Sized) -> tree.ConstantItem:
        return tree.ConstantItem(_name(name), body.node, name.span.to(body.extent))

    def bounds(self, left: Lexeme, low: float, high: float, right: Lexeme) -> tree.Bounds:
        return tree.Bounds(low, high, left.type == "LPAR", right.type == "RPAR", left.span.to(right.span))

    def end(self, sign: Lexeme | None, number: Lexeme) -> float:
        value = inf if number.type == "INF" else parse_number(number)
        return -value if sign == "-" else value

    def indices(self, *tokens: Lexeme) -> tuple[Lexeme, ...]:
        """The names, followed by the closing bracket, which ends the extent of the indexed expression."""
        return tokens

    # Expressions

    def number(self, token: Lexeme) -> Sized:
        return _leaf(tree.Number(parse_number(token), token.span))

    def identifier(self, token: Lexeme) -> Sized:
        return _leaf(tree.Identifier(str(token), token.span))

    def indexed(self, name: Lexeme, indices: tuple[Lexeme, ...]) -> Sized:
        names = tuple(_name(index) for index in indices[:-1])
        return _leaf(tree.Indexed(_name(name), names, name.span.to(indices[-1].span)))

    def arguments(self, *arguments: Argument) -> tuple[Argument, ...]:
        return arguments

    def keyword(self, name: Lexeme, _equal: Lexeme, value: Sized) -> Named:
        return Named(tree.Keyword(_name(name), value.node, name.span.to(value.extent)), value.depth)

    def call(self, name: Lexeme, arguments: tuple[Argument, ...], close: Lexeme) -> Sized:
        span = name.span.to(close.span)
        plain = tuple(argument.node for argument in arguments if isinstance(argument, Sized))
        named = tuple(argument.keyword for argument in arguments if isinstance(argument, Named))
        return Sized(tree.Call(_name(name), plain, named, span), _deepen(name, *arguments), span)

    def reference(self, name: Lexeme, arguments: tuple[Argument, ...] | None, close: Lexeme | None) -> Sized:
        """A loss whose alpha or value is used."""
        if arguments is None or close is None:
            return self.identifier(name)
        return self.call(name, arguments, close)

    def member_of(self, owner: Sized, _dot: Lexeme, name: Lexeme, indices: tuple[Lexeme, ...]) -> Sized:
        names = tuple(_name(index) for index in indices[:-1])
        span = owner.extent.to(indices[-1].span)
        assert isinstance(owner.node, tree.Identifier | tree.Call)
        return Sized(tree.Member(owner.node, _name(name), names, span), owner.depth, span)

    def bracketed(self, left: Lexeme, inner: Sized, right: Lexeme) -> Sized:
        return inner._replace(extent=left.span.to(right.span))

    def negative(self, sign: Lexeme, operand: Sized) -> Sized:
        span = sign.span.to(operand.extent)
        return Sized(tree.Unary(operand.node, span), _deepen(sign, operand), span)

    def binary(self, left: Sized, operator: Lexeme, right: Sized) -> Sized:
        span = left.extent.to(right.extent)
        node = tree.Binary(str(operator), left.node, right.node, span)
        return Sized(node, _deepen(operator, left, right), span)
