"""A NaN reaches the value of a loss defined by its slope alone, whose value no longer depends on the batch."""

from typing import Any

import pytest
import torch

import alphadsl
from alphadsl.api import find_text
from alphadsl.journey import emit
from alphadsl.pipeline import lower_spec

N, D = 5, 4
NAN = float("nan")
SLOPES = {
    "flat": "v[i] = logsumexp_j((s[i,j] - s[i]) / m)\nloss[i] = exp(v[i] - stopgrad(v[i]))",
    "difference": "v[i] = mean_j(s[i,j]^2) - s[i]\nloss[i] = v[i] - stopgrad(v[i]) + 0 * m",
    "pairs alone": "v[i] = sum_j(exp(s[i,j] / m))\nloss[i] = s[i] * 0 + v[i] / stopgrad(v[i])",
    "positive alone": "loss[i] = exp(stopgrad(s[i]) - s[i]) * m + mean_j(s[i,j])",
    "pairs are held": "loss[i] = mean_j(exp(s[i,j] - stopgrad(s[i,j]))) - m * s[i]",
}


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("pairs", ["two_view", "cross_view", "queue", "labels against other_classes"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_nan_reaches_the_value(slope: str, pairs: str, dtype: torch.dtype) -> None:
    param = "param m = 0.5 in (0, 4)\n" if "m" in SLOPES[slope].replace("sum", "").replace("mean", "") else ""
    text = f"loss l {{\npairs {pairs}\n{param}{SLOPES[slope]}\nalpha in reals\n}}\n"
    generator = torch.Generator().manual_seed(0)
    z_VND = torch.randn(2, N, D, generator=generator, dtype=dtype)
    context = {"queue": torch.randn(7, D, generator=generator, dtype=dtype)} if pairs == "queue" else {}
    context |= {"labels": torch.tensor([0, 0, 1, 1, 2])} if "labels" in pairs else {}
    spoiled_VND = z_VND.clone()
    spoiled_VND[0, 1, 2] = NAN
    for backend in ("dense", "streaming", "interpreter"):
        loss = alphadsl.loads(text, backend=backend, compile=False)  # type: ignore[arg-type]
        value = loss(*z_VND, **context)
        assert value.isfinite(), backend
        assert value.dtype == dtype or backend == "interpreter"
        assert loss(*spoiled_VND, **context).isnan(), backend
        if "queue" in context and slope != "positive alone":
            queue = context["queue"].clone()
            queue[3, 0] = NAN
            assert loss(*z_VND, queue=queue).isnan(), backend


@pytest.mark.parametrize("backend", ["dense", "streaming", "interpreter"])
@pytest.mark.parametrize(
    "setting", [("euclidean", "logsumexp_j(d[i]^2 - d[i,j]^2)"), ("sphere", "d[i] - mean_j(sqrt(d[i,j]^2))")], ids=str
)
def test_a_nan_reaches_the_value_where_small_distances_are_exact(setting: tuple[str, str], backend: str) -> None:
    """In float64 such a loss has a core of its own, by differences."""
    space, slope = setting
    text = f"loss l {{\nspace {space}\nv[i] = {slope}\nloss[i] = exp(v[i] - stopgrad(v[i]))\nalpha in reals\n}}\n"
    loss = alphadsl.loads(text, backend=backend, compile=False)  # type: ignore[arg-type]
    assert loss._computation.closely
    z_VND = torch.randn(2, N, D, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert loss(*z_VND) == pytest.approx(1)
    z_VND[0, 1, 2] = NAN
    assert loss(*z_VND).isnan()


@pytest.mark.slow
def test_through_inductor_and_in_a_file_of_its_own() -> None:
    z_VND = torch.randn(2, N, D, generator=torch.Generator().manual_seed(0))
    spoiled_VND = z_VND.clone()
    spoiled_VND[1, 0, 0] = NAN
    compiled = alphadsl.load("flatnce", compile=True)
    assert compiled(*z_VND) == pytest.approx(1)
    assert compiled(*spoiled_VND).isnan()
    alone: dict[str, Any] = {"__name__": "alone"}
    exec(lower_spec(find_text("flatnce")).at(emit), alone)
    assert alone["loss"](*z_VND)[0] == pytest.approx(1)
    assert alone["loss"](*spoiled_VND)[0].isnan()
