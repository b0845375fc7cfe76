"""What a caller may pass as a number: one conversion, used wherever a parameter can be set."""

import math
import numbers
from typing import Any, SupportsFloat

# Python numbers, NumPy scalars, and arrays or tensors without axes.
Number = SupportsFloat


def finite_number(value: object) -> float | None:
    """The value of an int, a float, a fraction, a NumPy scalar, or an array or tensor without axes.

    None for anything else: a bool, a string, several numbers, an infinity, NaN, and a tensor that requires a gradient,
    since gradients cannot flow through a value that is set.
    """
    if getattr(value, "requires_grad", False):
        return None
    bare: Any = value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value
    if not isinstance(bare, numbers.Real) or isinstance(bare, bool):
        return None
    try:
        number = float(bare)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
