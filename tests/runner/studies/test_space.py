"""What `--over` accepts, and the messages for what it does not."""

import numpy as np
import pytest

from alphadsl.report.exceptions import InputError
from runner.studies.space import Listed, Span, Target, parse_over, shown

TARGETS = {
    target.name: target
    for target in (
        Target("tau", ("infonce", "direct"), float, 0.0, np.inf),
        Target("mix", ("blend",), float, 0.0, 1.0, low_open=False, high_open=True),
        Target("batch", (), int, 2, np.inf, low_open=False),
        Target("optimizer", (), str, choices=("adamw", "sgd")),
        Target("compile", (), bool, choices=("auto",)),
        Target("grey", (), float, 0.0, 1.0, low_open=False, high_open=False, choices=("auto",)),
    )
}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tau=0.1, 0.2", "0.1,0.2"),
        ("tau=0.05..1:log", "0.05..1:log"),
        ("tau=0.01..1:log:3", "0.01,0.1,1"),
        ("tau=0.2..0.4:3", "0.2,0.3,0.4"),
        ("batch=32..512", "32..512"),
        ("batch=64..66:9", "64,65,66"),
        ("optimizer", "adamw,sgd"),
        ("compile", "yes,no"),
        ("compile=no", "no"),
        ("compile=True,False", "yes,no"),
        ("compile=auto,no", "auto,no"),
        ("grey=auto,0.1", "auto,0.1"),
        ("grey=0..0.5", "0..0.5"),
        ("grey", "0..1"),
        ("mix", "0..0.99"),
    ],
)
def test_words_become_an_axis(text: str, told: str) -> None:
    axis = parse_over(text, TARGETS)
    assert str(axis) == told
    assert axis.losses == TARGETS[axis.name].losses


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tua=1", "Did you mean tau"),
        ("=1", "There are tau"),
        ("tau", "is not bounded"),
        ("batch", "is not bounded"),
        ("tau=", "empty value"),
        ("tau=1,", "empty value"),
        ("tau=a", "a is not a number"),
        ("tau=nan", "not a number"),
        ("tau=0..1", "0 is not in (0, inf)"),
        ("mix=0.5,1", "1 is not in [0, 1)"),
        ("tau=1..1", "not below"),
        ("tau=2..1", "not below"),
        ("tau=-1..1:log", "begins above 0"),
        ("tau=1..2:lag", "not a number of points"),
        ("tau=1..2:1", "not a number of points"),
        ("tau=1..", "not a number"),
        ("tau=1..2..3", "not a number"),
        ("tau=1,1.0", "twice"),
        ("batch=2.5", "whole numbers"),
        ("batch=1..4", "1 is not in [2, inf)"),
        ("tau=1..2:log:log", "not a number of points"),
        ("tau=1..2:log:5:log", "not a number of points"),
        ("tau=0.1..", "Write --over tau=LOW..HIGH"),
        ("batch=all", "Write --over batch=128,256"),
        ("batch=2.5", "Write --over batch=128,256"),
        ("optimizer=a..b", "Write --over optimizer=adamw,sgd"),
        ("grey=auto,2", "2 is not in [0, 1]"),
        ("grey=auto..1", "Write --over grey=LOW..HIGH"),
        ("grey=grey", "grey is not a number"),
        ("compile=0..1", "Write --over compile=yes,no"),
        ("compile=maybe", "neither yes nor no"),
    ],
)
def test_what_cannot_be_searched_is_told_in_a_line(text: str, told: str) -> None:
    with pytest.raises(InputError) as refusal:
        parse_over(text, TARGETS)
    assert told in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("whole", [True, False])
def test_draws_keep_to_the_ends_and_reach_them(scale: str, whole: bool) -> None:
    span = Span(name="batch", low=1, high=4, scale=scale, whole=whole)
    draws = [float(span.at_part(number / 300)) for number in range(300)]
    assert min(draws) >= 1
    assert max(draws) <= 4
    assert set(draws) == {1, 2, 3, 4} if whole else len(set(draws)) == 300


def test_listed_values_are_all_drawn() -> None:
    axis = Listed(name="optimizer", values=("adamw", "sgd"))
    assert [axis.at_part(part) for part in (0, 0.499, 0.5, 0.999)] == ["adamw", "adamw", "sgd", "sgd"]


@pytest.mark.parametrize(("value", "told"), [(True, "yes"), (0.1 + 0.2, "0.3"), (7, "7"), ("sgd", "sgd")])
def test_values_are_shown_as_they_are_typed(value: bool | float | str, told: str) -> None:
    assert shown(value) == told
