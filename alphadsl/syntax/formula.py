"""A formula of the surface tree comes in; a document comes out: minimal brackets, uniform spacing, numbers as written.

Comments inside the formula are taken in order, each at the next possible line break. Comments without such a place are
left to the caller.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import assert_never

from alphadsl.report.source import Span
from alphadsl.syntax import tree
from alphadsl.syntax.layout import Choice, Doc, Group, Line, Nest, Remark

Letters = Callable[[str], str]

COMPARISON, SUM, PRODUCT, UNARY, POWER, ATOM = range(1, 7)
_BINDING = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "^": POWER}
_COMMENT_OR_BRACKET = re.compile(r"#[^\n]*|[()]")
_BEFORE_CLOSING = re.compile(r"(?:\s|#[^\n]*)*\)")


class Remarks:
    """The comments inside a definition, handed out in the order of the text."""

    def __init__(self, comments: Iterable[tree.Comment]) -> None:
        self._left = [*comments]

    def take(self, before: int) -> tuple[Remark, ...]:
        taken: list[Remark] = []
        while self._left and self._left[0].span.start < before:
            comment = self._left.pop(0)
            taken.append(Remark(comment_text(comment), bool(taken) or is_alone(comment)))
        return tuple(taken)

    def take_all(self) -> tuple[Remark, ...]:
        return self.take(self._left[-1].span.end) if self._left else ()


def comment_text(comment: tree.Comment) -> str:
    return comment.text.rstrip(" \t")


def is_alone(comment: tree.Comment) -> bool:
    """Whether the comment is alone on its line."""
    text, start = comment.span.source.text, comment.span.start
    return not text[text.rfind("\n", 0, start) + 1 : start].strip(" \t\ufeff")


def binding(node: tree.Expression) -> int:
    """The precedence of the outermost operator of an expression."""
    match node:
        case tree.Binary(operator):
            return _BINDING.get(operator, COMPARISON)
        case tree.Unary():
            return UNARY
        case _:
            return ATOM


def is_whole(body: tree.Expression) -> bool:
    """Whether a formula is a single call or name, which can only break inside its own brackets."""
    return binding(body.operand if isinstance(body, tree.Unary) else body) == ATOM


def indexed(name: str, indices: Iterable[str]) -> str:
    return f"{name}[{','.join(indices)}]"


@dataclass(frozen=True)
class Formula:
    """How formulas are written: in which letters, and with which comments."""

    letters: Letters
    remarks: Remarks

    def right_side(self, body: tree.Expression) -> Doc:
        """A whole formula; if it must be broken and has no brackets to break inside, brackets are put around it."""
        if is_whole(body):
            return Group((self._written(body),))
        first = Line("", self.remarks.take(body.span.start))
        inner = self._written(body, nested=False)
        last = Line("", self.remarks.take(closing(body.span)))
        return Group((Choice("", "("), Nest((first, inner)), last, Choice("", ")")))

    def _written(self, node: tree.Expression, nested: bool = True) -> Doc:
        match node:
            case tree.Number():
                return node.span.text
            case tree.Identifier(name):
                return self.letters(name)
            case tree.Indexed(name, indices):
                return self._indexed(name, indices)
            case tree.Member(owner, name, indices):
                return Group((self._written(owner), ".", self._indexed(name, indices)))
            case tree.Call():
                return self._call(node)
            case tree.Unary(operand):
                return Group(("-", self._within(operand, UNARY)))
            case tree.Binary("^", base, exponent):
                return self._power(base, exponent)
            case tree.Binary():
                return self._chain(node, nested)
        assert_never(node)

    def _within(self, node: tree.Expression, tightness: int) -> Doc:
        """An operand, in brackets if it binds less tightly than `tightness`."""
        if binding(node) >= tightness:
            return self._written(node)
        first = Line("", self.remarks.take(node.span.start))
        inner = self._written(node, nested=False)
        last = Line("", self.remarks.take(closing(node.span)))
        return Group(("(", Nest((first, inner)), last, ")"))

    def _power(self, base: tree.Expression, exponent: tree.Expression) -> Doc:
        signs = ""
        left = self._within(base, ATOM)
        while isinstance(exponent, tree.Unary):
            signs, exponent = signs + "-", exponent.operand
        return Group((left, "^", signs, self._within(exponent, POWER)))

    def _chain(self, node: tree.Binary, nested: bool) -> Doc:
        """`a + b - c`, broken either before every operator or not at all."""
        level = binding(node)
        links: list[tuple[str, tree.Expression]] = []
        first: tree.Expression = node
        while isinstance(first, tree.Binary) and binding(first) == level and (level != COMPARISON or not links):
            links.append((first.operator, first.right))
            first = first.left
        head = self._within(first, level + 1 if level == COMPARISON else level)
        rest: list[Doc] = []
        end = first.span.end
        for operator, operand in reversed(links):
            start = opening(operand, end) if binding(operand) <= level else operand.span.start
            rest += [Line(" ", self.remarks.take(start)), f"{operator} ", self._within(operand, level + 1)]
            end = operand.span.end
        return Group((head, Nest(tuple(rest)))) if nested else Group((head, *rest))

    def _call(self, node: tree.Call) -> Doc:
        """Never breaks before a named argument: a line that starts with `tau = 0.2` would be read as a definition."""
        arguments = sorted([*node.arguments, *node.keywords], key=lambda argument: argument.span.start)
        inner: list[Doc] = []
        for place, argument in enumerate(arguments):
            comma = ["," if place else ""]
            match argument:
                case tree.Keyword(name, value):
                    lead = " " if place else ""
                    inner += [*comma, lead, f"{self.letters(name.text)} = ", self._written(value, nested=False)]
                case _:
                    remarks = self.remarks.take(argument.span.start)
                    inner += [*comma, Line(" " if place else "", remarks), self._written(argument, nested=False)]
        named = isinstance(arguments[-1], tree.Keyword)
        last: tuple[Doc, ...] = () if named else (Line("", self.remarks.take(node.span.end)),)
        middle = (Nest(tuple(inner)),) if node.arguments else inner
        return Group((f"{self.letters(node.name.text)}(", *middle, *last, ")"))

    def _indexed(self, name: tree.Name, indices: Iterable[tree.Name]) -> str:
        return indexed(self.letters(name.text), (self.letters(index.text) for index in indices))


def closing(span: Span) -> int:
    """The position of the bracket that closes directly after a span; the end of the span if there is none."""
    match = _BEFORE_CLOSING.match(span.source.text, span.end)
    return match.end() - 1 if match else span.end


def opening(node: tree.Expression, after: int) -> int:
    """The position of the first bracket before an expression; the start of the expression if there is none."""
    for match in _COMMENT_OR_BRACKET.finditer(node.span.source.text, after, node.span.start):
        if match[0] == "(":
            return match.start()
    return node.span.start
