"""The closest name, or none."""

import pytest

from alphadsl.report.suggest import suggest

NAMES = ("tau", "eps", "psi", "phi", "alpha", "mean_j", "sum_j", "weight")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("tua", "tau"),
        ("TAU", "tau"),
        ("alhpa", "alpha"),
        ("mean_i", "mean_j"),
        ("wieght", "weight"),
        ("ep", "eps"),
        ("q", None),
        ("", None),
        ("zzz", None),
        ("x" * 100_000, None),
    ],
)
def test_suggest(name: str, meant: str | None) -> None:
    assert suggest(name, NAMES) == meant


def test_the_answer_does_not_depend_on_the_order() -> None:
    assert suggest("pxi", NAMES) == suggest("pxi", reversed(NAMES))


def test_nothing_is_suggested_from_nothing() -> None:
    assert suggest("tau", ()) is None
