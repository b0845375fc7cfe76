"""Carries the logarithm of whatever contains an exponential of a pair, so that tau = 0.01 is finite in float32.

By rule, not by name: log(product), log(power) and log(exp) are exact, log(a + b) is `logaddexp`, and the logarithm of
a sum over negatives is a log-sum-exp. A product that has exponentials in several places becomes one exponential; a
factor without any stays in front of it. Works on simplified expressions; the value is unchanged.
"""

from alphadsl.ir.build import ONE, add, apply, div, exp, log, mul, neg, sub, total
from alphadsl.ir.core import Derived
from alphadsl.ir.facts import Scope, infer_interval
from alphadsl.ir.kinds import Over
from alphadsl.ir.nodes import Apply, Expr, Num, Pool, Reduce
from alphadsl.ir.traversal import children, rebuild
from alphadsl.transform.canonical import Product, as_product, from_product
from alphadsl.transform.simplify import Simplifier

TAME = 1e6


class Stabiliser:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.simplified = Simplifier(scope)
        self._done: dict[Expr, Expr] = {}
        self._heat: dict[Expr, bool] = {}

    def __call__(self, expr: Expr) -> Expr:
        if expr not in self._done:
            self._done[expr] = self.simplified(self._rule(expr))
        return self._done[expr]

    def _rule(self, expr: Expr) -> Expr:
        match expr:
            case Apply("log", (a,)) if self._hot(a):
                return self.log_of(a)
            case Apply("share", (part, whole)) if self._hot(part) or not self._tame(part):
                return self._softmax(part) if self._sums_to_one(part, whole) else exp(self.log_of(expr))
            case Reduce(Over.SUM) | Pool(Over.SUM) if self._hot(expr) and self._non_negative(expr):
                return exp(self.log_of(expr))
            case Apply("mul" | "div" | "neg" | "pow") if self._hot(expr):
                return self._product(expr)
            case _:
                return rebuild(expr, tuple(self(child) for child in children(expr)))

    def log_of(self, expr: Expr) -> Expr:
        """The logarithm of a non-negative expression, without forming the expression where it may overflow."""
        match expr:
            case Apply("exp", (a,)):
                return self(a)
            case Apply("mul", (a, b)) if self._all_non_negative(a, b):
                return add(self.log_of(a), self.log_of(b))
            case Apply("div", (a, b)) if self._all_non_negative(a, b):
                return sub(self.log_of(a), self.log_of(b))
            case Apply("pow", (a, exponent)) if self._non_negative(a):
                return mul(exponent, self.log_of(a))
            case Apply("add", (a, b)) if self._hot(expr) and self._all_non_negative(a, b):
                return apply("logaddexp", self.log_of(a), self.log_of(b))
            case Apply("share", (part, whole)):
                return self._log_share(part, whole)
            case Apply("sigmoid", (a,)):
                return neg(apply("softplus", neg(self(a))))
            case Apply("softplus", (a,)):
                return apply("log_softplus", self(a))
            case Apply("max" | "min" as op, (a, b)) if self._all_non_negative(a, b):
                return apply(op, self.log_of(a), self.log_of(b))
            case Reduce(Over.SUM, body) if self._non_negative(body):
                return Reduce(Over.LOGSUMEXP, self.simplified(self.log_of(body)))
            case Pool(Over.SUM, body) if self._non_negative(body):
                return Pool(Over.LOGSUMEXP, self.simplified(self.log_of(body)))
            case Reduce(Over.MAX | Over.MIN as over, body) if self._non_negative(body):
                return Reduce(over, self.simplified(self.log_of(body)))
            case _:
                return log(self(expr))

    def _softmax(self, part: Expr) -> Expr:
        """Relative to the row's largest, so that the row sums to one to the last digit, whatever the temperature."""
        logarithm = self.simplified(self.log_of(part))
        relative = exp(sub(logarithm, Reduce(Over.MAX, logarithm)))
        return div(relative, total(relative))

    def _sums_to_one(self, part: Expr, whole: Expr) -> bool:
        return whole == self.simplified(total(part)) and infer_interval(part, self.scope).positive

    def _log_share(self, part: Expr, whole: Expr) -> Expr:
        parts = self.simplified(self.log_of(part)), self.simplified(self.log_of(whole))
        return sub(*parts) if infer_interval(whole, self.scope).positive else apply("log_share", *parts)

    def _product(self, expr: Expr) -> Expr:
        """cold factors * exp(sum of the logarithms of the hot ones), or a sum of such, one per sign-definite part."""
        whole = as_product(expr, self.simplified)
        hot = {base: power for base, power in whole.powers.items() if self._hot(base)}
        mixed = next((base for base in hot if not self._non_negative(base)), None)
        if mixed is not None:
            return self._distributed(whole, mixed)
        cold = {self(base): self(power) for base, power in whole.powers.items() if base not in hot}
        logarithms = [mul(power, self.log_of(base)) for base, power in hot.items()]
        exponent = self.simplified(add(self(whole.exponential), *logarithms))
        return from_product(Product(whole.coefficient, cold, exponent))

    def _distributed(self, whole: Product, mixed: Expr) -> Expr:
        """A factor of mixed sign is split at its plus signs, so that each part has a logarithm."""
        others = {base: power for base, power in whole.powers.items() if base != mixed}
        rest = from_product(Product(whole.coefficient, others, whole.exponential))
        match mixed, whole.powers[mixed]:
            case Apply("add", (a, b)), Num(1.0):
                return add(self(self.simplified(mul(rest, a))), self(self.simplified(mul(rest, b))))
            case _, power:
                settled = apply("pow", self._settled(mixed), power)
                return settled if rest == ONE else mul(self(rest), settled)

    def _settled(self, expr: Expr) -> Expr:
        return rebuild(expr, tuple(self(child) for child in children(expr)))

    def _hot(self, expr: Expr) -> bool:
        """Whether an exponential is exposed: not inside a logarithm, and not in a row that sums to one."""
        if expr not in self._heat:
            match expr:
                case Apply("exp"):
                    self._heat[expr] = True
                case Apply("log") | Reduce(Over.LOGSUMEXP) | Pool(Over.LOGSUMEXP):
                    self._heat[expr] = False
                case Apply("share", (part, whole)) if self._sums_to_one(part, whole):
                    self._heat[expr] = False
                case _:
                    self._heat[expr] = any(self._hot(child) for child in children(expr))
        return self._heat[expr]

    def _tame(self, expr: Expr) -> bool:
        """Bounded well inside what float32 holds, so that dividing by its row sum is safe as it stands."""
        interval = infer_interval(expr, self.scope)
        return interval.high <= TAME and (interval.low >= 1 / TAME or interval.low == 0)

    def _non_negative(self, expr: Expr) -> bool:
        return infer_interval(expr, self.scope).non_negative

    def _all_non_negative(self, *exprs: Expr) -> bool:
        return all(self._non_negative(expr) for expr in exprs)


def stabilise(derived: Derived, scope: Scope) -> Derived:
    stabilised = Stabiliser(scope)
    return derived.map(stabilised)
