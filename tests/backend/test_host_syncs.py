"""No loss waits for its device, and none mixes devices: on fake CUDA tensors, which have no numbers to look at, every
loss of the library runs forward, with its gradient and without, by every backend. A device is not needed.

What runs on a device instead of asking it is held to the same oracles on the CPU.
"""

import pytest
import torch
from torch._subclasses import FakeTensorMode

import alphadsl
from alphadsl.backend.runtime import simplex
from alphadsl.backend.streaming import row_blocks
from tests.compiled_library import (
    AS_SHIPPED,
    AT_EXTREMES,
    TOLERANCE,
    Batch,
    Setting,
    answer,
    context,
    embeddings,
    truth,
)
from tests.oracles.closeness import assert_same_answer
from tests.oracles.contexts import context_of
from tests.oracles.states import SMOOTH

N, D = 3, 4
SOLVED = ("blend", "entmax", "inverse", "square")
# What "auto" does with a batch so small is what "dense" does; how it decides is asked of an index set each.
DECIDED = ("clip", "infonce", "moco", "square", "supcon")
CLASSES = """
loss l {
  pairs labels against other_classes
  loss[i] = logsumexp_j(s[i,j] - s[i])
}
"""


@pytest.fixture
def two_row_blocks_of_few_steps(small_tiles: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step of a solver is the same kernels again."""
    monkeypatch.setattr(row_blocks, "ROW_BLOCK_PAIRS", N * 2 * N)
    monkeypatch.setattr(simplex, "DEVICE_STEPS", 2)


@pytest.mark.usefixtures("two_row_blocks_of_few_steps")
@pytest.mark.parametrize(
    ("backend", "names"),
    [
        ("auto", DECIDED),
        pytest.param("dense", alphadsl.library(), marks=pytest.mark.slow),
        pytest.param("streaming", alphadsl.library(), marks=pytest.mark.slow),
    ],
    ids=["auto", "dense", "streaming"],
)
def test_nothing_waits_for_a_device(backend: str, names: tuple[str, ...]) -> None:
    for name in names:
        context_N = context_of(name, torch.randn(N, D))
        with FakeTensorMode(), torch.device("cuda"):
            loss = alphadsl.load(name, backend=backend, compile=False)  # type: ignore[arg-type]
            z_VND = torch.randn(2, N, D, device="cuda").requires_grad_()
            given = {key: torch.empty(part.shape, dtype=part.dtype) for key, part in context_N.items()}
            value = loss(*z_VND, **given)
            with torch.no_grad():
                alone = loss(*z_VND, **given)
        assert value.device.type == alone.device.type == "cuda", name
        assert value.requires_grad, name


@pytest.fixture
def device_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Multipliers are found as they are on a device."""
    monkeypatch.setattr(simplex, "on_host", lambda tensor: False)


@pytest.mark.usefixtures("device_loops")
@pytest.mark.parametrize("state", SMOOTH)
@pytest.mark.parametrize("setting", [each for each in AS_SHIPPED + AT_EXTREMES if each.name in SOLVED], ids=str)
def test_multipliers_found_without_asking_are_right(setting: Setting, state: str) -> None:
    for dtype in (torch.float32, torch.float64):
        batch = Batch(state, dtype, samples=16)
        loss = alphadsl.load(setting.name, backend="dense", compile=False, **setting.params)
        found = answer(loss, setting.name, *embeddings(batch), context(setting.name, batch))
        assert_same_answer(found, truth(setting, batch), *embeddings(batch), TOLERANCE[dtype])


@pytest.mark.slow
@pytest.mark.usefixtures("device_loops")
@pytest.mark.parametrize("name", SOLVED)
def test_a_compiled_loop_counts_on_the_host(name: str) -> None:
    z_VND = torch.randn(2, N, D, dtype=torch.float64)
    loss = alphadsl.load(name, compile=False)
    core = torch.compile(
        lambda z_VND: loss._computation._plain.eager.value(z_VND, *given(loss, z_VND)), backend="eager"
    )
    torch.testing.assert_close(core(z_VND), loss(*z_VND).detach())


def given(loss: alphadsl.ContrastiveLoss, z_VND: torch.Tensor) -> tuple[tuple[torch.Tensor, ...], ...]:
    inputs = loss._inputs(*z_VND, None, None)
    return inputs.context, loss._parameters_on(z_VND.device)


def test_sorting_and_stepping_find_one_threshold() -> None:
    rng = torch.Generator().manual_seed(0)
    for scale in (1e-6, 1.0, 1e6):
        cost_AC = (torch.rand(64, 300, generator=rng, dtype=torch.float64) * scale).clone()
        cost_AC[:, ::3] = torch.inf
        cost_AC[0] = torch.inf
        cost_AC[1, 5] = torch.nan
        cost_AC[1:, 1] = 0  # costs are relative to the smallest of their row
        budget = torch.tensor(1.0, dtype=torch.float64)
        found = (simplex.sorted_threshold_of(cost_AC, budget), simplex.threshold_of(cost_AC, budget))
        torch.testing.assert_close(*found, rtol=1e-9, atol=0, equal_nan=True)


def test_a_batch_of_one_class_is_0_on_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no warning: it would need the values of the labels."""
    from alphadsl.backend import custom_op, inputs

    for module in (custom_op, inputs):
        monkeypatch.setattr(module, "on_host", lambda tensor: False)
    for backend in ("dense", "streaming"):
        z_VND = torch.randn(2, N, D).requires_grad_()
        value = alphadsl.loads(CLASSES, backend=backend, compile=False)(*z_VND, labels=torch.ones(N, dtype=torch.int64))
        value.backward()
        assert value.item() == 0
        assert z_VND.grad is not None
        assert not z_VND.grad.any()
