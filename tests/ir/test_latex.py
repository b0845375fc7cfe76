"""LaTeX of the whole library: braces and brackets closed, drawn by matplotlib, and indices never captured."""

import re

import pytest
from matplotlib.mathtext import MathTextParser

import alphadsl
from alphadsl.api import find_text
from alphadsl.ir.build import GAP, NEGATIVE_D2, add, exp, neg, over_anchors, power, total
from alphadsl.ir.latex import PAIR, latex_derived, latex_expr, latex_loss
from alphadsl.ir.latex_letters import letter, number
from alphadsl.ir.nodes import Num
from alphadsl.pipeline import lower_spec

PARSER = MathTextParser("path")


@pytest.mark.parametrize("name", alphadsl.library())
def test_formulas_are_balanced_and_drawn(name: str) -> None:
    lowered = lower_spec(find_text(name))
    for formula in (*latex_loss(lowered.loss), *latex_derived(lowered.alpha)):
        bare = re.sub(r"\\[{}]", "", formula)
        assert bare.count("{") == bare.count("}"), formula
        assert formula.count(r"\left") == formula.count(r"\right"), formula
        PARSER.parse(f"${formula}$")


def test_a_sum_inside_alpha_has_an_index_of_its_own() -> None:
    assert latex_expr(total(NEGATIVE_D2)) == r"\sum_{j} d_{ij}^2"
    assert latex_expr(add(NEGATIVE_D2, total(NEGATIVE_D2)), PAIR) == r"d_{ij}^2 + \sum_{k} d_{ik}^2"
    assert latex_expr(total(add(NEGATIVE_D2, total(NEGATIVE_D2)))).count(r"\sum_{k} d_{ik}^2") == 1
    assert latex_expr(over_anchors(total(NEGATIVE_D2))) == r"\sum_{i'} \left(\sum_{j} d_{i'j}^2\right)"


def test_a_difference_is_bracketed_where_it_must_be() -> None:
    assert latex_expr(neg(GAP), PAIR) == r"-\left(d_{i}^2 - d_{ij}^2\right)"
    assert latex_expr(exp(GAP), PAIR) == r"\exp\left(d_{i}^2 - d_{ij}^2\right)"
    assert latex_expr(power(NEGATIVE_D2, Num(2.0)), PAIR) == "d_{ij}^{4}"
    assert latex_expr(power(NEGATIVE_D2, Num(0.5)), PAIR) == "d_{ij}"
    assert latex_expr(add(NEGATIVE_D2, Num(-1.0)), PAIR) == "d_{ij}^2 - 1"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("tau", r"\tau"),
        ("eps", r"\epsilon"),
        ("p", "p"),
        ("A0", "A_{0}"),
        ("tau_plus", r"\tau_{\mathrm{plus}}"),
        ("infonce_tau", r"\mathrm{infonce}_{\tau}"),
    ],
)
def test_names(name: str, written: str) -> None:
    assert letter(name) == written


def test_numbers() -> None:
    assert [number(each) for each in (2.0, 1e-5, 2.5e-7, float("inf"))] == [
        "2",
        "10^{-5}",
        r"2.5 \cdot 10^{-7}",
        r"\infty",
    ]
