"""Statistics carried from tile to tile, against torch's own reductions of whole rows; and the functions torch lacks."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from alphadsl.backend.runtime import functions, online
from alphadsl.ir.kinds import Over


@pytest.mark.parametrize("body", [[[1.0, math.inf], [2.0, 3.0]], [[-math.inf, -math.inf], [-math.inf, 5.0]]])
def test_a_sum_carried_online_is_that_of_torch(body: list[list[float]]) -> None:
    """Also where a term overflows, and where nothing has joined yet."""
    carried = online.start(Over.LOGSUMEXP, torch.zeros(2, 1))
    for part_AC in torch.tensor(body).split(1, dim=1):
        carried = online.join_logsumexp(*carried, part_AC)
    found = online.settle(Over.LOGSUMEXP, carried).flatten()
    expected = torch.tensor(body).logsumexp(1)
    torch.testing.assert_close(found[found > -1e30], expected[expected > -torch.inf])
    assert torch.equal(found > -1e30, expected > -torch.inf)


SHARES = torch.cat([torch.rand(1000, dtype=torch.float64), 10.0 ** -torch.linspace(0, 37, 200).double()])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_logarithms_and_powers_near_1_keep_their_digits(dtype: torch.dtype) -> None:
    """log(1 + x) and e^-x - 1 of small x are x, which the sums and powers themselves round away."""
    x = SHARES.to(dtype)
    room = {"rtol": 8 * torch.finfo(dtype).eps, "atol": 0.0}
    torch.testing.assert_close(functions.log1p_share(x), torch.log1p(x.double()).to(dtype), **room)
    falling = torch.cat([-x, -100 * x])
    torch.testing.assert_close(functions.expm1_falling(falling), torch.expm1(falling.double()).to(dtype), **room)


@pytest.mark.parametrize("function", [functions.log1p_share, functions.expm1_falling])
def test_nothing_becomes_nothing(function: Callable[[Tensor], Tensor]) -> None:
    assert function(torch.zeros(1)) == 0
