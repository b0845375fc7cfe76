"""An author's names as Python names: none is a keyword, a built-in or a name of ours, and different names stay
different."""

import builtins
import keyword

from alphadsl.backend.runtime import functions, online, pairs, simplex, step

RESERVED = frozenset(name for module in (builtins, functions, online, pairs, simplex, step) for name in vars(module))
# Arguments of `loss` in a standalone file besides parameters.
ARGUMENTS = frozenset({"labels", "queue"})
SHAPED = ("_A1", "_AC", "_")


def identifier(name: str) -> str:
    ours = name in RESERVED | ARGUMENTS or name.endswith(SHAPED) or name[-1].isdigit()
    return f"{name}_" if ours or keyword.iskeyword(name) else name
