"""Sums as terms with coefficients and products as bases with exponents: the normal form that `simplify` works in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from alphadsl.ir.build import ONE, ZERO, add, apply, div, exp, mul, neg, power
from alphadsl.ir.facts import Scope, infer_interval
from alphadsl.ir.kinds import Over, Quantity
from alphadsl.ir.nodes import Apply, Distance, Expr, Num, Reduce
from alphadsl.ir.traversal import level_of, spelling_of

Terms = dict[Expr, float]
LOGS_OF_ZERO = frozenset({"log_difference", "log_share", "log_pow0"})
Rule = Callable[[Expr], Expr]


@dataclass(frozen=True)
class Product:
    """coefficient * prod base^exponent * exp(exponential)."""

    coefficient: float
    powers: dict[Expr, Expr]
    exponential: Expr


def as_product(expr: Expr, simplified: Rule) -> Product:
    """Read an expression as a product; exponents of equal bases are added, and so are the exponents of e."""
    coefficient, powers = 1.0, dict[Expr, Expr]()
    exponentials: list[Expr] = []
    for factor, turned in _factors(expr):
        match factor:
            case Num(value):
                coefficient *= value if not turned else 1 / value if value else 0.0
            case Apply("exp", (a,)):
                exponentials.append(_times(-1.0, a, simplified) if turned else a)
            case Apply("pow", (Num(1.0), _)):
                pass
            case _:
                base, exponent = factor.args if isinstance(factor, Apply) and factor.op == "pow" else (factor, ONE)
                exponent = _times(-1.0, exponent, simplified) if turned else exponent
                powers[base] = simplified(add(powers[base], exponent)) if base in powers else exponent
    powers = {base: exponent for base, exponent in powers.items() if exponent != ZERO}
    kept = [exponential for exponential in exponentials if exponential != ZERO]
    joined = ZERO if not kept else simplified(add(*kept)) if len(kept) > 1 else kept[0]
    return Product(coefficient, powers, joined)


def _factors(expr: Expr) -> Iterator[tuple[Expr, bool]]:
    """The factors of an expression from left to right, each with whether it is a divisor."""
    pending = [(expr, False)]
    while pending:
        part, turned = pending.pop()
        match part:
            case Apply("neg", (a,)):
                pending += [(a, turned), (Num(-1.0), False)]
            case Apply("mul", (a, b)):
                pending += [(b, turned), (a, turned)]
            case Apply("div", (a, b)) if b != ZERO:
                pending += [(b, not turned), (a, turned)]
            case _:
                yield part, turned


def multiply(a: Product, b: Product, simplified: Rule) -> Product:
    powers = dict(a.powers)
    for base, exponent in b.powers.items():
        joined = simplified(add(powers[base], exponent)) if base in powers else exponent
        powers[base] = joined
    powers = {base: exponent for base, exponent in powers.items() if exponent != ZERO}
    exponentials = [exponential for exponential in (a.exponential, b.exponential) if exponential != ZERO]
    return Product(a.coefficient * b.coefficient, powers, simplified(add(*exponentials)) if exponentials else ZERO)


def raised(product: Product, exponent: float, simplified: Rule) -> Product:
    """A product raised to a power. `exponent` must be a whole number."""
    powers = {base: _times(exponent, inner, simplified) for base, inner in product.powers.items()}
    coefficient = product.coefficient**exponent if product.coefficient else 0.0
    return Product(coefficient, powers, _times(exponent, product.exponential, simplified))


def _times(factor: float, exponent: Expr, simplified: Rule) -> Expr:
    """The scaled exponent. Numbers are multiplied directly, so that a fraction has the same form under any rule."""
    return Num(factor * exponent.value) if isinstance(exponent, Num) else simplified(mul(Num(factor), exponent))


def from_product(product: Product) -> Expr:
    """Write a product as a fraction: negative exponents in the denominator, the coefficient in front."""
    if product.coefficient == 0:
        return ZERO
    above: list[Expr] = []
    below: list[Expr] = []
    for base, exponent in sorted(product.powers.items(), key=lambda item: (level_of(item[0]), _rank(item[0]))):
        flipped = _negated(exponent)
        (above if flipped is None else below).append(_power(base, flipped or exponent))
    if product.exponential != ZERO:
        above.append(exp(product.exponential))
    sign, size = (neg, -product.coefficient) if product.coefficient < 0 else (_same, product.coefficient)
    if size != 1 or not above:
        above.insert(0, Num(size))
    whole = mul(*above)
    return sign(div(whole, mul(*below)) if below else whole)


def as_terms(expr: Expr, simplified: Rule) -> Terms:
    """Read an expression as a sum; equal terms are collected. The constant is the coefficient of 1."""
    terms: Terms = {}
    _collect(expr, 1.0, terms, simplified)
    _join_gap(terms)
    return {term: coefficient for term, coefficient in terms.items() if coefficient != 0}


def from_terms(terms: Terms) -> Expr:
    """Write a sum, with a positive term first. Pair terms come before row terms, so that terms that nearly cancel are
    added first."""
    ordered = sorted(terms.items(), key=lambda item: (-level_of(item[0]), _rank(item[0])))
    for item in ordered:
        among = reduced_among(*item, terms)
        if among is not None:
            rest = [term for term in ordered if term != item and term[0] not in among]
            lead = [item, (_plain_sum(among), -item[1])] if item[1] > 0 else [(_plain_sum(among), -item[1]), item]
            return add(*(_scaled(*term) for term in lead + rest))
    return _plain_sum(dict(ordered))


def is_log_of_zero(expr: Expr, scope: Scope) -> bool:
    """Whether an expression is a logarithm that may be minus infinity."""
    match expr:
        case Apply("log", (a,)):
            return not infer_interval(a, scope).positive
        case _:
            return isinstance(expr, Apply) and expr.op in LOGS_OF_ZERO


def split_signs(terms: Terms) -> tuple[Expr, Expr]:
    """The sum of the positive terms, and the sum of the negative ones with their sign flipped."""
    added = {term: scale for term, scale in terms.items() if scale > 0}
    return from_terms(added), from_terms({term: -scale for term, scale in terms.items() if scale < 0})


def _plain_sum(terms: Terms) -> Expr:
    ordered = list(terms.items())
    lead = next((item for item in ordered if item[1] > 0), None)
    first = [lead] if lead else []
    parts = [_scaled(*item) for item in first + [item for item in ordered if item is not lead]]
    return add(*parts) if parts else ZERO


def reduced_among(term: Expr, coefficient: float, terms: Terms) -> Terms | None:
    """The terms in the body of an extremum or log-sum-exp, if the sum also contains them with the opposite sign, so
    that they nearly cancel; otherwise None."""
    match term:
        case Reduce(Over.MAX | Over.MIN | Over.LOGSUMEXP, body):
            inner = as_terms(body, _same)
            return inner if all(terms.get(part) == -coefficient * scale for part, scale in inner.items()) else None
        case _:
            return None


def _collect(expr: Expr, scale: float, terms: Terms, simplified: Rule) -> None:
    match expr:
        case Apply("add", (a, b)):
            _collect(a, scale, terms, simplified)
            _collect(b, scale, terms, simplified)
        case Num(value):
            terms[ONE] = terms.get(ONE, 0.0) + scale * value
        case _:
            product = as_product(expr, simplified)
            rest = from_product(Product(1.0, product.powers, product.exponential))
            if isinstance(rest, Apply) and rest.op == "add":
                _collect(rest, scale * product.coefficient, terms, simplified)
            else:
                terms[rest] = terms.get(rest, 0.0) + scale * product.coefficient


def _join_gap(terms: Terms) -> None:
    """Keep d[i]^2 - d[i,j]^2 as one quantity: the difference of two separate values would lose digits."""
    positive, negative, gap = (Distance(of) for of in (Quantity.POSITIVE, Quantity.NEGATIVE, Quantity.GAP))
    if positive in terms and terms.get(negative) == -terms[positive]:
        terms[gap] = terms.get(gap, 0.0) + terms.pop(positive)
        del terms[negative]


def _scaled(term: Expr, coefficient: float) -> Expr:
    if term == ONE:
        return Num(coefficient)
    sign = neg if coefficient < 0 else _same
    size = abs(coefficient)
    match term:
        case _ if size == 1:
            return sign(term)
        case Apply("div", (a, b)):
            return sign(div(Num(size) if a == ONE else mul(Num(size), a), b))
        case _:
            return sign(mul(Num(size), term))


def _power(base: Expr, exponent: Expr) -> Expr:
    match base, exponent:
        case _, Num(1.0):
            return base
        case Apply("pow0", (inner, small)), Num():
            return apply("pow0", inner, mul(small, exponent))
        case _:
            return power(base, exponent)


def _negated(exponent: Expr) -> Expr | None:
    """The exponent without its minus sign, or None if it has none."""
    match exponent:
        case Num(value) if value < 0:
            return Num(-value)
        case Apply("neg", (a,)):
            return a
        case _:
            return None


def _rank(expr: Expr) -> tuple[int, str]:
    """A fixed order among expressions of one level: distances and reductions before expressions of them."""
    order = {"num": 0, "param": 0, "count": 0, "distance": 1, "reduce": 2, "statistic": 2}
    return order.get(expr.kind, 3), spelling_of(expr)


def _same(expr: Expr) -> Expr:
    return expr
