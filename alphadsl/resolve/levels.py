"""Levels in the author's words: what [i] and [i,j] stand for, and diagnostics for expressions on the wrong level."""

from alphadsl.ir.kinds import Level
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.levels import LevelMismatch
from alphadsl.report.source import Span
from alphadsl.resolve.names import FAMILY_PARTS

INDEX_LEVELS = {("i",): Level.ROW, ("i", "j"): Level.PAIR}
WORDS = {
    Level.CONSTANT: "a constant",
    Level.BATCH: "one value per batch",
    Level.ROW: "one value per anchor [i]",
    Level.PAIR: "one value per pair [i,j]",
}


def beyond(name: str, declared: Level, level: Level, span: Span) -> Diagnostic:
    """The diagnostic for a definition that depends on more indices than its left-hand side has."""
    remedy = f"reduce it over {'i, as in mean_i(...)' if level == Level.ROW else 'j, as in mean_j(...)'}"
    if name not in FAMILY_PARTS:
        remedy += f", or define {name}[{'i,j' if level == Level.PAIR else 'i'}]"
    reductions = {
        (Level.ROW, Level.PAIR): ("mean_j", "sum_j"),
        (Level.BATCH, Level.ROW): ("mean_i", "sum_i"),
    }.get((declared, level), ())
    return LevelMismatch(span, name, WORDS[declared], WORDS[level], remedy, reductions)


def not_reducible(name: str, level: Level, span: Span) -> Diagnostic:
    """The diagnostic for a reduction whose body does not depend on its index, or also on one that must be reduced
    first."""
    index, expected = name[-1], Level.ROW if name.endswith("_i") else Level.PAIR
    remedy = f"a reduction over {index} needs something that depends on {index}"
    reductions: tuple[str, ...] = ()
    if level > expected:
        remedy, reductions = "reduce it over j first, as in mean_i(mean_j(...))", ("mean_j", "sum_j")
    return LevelMismatch(span, f"what {name} runs over", WORDS[expected], WORDS[level], remedy, reductions)
