"""Advice on options of a command, in the words of whoever calls a function."""

import pytest

from alphadsl.keywords import as_keywords


@pytest.mark.parametrize(
    ("advice", "keywords"),
    [
        ("Give --batch 128 or less.", "Give batch=128 or less."),
        ("Give --no-channels-last.", "Give channels_last=False."),
        ("Give --select validation, or --test-set read.", 'Give select="validation", or test_set="read".'),
        ("Give --optimizer sgd or lars, or leave it out.", 'Give optimizer="sgd" or lars, or leave it out.'),
        ("Give --data-dir DIR.", "Give data_dir=DIR."),
        ("give --epochs 100 --stop-after 50.", "give epochs=100 stop_after=50."),
        ("Train another with --name; a run", "Train another with name; a run"),
        (
            "Only one value is allowed here; give alphadsl train --epochs 1,2, or sweep --over epochs=1,2",
            "Only one value is allowed here; call alphadsl.train once for each.",
        ),
        ("Give --name for another run.", "Give name for another run."),
        ("or give train --resume-last-good to continue", 'or give if_exists="resume-last-good" to continue'),
    ],
)
def test_advice_is_in_keywords(advice: str, keywords: str) -> None:
    assert as_keywords(advice).startswith(keywords)
