"""Values of parameters as they are typed: numbers by name, for all losses or for one of several."""

import pytest

from alphadsl.cli.values import parse_settings, share_values, tag_of
from alphadsl.report.exceptions import InputError


def test_settings_are_numbers_by_name() -> None:
    assert parse_settings(["tau=0.2", "eps = 1e-3"]) == {"tau": 0.2, "eps": 1e-3}


@pytest.mark.parametrize("settings", [["tau"], ["=1"], ["tau=warm"], ["tau="], ["tau=1", "tau=2"]])
def test_other_settings_are_refused_in_one_line(settings: list[str]) -> None:
    with pytest.raises(InputError) as refusal:
        parse_settings(settings)
    assert settings[-1].split("=")[0] in refusal.value.message
    assert "\n" not in refusal.value.message


def test_a_value_of_one_loss_counts_there_alone() -> None:
    values = parse_settings(["tau=0.5", "direct.tau=0.1", "direct.p=3"])
    shared = share_values(values, ["infonce", "direct"])
    assert shared == [{"tau": 0.5}, {"tau": 0.1, "p": 3.0}]
    assert [tag_of(own) for own in shared] == ["-tau0.5", "-tau0.1-p3"]


@pytest.mark.parametrize(
    ("setting", "help"),
    [
        ("infonc.tau=1", "Did you mean infonce?"),
        ("square.tau=1", "The losses are infonce, direct."),
        (".tau=1", "The losses are infonce, direct."),
        ("a.b.tau=1", "The losses are infonce, direct."),
    ],
)
def test_a_value_of_a_loss_that_is_not_there_is_refused(setting: str, help: str) -> None:
    with pytest.raises(InputError, match="none of the losses is called") as refusal:
        share_values(parse_settings([setting]), ["infonce", "direct"])
    assert refusal.value.help == help
