"""An importance that is negative somewhere is refused with anchors at which it is, whatever it reduces over."""

import pytest

from alphadsl.pipeline import check_spec
from alphadsl.report.errors.admissibility import NegativeImportance
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText

SPEC = "loss l {{\n  space {space}\n  alpha[i,j] ~ {alpha}\n}}\n"
NEGATIVE = {
    "max_j": "max_j(d[i,j]^2) - 1",
    "min_j": "min_j(d[i,j]^2) - 1",
    "sum_j": "sum_j(d[i,j]^2) - 1",
    "mean_j": "mean_j(d[i,j]^2) - 1",
    "logsumexp_j": "logsumexp_j(-d[i,j]^2)",
    "count": "d[i,j]^2 - 1 / count[i]",
    "mean_i": "mean_i(max_j(d[i,j]^2)) - 1",
    "sum_i": "sum_i(min_j(d[i,j]^2)) - 1",
    "logsumexp_i": "logsumexp_i(mean_j(d[i,j]^2)) - 2",
}


@pytest.mark.parametrize("space", ["sphere", "euclidean"])
@pytest.mark.parametrize("over", NEGATIVE)
def test_it_is_refused_where_it_is_negative(over: str, space: str) -> None:
    text = SPEC.format(space=space, alpha=NEGATIVE[over])
    [told] = check_spec(SpecText(Source("x.alpha", text), None)).diagnostics
    assert isinstance(told, NegativeImportance)
    assert told.example is not None
    assert told.example.value < 0


@pytest.mark.parametrize("space", ["sphere", "euclidean"])
@pytest.mark.parametrize("over", NEGATIVE)
def test_its_square_is_not(over: str, space: str) -> None:
    text = SPEC.format(space=space, alpha=f"({NEGATIVE[over]})^2 + 1")
    assert check_spec(SpecText(Source("x.alpha", text), None)).diagnostics == ()
