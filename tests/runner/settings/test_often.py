"""How often: a number with a unit, or several."""

import pytest

from alphadsl.report.exceptions import InputError
from runner.settings.often import Often, parse_often
from runner.settings.resolving import make_config


@pytest.mark.parametrize(
    ("text", "often"),
    [
        ("10min", Often(seconds=600)),
        ("1.5 h", Often(seconds=5400)),
        (".5s", Often(seconds=0.5)),
        ("500steps", Often(steps=500)),
        ("1 step", Often(steps=1)),
        ("2Epochs", Often(epochs=2)),
        ("1epoch,10min, 500 steps", Often(500, 1, 600)),
    ],
)
def test_words_are_intervals(text: str, often: Often) -> None:
    assert parse_often(text) == often


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a number with a unit"),
        ("10", "not a number with a unit"),
        ("min", "not a number with a unit"),
        ("-1step", "not a number with a unit"),
        ("1e3steps", "not a number with a unit"),
        ("10min,", "not a number with a unit"),
        ("10minutes or so", "not a number with a unit"),
        ("3days", "days is not a unit"),
        ("0steps", "not above 0"),
        ("0.0min", "not above 0"),
        ("99999999999steps", "at most 1,000,000,000"),
        ("1.5epochs", "not a whole number"),
        ("10min,1h", "gives seconds twice"),
    ],
)
def test_others_are_refused_with_what_to_write(text: str, reason: str) -> None:
    with pytest.raises(InputError, match="The setting save_every") as refusal:
        make_config("digits", save_every=text)
    assert reason in refusal.value.message
