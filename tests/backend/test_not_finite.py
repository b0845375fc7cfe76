"""A NaN or an infinity among the embeddings reaches the value and every gradient that it touches, so that gradient
scalers skip the step and norms refuse it; only a row of length exactly 0 is left where it is.

What it touches is asked of autograd on the oracles, which are written from the papers.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import alphadsl
from alphadsl.backend.module import ContrastiveLoss
from tests.oracles import ORACLES, defaults, value_and_gradient
from tests.oracles.contexts import context_of
from tests.oracles.learned import learned_by

N, D = 5, 4
NAN, INFINITY = float("nan"), float("inf")
EVERY_KIND = (
    "infonce",
    "direct",
    "triplet",
    "cacr",
    "clip",
    "siglip",
    "moco",
    "n_pairs",
    "square",
    "inverse",
    "supcon",
)
BACKENDS = ("dense", "streaming", "interpreter")


def views(dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(2, N, D, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(dtype)


def spoil_entry(z_VND: Tensor, context: dict[str, Tensor]) -> None:
    z_VND[1, 2, 3] = NAN


def spoil_row(z_VND: Tensor, context: dict[str, Tensor]) -> None:
    z_VND[0, 1] = INFINITY


def spoil_all(z_VND: Tensor, context: dict[str, Tensor]) -> None:
    z_VND[:] = NAN


def spoil_queue(z_VND: Tensor, context: dict[str, Tensor]) -> None:
    context["queue"][3, 0] = NAN


SPOILED = (spoil_entry, spoil_row, spoil_all)
CASES = [(name, spoil) for name in EVERY_KIND for spoil in SPOILED] + [("moco", spoil_queue)]


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize(("name", "spoil"), CASES)
def test_what_is_not_finite_reaches_what_it_touches(
    name: str, spoil: Callable[[Tensor, dict[str, Tensor]], None]
) -> None:
    z_VND = views()
    context = {each: tensor.clone() for each, tensor in context_of(name, z_VND[0]).items()}
    spoil(z_VND, context)
    truth = value_and_gradient(ORACLES[name], z_VND[0], z_VND[1], context, defaults(name), tuple(learned_by(name)))
    touched_VN = torch.stack([truth[1], truth[2]]).isnan().any(-1)
    assert touched_VN.any()
    for backend in BACKENDS:
        loss = alphadsl.load(name, backend=backend, compile=False)  # type: ignore[arg-type]
        leaf_VND = z_VND.clone().requires_grad_()
        value = loss(*leaf_VND, **context)
        gradient_VND, *slopes = torch.autograd.grad(value, [leaf_VND, *loss.parameters()])
        assert not value.isfinite(), backend
        assert gradient_VND.isnan().any(-1)[touched_VN].all(), backend
        assert all(slope.isnan() for slope in slopes), backend


CORNERS = {
    "hinge": "mean_j(relu(m - s[i] + s[i,j]))",
    "power": "mean_j(relu(m + s[i,j])^1.5) - s[i]",
    "learned power": "mean_j((1 + d[i,j]^2)^(-m)) - s[i]",
    "root": "d[i] + mean_j(relu(m - d[i,j]))",
    "largest": "max(max_j(s[i,j]) - s[i] + m, 0)",
    "smallest": "-min_j(d[i,j]^2) * m - s[i]",
    "branch": "mean_j(where(s[i,j] < 0.3, s[i,j], m * s[i,j]^2)) - s[i]",
}


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("pairs", ["queue", "labels against other_classes"])
@pytest.mark.parametrize("space", ["sphere", "euclidean"])
def test_no_function_swallows_a_nan(corner: str, pairs: str, space: str) -> None:
    """In the queue, or in a sample: anchors and positives are all touched."""
    head = f"loss l {{\npairs {pairs}\nspace {space}\nlearn m = 1.5 in (0, 4)\n"
    text = f"{head}loss[i] = {CORNERS[corner]}\nalpha in reals\n}}\n"
    context = {"queue": torch.randn(7, D)} if pairs == "queue" else {}
    context |= {"labels": torch.tensor([0, 0, 1, 1, 2])} if "labels" in pairs else {}
    z_VND = views()
    (context["queue"] if context.get("queue") is not None else z_VND[0])[1] = NAN
    for backend in BACKENDS:
        loss = alphadsl.loads(text, backend=backend, compile=False)  # type: ignore[arg-type]
        leaf_VND = z_VND.clone().requires_grad_()
        value = loss(*leaf_VND, **context)
        found = torch.autograd.grad(value, [leaf_VND, *loss.parameters()])
        assert value.isnan(), backend
        assert all(part.isnan().all() for part in found), backend


def losses_of(backend: str, compiled: bool) -> list[ContrastiveLoss]:
    return [alphadsl.load(name, backend=backend, compile=compiled) for name in ("infonce", "triplet", "square")]  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("backend", ["dense", "streaming"])
def test_in_narrow_numbers(backend: str, dtype: torch.dtype) -> None:
    for loss in losses_of(backend, compiled=False):
        leaf_VND = views(dtype)
        leaf_VND[0, 0, 0] = NAN
        leaf_VND.requires_grad_()
        loss(*leaf_VND).backward()
        assert leaf_VND.grad is not None
        assert leaf_VND.grad.isnan().any(-1).all()


@pytest.mark.slow
def test_through_tiles_and_row_blocks_of_inductor() -> None:
    """Dense steps are asked in test_library."""
    for loss in losses_of("streaming", compiled=True):
        leaf_VND = views(torch.float32)
        leaf_VND[0, 0, 0] = NAN
        leaf_VND.requires_grad_()
        value = loss(*leaf_VND)
        value.backward()
        assert value.isnan()
        assert leaf_VND.grad is not None
        assert leaf_VND.grad.isnan().any(-1).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_scaler_skips_the_step_and_a_norm_refuses_it(backend: str) -> None:
    encoder = torch.nn.Linear(D, D)
    with torch.no_grad():
        encoder.weight.fill_(NAN)
    optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=8192.0, growth_interval=1)
    loss = alphadsl.load("infonce", backend=backend, compile=False)  # type: ignore[arg-type]
    scaler.scale(loss(*encoder(views(torch.float32)))).backward()
    scaler.step(optimizer)
    scaler.update()
    assert scaler.get_scale() == 4096.0
    with pytest.raises(RuntimeError, match="non-finite"):
        torch.nn.utils.clip_grad_norm_(encoder.parameters(), 1.0, error_if_nonfinite=True)
