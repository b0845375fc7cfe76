"""A loss beside everything else in a process: other threads, `torch.func`, and names that generated code uses."""

import pytest
import torch
from torch import Tensor

import alphadsl
from alphadsl.backend.streaming import buffers


def views() -> Tensor:
    return torch.randn(2, 10, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("backend", ["dense", "streaming", "interpreter"])
def test_a_gradient_that_may_be_followed_is_the_same_gradient(backend: str) -> None:
    """And nothing of what following it would take is formed before."""
    loss = alphadsl.load("infonce", backend=backend, compile=False)
    z_VND = views().requires_grad_()
    plain, followed = (
        torch.autograd.grad(loss(*z_VND) + z_VND.square().sum(), z_VND, create_graph=create)[0]
        for create in (False, True)
    )
    torch.testing.assert_close(followed, plain, rtol=0, atol=0)


@pytest.mark.usefixtures("small_tiles")
def test_as_a_constant_of_a_functional_gradient() -> None:
    """Where torch.func has wrapped embeddings, so are their tiles; none is left to the next step."""
    vars(buffers._kept).clear()
    loss = alphadsl.load("infonce", backend="streaming", compile=False)
    z0_ND, z1_ND = (z_ND.detach().double() for z_ND in views())
    found = torch.func.grad(lambda weight: loss(1 * z0_ND, z1_ND) * weight)(torch.ones((), dtype=torch.float64))
    torch.testing.assert_close(found, loss(z0_ND, z1_ND))


@pytest.mark.parametrize("name", ["join_logsumexp", "move_logsumexp"])
def test_parameters_may_be_called_like_what_passes_call(name: str) -> None:
    formula = f"{name} * sum_j(exp(s[i,j] - max_j(s[i,j]))) + logsumexp_j(sqrt({name} + d[i,j]^2))"
    text = f"loss l {{\n  param {name} = 0.5 in (0, inf)\n  loss[i] = {formula}\n}}\n"
    streamed, dense = (alphadsl.loads(text, backend=each, compile=False)(*views()) for each in ("streaming", "dense"))
    torch.testing.assert_close(streamed, dense)
