"""Pointwise functions that torch does not have, finite wherever their mathematics is.

Nothing here is differentiated by autograd: generated code carries its own gradient. A NaN that goes in comes out, so a
condition singles out what is known to be special, never what is known not to be.
"""

import torch
from torch import Tensor


def share(part: Tensor, whole: Tensor) -> Tensor:
    """part / whole, and 0 where the whole is 0."""
    return torch.where(whole == 0, 0.0, part / torch.where(whole == 0, 1.0, whole))


def log_share(part: Tensor, whole: Tensor) -> Tensor:
    """The logarithm of `share`, from logarithms."""
    return torch.where(whole == -torch.inf, -torch.inf, part - torch.where(whole == -torch.inf, 0.0, whole))


def log_pow0(logarithm: Tensor, exponent: Tensor | float) -> Tensor:
    """The logarithm of `pow0`, from that of its base."""
    none = logarithm == -torch.inf
    power = exponent * torch.where(none, 0.0, logarithm)
    return torch.where(none & (exponent != 0), -torch.inf, power)


def log_difference(a: Tensor, b: Tensor) -> Tensor:
    """log(e^a - e^b), and that of 0 where the difference is negative."""
    none = a <= b
    apart = torch.where(none, -1.0, b - a)
    return torch.where(none, -torch.inf, a + torch.log(-expm1_falling(apart)))


def exp_difference(a: Tensor, b: Tensor, apart: Tensor) -> Tensor:
    """e^a - e^b, where `apart` is a - b with the digits that the difference of the two has lost."""
    return torch.exp(torch.maximum(a, b)) * -torch.sign(apart) * expm1_falling(-apart.abs())


def log_softplus(x: Tensor) -> Tensor:
    """log(log(1 + e^x)); below -30 the inner logarithm is e^x to more than float64's digits."""
    inner = log1p_share(torch.exp(-x.abs())) + x.clamp_min(0)
    return torch.where(x < -30, x, torch.log(torch.where(x < -30, 1.0, inner)))


def softplus(x: Tensor) -> Tensor:
    """log(1 + e^x) to the last digit; torch's own is the identity from 20 on."""
    return torch.relu(x) + log1p_share(torch.exp(-x.abs()))


def log1p_share(x: Tensor) -> Tensor:
    """log(1 + x) of x in [0, 1], within 3 units of the last place; a sixth of the time of torch's on a CPU, where that
    goes number by number. What 1 + x rounds away is made good by a quotient that was rounded alike."""
    more = 1 + x
    return torch.where(more == 1, x, torch.log(more) * (x / (more - 1)))


def expm1_falling(x: Tensor) -> Tensor:
    """e^x - 1 of x <= 0, in the same way."""
    power = torch.exp(x)
    near = (x > -1) & (power != 1)
    mended = (power - 1) * (x / torch.log(torch.where(near, power, 0.5)))
    return torch.where(near, mended, torch.where(x > -1, x, power - 1))


def pow0(base: Tensor, exponent: Tensor | float) -> Tensor:
    """base ** exponent, and 0 where the base is 0, unless the exponent is: a negative one too. NaN stays."""
    none = base <= 0
    power = torch.where(none, 1.0, base) ** exponent
    return torch.where(none & (exponent != 0), 0.0, power)


def finite(x: Tensor) -> Tensor:
    """x, and 0 where it is minus infinity: log(x) beside a power of x, which takes it to 0."""
    return torch.where(x == -torch.inf, 0.0, x)


def carry(value: Tensor | float, witness: Tensor) -> Tensor:
    """The value, and NaN where the witness is."""
    return torch.where(torch.isnan(witness), witness, value)


def masked(mask: Tensor, rest: Tensor) -> Tensor:
    """mask * rest of a mask that is made of comparisons, and 0 where that is 0, whatever the rest is there."""
    return torch.where(mask == 0, 0.0, mask * rest)


def quick_power(base: Tensor, exponent: Tensor | float) -> Tensor:
    """base ** exponent of a positive base in a third of the time, within |exponent log2(base)| units of the last place:
    for small exponents, and for the steps of a search, which ends where its own rounding does."""
    return torch.exp2(exponent * torch.log2(base))


def distance_power(d2: Tensor, exponent: Tensor) -> Tensor:
    """d2 ** exponent of a squared distance and a non-negative exponent."""
    together = d2 <= 0
    power = quick_power(torch.where(together, 1.0, d2), exponent)
    return torch.where(together, (exponent == 0).to(d2.dtype), power)
