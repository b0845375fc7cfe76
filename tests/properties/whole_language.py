"""Random specs over the whole language, as a hypothesis strategy of spec texts: general losses in every index set and
both spaces, with definitions, learned and scheduled parameters, other losses' alpha and loss, blends and children.

Forms are typed by level (batch, row, pair) and sign, so that most specs are admitted: `{pair+}` is the place of a
positive pair expression, `{row}` that of a real row. Comparisons are made with numbers only, as rounding would decide.
"""

import re
from dataclasses import dataclass

from hypothesis import strategies as st

PAIRS = ("two_view", "same_view", "cross_view", "queue", "labels", "labels against other_classes")
SPACES = ("sphere", "euclidean")
PLACE = re.compile(r"\{([^{}]+)\}")

LEAVES = {
    "n": "0.25 0.5 1 1.7 2 3".split(),
    "power": "0.5 1.5 2 3 (-1) (-0.7) k t".split(),
    "edge": "0.123 -0.321 0.71".split(),
    "pair+": [
        "exp(-d[i,j]^2 / tau)",
        "exp(-d[i,j]^k)",
        "(0.2 + d[i,j])",
        "(0.3 + d[i,j]^2)",
        "sigmoid(t * s[i,j] + b)",
        "softplus(s[i,j] - s[i])",
        "1 / (tau + d[i,j]^2)",
        "exp(tanh(s[i,j]) / t)",
        "{n}",
        "t",
    ],
    "pair": ["s[i,j]", "d[i,j]^2", "(s[i,j] - s[i])", "(d[i]^2 - d[i,j]^2)", "d[i,j]^k", "t * s[i,j]", "(s[i,j] + b)"],
    "row+": ["(0.3 + d[i]^2)", "(0.1 + d[i])", "softplus(s[i])", "exp(-d[i] / t)", "count[i]", "tau", "t", "{n}"],
    "row": ["s[i]", "d[i]^2", "-d[i]", "b * s[i]", "log(count[i])", "s[i] / t"],
    "batch+": ["exp(mean_i(tanh(s[i])))", "mean_i(0.2 + d[i])", "t", "{n}", "exp(b / 5)"],
    "batch": ["mean_i(s[i])", "logsumexp_i(s[i] / 2)", "mean_i(d[i]^2)", "b", "mean_i(mean_j(s[i,j]))"],
    "curve": [
        "softplus(x)",
        "exp(tanh(x))",
        "x * tanh(x / t)",
        "x^2",
        "tanh(b + x)",
        "relu(x + 0.123)",
        "abs(x - 0.3)",
    ],
}
SPHERE_LEAVES = {"pair+": ["exp(s[i,j] / tau)", "(1.1 + s[i,j])"], "row+": ["exp(s[i] / tau)", "(1.2 - s[i])"]}
NAMED = {"pair": ["h[i,j]", "f(s[i,j])"], "row": ["u[i]", "f(u[i])"], "batch": ["c"], "row+": ["v[i]"]}
OTHERS = {
    "pair": ["other.alpha[i,j]", "other(tau = t).alpha[i,j]", "other(tau = 0.4).alpha[i,j]"],
    "row": ["other.loss[i]", "other(tau = tau).loss[i]", "other(tau = 2 * t).loss[i]"],
}
INNER = {
    "pair+": [
        "{pair+} * {pair+}",
        "({pair+} + {pair+})",
        "({pair+} / {row+})",
        "{row+} * {pair+}",
        "{batch+} * {pair+}",
        "({pair+})^{power}",
        "sqrt({pair+})",
        "max({pair+}, {pair+})",
        "min({pair+}, {pair+})",
        "where(s[i,j] > {edge}, {pair+}, {pair+})",
        "stopgrad({pair+})",
        "log(1 + {pair+})",
        "exp(tanh({pair}))",
        "softplus({pair})",
        "(0.1 + abs({pair}))",
        "(0.2 + relu({pair}))",
        "({pair+} / sum_j({pair+} + d[i,j]^2))",
    ],
    "pair": [
        "({pair} - {pair})",
        "{pair} * {pair+}",
        "log({pair+})",
        "-({pair})^2",
        "tanh({pair})",
        "({pair} / {row+})",
        "({pair} - log({row+}))",
        "({pair} - {batch})",
        "max({pair}, {pair})",
        "stopgrad({row}) * {pair}",
        "where(d[i] <= {edge}, {pair}, {pair})",
    ],
    "row+": [
        "sum_j({pair+} + d[i,j]^2)",
        "mean_j({pair+} * (2 + d[i,j]))",
        "max_j({pair+} + d[i,j])",
        "min_j({pair+} + d[i,j])",
        "exp(tanh({row}))",
        "softplus({row})",
        "sqrt({row+})",
        "{batch+} * {row+}",
        "({row+} + {row+})",
        "({row+})^{power}",
    ],
    "row": [
        "logsumexp_j({pair} + s[i,j])",
        "sum_j({pair} - s[i,j])",
        "mean_j({pair} * d[i,j]^2)",
        "(max_j({pair} + s[i,j]) - min_j({pair} + s[i,j]))",
        "log({row+})",
        "({row} - {row})",
        "({row} / {row+})",
        "({row} - {batch})",
        "{row} * {batch+}",
        "stopgrad({row}) * {row}",
        "where(s[i] > {edge}, {row}, {row})",
        "-({row})^2",
        "relu({row})",
    ],
    "batch+": [
        "exp(tanh({batch}))",
        "mean_i({row+} + d[i])",
        "sum_i({row+} + d[i]) / 3",
        "sqrt({batch+})",
        "softplus({batch})",
    ],
    "batch": [
        "mean_i({row} + s[i])",
        "logsumexp_i(tanh({row}) + s[i])",
        "log({batch+})",
        "({batch} - {batch})",
        "mean_i(stopgrad({row}) + d[i])",
    ],
    "curve": ["{curve} + {curve}", "tanh({curve})"],
}
ROLES = {
    "tau": ["param tau = {0} in (0, inf)"],
    "k": [
        "param k = {0} in (0, inf)",
        "param k = cosine({0}, 0.5) in (0, 4)",
        "param k = step(1, {0}, 0.3) in [0.1, inf)",
    ],
    "t": ["learn t = {0} in (0, inf)", "learn t = {0} in (0, 5)", "param t = {0} in (0, inf)"],
    "b": ["learn b = -{0}", "learn b = {0} in (-inf, 3)", "param b = {0}", "param b = linear(-{0}, {0})"],
}


@dataclass(frozen=True)
class Forms:
    """What may stand at a place, in a space, with the names that are defined so far."""

    draw: st.DrawFn
    space: str
    further: tuple[dict[str, list[str]], ...] = ()

    def fill(self, kind: str, depth: int) -> str:
        tables = [LEAVES, *self.further, *([SPHERE_LEAVES] if self.space == "sphere" else [])]
        leaves = [form for table in tables for form in table.get(kind, [])]
        form = self.draw(st.sampled_from(leaves + (INNER.get(kind, []) * 2 if depth > 0 else [])))
        return PLACE.sub(lambda place: self.fill(place[1], depth - 1), form)

    def parameters(self) -> list[str]:
        values = {name: self.draw(st.sampled_from([0.4, 0.7, 1.0, 2.0])) for name in ROLES}
        return [self.draw(st.sampled_from(forms)).format(values[name]) for name, forms in ROLES.items()]

    def general(self, name: str, pairs: str, depth: int, rich: bool = True) -> str:
        lines = [*self.parameters(), f"pairs {pairs}", f"space {self.space}"]
        forms = self
        if rich and self.draw(st.booleans()):
            lines += [
                f"f(x) = {self.fill('curve', 1)}",
                f"h[i,j] = {self.fill('pair', depth - 1)}",
                f"u[i] = {self.fill('row', depth - 1)}",
                f"v[i] = {self.fill('row+', depth - 1)}",
                f"c = {self.fill('batch', depth - 1)}",
            ]
            forms = Forms(self.draw, self.space, (*self.further, NAMED))
        pull = self.draw(st.sampled_from(["d[i]^2", "d[i]", "0.5 * d[i]^3", "-s[i]", "softplus(-t * s[i] - b)"]))
        lines += [f"loss[i] = {pull} + {forms.fill('row', depth)}", "alpha in reals"]
        return "\n".join([f"loss {name} {{", *(f"  {line}" for line in lines), "}\n"])


def used(forms: Forms, pairs: str) -> str:
    """A loss for others to use: of each family in turn."""
    head = f"loss other {{\n  param tau = 0.6 in (0, inf)\n  pairs {pairs}\n  space {forms.space}\n  "
    bodies = [
        "alpha[i,j] ~ exp(-d[i,j]^2 / tau)",
        "alpha[i,j] = 1 / (tau + d[i,j]^2)",
        "phi(x) = tau * log(1 + x)\n  psi(x) = exp(x / tau)",
        "phi(x) = x\n  psi(x) = softplus(x / tau)\n  weight[i,j] = 1 / (1 + d[i,j])",
        "alpha[i,j] ~ exp(-d[i,j] / tau)\n  gradient through alpha",
        "alpha[i,j] ~ relu(1 - d[i,j]^2 / tau)\n  gradient through alpha",
        "R(a) = -tau / 2 * a^2\n  alpha in simplex",
        "loss[i] = softplus(mean_j(s[i,j]) / tau - s[i]) + logsumexp_j(-d[i,j]^2 / tau)",
        "loss[i] = log(mean_i(sum_j(exp(-d[i,j]^2 / tau)))) + d[i]^2",
    ]
    return head + forms.draw(st.sampled_from(bodies)) + "\n}\n"


@st.composite
def whole_specs(draw: st.DrawFn, depth: int) -> str:
    pairs, space = draw(st.sampled_from(PAIRS)), draw(st.sampled_from(SPACES))
    forms = Forms(draw, space)
    kind = draw(st.sampled_from(["alone", "alone", "using", "blend", "child"]))
    match kind:
        case "using":
            return used(forms, pairs) + Forms(draw, space, (OTHERS, OTHERS)).general("random", pairs, depth)
        case "blend":
            losses = used(forms, pairs) + forms.general("own", pairs, depth - 1)
            terms = draw(st.lists(st.sampled_from(BLENDED), min_size=1, max_size=4))
            return losses + f"loss random = 0.5 * other {' '.join(terms)}\n"
        case "child":
            settings = draw(st.lists(st.sampled_from(SETTINGS), unique_by=lambda line: line[:5]))
            inside = "\n".join(["loss random extends own {", *(f"  {line}" for line in settings), "}\n"])
            return forms.general("own", pairs, depth) + inside
        case _:
            return forms.general("random", pairs, depth)


BLENDED = (
    "+ 0.7 * own",
    "- 0.3 * own(tau = 1.1)",
    "+ 1 / 3 * other(tau = 0.9)",
    "+ own(k = 1.5) / 2",
    "- 2 * (other - own)",
)
SETTINGS = ("set tau = 0.9", "set tau = linear(0.5, 1)", "set k = 1.25", "set b = 0.5", "set t = 1 / 2")
