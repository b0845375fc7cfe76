"""The table of a section: groups and contrasts come in; a header and rows of text come out."""

from collections.abc import Sequence

from runner.comparison.contrasts import Contrast, Contrasts
from runner.comparison.sections import Section
from runner.records.summary import COLUMNS, Group
from runner.statistics.words import shown_interval, shown_p

DIFFERENCE = ("difference", "95 % interval", "p", "p, Holm")
BASELINE = "baseline"


def rows_of(section: Section, contrasts: Contrasts) -> list[tuple[str, ...]]:
    """The header, then one row per group: its measurements, and its difference to the baseline if there is one."""
    compared = [contrast for contrast in contrasts.made if contrast.section is section]
    head = tuple(name for name, _ in COLUMNS) + (DIFFERENCE if compared else ())
    return [head, *(_row(group, compared) for group in section.groups)]


def _row(group: Group, compared: Sequence[Contrast]) -> tuple[str, ...]:
    cells = tuple(cell(group) for _, cell in COLUMNS)
    return cells + _difference(group, compared) if compared else cells


def _difference(group: Group, compared: Sequence[Contrast]) -> tuple[str, ...]:
    if any(contrast.baseline is group for contrast in compared):
        return (BASELINE, "", "", "")
    contrast = next((contrast for contrast in compared if contrast.loss is group), None)
    if contrast is None:
        return ("", "", "", "")
    comparison = contrast.comparison
    interval = "" if comparison.interval is None else shown_interval(comparison.interval)
    ps = ("" if p is None else shown_p(p) for p in (comparison.p, comparison.adjusted))
    return (f"{comparison.mean:+.2f}", interval, *ps)
