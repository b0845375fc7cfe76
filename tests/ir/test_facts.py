"""The facts engine claims nothing that numbers contradict: intervals contain the values, directions are kept."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alphadsl.ir.atoms import AUTHOR_FUNCTIONS, Direction
from alphadsl.ir.domains import find_domain_fault
from alphadsl.ir.facts import SPHERE, Scope, infer_direction, infer_interval, infer_intervals
from alphadsl.ir.interval import Interval
from alphadsl.ir.kinds import Over, Quantity
from alphadsl.ir.nodes import Apply, Distance, Expr, Num, Reduce, Var
from alphadsl.ir.traversal import substitute, walk
from tests.ir.formulas import OPERATIONS, Undefined, applied, formulas, intervals, members, value_of

EXAMPLES = settings(max_examples=40)
OPS = pytest.mark.parametrize("op", sorted(OPERATIONS))


def test_every_function_of_the_author_is_tried() -> None:
    assert set(OPERATIONS) >= AUTHOR_FUNCTIONS


def holds(interval: Interval, value: float, reach: float) -> bool:
    """Whether a value lies in an interval, up to rounding; an end it hits exactly must not be excluded."""
    slack = 1e-9 * (1 + reach)
    if value == 0.0 and 0.0 in (interval.low, interval.high):
        return 0.0 in interval
    return interval.low - slack <= value <= interval.high + slack


@OPS
@EXAMPLES
@given(data=st.data())
def test_an_interval_contains_every_value(op: str, data: st.DataObject) -> None:
    expr = data.draw(applied(op, 2))
    of_x, of_p = data.draw(intervals()), data.draw(intervals())
    names = {"x": data.draw(members(of_x)), "p": data.draw(members(of_p))}
    found = infer_intervals(expr, Scope({"p": of_p}, {"x": of_x}))
    for part in walk(expr):
        try:
            value, reach = value_of(part, names)
        except Undefined:
            continue
        assert holds(found[part], value, reach), (part, found[part], value)


@OPS
@EXAMPLES
@given(data=st.data())
def test_a_direction_is_never_contradicted(op: str, data: st.DataObject) -> None:
    expr = data.draw(applied(op, 2))
    of_x, of_p = data.draw(intervals()), data.draw(intervals())
    scope = Scope({"p": of_p}, {"x": of_x})
    assume(find_domain_fault(expr, scope) is None)
    assume(op == "stopgrad" or not _held(expr))
    direction = infer_direction(expr, "x", scope)
    low, high = sorted((data.draw(members(of_x)), data.draw(members(of_x))))
    at_p = data.draw(members(of_p))
    try:
        before, reach = value_of(expr, {"x": low, "p": at_p})
        after, further = value_of(expr, {"x": high, "p": at_p})
    except Undefined:
        return
    slack = 1e-9 * (1 + reach + further)
    if direction == Direction.RISING:
        assert before <= after + slack
    if direction == Direction.FALLING:
        assert before >= after - slack
    if direction == Direction.CONSTANT and op != "stopgrad":
        assert abs(before - after) <= slack


@EXAMPLES
@given(data=st.data())
def test_what_has_no_domain_fault_has_a_value(data: st.DataObject) -> None:
    expr = data.draw(formulas(3))
    of_x, of_p = data.draw(intervals()), data.draw(intervals())
    assume(find_domain_fault(expr, Scope({"p": of_p}, {"x": of_x})) is None)
    names = {"x": data.draw(members(of_x)), "p": data.draw(members(of_p))}
    for part in walk(expr):
        match part:
            case Apply("log" | "sqrt" | "div" | "pow" as op, args):
                try:
                    values = [value_of(arg, names)[0] for arg in args]
                except Undefined:
                    return
                assert _defined(op, values), part
            case _:
                pass


@pytest.mark.parametrize("over", Over)
@EXAMPLES
@given(body=formulas(2), data=st.data())
def test_a_reduction_lies_in_its_interval(over: Over, body: Expr, data: st.DataObject) -> None:
    of_p = data.draw(intervals())
    squared = st.floats(0.0, 2.0) | st.sampled_from([0.0, 2.0])
    negatives = data.draw(st.lists(squared, min_size=1, max_size=4))
    at_p = data.draw(members(of_p))
    pairwise = substitute(body, {"x": Distance(Quantity.NEGATIVE)})
    try:
        found = [value_of(body, {"x": each, "p": at_p}) for each in negatives]
    except Undefined:
        return
    values = [value for value, _ in found]
    reduced = {
        Over.SUM: sum(values),
        Over.MEAN: sum(values) / len(values),
        Over.MAX: max(values),
        Over.MIN: min(values),
        Over.LOGSUMEXP: max(values) + math.log(sum(math.exp(value - max(values)) for value in values)),
    }[over]
    interval = infer_interval(Reduce(over, pairwise), Scope({"p": of_p}))
    assert holds(interval, reduced, 4 * max(reach for _, reach in found)), (interval, reduced)


@pytest.mark.parametrize(
    ("expr", "interval"),
    [
        (Apply("pow", (Var("x"), Num(2.0))), Interval(0.0, 4.0)),
        (Apply("mul", (Var("x"), Var("x"))), Interval(0.0, 4.0)),
        (Apply("pow", (Var("x"), Num(3.0))), Interval(-8.0, 8.0)),
        (Apply("pow", (Num(0.0), Apply("sigmoid", (Var("x"),)))), Interval(0.0, 0.0)),
        (Apply("relu", (Var("x"),)), Interval(0.0, 2.0)),
        (Apply("where", (Apply("gt", (Num(1.0), Num(0.0))), Num(5.0), Var("x"))), Interval(5.0, 5.0)),
        (Apply("le", (Var("x"), Num(3.0))), Interval(1.0, 1.0)),
        (Apply("eq", (Var("x"), Num(3.0))), Interval(0.0, 0.0)),
        (Apply("pow", (Var("x"), Apply("pow", (Num(9.0), Num(999.0))))), Interval(-math.inf, math.inf, True, True)),
    ],
)
def test_intervals_are_tight_where_it_matters(expr: Expr, interval: Interval) -> None:
    assert infer_interval(expr, Scope({}, {"x": SPHERE[Quantity.GAP]})) == interval


def _held(expr: Expr) -> bool:
    """Whether something is held still by intent."""
    return any(isinstance(part, Apply) and part.op == "stopgrad" for part in walk(expr))


def _defined(op: str, values: list[float]) -> bool:
    match op, values:
        case "log", [a]:
            return a > 0
        case "sqrt", [a]:
            return a >= 0
        case "div", [_, b]:
            return b != 0
        case _, [a, b]:
            return a > 0 or (a == 0 and b >= 0) or b == round(b)
        case _:
            return True
