"""Habits that authors bring from elsewhere, each with what a spec writes instead: one table, the first row first."""

from alphadsl.syntax.habits.blocks import BLOCKS, STATEMENTS
from alphadsl.syntax.habits.formulas import ALGEBRA, CONDITIONS
from alphadsl.syntax.habits.functions import FUNCTIONS
from alphadsl.syntax.habits.habit import Habit
from alphadsl.syntax.habits.latex import LATEX
from alphadsl.syntax.habits.layout import CHARACTERS, LAYOUT
from alphadsl.syntax.habits.layout import GUESSES as GUESSES
from alphadsl.syntax.habits.objects import OBJECTS
from alphadsl.syntax.habits.quantities import QUANTITIES
from alphadsl.syntax.habits.reductions import REDUCTIONS

FIRM: tuple[Habit, ...] = (
    *STATEMENTS,
    *LAYOUT,
    *QUANTITIES,
    *REDUCTIONS,
    *CONDITIONS,
    *ALGEBRA,
    *CHARACTERS,
    *LATEX,
    *FUNCTIONS,
    *OBJECTS,
)
HABITS: tuple[Habit, ...] = (*BLOCKS, *FIRM, *GUESSES)
