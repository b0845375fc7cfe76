"""Predefined quantities, those of other losses, operators and reductions, as expressions of the IR."""

from alphadsl.ir.kinds import Level, Over, Quantity, Space
from alphadsl.ir.nodes import Apply, Count, Distance, Expr, Num, Pool, Reduce
from alphadsl.ir.traversal import level_of
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.levels import IndexMismatch, WrongArity
from alphadsl.report.errors.references import UnknownMember
from alphadsl.report.source import Span
from alphadsl.resolve.context import texts
from alphadsl.resolve.levels import not_reducible
from alphadsl.resolve.misuse import with_indices
from alphadsl.resolve.names import BATCH_REDUCTIONS, REDUCTIONS
from alphadsl.syntax import tree

OPERATORS = {"+": "add", "*": "mul", "/": "div", "^": "pow", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq"}
MEMBERS = {"alpha": ("i", "j"), "loss": ("i",)}


def quantity(name: str, indices: tuple[str, ...], space: Space, span: Span) -> Expr | None:
    """`d[i]`, `s[i,j]`, `count[i]` and the like; None if the indices do not fit the name."""
    match name, indices:
        case "count", ("i",):
            return Count(span=span)
        case "d", ("i",) | ("i", "j"):
            return Apply("sqrt", (Distance(_to(indices), span=span),), span=span)
        case "s", ("i",) | ("i", "j") if space == Space.SPHERE:
            cosine = Apply("neg", (Distance(_to(indices), span=span),))
            return Apply("add", (Num(1.0), cosine), span=span)
        case "s", ("i",):
            return Distance(Quantity.INNER_POSITIVE, span=span)
        case "s", ("i", "j"):
            return Distance(Quantity.INNER_NEGATIVE, span=span)
        case _:
            return None


def operation(operator: str, left: Expr, right: Expr, span: Span) -> Expr:
    return as_written(Apply(OPERATORS[operator], (left, right), span=span))


def as_written(part: Expr) -> Expr:
    """The normal form of expressions that are printed alike: d^2 is the squared distance itself, (d^2)^p is d^(2p), and
    -a * b is -(a * b)."""
    match part:
        case Apply("pow", (Apply("sqrt", (Distance(of),)), Num(2.0))):
            return Distance(of, span=part.span)
        case Apply("pow", (Distance(Quantity.POSITIVE | Quantity.NEGATIVE) as squared, Num(value))):
            return Apply("pow", (Apply("sqrt", (squared,), span=squared.span), Num(2 * value)), span=part.span)
        case Apply("pow", (Distance(Quantity.POSITIVE | Quantity.NEGATIVE) as squared, exponent)):
            doubled = Apply("mul", (Num(2.0), exponent))
            return Apply("pow", (Apply("sqrt", (squared,), span=squared.span), doubled), span=part.span)
        case Apply("mul" | "div" as op, (Apply("neg", (inner,)), right)):
            return Apply("neg", (Apply(op, (inner, right), span=part.span),), span=part.span)
        case _:
            return part


def misread(member: tree.Member) -> Diagnostic | None:
    """What is wrong with the part of `infonce.alpha[i,j]` after the dot."""
    owner, name = owner_name(member), member.name.text
    if name not in MEMBERS:
        meant = f"{owner}.{with_indices(name, member.indices)}"
        return UnknownMember(member.name.span, owner, meant)
    if texts(member.indices) != MEMBERS[name]:
        expected = f"{owner}.{name}[{','.join(MEMBERS[name])}]"
        return IndexMismatch(member.span, f"{owner}.{name}", expected, f"{owner}.{with_indices(name, member.indices)}")
    return None


def owner_name(member: tree.Member) -> str:
    match member.owner:
        case tree.Identifier(name):
            return name
        case tree.Call(name):
            return name.text


def is_number(expression: tree.Expression) -> bool:
    """Whether an expression is made of numbers only."""
    match expression:
        case tree.Number():
            return True
        case tree.Unary(operand):
            return is_number(operand)
        case tree.Binary(_, left, right):
            return is_number(left) and is_number(right)
        case _:
            return False


def replace_span(expr: Expr, span: Span) -> Expr:
    """The expression of another loss with the span where that loss is named, so that diagnostics point there."""
    match expr:
        case Apply(op, args):
            return Apply(op, args, span=span)
        case Reduce(over, body):
            return Reduce(over, body, span=span)
        case _:
            return expr


def reduction(name: str, argument: Expr, call: tree.Call) -> Expr | Diagnostic:
    """`mean_j(h[i,j])` takes a pair to a row, `mean_i(u[i])` a row to the batch."""
    over, level = BATCH_REDUCTIONS.get(name), level_of(argument)
    if level != (Level.ROW if over else Level.PAIR):
        return not_reducible(name, level, call.arguments[0].span)
    if over:
        return Pool(Over(over), argument, span=call.span)
    return Reduce(Over(REDUCTIONS[name]), argument, span=call.span)


def wrong_arity(name: str, arity: int, given: int, span: Span) -> Diagnostic | None:
    return None if given == arity else WrongArity(span, name, _arguments(arity), _arguments(given))


def _arguments(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"


def _to(indices: tuple[str, ...]) -> Quantity:
    return Quantity.NEGATIVE if len(indices) == 2 else Quantity.POSITIVE
