"""Random specs that a researcher could have written, as hypothesis strategies of spec texts: typed by level (row, pair)
and sign, so that nearly all of them are admitted.

Comparisons are made with numbers only: of two expressions that are equal on paper, rounding would decide.
"""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Text = SearchStrategy[str]
NUMBERS = st.sampled_from(["0.25", "0.5", "1", "1.7", "2", "3"])
EXPONENTS = st.sampled_from(["0.5", "1.5", "2", "3", "(-1)", "(-0.7)", "k"])
THRESHOLDS = st.sampled_from(["0.123", "-0.321", "0.71"])
HEAD = """loss random {{
  param tau = {tau} in (0, inf)
  param k = {k} in (0, inf)
  pairs {pairs}
"""


def chosen(*forms: str, **parts: Text) -> Text:
    """One of the forms, its places filled."""
    return st.sampled_from(forms).flatmap(
        lambda form: st.fixed_dictionaries(parts).map(lambda found: form.format(**found))
    )


def positive_pairs(depth: int) -> Text:
    leaves = chosen(
        "exp(s[i,j] / tau)",
        "exp(-d[i,j]^2 / tau)",
        "exp(-d[i,j]^k)",
        "(1.1 + s[i,j])",
        "(0.2 + d[i,j])",
        "exp((s[i,j] - s[i]) / tau)",
        "(0.3 + d[i,j]^2)",
        "sigmoid(s[i,j] / tau)",
        "{n}",
        n=NUMBERS,
    )
    if depth == 0:
        return leaves
    a, b, row, x, e, t = (
        positive_pairs(depth - 1),
        positive_pairs(depth - 1),
        positive_rows(depth - 1),
        real_pairs(depth - 1),
        EXPONENTS,
        THRESHOLDS,
    )
    return leaves | chosen(
        "{a} * {b}",
        "({a} + {b})",
        "({a} / {b})",
        "({a} / {row})",
        "{row} * {a}",
        "({a})^{e}",
        "sqrt({a})",
        "max({a}, {b})",
        "min({a}, {b})",
        "where(s[i,j] > {t}, {a}, {b})",
        "where(d[i] <= d[i,j], {a}, {b})",
        "stopgrad({a})",
        "log(1 + {a})",
        "exp(tanh({x}))",
        "softplus({x})",
        "sigmoid({x})",
        "(0.1 + abs({x}))",
        "(0.2 + relu({x}))",
        "(1 + (s[i,j] < {t}) * {a})",
        a=a,
        b=b,
        row=row,
        x=x,
        e=e,
        t=t,
    )


def real_pairs(depth: int) -> Text:
    leaves = chosen("s[i,j]", "d[i,j]^2", "(s[i,j] - s[i])", "(d[i]^2 - d[i,j]^2)", "d[i,j]^k", "s[i,j] / tau")
    if depth == 0:
        return leaves
    x, y, a, row = real_pairs(depth - 1), real_pairs(depth - 1), positive_pairs(depth - 1), positive_rows(depth - 1)
    return leaves | chosen(
        "({x} - {y})",
        "{x} * {a}",
        "log({a})",
        "-({x})^2",
        "tanh({x})",
        "({x} / {row})",
        "({x} - log({row}))",
        "max({x}, {y})",
        x=x,
        y=y,
        a=a,
        row=row,
    )


def positive_rows(depth: int) -> Text:
    leaves = chosen("exp(s[i] / tau)", "(0.3 + d[i]^2)", "(0.1 + d[i])", "tau", "k")
    if depth == 0:
        return leaves
    a = (positive_pairs(depth - 1)).map(lambda text: f"({text}) * exp(s[i,j])")
    x = real_pairs(depth - 1).map(lambda text: f"({text}) + s[i,j]")
    return leaves | chosen(
        "sum_j({a})",
        "mean_j({a})",
        "max_j({a})",
        "min_j({a})",
        "exp(tanh(mean_j({x})))",
        "softplus(logsumexp_j({x}))",
        "exp(tanh(max_j({x}) - min_j({x})))",
        a=a,
        x=x,
    )


def rising(depth: int) -> Text:
    """psi: rises in x and is positive on [-2, 2]."""
    leaves = chosen(
        "exp(x / tau)",
        "softplus({n} * x)",
        "sigmoid(x / tau)",
        "(x + 2.5)",
        "(3 - x)^(-{n})",
        "exp(x)",
        "(1.2 + tanh(x))",
        "(relu(x + 0.3) + 0.1)",
        n=NUMBERS,
    )
    if depth == 0:
        return leaves
    a, b = rising(depth - 1), rising(depth - 1)
    return leaves | chosen(
        "({a} + {b})", "{a} * {b}", "({a})^{n}", "max({a}, {b})", "log(1 + {a})", "sqrt({a})", a=a, b=b, n=NUMBERS
    )


PHI = chosen(
    "tau * log({n} + x)",
    "log(x)",
    "x",
    "sqrt(x)",
    "x^k",
    "softplus(log(x))",
    "1 - 1 / ({n} + x)",
    "-exp(-x / {m})",
    "log(1 + log(1 + x))",
    "tanh(x / {m})",
    n=NUMBERS,
    m=st.sampled_from(["20", "50"]),
)
CONCAVE = st.lists(
    chosen(
        "{n} * sqrt(a)",
        "-{n} * a^2",
        "-tau * a * log(a)",
        "{n} * log(a + 0.1)",
        "-{n} * exp(k * a)",
        "-tau * a^(1 + k)",
        "-{n} / (a + 0.2)",
        "tau * log(a)",
        n=NUMBERS,
    ),
    min_size=1,
    max_size=3,
    unique=True,
).map(lambda terms: " + ".join(f"({term})" for term in [*terms, "0.7 * a"]))
STOPPED = st.sampled_from(["", "  gradient through alpha\n"])
HEADS = st.fixed_dictionaries(
    {
        "tau": st.sampled_from([0.15, 0.5, 2.0]),
        "k": st.sampled_from([0.6, 1.0, 2.5]),
        "pairs": st.sampled_from(["two_view", "same_view", "cross_view"]),
    }
).map(lambda values: HEAD.format(**values))


def specs(bodies: Text) -> Text:
    return st.tuples(HEADS, bodies).map(lambda parts: f"{parts[0]}{parts[1]}}}\n")


FAMILIES: dict[str, Callable[[int], Text]] = {
    "direct": lambda depth: specs(
        chosen("  alpha[i,j] {r} {a}\n{g}", r=st.sampled_from("=~"), a=positive_pairs(depth), g=STOPPED)
    ),
    "coordinate": lambda depth: specs(chosen("  phi(x) = {phi}\n  psi(x) = {psi}\n", phi=PHI, psi=rising(depth))),
    "weighted": lambda depth: specs(
        chosen(
            "  phi(x) = {phi}\n  psi(x) = {psi}\n  weight[i,j] = {w}\n", phi=PHI, psi=rising(1), w=positive_pairs(depth)
        )
    ),
    "player": lambda depth: specs(chosen("  R(a) = {r}\n  alpha in simplex\n", r=CONCAVE)),
}
