"""The table of habits: notation that authors bring from other languages and papers, each with what a spec writes
instead. The first row that fits is used."""

from alphadsl.syntax.habits.blocks import BLOCKS, STATEMENTS
from alphadsl.syntax.habits.embeddings import EMBEDDINGS, LONE_EMBEDDING
from alphadsl.syntax.habits.formulas import ALGEBRA, CONDITIONS
from alphadsl.syntax.habits.functions import FUNCTIONS
from alphadsl.syntax.habits.habit import Habit
from alphadsl.syntax.habits.latex import LATEX
from alphadsl.syntax.habits.layout import CHARACTERS, LAYOUT
from alphadsl.syntax.habits.layout import GUESSES as GUESSES
from alphadsl.syntax.habits.objects import OBJECTS
from alphadsl.syntax.habits.papers import PAPERS
from alphadsl.syntax.habits.parameters import PARAMETERS
from alphadsl.syntax.habits.quantities import LABELS, QUANTITIES
from alphadsl.syntax.habits.reductions import REDUCTIONS
from alphadsl.syntax.habits.statistics import STATISTICS

FIRM: tuple[Habit, ...] = (
    *PARAMETERS,
    *STATEMENTS,
    *LAYOUT,
    *PAPERS,
    *STATISTICS,
    *LABELS,
    *EMBEDDINGS,
    *QUANTITIES,
    LONE_EMBEDDING,
    *REDUCTIONS,
    *CONDITIONS,
    *ALGEBRA,
    *CHARACTERS,
    *LATEX,
    *FUNCTIONS,
    *OBJECTS,
)
HABITS: tuple[Habit, ...] = (*BLOCKS, *FIRM, *GUESSES)
