"""Levels in the author's words: what [i] and [i,j] stand for, and what does not fit on the level it is put on."""

from alphadsl.ir.nodes import Level
from alphadsl.report.catalogue.levels import LevelMismatch
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.source import Span

INDEX_LEVELS = {("i",): Level.ROW, ("i", "j"): Level.PAIR}
WORDS = {
    Level.CONSTANT: "a constant",
    Level.BATCH: "one value per batch",
    Level.ROW: "one value per anchor [i]",
    Level.PAIR: "one value per pair [i,j]",
}


def beyond(name: str, declared: Level, level: Level, span: Span) -> Diagnostic:
    """A definition depends on more than its left side says."""
    remedy = f"reduce it over j, as in mean_j(...), or define {name}[{'i,j' if level == Level.PAIR else 'i'}]"
    return LevelMismatch(span, name, WORDS[declared], WORDS[level], remedy)


def not_reducible(name: str, level: Level, span: Span) -> Diagnostic:
    """A reduction over j is given what does not depend on j."""
    remedy = "a reduction over j needs something that depends on j"
    return LevelMismatch(span, f"what {name} runs over", WORDS[Level.PAIR], WORDS[level], remedy)
