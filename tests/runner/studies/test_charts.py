"""What a study's pictures do with many losses and long names: nothing touches, nothing is cut off."""

import re
from itertools import pairwise

import pytest

from runner.studies.charts import LETTER, WIDTH, _below, bars, colours_of
from runner.studies.page import STYLE


@pytest.mark.parametrize("count", [2, 5, 9])
@pytest.mark.parametrize("name", ["dcl", "discovered_softplus"])
def test_marks_do_not_touch(count: int, name: str) -> None:
    marks = [(place / (count - 1), f"{name}{place}") for place in range(count)]
    shown = list(_below(marks))
    assert len(shown) == count
    ends = [(370 * place - LETTER * len(mark) / 2, 370 * place + LETTER * len(mark) / 2) for place, mark in shown]
    assert all(left[1] <= right[0] for left, right in pairwise(ends))


def test_numbers_that_would_touch_are_left_out() -> None:
    assert [mark for _, mark in _below([(0.0, "1e-06"), (0.05, "1e-05"), (0.5, "0.1")])] == ["1e-06", "0.1"]


def test_a_long_name_has_room_beside_its_bar() -> None:
    drawn = bars({"discovered_softplus.tau": 1.0, "loss": 0.0}, "shares")
    (left,) = {float(x) for x in re.findall(r'x="([\d.]+)" y="\d+" text-anchor="end"', drawn)}
    assert left >= LETTER * len("discovered_softplus.tau")
    ends = [float(x) + float(width) for x, width in re.findall(r'x="([\d.]+)" y="\d+" width="([\d.]+)"', drawn)]
    assert max(ends) < WIDTH


def test_nine_losses_have_nine_colours_that_the_page_knows() -> None:
    class Plan:
        losses = dict.fromkeys("abcdefghi", "")

    colours = set(colours_of(Plan()).values())  # type: ignore[arg-type]
    assert len(colours) == 9
    assert all(f".{colour}{{fill:var(--{colour})" in STYLE and STYLE.count(f"--{colour}:") == 2 for colour in colours)
