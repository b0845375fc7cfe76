"""What a person would have written: arithmetic of numbers done, and what a score does not need left out."""

import pytest

from alphadsl.api import find_text
from alphadsl.builtin import library_entries
from alphadsl.discover.fold import fold
from alphadsl.discover.gates import Gates
from alphadsl.discover.known import loss_of
from alphadsl.discover.positions import size_of_loss
from alphadsl.discover.space import SearchSpace
from alphadsl.discover.trim import MOST_TRIED, trim
from alphadsl.ir.pretty_loss import pretty_loss
from alphadsl.pipeline import lower_spec


def importance(body: str) -> str:
    return f"loss mine {{\n  alpha[i,j] ~ {body}\n}}\n"


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("exp(-d[i,j]^2 * (1 + 1))", "exp(-d[i,j]^2 * 2)"),
        ("exp(-d[i,j]^(1 + 1 + 1))", "exp(-d[i,j]^3)"),
        ("exp(min(1, 0.5 / 2) - d[i,j]^2)", "exp(0.25 - d[i,j]^2)"),
        ("exp(d[i,j]^2 * (1 - 3))", "exp(d[i,j]^2 * (-2))"),
        ("exp(-d[i,j]^2) + exp(0)", "exp(-d[i,j]^2) + 1"),
        ("exp(-d[i,j]^2 / (1 + 1 / 3))", "exp(-d[i,j]^2 / (1 + 1 / 3))"),
        ("exp(-d[i,j]^2 / exp(1))", "exp(-d[i,j]^2 / exp(1))"),
        ("exp(-2 * d[i,j]^2)", "exp(-2 * d[i,j]^2)"),
    ],
)
def test_arithmetic_of_numbers_is_done_where_three_digits_hold_it(written: str, folded: str) -> None:
    found, wanted = fold(loss_of("mine", importance(written))), loss_of("mine", importance(folded))
    assert pretty_loss(found) == pretty_loss(wanted)


def test_losses_of_the_library_stay_as_they_are_written() -> None:
    for entry in library_entries():
        assert fold(entry.loss) == entry.loss, entry.loss.name


@pytest.fixture(scope="module")
def library() -> Gates:
    return Gates.around(SearchSpace(pairs=("two_view",)), [lower_spec(find_text(name)) for name in ("infonce", "dcl")])


BLOATED = importance("exp(min(d[i]^2 - d[i,j]^2, 0.4152) * (1 + 1) + 0.0013 * tanh(d[i,j]^2))")


@pytest.mark.slow
def test_what_the_score_does_not_need_is_left_out(library: Gates) -> None:
    scored: list[str] = []

    def score(text: str) -> float:
        scored.append(text)
        return 0.5 if "min" in text else 0.1

    left = trim("mine", BLOATED, library, score, 0.5)
    assert "tanh" not in left.text
    assert "min" in left.text
    assert "1 + 1" not in left.text
    assert left.size < size_of_loss(loss_of("mine", BLOATED))
    assert len(scored) <= MOST_TRIED
    assert left.score == 0.5


@pytest.mark.slow
def test_a_score_that_falls_keeps_every_part_and_still_does_the_sums(library: Gates) -> None:
    left = trim("mine", BLOATED, library, lambda text: None, 0.5)
    assert left.text == pretty_loss(fold(loss_of("mine", BLOATED)))
    assert "* 2" in left.text
