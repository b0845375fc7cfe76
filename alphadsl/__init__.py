"""alphadsl: write a contrastive loss in a few lines, get a fast, stable PyTorch module.

    loss = alphadsl.load("infonce", tau=0.2)
    value = loss(z0, z1)

Torch is imported when a loss is first loaded; checking and showing specs does without it.
"""

from alphadsl.api import check, library, load, loads
from alphadsl.report.diagnostic import Diagnostic, SpecError
from alphadsl.report.faults import InputError

__all__ = ["Diagnostic", "InputError", "SpecError", "check", "library", "load", "loads"]
__version__ = "0.1.0"
