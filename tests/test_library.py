"""Every built-in spec held against its independent float64 oracle: value, gradient, slopes of what it learns, and
finiteness in every number type at both ends of its parameters' ranges.

Losses run uncompiled (the generated text, eagerly) except in the one test of `torch.compile`. The losses of the
alpha-CL paper's tables are asked on every shape of batch; the others, which share their machinery, on fewer.
"""

import pytest
import torch

import alphadsl
from tests.compiled_library import (
    AS_SHIPPED,
    TOLERANCE,
    Batch,
    Setting,
    context,
    embeddings,
    found,
    hold_against_oracle,
    loaded,
    settings_in_turn,
)
from tests.oracles import ORACLES, PAPER_TABLES, defaults
from tests.oracles.states import SINGULAR, SMOOTH

pytestmark = pytest.mark.usefixtures("small_tiles")

SHAPES = [(2, 3), (2, 8), (3, 3), (5, 3), (5, 8), (16, 3), (16, 8)]
FEW_SHAPES = [(2, 3)]
COMPILED = ("dense", "streaming")
NARROW = (torch.float32, torch.bfloat16, torch.float16)
SHAPED = [
    (setting, samples, width)
    for setting in AS_SHIPPED
    for samples, width in (SHAPES if setting.name in PAPER_TABLES else FEW_SHAPES)
]


def test_every_spec_has_an_oracle_and_every_oracle_a_spec() -> None:
    assert set(alphadsl.library()) == set(ORACLES)


@pytest.mark.parametrize("name", ORACLES)
def test_spec_is_free_of_warnings(name: str) -> None:
    assert alphadsl.check(name) == []


@pytest.mark.parametrize("name", ORACLES)
def test_spec_declares_the_parameters_of_the_paper(name: str) -> None:
    assert loaded(Setting(name)).values == pytest.approx(defaults(name), rel=1e-12)


@pytest.mark.every_case
@pytest.mark.parametrize("backend", COMPILED)
@pytest.mark.parametrize("setting", AS_SHIPPED, ids=str)
def test_matches_oracle(setting: Setting, backend: str) -> None:
    for dtype in TOLERANCE:
        hold_against_oracle(loaded(setting, backend), setting, Batch("random", dtype, samples=3))


@pytest.mark.slow
@pytest.mark.parametrize("backend", COMPILED)
@pytest.mark.parametrize(("setting", "samples", "width"), SHAPED, ids=str)
def test_every_shape_matches_oracle(setting: Setting, samples: int, width: int, backend: str) -> None:
    for dtype in TOLERANCE:
        hold_against_oracle(loaded(setting, backend), setting, Batch("random", dtype, samples, width, seed=1))


@pytest.mark.parametrize("samples", [2, 3])
@pytest.mark.parametrize("setting", AS_SHIPPED, ids=str)
def test_interpreter_matches_oracle(setting: Setting, samples: int) -> None:
    """Anchor by anchor, so that nothing changes with more of them."""
    hold_against_oracle(loaded(setting, "interpreter"), setting, Batch("random", torch.float64, samples, width=3))


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "state", "backend"), settings_in_turn(tuple(SMOOTH), COMPILED), ids=str)
def test_every_state_matches_oracle(setting: Setting, state: str, backend: str) -> None:
    for dtype in TOLERANCE:
        hold_against_oracle(loaded(setting, backend), setting, Batch(state, dtype))


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "state"), settings_in_turn(tuple(SMOOTH)), ids=str)
def test_interpreter_matches_oracle_in_every_state(setting: Setting, state: str) -> None:
    batch = Batch(state, torch.float64, samples=3, width=3)
    hold_against_oracle(loaded(setting, "interpreter"), setting, batch)


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "dtype", "backend"), settings_in_turn(NARROW, COMPILED), ids=str)
def test_value_and_gradient_are_finite(setting: Setting, dtype: torch.dtype, backend: str) -> None:
    for state in SMOOTH | SINGULAR:
        assert all(part.isfinite().all() for part in found(setting, Batch(state, dtype), backend)), state


@pytest.mark.parametrize("progress", [0.0, 0.5, 1.0])
def test_schedule_is_the_loss_at_its_temperature(progress: float) -> None:
    scheduled = alphadsl.load("infonce_cosine", compile=False)
    tau = {0.0: 0.1, 0.5: 0.55, 1.0: 1.0}[progress]
    batch = Batch("random", torch.float64)
    hold_against_oracle(scheduled.at(progress), Setting("infonce", (("tau", tau),)), batch)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["infonce", "square", "inverse", "triplet", "supcon"])
def test_torch_compile_matches_oracle(name: str) -> None:
    """And hands on a NaN, which a maximum or a comparison of C++ may swallow."""
    loss = alphadsl.load(name, backend="dense", compile=True)
    for state in ("random", "trained"):
        hold_against_oracle(loss, Setting(name), Batch(state, torch.float32, samples=16))
    batch = Batch("random", torch.float32, samples=16)
    z_VND = torch.stack(embeddings(batch))
    z_VND[0, 0, 0] = torch.nan
    z_VND.requires_grad_()
    value = loss(*z_VND, **context(name, batch))
    (gradient_VND,) = torch.autograd.grad(value, [z_VND])
    assert value.isnan()
    assert gradient_VND.isnan().any(-1).all()
