"""The two players taking turns."""

import pytest

import alphadsl
from alphadsl.report.exceptions import InputError
from runner.theory.data import Recipe, read_views
from runner.theory.play import counterpart, study
from runner.theory.subject import Subject, read_subject
from runner.theory.weights import CONTROLS

VIEWS = read_views("mixture", Recipe(8, 4, 0.5, 0))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["entropy", "square"])
def test_the_game_holds_and_controls_break_it(name: str) -> None:
    subject = read_subject(name, {})
    assert not study(subject, VIEWS, 3, 0.5, 20, 0).fails
    for control in CONTROLS.values():
        assert study(subject.broken(control), VIEWS, 2, 0.5, 20, 0).fails


def test_an_entropy_is_known_whatever_it_is_called() -> None:
    """R = 0.6 a - 0.3 a log(a^2) is an entropy of tau = 0.6 and a linear term that no alpha on the simplex moves."""
    text = "loss mine {\n  pairs cross_view\n  R(a) = 0.6 * a - 0.3 * a * log(a^2)\n  alpha in simplex\n}"
    mine = Subject(alphadsl.loads(text, backend="dense", compile=False), alphadsl.loads(text, backend="interpreter"))
    twin = counterpart(mine)
    assert twin is not None
    assert twin.values["tau"] == pytest.approx(0.6)
    assert counterpart(read_subject("square", {})) is None
    assert not study(mine, VIEWS, 3, 0.5, 10, 0).fails


def test_a_loss_without_a_min_player_is_refused() -> None:
    with pytest.raises(InputError, match="infonce has no min player"):
        study(read_subject("infonce", {}), VIEWS, 1, 0.5, 1, 0)
