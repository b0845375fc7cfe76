"""Everything that can be wrong with a spec, by code. Each module holds one topic and lists its diagnostics."""

from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors import (
    admissibility,
    domains,
    families,
    foreign,
    general,
    levels,
    lineage,
    names,
    references,
    syntax,
)

_TOPICS: tuple[tuple[type[Diagnostic], ...], ...] = (
    syntax.DIAGNOSTICS,
    foreign.DIAGNOSTICS,
    names.DIAGNOSTICS,
    lineage.DIAGNOSTICS,
    levels.DIAGNOSTICS,
    families.DIAGNOSTICS,
    general.DIAGNOSTICS,
    references.DIAGNOSTICS,
    admissibility.DIAGNOSTICS,
    domains.DIAGNOSTICS,
)

CATALOGUE: dict[str, type[Diagnostic]] = {entry.code: entry for topic in _TOPICS for entry in topic}
