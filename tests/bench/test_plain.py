"""The plain forms are the losses: value and gradient in float64 are ours, to the last digits.

Shape suffixes: N samples, D embedding width.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import alphadsl
from alphadsl.bench.batch import make_batch
from alphadsl.bench.contenders import hand_written_name, plain_form, rivals_of
from alphadsl.bench.literal import PlainLoss
from alphadsl.bench.pair_matrices import NoPlainForm
from alphadsl.bench.plain import HAND_WRITTEN
from alphadsl.bench.products import accurate, product_setting
from alphadsl.bench.task import NumberType, Problem, Rival

TOLERANCE = 1e-9
SHIPPED = {Rival.lightly, Rival.metric_learning}


def problem_of(name: str, **values: float) -> Problem:
    return Problem(name, 24, tuple(values.items()), width=8, dtype=NumberType.float64)


def ours(problem: Problem) -> Callable[..., Tensor]:
    return alphadsl.load(problem.spec, backend="dense", compile=False, **dict(problem.values))  # type: ignore[arg-type]


def assert_same(function: Callable[..., Any], problem: Problem) -> None:
    """Value and gradient of a function are those of the dense backend."""
    batch = make_batch(problem, problem.loss.pairs)
    found, truth = (each(*batch.views, **batch.context) for each in (function, ours(problem)))
    g_ND, true_ND = (torch.cat(torch.autograd.grad(value, batch.views)) for value in (found, truth))
    size = max(abs(truth.item()), true_ND.norm().item())
    assert abs(found.item() - truth.item()) <= TOLERANCE * size
    assert (g_ND - true_ND).norm().item() <= TOLERANCE * true_ND.norm().item()


@pytest.mark.parametrize("name", alphadsl.library())
def test_every_loss_has_its_literal_form(name: str) -> None:
    problem = problem_of(name)
    assert_same(PlainLoss(problem.loss), problem)


@pytest.mark.parametrize("name", HAND_WRITTEN)
def test_the_forms_by_hand_are_the_losses(name: str) -> None:
    problem = problem_of(name)
    assert hand_written_name(problem.loss) == name
    assert_same(plain_form(problem.loss)[0], problem)


def test_a_form_by_hand_takes_other_values_and_names() -> None:
    for problem in (problem_of("infonce", tau=0.1), problem_of("infonce_cosine"), problem_of("direct", p=3)):
        assert hand_written_name(problem.loss) in {"infonce", "direct"}
        assert_same(plain_form(problem.loss)[0], problem)


def test_another_loss_is_not_taken_for_one_by_hand() -> None:
    problem = problem_of("infonce", eps=0)
    assert hand_written_name(problem.loss) is None
    assert_same(plain_form(problem.loss)[0], problem)


def test_other_libraries_compute_infonce_only() -> None:
    assert set(rivals_of(problem_of("infonce", tau=0.1).loss)) >= SHIPPED
    assert not set(rivals_of(problem_of("infonce", eps=0).loss)) & SHIPPED
    assert not set(rivals_of(problem_of("square").loss)) & SHIPPED


@pytest.mark.parametrize("module", ["lightly.loss", "pytorch_metric_learning.losses"])
def test_what_other_libraries_ship_is_infonce(module: str) -> None:
    pytest.importorskip(module.partition(".")[0], reason="the extra bench is not installed")
    from alphadsl.bench import contenders

    function = {"lightly.loss": contenders._lightly}.get(module, contenders._metric_learning)(0.5)
    assert_same(lambda z0_ND, z1_ND: 0.5 * function(z0_ND, z1_ND), problem_of("infonce"))


def test_what_nobody_writes_by_hand_says_so() -> None:
    text = "loss x {\n  R(a) = -a * log(a) - a^2\n  alpha in simplex\n}\n"
    with pytest.raises(NoPlainForm, match="no inverse on paper"):
        PlainLoss(alphadsl.loads(text).spec)


@pytest.mark.parametrize("setting", ["none", "bf16"])
def test_a_product_setting_is_put_back(setting: str) -> None:
    before = torch.backends.mkldnn.matmul.fp32_precision
    with product_setting(setting):
        pass
    assert torch.backends.mkldnn.matmul.fp32_precision == before
    assert accurate("none", torch.randn(32, 16))
