"""The mistakes that have a message of their own. The first row that fits is the one that is told."""

from alphadsl.syntax.mistakes.definitions import DEFINITIONS
from alphadsl.syntax.mistakes.formulas import FORMULAS
from alphadsl.syntax.mistakes.layout import LAYOUT
from alphadsl.syntax.mistakes.mistake import Mistake

MISTAKES: tuple[Mistake, ...] = (*LAYOUT, *DEFINITIONS, *FORMULAS)
