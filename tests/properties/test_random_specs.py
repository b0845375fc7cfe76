"""Specs drawn at random: what the passes derive, simplify and carry in the log domain has the value, the importances
and the gradient of the definition itself, as the interpreter evaluates it.

Refused specs, and those whose numbers are too large to be told apart by rounding, are drawn again.
"""

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

import alphadsl
from alphadsl.report.diagnostic import Severity
from tests.fuzz.effort import reached
from tests.oracles.states import views
from tests.properties.generator import FAMILIES

pytestmark = pytest.mark.slow
DEPTH = 3
LARGEST = 1e8
EXAMPLES = {"direct": 50, "coordinate": 40, "weighted": 40, "player": 4}


def patient(examples: int) -> settings:
    return settings(max_examples=examples, derandomize=True, suppress_health_check=list(HealthCheck))


def weights_and_gradient(loss: torch.nn.Module, z0_ND: Tensor, z1_ND: Tensor) -> list[Tensor]:
    leaves = [z_ND.clone().requires_grad_() for z_ND in (z0_ND, z1_ND)]
    value = loss(*leaves)
    weights = loss.importance(z0_ND, z1_ND)
    gradient = torch.cat(torch.autograd.grad(value, leaves))
    return [part.detach().double() for part in (value, weights.attract, weights.repel, gradient)]


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("family", FAMILIES)
def test_passes_keep_value_importance_and_gradient(family: str) -> None:
    with reached(EXAMPLES[family]) as held:

        @patient(EXAMPLES[family])
        @given(FAMILIES[family](DEPTH), st.sampled_from(["random", "trained"]))
        def holds(text: str, state: str) -> None:
            assert_kept(text, state, samples=2 if family == "player" else 3)
            held()

        holds()


def assert_kept(text: str, state: str, samples: int) -> None:
    assume(not any(found.severity == Severity.ERROR for found in alphadsl.checks(text)))
    z0_ND, z1_ND = views(state, samples, 3)
    expected = weights_and_gradient(alphadsl.loads(text, backend="interpreter"), z0_ND, z1_ND)
    assume(all(part.abs().max() < LARGEST for part in expected))
    scale = max(float(part.abs().max()) for part in expected)
    for backend in ("dense", "streaming"):
        found = weights_and_gradient(alphadsl.loads(text, backend=backend, compile=False), z0_ND, z1_ND)
        for left, right in zip(found, expected, strict=True):
            torch.testing.assert_close(left, right, rtol=1e-8, atol=1e-10 * (1 + scale))
