"""Proofs and counterexamples are true: what is proved holds at every sample, and an example given does fail."""

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alphadsl.ir.domains import find_domain_fault
from alphadsl.ir.facts import Scope
from alphadsl.ir.interval import Interval
from alphadsl.ir.nodes import Apply, Expr, Function, Num, Param, Var
from alphadsl.ir.parameter import Parameter
from alphadsl.prove.counterexample import Setting, find_bulge, find_fall
from alphadsl.prove.functions import is_constant, is_nowhere_concave, proves_rising, proves_strictly_concave
from tests.ir.formulas import Undefined, formulas, intervals, members, value_of

EXAMPLES = settings(max_examples=150)
GAPS, UNIT = Interval(-2.0, 2.0), Interval(0.0, 1.0, low_open=True)
X = Var("x")


def rooted(op: str) -> st.SearchStrategy[Expr]:
    """x plus or times a formula, so that a fair part of the draws depends on x and rises."""
    return formulas(2).map(lambda part: Apply(op, (X, part)))


BODIES = st.one_of(formulas(3), rooted("add"), rooted("mul"), formulas(2).map(lambda part: Apply("exp", (part,))))

CURVES: tuple[Expr, ...] = (
    X,
    *(Apply(op, (X,)) for op in ("sqrt", "log", "tanh", "exp", "softplus", "sigmoid")),
    *(Apply("pow", (X, exponent)) for exponent in (Num(2.0), Num(1.5), Num(-1.0), Param("p"))),
    Apply("mul", (X, Apply("log", (X,)))),
)
SCALES = st.sampled_from([Num(1.0), Num(-1.0), Num(0.1), Num(-3.0), Param("p"), Apply("neg", (Param("p"),))])


@st.composite
def mixtures(draw: st.DrawFn) -> Expr:
    """A sum of curves on (0, 1], each scaled."""
    terms = [Apply("mul", (draw(SCALES), draw(st.sampled_from(CURVES)))) for _ in range(draw(st.integers(1, 3)))]
    body: Expr = terms[0]
    for term in terms[1:]:
        body = Apply("add", (body, term))
    return body


@pytest.mark.slow
@EXAMPLES
@given(body=BODIES, of_p=intervals(), data=st.data())
def test_what_is_proved_to_rise_rises(body: Expr, of_p: Interval, data: st.DataObject) -> None:
    scope = Scope({"p": of_p}, {"x": GAPS})
    assume(find_domain_fault(body, scope) is None)
    rises = proves_rising(Function("x", body), scope)
    constant = is_constant(Function("x", body), scope)
    assume("stopgrad" not in repr(body))
    low, high = sorted((data.draw(members(GAPS)), data.draw(members(GAPS))))
    at_p = data.draw(members(of_p))
    try:
        (before, reach), (after, further) = (value_of(body, {"x": x, "p": at_p}) for x in (low, high))
    except Undefined:
        return
    slack = 1e-9 * (1 + reach + further)
    assert not rises or before <= after + slack
    assert not constant or abs(before - after) <= slack


@pytest.mark.slow
@EXAMPLES
@given(body=mixtures(), of_p=intervals(), data=st.data())
def test_what_is_proved_concave_is(body: Expr, of_p: Interval, data: st.DataObject) -> None:
    scope, function = Scope({"p": of_p}, {"x": UNIT}), Function("x", body)
    low, high = data.draw(members(UNIT)), data.draw(members(UNIT))
    at_p = data.draw(members(of_p))
    if find_domain_fault(body, scope) or not proves_strictly_concave(function, scope):
        return
    found = [value_of(body, {"x": x, "p": at_p}) for x in (low, (low + high) / 2, high)]
    reach = max(reach for _, reach in found)
    assert found[1][0] >= (found[0][0] + found[2][0]) / 2 - 1e-9 * (1 + reach)
    assert not find_bulge(function, scope, Setting((Parameter("p", at_p, of_p),)))


@pytest.mark.slow
@EXAMPLES
@given(body=BODIES, of_p=intervals(), data=st.data())
def test_an_example_of_a_fall_falls(body: Expr, of_p: Interval, data: st.DataObject) -> None:
    scope = Scope({"p": of_p}, {"x": GAPS})
    assume(find_domain_fault(body, scope) is None)
    assume("stopgrad" not in repr(body))
    parameter = Parameter("p", data.draw(members(of_p)), of_p)
    examples = find_fall(Function("x", body), scope, Setting((parameter,)))
    if not examples:
        return
    assert not proves_rising(Function("x", body), scope)
    before, after = examples
    names = dict(before.at)
    at_p = names.get("p", 0.0)
    assert at_p in of_p or "p" not in names
    try:
        first, _ = value_of(body, {"p": at_p, **dict(before.at)})
        last, _ = value_of(body, {"p": at_p, **dict(after.at)})
    except Undefined:
        return
    assert dict(before.at)["x"] < dict(after.at)["x"]
    assert first > last


@pytest.mark.parametrize("body", [Apply("mul", (X, X)), X, Num(1.0), Apply("neg", (Apply("log", (X,)),))])
def test_an_example_of_a_bulge_is_none_of_concavity(body: Expr) -> None:
    function, scope = Function("x", body), Scope({}, {"x": UNIT})
    low, middle, high = find_bulge(function, scope, Setting(()), is_nowhere_concave(function, scope))
    assert middle.value <= (low.value + high.value) / 2 + 1e-9


def test_a_proof_of_a_large_formula_is_cut_short() -> None:
    """The effort is bounded, so that this ends at once; what was not shown is not admitted."""
    rng = random.Random(0)
    body: Expr = X
    for _ in range(70):
        op = rng.choice(["tanh", "sigmoid", "softplus"])
        body = Apply("add", (Apply("mul", (body, X)), Apply(op, (body,))))
    scope = Scope({"p": Interval(0.0, 1.0)}, {"x": GAPS})
    assert not proves_rising(Function("x", Apply("add", (body, Param("p")))), scope)
