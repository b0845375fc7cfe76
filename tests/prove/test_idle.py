"""What has no effect is reported: a loss that moves nothing, a learned parameter that never moves, a parameter that
cancels, a comparison for a number. The library and what is only nearly so stay free of it.
"""

import pytest

import alphadsl

IDLE = {
    "held by a direct loss": "learn t = 0.5 in (0, inf)\nalpha[i,j] ~ exp(-d[i,j]^2 / t)",
    "held by a stated alpha": "learn t = 0.5 in (0, inf)\nalpha[i,j] = exp(-d[i,j]^2 / t)",
    "held by a min player": "learn t = 0.5 in (0, inf)\nR(a) = -t * a * log(a)\nalpha in simplex",
    "held by a stopgrad": "learn t = 0.5 in (0, inf)\nloss[i] = stopgrad(t) * sum_j(s[i,j]) - s[i]",
    "only compared": "learn t = 0.5 in (0, 1)\nloss[i] = mean_j((s[i,j] > t) * relu(s[i,j])) - s[i]",
}
FLAT = {
    "compared": "loss[i] = mean_j(s[i,j] > 0.5) - (s[i] > 0.5)",
    "cancels": "loss[i] = s[i] + mean_j(s[i,j]) - mean_j(s[i,j]) - s[i]",
    "weighed by 0": "loss[i] = 0 * mean_j(s[i,j]) - 0 * s[i]",
    "of the batch": "loss[i] = mean_i(mean_j(s[i,j] > 0))",
    "euclidean": "space euclidean\nloss[i] = mean_j(d[i,j] > 1)",
}
CANCELLED = {
    "in a share": "param w = 2 in (0, inf)\nalpha[i,j] ~ w * exp(-d[i,j]^2)",
    "in a difference": "param w = 2 in (0, inf)\nloss[i] = sum_j(s[i,j]) - s[i] + w - w",
    "on a schedule": "param w = linear(1, 2) in (0, inf)\nalpha[i,j] ~ exp(-d[i,j]^2) / w",
}
COMPARED = ["0.5 > 0", "2 * (1 < 2)", "1 == 1", "min(1, 2 >= 1)", "linear(0.1, 1 > 0)"]
ACTING = {
    "through alpha": "learn t = 0.5 in (0, inf)\nalpha[i,j] ~ exp(-d[i,j]^2 / t)\ngradient through alpha",
    "beside a comparison": "loss[i] = mean_j((s[i,j] > 0.5) * s[i,j]) - s[i]",
    "in the value alone": "param w = 2\nloss[i] = sum_j(s[i,j]) - s[i] + w",
    "lengths alone": "space euclidean\nloss[i] = d[i]^2 + s[i]",
    "in a multiplier": "param q = 1.5 in (1, 2]\nR(a) = (a - a^q) / (q * (q - 1))\nalpha in simplex",
    "in an inverse": "param c = 0.5 in (0, inf)\nR(a) = -a * log(a) - c * a^2\nalpha in simplex",
}


def codes(body: str) -> list[str]:
    lines = "".join(f"  {line}\n" for line in body.split("\n"))
    return [each.code for each in alphadsl.check(f"loss x {{\n{lines}}}\n")]


@pytest.mark.parametrize("body", IDLE.values(), ids=IDLE)
def test_a_learned_parameter_that_never_moves_is_refused(body: str) -> None:
    assert codes(body) == ["idle-learned"]
    assert codes(body.replace("learn", "param", 1)) == []


@pytest.mark.parametrize("body", FLAT.values(), ids=FLAT)
def test_a_loss_that_moves_nothing_is_refused(body: str) -> None:
    assert codes(body) == ["flat-loss"]


@pytest.mark.parametrize("body", CANCELLED.values(), ids=CANCELLED)
def test_a_parameter_that_cancels_is_told(body: str) -> None:
    assert codes(body) == ["unused-param"]


@pytest.mark.parametrize("value", COMPARED)
def test_a_comparison_is_no_number(value: str) -> None:
    refused = {"not-a-number", "wrong-schedule", "foreign-notation"}
    assert refused & {*codes(f"param b = {value}\nphi(x) = b * x\npsi(x) = x")}
    assert refused & {each.code for each in alphadsl.check(f"loss x extends infonce {{\n  set tau = {value}\n}}\n")}


@pytest.mark.parametrize("body", ACTING.values(), ids=ACTING)
def test_what_acts_is_left_alone(body: str) -> None:
    assert not {"idle-learned", "flat-loss", "unused-param"} & {*codes(body)}


@pytest.mark.parametrize("name", alphadsl.library())
def test_the_library_acts(name: str) -> None:
    assert alphadsl.check(name) == []
