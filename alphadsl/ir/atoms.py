"""The one table of built-ins: a row says everything the compiler knows about a function.

Columns: range (interval of results), direction in each argument, domain, partial derivatives, NumPy and torch text.
Adding a built-in that authors may use is adding a row to `FUNCTIONS` (and its logarithm in `transform/stabilise.py` if
it can carry an exponential).
"""

from alphadsl.ir.atom import Atom, Direction, Domain
from alphadsl.ir.functions import FUNCTIONS
from alphadsl.ir.operators import OPERATORS

__all__ = ["ATOMS", "AUTHOR_FUNCTIONS", "Atom", "Direction", "Domain"]

ATOMS: dict[str, Atom] = OPERATORS | FUNCTIONS
AUTHOR_FUNCTIONS = frozenset(FUNCTIONS)
