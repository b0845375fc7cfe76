"""Remedies are tried before they are offered: the text is edited accordingly and checked again.

A remedy for a formula must leave fewer faults and no new ones. One that fixes an earlier problem (a name, a
declaration) may reveal faults in formulas, but none at the place that it changed.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from alphadsl.report.diagnostic import Diagnostic, Remedy, errors_of
from alphadsl.report.errors.admissibility import DIAGNOSTICS as OF_FORMULAS
from alphadsl.report.errors.domains import LogDomain, OutsideDomain
from alphadsl.report.source import Source

MOST_TRIED = 12
# Total number of characters that are checked again for one text: the longer a text, the longer its check.
EFFORT = 12_000
JUDGED = (*OF_FORMULAS, LogDomain, OutsideDomain)

Recheck = Callable[[Source], tuple[Diagnostic, ...]]


def with_tried_remedies(
    diagnostics: Iterable[Diagnostic], source: Source, recheck: Recheck, tries: int = MOST_TRIED
) -> tuple[Diagnostic, ...]:
    """The diagnostics, each with only those of its remedies that work, among at most `tries` tried in total."""
    reported = tuple(diagnostics)
    left = min(tries, MOST_TRIED, EFFORT // max(len(source.text), 1))
    tried = []
    for diagnostic in reported:
        works = []
        for remedy in diagnostic.remedies[:left]:
            left -= 1
            if _settles(remedy, diagnostic, reported, source, recheck):
                works.append(remedy)
                if isinstance(diagnostic, JUDGED):
                    break
        tried.append(replace(diagnostic, works=tuple(works)))
    return tuple(tried)


def _settles(
    remedy: Remedy, diagnostic: Diagnostic, reported: tuple[Diagnostic, ...], source: Source, recheck: Recheck
) -> bool:
    if any(edit.span.source != source for edit in remedy.edits):
        return False
    after = recheck(remedy.applied_to(source))
    errors = errors_of(after)
    before = Counter(error.code for error in errors_of(reported))
    fewer = Counter(error.code for error in errors) <= before - Counter([diagnostic.code])
    place = diagnostic.span
    if isinstance(diagnostic, JUDGED) and any(
        edit.span.start < place.end and place.start < edit.span.end for edit in remedy.edits
    ):
        return fewer
    same = any(remaining.code == diagnostic.code and remaining.span.text == place.text for remaining in after)
    return not same and (fewer or not any(_touches(error, remedy) for error in errors))


def _touches(fault: Diagnostic, remedy: Remedy) -> bool:
    """Whether a fault of the edited text is at an edited place."""
    shift = 0
    for edit in sorted(remedy.edits, key=lambda edit: edit.span.start):
        start = edit.span.start + shift
        if fault.span.start < start + len(edit.text) and start < fault.span.end:
            return True
        shift += len(edit.text) - (edit.span.end - edit.span.start)
    return False
