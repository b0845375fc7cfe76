"""The one table of built-ins: a row says everything the compiler knows about a function.

Columns: image (interval of results), direction in each argument, domain, partial derivatives, NumPy and torch code. To
add a built-in that authors may use, add a row to `FUNCTIONS` (and its logarithm to `transform/stabilise.py` if it can
carry an exponential).
"""

from alphadsl.ir.atom import Atom, Direction, Domain
from alphadsl.ir.functions import FUNCTIONS
from alphadsl.ir.operators import OPERATORS

__all__ = ["ATOMS", "AUTHOR_FUNCTIONS", "Atom", "Direction", "Domain"]

ATOMS: dict[str, Atom] = OPERATORS | FUNCTIONS
AUTHOR_FUNCTIONS = frozenset(FUNCTIONS)
