"""Specs to start from, one for each family, with comments that teach the language."""

import re
from enum import StrEnum
from pathlib import Path

from alphadsl.api import find_text
from alphadsl.pipeline import lower_spec
from alphadsl.report.exceptions import InputError
from alphadsl.resolve.files import SUFFIX
from alphadsl.resolve.names import LONGEST_NAME, RESERVED
from alphadsl.storage import write_file


class Family(StrEnum):
    coordinate = "coordinate"
    direct = "direct"
    min_player = "min-player"


TEMPLATES = {
    Family.coordinate: """\
# {name}: mean over anchors i of phi(sum_j psi(d[i]^2 - d[i,j]^2)); phi and psi must be non-decreasing.
# d[i] is the distance to the positive, d[i,j] to a negative; d^2 is half the squared Euclidean distance.
loss {name} {{
  param tau = 0.5 in (0, inf)   "temperature"

  phi(x) = tau * log(1 + x)
  psi(x) = exp(x / tau)
}}
""",
    Family.direct: """\
# {name}: alpha[i,j] >= 0 says how hard anchor i and negative j are pushed apart; ~ makes each row sum to one.
# d[i,j]^2 is half the squared Euclidean distance, s[i,j] the cosine.
loss {name} {{
  param p   = 4   in (0, inf)   "power of the distance"
  param tau = 0.5 in (0, inf)   "temperature"

  alpha[i,j] ~ exp(-d[i,j]^p / tau)
}}
""",
    Family.min_player: """\
# {name}: alpha minimises sum_j alpha[i,j] d[i,j]^2 - sum_j R(alpha[i,j]) on the simplex; R must be strictly concave.
loss {name} {{
  param tau = 0.5 in (0, inf)   "strength of the regulariser"

  R(a) = -tau * a * log(a)
  alpha in simplex
}}
""",
}
EXTENSION = """\
# {name}: {parent} with other parameters. Add weight[i,j] = ... to reweight its pairs, or param for a new parameter.
loss {name} extends {parent} {{
{settings}
}}
"""


def write_template(name: str, family: Family, parent: str | None, folder: Path) -> Path:
    """Write NAME.alpha into a folder. Raises `InputError` if the name is not an identifier or the file exists."""
    if name in RESERVED:
        raise InputError(f"{name} cannot be the name of a loss", f"it is {RESERVED[name]}; try my_{name}")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or len(name) > LONGEST_NAME:
        raise InputError(
            f"{name[:LONGEST_NAME]} cannot be the name of a loss",
            f"start with a letter, and use letters, digits and underscores, at most {LONGEST_NAME} of them",
        )
    path = folder / f"{name}{SUFFIX}"
    text = TEMPLATES[family].format(name=name) if parent is None else _extension(name, parent)
    if path.exists() or path.is_symlink():
        raise InputError(f"{path} already exists", "choose another name, or edit it")
    write_file(path, text.encode())
    return path


def _extension(name: str, parent: str) -> str:
    loss = lower_spec(find_text(parent)).loss
    settings = "\n".join(f"  set {parameter.name} = {parameter.value:g}" for parameter in loss.parameters)
    return EXTENSION.format(name=name, parent=loss.name, settings=settings)
