"""Derivatives through a mean: those of the sum over its count, which is what simplification makes of it."""

import pytest

from alphadsl.ir.build import ANCHORS, COUNT, NEGATIVE_D2, POSITIVE_D2, add, apply, div, exp, mul, total
from alphadsl.ir.facts import Scope
from alphadsl.ir.interval import Interval
from alphadsl.ir.kinds import Over
from alphadsl.ir.nodes import Expr, Param, Pool, Reduce
from alphadsl.transform.differentiate import differentiate_anchors
from alphadsl.transform.simplify import Simplifier

ROW = mul(Param("t"), apply("sqrt", total(exp(NEGATIVE_D2))))
MEANS: dict[str, tuple[Expr, Expr]] = {
    "over negatives": (
        Reduce(Over.MEAN, mul(Param("t"), exp(NEGATIVE_D2))),
        div(total(mul(Param("t"), exp(NEGATIVE_D2))), COUNT),
    ),
    "over anchors": (Pool(Over.MEAN, ROW), div(Pool(Over.SUM, ROW), ANCHORS)),
}


@pytest.mark.parametrize("name", MEANS)
def test_a_mean_has_the_derivatives_of_a_sum_over_its_count(name: str) -> None:
    simplified = Simplifier(Scope({"t": Interval(0.0, 1.0)}, {}))
    mean, quotient = (differentiate_anchors(add(POSITIVE_D2, value), ["t"]) for value in MEANS[name])
    for found, expected in ((mean.repel, quotient.repel), (mean.parameters["t"], quotient.parameters["t"])):
        assert simplified(found) == simplified(expected)
        assert simplified(found) != simplified(mean.attract)
