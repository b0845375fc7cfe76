"""Walking the expressions of the surface tree, as they are written."""

from collections.abc import Iterator

from alphadsl.syntax import tree


def parts_of(expression: tree.Expression) -> Iterator[tree.Expression]:
    """The expression and all its parts, from left to right, parents before children."""
    pending = [expression]
    while pending:
        part = pending.pop()
        yield part
        pending += reversed(_children(part))


def _children(expression: tree.Expression) -> tuple[tree.Expression, ...]:
    match expression:
        case tree.Member(owner):
            return (owner,)
        case tree.Call(_, arguments, keywords):
            return (*arguments, *(keyword.value for keyword in keywords))
        case tree.Unary(operand):
            return (operand,)
        case tree.Binary(_, left, right):
            return left, right
        case _:
            return ()
