"""The module in a user's hands: what it accepts, refuses and keeps, whatever the loss."""

import copy
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

import alphadsl
from alphadsl.ir.loss_json import LOSS_JSON
from tests.oracles.contexts import EUCLIDEAN, context_of

N, D = 6, 5


def views(dtype: torch.dtype = torch.float32, samples: int = N, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    z0_ND, z1_ND = torch.randn(2, samples, D, generator=generator, dtype=torch.float64).to(dtype)
    return z0_ND.requires_grad_(), z1_ND.requires_grad_()


def gradients(loss: torch.nn.Module, z0_ND: Tensor, z1_ND: Tensor, **context: Tensor) -> tuple[Tensor, Tensor]:
    g0_ND, g1_ND = torch.autograd.grad(loss(z0_ND, z1_ND, **context), (z0_ND, z1_ND))
    return g0_ND, g1_ND


@pytest.mark.parametrize(
    ("z0", "z1", "told"),
    [
        (torch.zeros(4, 3), torch.zeros(5, 3), "two views of one batch"),
        (torch.zeros(4, 3), torch.zeros(4, 3, dtype=torch.float64), "two views of one batch"),
        (torch.zeros(4), torch.zeros(4), r"z0 must have the shape \(N, D\), not \(4,\)"),
        (torch.zeros(4, 3), torch.zeros(4, 3, dtype=torch.int64), "z1 must be a floating-point tensor"),
        ([[1.0]], torch.zeros(1, 1), "not a list"),
        (torch.zeros(0, 3), torch.zeros(0, 3), "shape"),
    ],
)
def test_wrong_tensors_are_named(z0: Tensor, z1: Tensor, told: str) -> None:
    with pytest.raises(alphadsl.InputError, match=told):
        alphadsl.load("infonce")(z0, z1)


@pytest.mark.parametrize("name", alphadsl.library())
def test_text_and_json_hold_the_whole_loss(name: str) -> None:
    loss = alphadsl.load(name)
    assert alphadsl.loads(loss.text).spec == loss.spec
    assert LOSS_JSON.validate_json(loss.ir_json()) == loss.spec


def test_values_in_force_are_kept() -> None:
    loss = alphadsl.load("infonce", tau=0.2)
    loss.set(eps=0.5)
    assert loss.values == {"tau": 0.2, "eps": 0.5} == alphadsl.loads(loss.text).values
    assert "tau=0.2" in repr(loss)


def test_set_refuses_what_load_refuses() -> None:
    loss = alphadsl.load("infonce")
    with pytest.raises(alphadsl.InputError, match=r"tau = 0 is not in \(0, inf\)"):
        loss.set(tau=0)
    with pytest.raises(alphadsl.InputError, match="no parameter temperature"):
        loss.set(temperature=1)
    with pytest.raises(alphadsl.SpecError, match="out-of-interval"):
        alphadsl.load("infonce", tau=-1)
    with pytest.raises(alphadsl.SpecError, match="set-without-param"):
        alphadsl.load("infonce", temperature=1)
    assert loss.values == {"tau": 0.5, "eps": 1.0}


def test_set_changes_the_loss_as_load_does() -> None:
    loss = alphadsl.load("infonce", compile=False)
    loss.set(tau=0.1)
    z0_ND, z1_ND = views()
    assert torch.equal(loss(z0_ND, z1_ND), alphadsl.load("infonce", tau=0.1, compile=False)(z0_ND, z1_ND))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_gradients_come_in_the_dtype_of_the_embeddings(dtype: torch.dtype) -> None:
    z0_ND, z1_ND = views(dtype)
    loss = alphadsl.load("infonce", compile=False)
    assert loss(z0_ND, z1_ND).dtype == torch.promote_types(dtype, torch.float32)
    assert [g_ND.dtype for g_ND in gradients(loss, z0_ND, z1_ND)] == [dtype, dtype]


def test_autocast_does_not_reach_inside() -> None:
    z0_ND, z1_ND = views()
    loss = alphadsl.load("direct", compile=False)
    plain = loss(z0_ND, z1_ND)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(loss(z0_ND, z1_ND), plain)


def test_value_without_gradient_is_the_same_value() -> None:
    z0_ND, z1_ND = views()
    loss = alphadsl.load("square", compile=False)
    with torch.no_grad():
        alone = loss(z0_ND, z1_ND)
    assert not alone.requires_grad
    assert torch.equal(alone, loss(z0_ND, z1_ND).detach())


def test_gradient_reaches_one_view_alone() -> None:
    z0_ND, z1_ND = views()
    loss = alphadsl.load("infonce", compile=False)
    whole, _ = gradients(loss, z0_ND, z1_ND)
    (alone,) = torch.autograd.grad(loss(z0_ND, z1_ND.detach()), z0_ND)
    assert torch.equal(alone, whole)


def test_gradient_scales_with_what_comes_from_above() -> None:
    z0_ND, z1_ND = views()
    loss = alphadsl.load("infonce", compile=False)
    once, _ = gradients(loss, z0_ND, z1_ND)
    thrice, _ = torch.autograd.grad(3 * loss(z0_ND, z1_ND), (z0_ND, z1_ND))
    torch.testing.assert_close(thrice, 3 * once)


def test_scaling_lifts_a_float16_gradient_above_underflow() -> None:
    """What a gradient scaler is for: each embedding's part is 1 / A, too small for float16 alone."""
    loss = alphadsl.load("infonce", compile=False)
    z0_ND, z1_ND = views(torch.float16, 500)
    leaf_ND = z0_ND.detach().requires_grad_()
    (loss(leaf_ND, z1_ND) * 4096).backward()
    exact_ND = z0_ND.detach().double().requires_grad_()
    (loss(exact_ND, z1_ND.detach().double()) * 4096).backward()
    assert leaf_ND.grad is not None
    assert exact_ND.grad is not None
    error = (leaf_ND.grad.double() - exact_ND.grad).norm() / exact_ND.grad.norm()
    assert error < 1e-3


@pytest.mark.parametrize("name", ["infonce", "clip", "square"])
def test_a_pickled_module_is_the_same_loss(name: str) -> None:
    loss = alphadsl.load(name, backend="streaming", compile=False)
    kept = pickle.loads(pickle.dumps(loss))
    z0_ND, z1_ND = views()
    assert torch.equal(loss(z0_ND, z1_ND), kept(z0_ND, z1_ND))
    assert kept.values == loss.values


@pytest.mark.slow
def test_zero_rows_are_finite_and_unmoved() -> None:
    z0_ND, z1_ND = views()
    with torch.no_grad():
        z0_ND[0] = 0
    for name in alphadsl.library():
        g0_ND, g1_ND = gradients(alphadsl.load(name, compile=False), z0_ND, z1_ND, **context_of(name, z0_ND))
        assert g0_ND.isfinite().all()
        assert g1_ND.isfinite().all()
        assert name in EUCLIDEAN or not g0_ND[0].any()


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_length_of_embeddings_does_not_matter(scale: float) -> None:
    z0_ND, z1_ND = views()
    loss = alphadsl.load("infonce", compile=False)
    torch.testing.assert_close(loss(z0_ND * scale, z1_ND * scale), loss(z0_ND, z1_ND))


def test_one_sample_has_no_negatives_and_says_so() -> None:
    z0_ND, z1_ND = views(samples=1)
    with pytest.warns(UserWarning, match="no negatives"):
        value = alphadsl.load("infonce")(z0_ND, z1_ND)
    value.backward()
    assert value.item() == 0
    assert z0_ND.grad is not None
    assert not z0_ND.grad.any()


def test_module_is_a_module_like_others() -> None:
    loss = copy.deepcopy(alphadsl.load("infonce", tau=0.3, compile=False).half().eval())
    z0_ND, z1_ND = views()
    assert torch.equal(loss(z0_ND, z1_ND), alphadsl.load("infonce", tau=0.3, compile=False)(z0_ND, z1_ND))
    assert not loss.state_dict()
    assert not list(loss.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["infonce", "square", "inverse", "direct_backprop"])
def test_source_runs_with_torch_alone(name: str, tmp_path: Path) -> None:
    loss = alphadsl.load(name, compile=False)
    (tmp_path / "generated.py").write_text(loss.source, encoding="utf-8")
    script = """
import sys, torch
import generated
z0, z1 = torch.load("views.pt")
torch.save(generated.loss(z0, z1), "found.pt")
assert not any(name.startswith("alphadsl") for name in sys.modules)
"""
    z0_ND, z1_ND = views(torch.float64)
    torch.save((z0_ND.detach(), z1_ND.detach()), tmp_path / "views.pt")
    ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    value, *found = torch.load(tmp_path / "found.pt")
    torch.testing.assert_close(value, loss(z0_ND, z1_ND).detach())
    torch.testing.assert_close(tuple(found), gradients(loss, z0_ND, z1_ND))


WRONG: list[tuple[dict[str, object], str]] = [
    ({"backend": "cuda"}, "backend cannot be 'cuda'"),
    ({"compile": "maybe"}, "compile cannot be 'maybe'"),
    ({"compile": 1}, "compile cannot be 1"),
    ({"ranks": "mean"}, "ranks cannot be 'mean'"),
    ({"tau": float("nan")}, "tau must be a finite number, not nan"),
    ({"tau": "0.1"}, "tau must be a finite number, not '0.1'"),
    ({"values": 0.1}, "values must be a dictionary of parameters, not 0.1"),
    ({"values": {"tau": 0.1}, "tau": 0.1}, "tau is given twice"),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG)
def test_load_names_a_wrong_argument(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(alphadsl.InputError, match=f"^{re.escape(told)}"):
        alphadsl.load("infonce", **wrong)  # type: ignore[arg-type]


def test_unknown_names_and_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(alphadsl.InputError, match="did you mean infonce"):
        alphadsl.load("infonse")
    with pytest.raises(alphadsl.InputError, match="cannot be read"):
        alphadsl.load(tmp_path / "absent.alpha")
    (tmp_path / "binary.alpha").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(alphadsl.InputError, match="not UTF-8"):
        alphadsl.load(tmp_path / "binary.alpha")
