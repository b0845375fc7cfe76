"""Works with the logarithms of expressions that contain an exponential of a pair: tau = 0.01 is finite in float32.

By rule, not by name: log(product), log(power) and log(exp) are exact, log(a + b) is `logaddexp`, and the logarithm of
a sum over negatives is a log-sum-exp. A product with exponentials in several places becomes one exponential; factors
without any stay in front of it. The same is done for values that may underflow in float32 (a sigmoid, a high power) if
a logarithm, a fraction or a root would bring them back. Works on simplified expressions; the value is unchanged.
"""

from alphadsl.ir.build import ONE, ZERO, add, apply, div, exp, log, mul, neg, share, sub, total
from alphadsl.ir.derived import Derived
from alphadsl.ir.facts import Scope, infer_interval
from alphadsl.ir.kinds import Level, Over
from alphadsl.ir.nodes import Apply, Expr, Num, Pool, Reduce
from alphadsl.ir.traversal import children, level_of, rebuild, walk
from alphadsl.transform.canonical import (
    Product,
    as_product,
    as_terms,
    from_product,
    split_signs,
)
from alphadsl.transform.carry import carry_batch
from alphadsl.transform.overflow import OverflowAnalysis
from alphadsl.transform.relative import RelativeSums, log_sums_in


class Stabiliser(OverflowAnalysis):
    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._done: dict[Expr, Expr] = {}
        self.relative = RelativeSums(self.simplified)

    def __call__(self, expr: Expr) -> Expr:
        if expr not in self._done:
            self._done[expr] = self.simplified(self._rule(expr))
        return self._done[expr]

    def _rule(self, expr: Expr) -> Expr:
        match expr:
            case Apply("log", (a,)) if self._leaves_range(a):
                return self.log_of(a)
            case Apply("share", (part, whole)) if self._leaves_range(part) or not self._is_moderate(part):
                return self._softmax(part) if self._sums_to_one(part, whole) else exp(self.log_of(expr))
            case Reduce(Over.SUM) | Pool(Over.SUM) if self._overflows(expr) and self._non_negative(expr):
                return exp(self.log_of(expr))
            case Apply("mul" | "div" | "neg" | "pow") if self._overflows(expr) or self._revives(expr):
                return self._product(expr)
            case _:
                return rebuild(expr, tuple(self(child) for child in children(expr)))

    def log_of(self, expr: Expr) -> Expr:
        """The logarithm of a non-negative expression, without computing the expression if it may overflow."""
        match expr:
            case Apply("exp", (a,)):
                return self(a)
            case Apply("mul", (a, b)) if self._all_non_negative(a, b):
                return add(self.log_of(a), self.log_of(b))
            case Apply("div", (a, b)) if self._all_non_negative(a, b):
                return sub(self.log_of(a), self.log_of(b))
            case Apply("pow", (a, exponent)) if self._non_negative(a):
                return mul(exponent, self.log_of(a))
            case Apply("pow0", (a, exponent)):
                return apply("log_pow0", self.log_of(a), self(exponent))
            case Apply("where", (condition, a, b)) if self._all_non_negative(a, b):
                return apply("where", self(condition), self.log_of(a), self.log_of(b))
            case Apply("add", (a, b)) if self._leaves_range(expr) and self._all_non_negative(a, b):
                return apply("logaddexp", self.log_of(a), self.log_of(b))
            case Apply("share", (part, whole)):
                return self._log_share(part, whole)
            case Apply("sigmoid", (a,)):
                return neg(apply("softplus", neg(self(a))))
            case Apply("softplus", (a,)):
                return apply("log_softplus", self(a))
            case Apply("log", (a,)) if self._underflows(expr) and (beyond := self._beyond_one(a)):
                return apply("log_softplus", self.log_of(beyond))
            case Apply("max" | "min" as op, (a, b)) if self._all_non_negative(a, b):
                return apply(op, self.log_of(a), self.log_of(b))
            case Apply("max", (a, b)) if self._overflows(expr) and self._non_negative(expr):
                return apply("max", self._log_above(a), self._log_above(b))
            case Apply("relu", (a,)) if self._overflows(a):
                return self._log_above(a)
            case Reduce(Over.SUM, body) if self._non_negative(body):
                return Reduce(Over.LOGSUMEXP, self.simplified(self.log_of(body)))
            case Pool(Over.SUM, body) if self._non_negative(body):
                return Pool(Over.LOGSUMEXP, self.simplified(self.log_of(body)))
            case Reduce(Over.MAX | Over.MIN as over, body) if self._non_negative(body):
                return Reduce(over, self.simplified(self.log_of(body)))
            case _:
                return log(self(expr))

    def _log_above(self, expr: Expr) -> Expr:
        """log(max(expr, 0)); a difference is computed from the logarithms of both sides."""
        match expr:
            case _ if self._non_negative(expr):
                return self.log_of(expr)
            case Apply("mul", (a, b)) if self._non_negative(a):
                return add(self.log_of(a), self._log_above(b))
            case Apply("mul", (a, b)) if self._non_negative(b):
                return add(self._log_above(a), self.log_of(b))
            case Apply("div", (a, b)) if self._non_negative(b):
                return sub(self._log_above(a), self.log_of(b))
        sides = split_signs(as_terms(expr, self.simplified))
        if not self._all_non_negative(*sides):
            return log(apply("relu", self(expr)))
        return apply("log_difference", *(self.simplified(self.log_of(side)) for side in sides))

    def _softmax(self, part: Expr) -> Expr:
        """A softmax relative to the row's maximum, so that the row sums to one to the last digit at any temperature."""
        logarithm = self.simplified(self.log_of(part))
        largest = Reduce(Over.MAX, logarithm)
        if infer_interval(part, self.scope).positive:
            relative = exp(sub(logarithm, largest))
            return div(relative, total(relative))
        relative = exp(apply("log_share", logarithm, largest))
        return share(relative, total(relative))

    def _log_share(self, part: Expr, whole: Expr) -> Expr:
        parts = self.simplified(self.log_of(part)), self.simplified(self.log_of(whole))
        return sub(*parts) if infer_interval(whole, self.scope).positive else apply("log_share", *parts)

    def _product(self, expr: Expr) -> Expr:
        """factors * exp(sum of the logarithms of those that may overflow), or a sum of such products by sign."""
        whole = as_product(expr, self.simplified)
        mixed = next((base for base in whole.powers if self._overflows(base) and not self._non_negative(base)), None)
        return from_product(self._carried(whole)) if mixed is None else self._distributed(whole, mixed)

    def _carried(self, whole: Product) -> Product:
        """The same product with the logarithms of some factors in its exponent: of those that may leave the range, and
        of those that may be 0 and are part of a log-sum-exp there, without which the exponential may be infinite."""
        carried = {base for base in whole.powers if self._non_negative(base) and self._leaves_range(base)}
        exponent = self._exponent(whole, carried)
        summed = {part for body in log_sums_in(exponent) for part in walk(body)}
        bound = {base for base in whole.powers if self._may_vanish(base) and self.log_of(base) in summed} - carried
        if bound:
            carried |= bound
            exponent = self._exponent(whole, carried)
        cold = {self(base): self(power) for base, power in whole.powers.items() if base not in carried}
        return Product(whole.coefficient, cold, exponent)

    def _exponent(self, whole: Product, carried: set[Expr]) -> Expr:
        logarithms = [mul(power, self.log_of(base)) for base, power in whole.powers.items() if base in carried]
        exponent = self.simplified(add(self(whole.exponential), *logarithms))
        steep = any(self._overflows(body) for body in log_sums_in(exponent))
        return self.relative.difference(exponent) if steep else exponent

    def _distributed(self, whole: Product, mixed: Expr) -> Expr:
        """Split a factor of mixed sign at its plus signs, so that each part has a logarithm; for a sum over j of mixed
        sign, move the exponentials of the row inside, or take it relative to its largest exponential."""
        others = {base: power for base, power in whole.powers.items() if base != mixed}
        rest = Product(whole.coefficient, others, whole.exponential)
        match mixed, whole.powers[mixed]:
            case Apply("add"), Num(1.0):
                parts = as_terms(mixed, self.simplified).items()
                return self._collected([self.simplified(mul(Num(c), from_product(rest), part)) for part, c in parts])
            case Reduce(Over.SUM, body), Num(1.0) if from_product(rest) != ONE:
                return self._scaled_sum(rest, body)
            case _, power:
                settled = apply("pow", self._settled(mixed), power)
                return settled if from_product(rest) == ONE else mul(self(from_product(rest)), settled)

    def _scaled_sum(self, rest: Product, body: Expr) -> Expr:
        """rest * sum_j(body), without forming an exponential of either on its own."""
        scale = self._carried(rest)
        if level_of(scale.exponential) < Level.PAIR:
            inside = self(self.simplified(mul(body, exp(scale.exponential))))
            return from_product(Product(scale.coefficient, {**scale.powers, Reduce(Over.SUM, inside): ONE}, ZERO))
        terms = self._carried(as_product(body, self.simplified))
        largest = Reduce(Over.MAX, terms.exponential)
        inside = from_product(Product(terms.coefficient, terms.powers, sub(terms.exponential, largest)))
        powers = {**scale.powers, Reduce(Over.SUM, self.simplified(inside)): ONE}
        return from_product(Product(scale.coefficient, powers, add(scale.exponential, largest)))

    def _collected(self, terms: list[Expr]) -> Expr:
        """A sum of stable terms. c e^a - c e^b becomes one difference, since separate terms would lose digits."""
        products: list[Product] = []
        for term in terms:
            product = as_product(self(term), self.simplified)
            twin = next((other for other in products if _opposite(other, product)), None)
            if twin is None:
                products.append(product)
                continue
            apart = self.relative.difference(self.simplified(sub(twin.exponential, product.exponential)))
            self.relative.add_softmaxes(apart)
            difference = apply("exp_difference", twin.exponential, product.exponential, apart)
            products[products.index(twin)] = Product(twin.coefficient, {**twin.powers, difference: ONE}, ZERO)
        return add(*(from_product(product) for product in products))

    def _may_vanish(self, expr: Expr) -> bool:
        interval = infer_interval(expr, self.scope)
        return interval.non_negative and not interval.positive

    def _settled(self, expr: Expr) -> Expr:
        return rebuild(expr, tuple(self(child) for child in children(expr)))

    def _revives(self, expr: Expr) -> bool:
        """Whether a product divides by a factor that may underflow, or takes its root."""
        for base, power in as_product(expr, self.simplified).powers.items():
            match base:
                case Apply("share", (_, whole)) if self._underflows(whole) and not self._sums_to_one(*base.args):
                    return True
                case _ if self._underflows(base) and infer_interval(power, self.scope).low < 1:
                    return True
        return False


def _opposite(a: Product, b: Product) -> bool:
    """Whether two terms have opposite signs and otherwise differ only in their exponentials."""
    exponentials = ZERO not in (a.exponential, b.exponential)
    return exponentials and a.coefficient == -b.coefficient and a.powers == b.powers


def stabilise(derived: Derived, scope: Scope) -> Derived:
    """The stable form of a loss. A log-sum-exp that one part takes relative to a maximum is written this way in all
    parts, so it is computed once. A value that is independent of the batch gets its NaN here, for every core."""
    stabilised = Stabiliser(scope)
    whole = derived.map(stabilised)
    return carry_batch(whole.map(lambda part: stabilised.simplified(stabilised.relative.everywhere_in(part))))
