"""Theorem 1 on losses of every kind, and the controls that must break it."""

import pytest

import alphadsl
from runner.theory.gradient import AUTOGRAD, DEFINITION, GAME, draw, measure, relative_error, study
from runner.theory.subject import Subject, read_subject
from runner.theory.weights import CONTROLS

KINDS = {
    "infonce": AUTOGRAD,  # coordinate
    "direct": DEFINITION,  # alpha held fixed
    "square": GAME,  # min player
    "supcon": AUTOGRAD,  # labels
    "moco": AUTOGRAD,  # queue
    "spectral": AUTOGRAD,  # inner products in Euclidean space
    "cauchy": AUTOGRAD,  # distances in Euclidean space
    "infonce_learned": AUTOGRAD,  # learned parameter
    "direct_backprop": AUTOGRAD,  # gradient through alpha
    "beyond_infonce": DEFINITION,  # a blend with a negative coefficient
}


@pytest.mark.parametrize("name", KINDS)
def test_gradients_agree_and_controls_break_them(name: str) -> None:
    subject = read_subject(name, {})
    found = measure(subject, 1, 3)
    assert found.how == KINDS[name]
    assert found.error < found.tolerance
    case = draw(subject, "linear", 3)
    for control in CONTROLS.values():
        assert relative_error(subject.broken(control), case) > 0.01


def test_an_inner_product_needs_its_lengths_held() -> None:
    """s_i = (|z_i|^2 + |z_i'|^2) / 2 - d_i^2: with lengths free, the alpha form misses the first term."""
    subject = read_subject("spectral", {})
    assert subject.moves_lengths
    assert "lengths" in measure(subject, 1, 0).remark
    assert not read_subject("cauchy", {}).moves_lengths
    assert not read_subject("infonce", {}).moves_lengths


def loaded(text: str) -> Subject:
    return Subject(alphadsl.loads(text, backend="dense", compile=False), alphadsl.loads(text, backend="interpreter"))


def test_a_report_fails_where_a_control_is_at_work() -> None:
    mine = loaded(
        "loss mine {\n  pairs cross_view\n  param c = 3 in (0, inf)\n  phi(x) = x\n  psi(x) = softplus(c * x)\n}"
    )
    report = study([mine], 1, 0)
    assert not report.fails
    assert "mine" in report.to_json()
    assert study([mine.broken(CONTROLS["beta"])], 1, 0).fails
