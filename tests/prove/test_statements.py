"""The prover against dense sampling: what is admitted holds at every sample, and what is false is refused with an
example that can occur."""

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from alphadsl.ir.atoms import ATOMS
from alphadsl.ir.interval import Interval
from alphadsl.ir.kinds import Over, Quantity
from alphadsl.ir.nodes import Apply, Coordinate, Count, Distance, Expr, Loss, MinPlayer, Num, Param, Reduce, Var
from alphadsl.ir.traversal import children, expressions_of, walk
from alphadsl.pipeline import check_spec
from alphadsl.reference.functions import numpy_function
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.admissibility import DecreasingPhi, DecreasingPsi
from alphadsl.report.errors.evidence import Example
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText
from tests.prove.statements import FALSE, TRUE

NEGATIVES, ANCHORS = 4, 300
REDUCERS: dict[Over, Callable[..., np.ndarray]] = {
    Over.SUM: np.sum,
    Over.MEAN: np.mean,
    Over.MAX: np.max,
    Over.MIN: np.min,
    Over.LOGSUMEXP: np.logaddexp.reduce,
}
WORST = 1e-9


def checked(lines: str) -> tuple[tuple[Loss, ...], tuple[Diagnostic, ...]]:
    outcome = check_spec(SpecText(Source("odd.alpha", f"loss odd {{\n{lines}\n}}\n"), None))
    return outcome.losses, outcome.errors


def inside(interval: Interval, rng: np.random.Generator) -> float:
    """A number of an interval, its ends and what is near them often."""
    low = interval.low if math.isfinite(interval.low) else -20.0
    high = interval.high if math.isfinite(interval.high) else max(low, 0.0) + 20.0
    shares = [0.0, 1.0, 1e-3, 1 - 1e-3, float(rng.uniform()), float(rng.uniform())]
    value = low + shares[int(rng.integers(6))] * (high - low)
    return value if value in interval else low + float(rng.uniform(0.05, 0.95)) * (high - low)


def sampled(expr: Expr, parameters: dict[str, float], d2: np.ndarray, near: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The expression for anchors with random distances, (A, C), or of its argument; plain NumPy, nothing of the prover.
    Where a built-in leaves its domain outside the branches of a `where`, NaN follows."""
    found: dict[Expr, np.ndarray] = {}
    for part in walk(expr):
        inner = [found[child] for child in children(part)]
        match part:
            case Num(value):
                found[part] = np.asarray(value)
            case Param(name):
                found[part] = np.asarray(parameters[name])
            case Var():
                found[part] = x
            case Distance(of):
                found[part] = {Quantity.POSITIVE: near, Quantity.NEGATIVE: d2, Quantity.GAP: near - d2}[of]
            case Count():
                found[part] = np.asarray(float(d2.shape[1]))
            case Apply("where", _):
                found[part] = np.where(inner[0] != 0, inner[1], inner[2])
            case Apply(op, _):
                found[part] = numpy_function(ATOMS[op].numpy)(*inner)
            case Reduce(over, _):
                body = np.broadcast_to(inner[0], d2.shape)
                reduced = REDUCERS[over](body, axis=1)
                found[part] = np.asarray(reduced)[:, None]
            case _:
                raise AssertionError(part)
    return found[expr]


@pytest.mark.parametrize("name", TRUE)
def test_a_true_statement_is_admitted_and_holds_at_every_sample(name: str) -> None:
    losses, errors = checked(TRUE[name])
    assert errors == ()
    (loss,) = losses
    rng = np.random.default_rng(0)
    if "euclid" in name:
        return
    for _ in range(40):
        parameters = {each.name: inside(each.interval, rng) for each in loss.parameters}
        edge = rng.choice([0.0, 2.0, 1.0], (ANCHORS, NEGATIVES))
        d2 = np.where(rng.uniform(size=edge.shape) < 0.3, edge, rng.uniform(0, 2, edge.shape))
        near = rng.uniform(0, 2, (ANCHORS, 1))
        with np.errstate(all="ignore"):
            _assert_admissible(loss, parameters, d2, near)


def _assert_admissible(loss: Loss, parameters: dict[str, float], d2: np.ndarray, near: np.ndarray) -> None:
    match loss.family:
        case Coordinate(phi, psi, weight):
            gaps = np.linspace(-2, 2, 801)
            rising = sampled(psi.body, parameters, d2, near, gaps) + 0 * gaps
            _assert_rising(rising)
            weights = np.broadcast_to(sampled(weight, parameters, d2, near, gaps), d2.shape)
            assert weights.min() >= -WORST
            sums = np.sort((weights * sampled(psi.body, parameters, d2, near, near - d2)).sum(1))
            _assert_rising(sampled(phi.body, parameters, d2, near, sums) + 0 * sums)
        case MinPlayer(regulariser):
            a = np.linspace(1e-4, 1, 801)
            values = sampled(regulariser.body, parameters, d2, near, a)
            bulge = values[1:-1] - (values[:-2] + values[2:]) / 2
            assert bulge.min() >= -1e-12 * (1 + np.abs(values).max())
        case family:
            for expr in expressions_of(family):
                values = sampled(expr, parameters, d2, near, d2)
                assert not np.isnan(values).any()
                assert family.kind == "general" or values.min() >= -WORST


def _assert_rising(values: np.ndarray) -> None:
    values = values[np.isfinite(values) | np.isnan(values)]
    assert not np.isnan(values).any()
    if len(values) > 1:
        assert np.diff(values).min() >= -WORST * (1 + np.abs(values).max())


@pytest.mark.parametrize("name", FALSE)
def test_a_false_statement_is_refused(name: str) -> None:
    _, errors = checked(FALSE[name])
    assert errors


@pytest.mark.parametrize("name", FALSE)
def test_what_a_refusal_says_is_so_can_occur(name: str) -> None:
    _, (error,) = checked(FALSE[name])
    examples: tuple[Example, ...] = getattr(error, "examples", ()) or tuple(
        filter(None, [getattr(error, "example", None)])
    )
    assert examples or "not proved" in error.label or "all that is known" in error.label
    for example in examples:
        for place, value in example.at:
            if place.startswith("d["):
                assert 0 <= value <= 2
        if isinstance(error, DecreasingPsi):
            assert -2 <= dict(example.at)["x"] <= 2


@pytest.mark.parametrize(
    ("psi", "low", "high"),
    [("1 + x", -1.0, 3.0), ("x", -2.0, 2.0), ("exp(x)", math.exp(-2), math.exp(2)), ("relu(x)", 0.0, 2.0)],
)
@pytest.mark.parametrize("phi", ["-x", "log(x)", "1 / x", "-exp(-x) - x^3"])
def test_an_argument_of_phi_is_a_sum_that_embeddings_have(psi: str, low: float, high: float, phi: str) -> None:
    _, errors = checked(f"phi(x) = {phi}\npsi(x) = {psi}")
    for error in errors:
        examples = [*getattr(error, "examples", ()), *filter(None, [getattr(error, "example", None)])]
        for example in examples:
            assert any(count * low - 1e-9 <= dict(example.at)["x"] <= count * high + 1e-9 for count in (2, 10, 1000))


@pytest.mark.parametrize(("space", "words"), [("sphere", "on the sphere"), ("euclidean", "in Euclidean space")])
def test_a_refusal_says_in_which_space_it_judges(space: str, words: str) -> None:
    for kind, lines in ((DecreasingPsi, "phi(x) = x\npsi(x) = -x"), (DecreasingPhi, "phi(x) = -x\npsi(x) = exp(x)")):
        _, (error,) = checked(f"space {space}\n{lines}")
        assert isinstance(error, kind)
        assert words in error.note


GUARDED = ["sqrt({u})", "log({u})", "1 / {u}", "{u}^0.5", "{u}^-1.5"]


@pytest.mark.parametrize(("term", "space"), [*product(GUARDED, ["s[i,j]", "s[i,j] - s[i]", "0.5 - d[i,j]^2"])])
def test_a_guard_lets_through_what_it_asks_for_and_nothing_else(term: str, space: str) -> None:
    inner = term.format(u=f"({space})")
    for condition, admitted in ((f"{space} > 0", True), (f"0 < {space}", True), (f"{space} > -0.1", False)):
        _, errors = checked(f"alpha[i,j] ~ abs(where({condition}, {inner}, 1))")
        assert (errors == ()) == admitted, (condition, errors)
    _, errors = checked(f"alpha[i,j] ~ abs(where({space} > 0, 1, {inner}))")
    assert errors
    _, errors = checked(f"alpha[i,j] ~ abs(where({space} <= 0, 1, {inner}))")
    assert errors == ()
