"""`loss NAME = 0.7 * infonce(tau = 0.2) + 0.3 * square`: a weighted sum of losses with numbers as weights."""

from alphadsl.ir.nodes import Apply, Expr
from alphadsl.ir.traversal import mentions
from alphadsl.report.errors.references import NotABlend
from alphadsl.resolve.context import Context
from alphadsl.resolve.expressions import UNKNOWN, Resolver
from alphadsl.resolve.misuse import FUNCTIONS
from alphadsl.resolve.quantities import OPERATORS, is_number, replace_span
from alphadsl.resolve.references import References
from alphadsl.syntax import tree


def resolve_blend(blend: tree.BlendItem, resolver: Resolver, references: References) -> Expr:
    """What the blend minimises at an anchor; `UNKNOWN` if some part of it was refused."""
    blended = _blended(blend.body, resolver, references)
    return UNKNOWN if mentions(blended, UNKNOWN.name) else blended


def _blended(body: tree.Expression, resolver: Resolver, references: References) -> Expr:
    match body:
        case tree.Binary("+" | "-" as sign, left, right):
            first, second = (_blended(term, resolver, references) for term in (left, right))
            second = Apply("neg", (second,), span=right.span) if sign == "-" else second
            return Apply("add", (first, second), span=body.span)
        case tree.Unary(operand):
            return Apply("neg", (_blended(operand, resolver, references),), span=body.span)
        case tree.Binary("*", factor, of) if is_number(factor):
            weight = resolver.resolve(factor, Context())
            return Apply("mul", (weight, _blended(of, resolver, references)), span=body.span)
        case tree.Binary("*" | "/" as operator, of, factor) if is_number(factor):
            weight = resolver.resolve(factor, Context())
            return Apply(OPERATORS[operator], (_blended(of, resolver, references), weight), span=body.span)
        case tree.Call(name) if name.text in FUNCTIONS:
            resolver.diagnostics.append(NotABlend(body.span))
            return UNKNOWN
        case tree.Identifier() | tree.Call():
            loss = references.use(body, lambda setting: resolver.resolve(setting, Context()))
            if loss is None:
                return UNKNOWN
            return replace_span(references.value_of(loss), body.span)
        case _:
            resolver.diagnostics.append(NotABlend(body.span))
            return UNKNOWN
