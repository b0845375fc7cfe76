"""Log-sum-exps that are taken relative to a maximum, so that their difference keeps its digits; one that is taken so in
one place is taken so everywhere, and computed once.
"""

from alphadsl.ir.build import add, sub
from alphadsl.ir.kinds import Over
from alphadsl.ir.nodes import Expr, Pool, Reduce
from alphadsl.ir.traversal import rewrite, size_of, walk
from alphadsl.transform.canonical import Rule, as_terms, from_terms, reduced_among


class RelativeSums:
    def __init__(self, simplified: Rule) -> None:
        self._simplified = simplified
        self._forms: dict[Expr, Expr] = {}

    def difference(self, apart: Expr) -> Expr:
        """The difference of two log-sum-exps, both taken relative to the maximum of one of them; any other expression
        is unchanged."""
        terms = as_terms(apart, self._simplified)
        sums = [term for term in terms if isinstance(term, Reduce) and term.over == Over.LOGSUMEXP]
        if len(sums) != 2 or terms[sums[0]] != -terms[sums[1]]:
            return apart
        largest = Reduce(Over.MAX, min(sums, key=size_of).body)
        moved: dict[Expr, Expr] = {term: self._relative_to(largest, term) for term in sums}
        self._forms |= {whole: add(part, largest) for whole, part in moved.items()}
        return from_terms({moved.get(term, term): scale for term, scale in terms.items()})

    def add_softmaxes(self, apart: Expr) -> None:
        """Take the log-sum-exp of a softmax in a difference relative to its maximum: it sums to exactly one."""
        for body in log_sums_in(apart):
            terms = as_terms(body, self._simplified)
            for inner, scale in terms.items():
                if isinstance(inner, Reduce) and inner.over == Over.LOGSUMEXP and reduced_among(inner, scale, terms):
                    largest = Reduce(Over.MAX, inner.body)
                    self._forms.setdefault(inner, add(self._relative_to(largest, inner), largest))

    def everywhere_in(self, expr: Expr) -> Expr:
        return rewrite(expr, lambda node: self._forms.get(node, node))

    def _relative_to(self, largest: Expr, whole: Reduce) -> Expr:
        return Reduce(Over.LOGSUMEXP, self._simplified(sub(whole.body, largest)))


def log_sums_in(expr: Expr) -> list[Expr]:
    """The bodies of the log-sum-exps in an expression."""
    return [part.body for part in walk(expr) if isinstance(part, Reduce | Pool) and part.over == Over.LOGSUMEXP]
