"""The mistakes with a specific message. The first row that fits is reported."""

from alphadsl.syntax.mistakes.definitions import DEFINITIONS
from alphadsl.syntax.mistakes.formulas import FORMULAS
from alphadsl.syntax.mistakes.layout import LAYOUT
from alphadsl.syntax.mistakes.mistake import Mistake

MISTAKES: tuple[Mistake, ...] = (*LAYOUT, *DEFINITIONS, *FORMULAS)
