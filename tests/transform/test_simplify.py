"""What simplification drops where the scope shows that it changes nothing, and keeps where it does not."""

import pytest

from alphadsl.ir.build import ONE, ZERO, apply
from alphadsl.ir.facts import Scope
from alphadsl.ir.interval import Interval
from alphadsl.ir.nodes import Expr, Num, Param, Var
from alphadsl.transform.simplify import Simplifier

X = Var("x")
SIMPLIFIED = Simplifier(
    Scope({"p": Interval(0.0, 1.0, low_open=True), "q": Interval(0.0, 1.0)}, {"x": Interval(-1.0, 1.0)})
)
POSITIVE, MAY_BE_ZERO = Param("p"), Param("q")


@pytest.mark.parametrize(
    ("written", "simple"),
    [
        (apply("pow0", POSITIVE, X), apply("pow", POSITIVE, X)),
        (apply("pow0", MAY_BE_ZERO, ZERO), ONE),
        (apply("pow0", MAY_BE_ZERO, X), apply("pow0", MAY_BE_ZERO, X)),
        (apply("finite", X), X),
        (apply("finite", apply("log", POSITIVE)), apply("log", POSITIVE)),
        (apply("finite", apply("log", MAY_BE_ZERO)), apply("finite", apply("log", MAY_BE_ZERO))),
        (apply("log", ZERO), apply("log", ZERO)),
        (apply("exp", Num(1000.0)), apply("exp", Num(1000.0))),
    ],
    ids=str,
)
def test_a_guard_stays_where_it_is_needed_and_only_there(written: Expr, simple: Expr) -> None:
    assert SIMPLIFIED(written) == simple
