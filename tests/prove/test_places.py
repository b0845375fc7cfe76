# ruff: noqa: E501
"""Each diagnostic underlines the occurrence at fault, also where the same text stands elsewhere and does no harm."""

import pytest

from alphadsl.pipeline import check_spec
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText

HERE = "@"


def told(marked: str) -> tuple[int, tuple[Diagnostic, ...]]:
    """The diagnostics of a spec, and where they should be: at the mark, which is removed."""
    place = marked.index(HERE)
    text = marked.replace(HERE, "")
    return place, check_spec(SpecText(Source("x.alpha", text), None)).errors


PARTS = [("s[i,j]", "{}"), ("s[i,j] + 0.5", "({})"), ("s[i,j] * s[i]", "({})"), ("d[i,j]^2 - 1", "({})")]
FAULTS = {"log-domain": "log({})", "outside-domain": "sqrt({})", "pow": "{}^0.5", "div": "(1 / {})"}
HARMLESS = ["exp({})", "tanh({}) * 0", "relu({})", "mean_j(exp({}))"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("part", "brackets"), PARTS)
@pytest.mark.parametrize("harmless", HARMLESS)
@pytest.mark.parametrize(
    "order", ["{safe} + mean_j({bad})", "mean_j({bad}) + {safe}", "{safe} + mean_j({bad}) + {safe}"]
)
def test_the_same_text_beside_it(fault: str, part: str, brackets: str, harmless: str, order: str) -> None:
    shown = brackets.format(part) if "{}^" in FAULTS[fault] or "/" in FAULTS[fault] else part
    at = FAULTS[fault].format(HERE + shown)
    safe = harmless.format(part)
    safe = safe if safe.startswith("mean_j") else f"mean_j({safe})"
    place, errors = told(f"loss x {{\n  loss[i] = {order.format(safe=safe, bad=at)} - s[i]\n}}\n")
    assert [error.span.start for error in errors] in ([place], [place + 1])


DEFINITIONS = {
    "another definition": "  h[i,j] = exp(s[i,j])\n  u[i,j] = log(@s[i,j])\n  loss[i] = mean_j(h[i,j] + u[i,j]) - s[i]\n",
    "another definition after": "  u[i,j] = log(@s[i,j])\n  h[i,j] = exp(s[i,j])\n  loss[i] = mean_j(h[i,j] + u[i,j]) - s[i]\n",
    "a helper used twice": "  h[i,j] = log(@s[i,j])\n  loss[i] = mean_j(h[i,j]) + max_j(h[i,j]) + mean_j(exp(s[i,j])) - s[i]\n",
    "a function of two formulas": "  f(x) = log(x)\n  loss[i] = mean_j(f(1 + exp(s[i,j]))) + mean_j(f(@s[i,j])) - s[i]\n",
    "inside one function": "  f(x) = exp(x - 1) + log(@x - 1)\n  loss[i] = mean_j(f(s[i,j])) - s[i]\n",
    "phi": "  phi(x) = tanh(x - 3) + log(@x - 3)\n  psi(x) = exp(x)\n",
    "psi": "  phi(x) = x\n  psi(x) = exp(x) + log(@x)\n",
    "weight": "  weight[i,j] = exp(s[i,j]) + sqrt(@s[i,j])\n  phi(x) = x\n  psi(x) = x\n",
    "regulariser": "  R(a) = sqrt(a - 0.5) * 0 - (a - 0.5)^2\n  alpha in simplex\n".replace("sqrt(a", "sqrt(@a"),
    "guarded and not": "  alpha[i,j] ~ where(s[i,j] > 0, sqrt(s[i,j]), 0) + sqrt(@s[i,j])\n",
    "not and guarded": "  alpha[i,j] ~ sqrt(@s[i,j]) + where(s[i,j] > 0, sqrt(s[i,j]), 0)\n",
    "the other branch": "  alpha[i,j] ~ where(s[i,j] > 0, sqrt(s[i,j]), sqrt(@s[i,j]))\n",
    "too large": "  alpha[i,j] ~ exp(2 + 0 * 9) + 0 * @9^9^9\n",
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_same_text_elsewhere_in_the_loss(name: str) -> None:
    place, errors = told(f"loss x {{\n{DEFINITIONS[name]}}}\n")
    assert [error.span.start for error in errors] == [place]


OTHER_LOSSES = {
    "a parent": "loss p {\n  h[i,j] = exp(s[i,j])\n}\nloss x extends p {\n  alpha[i,j] ~ h[i,j] + log(@s[i,j])\n}\n",
    "in the parent": "loss p {\n  h[i,j] = log(@s[i,j])\n}\nloss x extends p {\n  alpha[i,j] ~ h[i,j] + exp(s[i,j])\n}\n",
    "a loss before": "loss p {\n  alpha[i,j] ~ exp(s[i,j])\n}\nloss x {\n  alpha[i,j] ~ exp(s[i,j]) + log(@s[i,j])\n}\n",
    "a blend": "loss p {\n  loss[i] = mean_j(exp(s[i,j])) - s[i]\n}\n"
    "loss q {\n  loss[i] = mean_j(exp(s[i,j])) - mean_j(log(@s[i,j]))\n}\nloss x = 0.5 * p + 0.5 * p\n",
    "a borrowed value": "loss p {\n  loss[i] = mean_j(s[i,j]) - s[i]\n}\n"
    "loss x {\n  loss[i] = p.loss[i] + log(@mean_j(s[i,j]) - s[i])\n}\n",
}


@pytest.mark.parametrize("name", OTHER_LOSSES)
def test_the_same_text_in_another_loss(name: str) -> None:
    place, errors = told(OTHER_LOSSES[name])
    assert place in [error.span.start for error in errors]


FALLS = {
    "once up, once down": "exp(-(-x)) + exp(@-x)",
    "down first, harmless": "-exp(-x) + 3 * exp(@-x)",
}


@pytest.mark.parametrize("name", FALLS)
def test_what_makes_a_function_fall_is_labelled_where_it_does(name: str) -> None:
    place, errors = told(f"loss x {{\n  phi(x) = x\n  psi(x) = {FALLS[name]}\n}}\n")
    (error,) = errors
    labels = [(label.span.start, label.text) for label in error.secondary]
    assert labels == [(place, "falls in x")]
