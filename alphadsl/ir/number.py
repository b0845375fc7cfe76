"""What a caller may hand over as a number: one reading of it, for every way in which a parameter can be set."""

import math
import numbers
from typing import Any, SupportsFloat

# Python's own numbers, NumPy's scalars, and arrays or tensors without axes.
Number = SupportsFloat


def finite_number(value: object) -> float | None:
    """The number that an int, a float, a fraction, a NumPy scalar or an array or tensor without axes stands for.

    None for anything else: a truth value, a text, several numbers, an infinity, what is no number, and a tensor that
    wants a gradient, which a value that is set cannot give.
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
