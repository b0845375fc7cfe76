"""Values that move over training: every shape is read, and every mistake in one is reported where it is."""

import pytest

from alphadsl.ir.parameter import Fixed, Learned, Schedule, Shape
from alphadsl.pipeline import check_spec
from alphadsl.report.source import Source, Span
from alphadsl.resolve.files import SpecText
from alphadsl.resolve.parameters import Override, override_parameters

LOSS = "loss x {{\n  param tau = {} in (0, 1]\n  phi(x) = tau * log(1 + x)\n  psi(x) = exp(x / tau)\n}}\n"
SET = "loss x extends infonce {{\n  set tau = {}\n}}\n"

RIGHT = {
    "constant(0.5)": Fixed(),
    "constant(1 / 2)": Fixed(),
    "linear(0.5, 0.5)": Fixed(),
    "linear(0.5, 0.1)": Schedule(Shape.LINEAR, 0.5, 0.1),
    "cosine(0.5, 1)": Schedule(Shape.COSINE, 0.5, 1.0),
    "step(0.5, 0.1, 0.3)": Schedule(Shape.STEP, 0.5, 0.1, 0.3),
}
WRONG = {
    "constant(0.5, 0.1)": ("constant(0.5, 0.1)", "it takes 1 number"),
    "cosine(0.5)": ("cosine(0.5)", "it takes 2 numbers"),
    "linear(0.5, eps)": ("linear(0.5, eps)", "it takes 2 numbers"),
    "step(0.5, 0.1)": ("step(0.5, 0.1)", "it takes 3 numbers"),
    "step(0.5, 0.1, 1)": ("1", "its step lies between"),
    "step(0.5, 0.1, 0)": ("0", "its step lies between"),
}
OUTSIDE = {
    "linear(0.5, 2)": "2",
    "cosine(0, 1)": "0",
    "step(0.5, -1, 0.5)": "-1",
    "constant(3)": "3",
}


def text_of(source: str) -> SpecText:
    return SpecText(Source("x.alpha", source), None)


@pytest.mark.parametrize("frame", [LOSS, SET], ids=["param", "set"])
@pytest.mark.parametrize("value", RIGHT)
def test_every_shape_is_read(frame: str, value: str) -> None:
    checked = check_spec(text_of(frame.format(value)))
    assert checked.diagnostics == ()
    tau = next(parameter for parameter in checked.losses[-1].parameters if parameter.name == "tau")
    assert (tau.role, tau.value) == (RIGHT[value], 0.5)


@pytest.mark.parametrize("frame", [LOSS, SET], ids=["param", "set"])
@pytest.mark.parametrize("value", WRONG)
def test_a_wrong_one_is_told_at_what_is_wrong(frame: str, value: str) -> None:
    underlined, reason = WRONG[value]
    told = [one for one in check_spec(text_of(frame.format(value))).diagnostics if one.code == "wrong-schedule"]
    assert [one.span.text for one in told] == [underlined]
    assert reason in told[0].title


@pytest.mark.parametrize("value", OUTSIDE)
def test_both_ends_lie_in_the_interval(value: str) -> None:
    [told] = check_spec(text_of(LOSS.format(value))).diagnostics
    assert (told.code, told.span.text) == ("out-of-interval", OUTSIDE[value])


LEARNED = "loss x {{\n  learn tau = 0.5 in (0, 1]\n  phi(x) = log(1 + x)\n  psi(x) = exp(x / tau)\n}}\n{}"


def test_a_learned_parameter_moves_by_itself() -> None:
    below = "loss y extends x {\n  set tau = linear(0.5, 0.1)\n}\n"
    [told] = check_spec(text_of(LEARNED.format(below))).diagnostics
    assert (told.code, told.span.text) == ("wrong-schedule", "linear(0.5, 0.1)")
    assert "a learned parameter moves by itself" in told.title


@pytest.mark.parametrize(("value", "codes"), [(0.3, []), (1.0, ["learned-at-edge"]), (0.0, ["out-of-interval"])])
def test_a_value_from_outside_is_where_a_learned_one_can_start(value: float, codes: list[str]) -> None:
    (loss,) = check_spec(text_of(LEARNED.format(""))).losses
    source = Source("command line", f"tau = {value}")
    given = {"tau": Override(value, Span(source, 0, len(source.text)))}
    (tau,), told = override_parameters(loss.parameters, given)
    assert [one.code for one in told] == codes
    assert (tau.value, tau.role) == (value, Learned())


def test_a_schedule_ends_where_its_parameter_is_set_from_outside() -> None:
    (loss,) = check_spec(text_of(LOSS.format("linear(0.5, 0.1)"))).losses
    source = Source("command line", "tau = 0.2")
    (tau,), told = override_parameters(loss.parameters, {"tau": Override(0.2, Span(source, 0, 3))})
    assert (tau.value, tau.role, told) == (0.2, Fixed(), [])


def test_a_name_from_outside_that_is_no_parameter_is_told_with_those_there_are() -> None:
    (loss,) = check_spec(text_of(LOSS.format(0.5))).losses
    source = Source("command line", "tua = 0.2")
    _, [told] = override_parameters(loss.parameters, {"tua": Override(0.2, Span(source, 0, 3))})
    assert told.span.text == "tua"
    assert "tau" in told.help
