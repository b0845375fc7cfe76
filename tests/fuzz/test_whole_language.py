"""Specs drawn over the whole language: what is derived has the value, the importances and the gradients of the
definition itself, in float64, in float32, and as a file of its own; and text and JSON of a loss are the loss.

Refused specs, and those whose numbers are not finite or too large to be told apart by rounding, are drawn again.
"""

import warnings

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

import alphadsl
from alphadsl.backend.module import ContrastiveLoss
from alphadsl.ir.kinds import Streaming
from alphadsl.report.diagnostic import Severity
from tests.fuzz.effort import patient, reached
from tests.oracles.states import SMOOTH
from tests.properties.agreement import (
    NAMES,
    Given,
    assert_every_stage_is_shown,
    assert_kept_as_text,
    given_for,
    numbers,
    standalone,
)
from tests.properties.whole_language import whole_specs

pytestmark = pytest.mark.slow
LARGEST = 1e8
ROUNDING = 2e-7


def largest(parts: list[Tensor]) -> list[float]:
    return [float(part.abs().max()) if part.numel() else 0.0 for part in parts]


def apart(found: list[Tensor], expected: list[Tensor]) -> list[float]:
    return largest([left - right for left, right in zip(found, expected, strict=True)])


def moved(loss: ContrastiveLoss, batch: Given, seed: int) -> list[Tensor]:
    """The same with every embedding moved by its own rounding."""
    rng = torch.Generator().manual_seed(seed)

    def blurred(z_ND: Tensor) -> Tensor:
        noise_ND = torch.randn(z_ND.shape, generator=rng, dtype=torch.float64)
        return z_ND + ROUNDING * z_ND.norm(dim=1, keepdim=True) * noise_ND

    return numbers(loss, Given(blurred(batch.z0_ND), blurred(batch.z1_ND), batch.further))


IN_CI = 40


@pytest.mark.usefixtures("small_tiles")
def test_passes_keep_the_spec() -> None:
    with reached(IN_CI) as held:

        @patient(IN_CI, 0.05)
        @given(whole_specs(3), st.sampled_from([*SMOOTH]), st.sampled_from([2, 3, 4, 5]))
        def holds(text: str, state: str, samples: int) -> None:
            assert_kept(text, state, samples)
            held()

        holds()


def assert_kept(text: str, state: str, samples: int) -> None:
    assume(not any(found.severity == Severity.ERROR for found in alphadsl.check(text)))
    loss, oracle = (alphadsl.loads(text, backend=backend, compile=False) for backend in ("dense", "interpreter"))
    batch = given_for(loss.spec, state, samples)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = numbers(oracle, batch)
    assume(all(part.isfinite().all() for part in expected) and max(largest(expected)) < LARGEST)
    found, scales = numbers(loss, batch), [size + 0.01 * (1 + max(largest(expected))) for size in largest(expected)]
    for name, error, scale in zip(NAMES, apart(found, expected), scales, strict=True):
        assert error <= 1e-8 * scale, f"{name} off by {error:.2e} of {scale:.2e}"
    assert_kept_as_text(loss)
    assert_every_stage_is_shown(loss)
    for left, right in zip(standalone(loss, batch), [found[0], *found[3:5]], strict=True):
        torch.testing.assert_close(left, right, rtol=1e-12, atol=1e-300)
    if loss.core.streaming != Streaming.NONE:
        streamed = numbers(alphadsl.loads(text, backend="streaming", compile=False), batch)
        for name, error, scale in zip(NAMES, apart(streamed, found), scales, strict=True):
            assert error <= 1e-8 * scale, f"{name} off by {error:.2e} of {scale:.2e} in tiles"
    narrow = apart(numbers(loss, batch.to(torch.float32)), found)
    blur = [max(pair) for pair in zip(*(apart(moved(loss, batch, seed), found) for seed in range(2)), strict=True)]
    for name, error, scale, known in zip(NAMES, narrow, scales, blur, strict=True):
        assert error <= 1e-3 * scale + 50 * known, f"{name} off by {error:.2e} of {scale:.2e} in float32"
