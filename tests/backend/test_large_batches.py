"""Large batches in the way users run them by default on a CPU: streamed, and compiled by Inductor; held to the float64
oracle."""

import pytest
import torch
from torch._dynamo.utils import counters

import alphadsl
from alphadsl.backend.dispatch import Choice, Way, choose
from alphadsl.backend.streaming import tiled
from tests.compiled_library import Batch, Setting, hold_against_oracle

pytestmark = pytest.mark.slow
SAMPLES, WIDTH = 797, 8  # four tiles a side, of unequal sizes


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_the_default_way_has_the_numbers_of_the_oracle(dtype: torch.dtype) -> None:
    loss = alphadsl.load("infonce")
    choice = choose(loss.core, "auto", "auto", torch.device("cpu"), (2 * SAMPLES) ** 2)
    assert choice == Choice(streams=True, way=Way.COMPILED)
    assert 2 * SAMPLES > tiled.SIDE
    assert 2 * SAMPLES % 4
    torch._dynamo.reset()
    counters.clear()
    hold_against_oracle(loss, Setting("infonce"), Batch("random", dtype, SAMPLES, WIDTH))
    assert counters["inductor"]
    assert counters["stats"]["unique_graphs"] > 1
