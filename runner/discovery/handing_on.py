"""What a search hands on to `sweep` and `confirm`: its best candidates and the losses it started from come in; a list
of candidates that both commands read, with the values that the search found and the seeds it used, comes out.
"""

from collections.abc import Sequence

from alphadsl.discover.known import loss_of
from runner.discovery.log import Candidate, SearchLog
from runner.discovery.plan import SearchPlan
from runner.discovery.rungs import seeds_of
from runner.discovery.search import NULL
from runner.studies.candidates import Candidate as HandedOn


def handed_on(plan: SearchPlan, log: SearchLog, best: Sequence[Candidate], rung: str) -> list[HandedOn]:
    """The losses that the search started from, then its best. A score is that of the formula before it was
    simplified."""
    parents = [candidate for candidate in log.candidates.values() if candidate.bred.control and candidate.name != NULL]
    return [_handed_on(plan, candidate, rung) for candidate in [*parents, *best]]


def _handed_on(plan: SearchPlan, candidate: Candidate, rung: str) -> HandedOn:
    text = candidate.trimmed.text if candidate.trimmed else candidate.bred.text
    left = {parameter.name for parameter in loss_of(candidate.name, text).parameters}
    event = candidate.scored.get(rung)
    return HandedOn(
        name=candidate.name,
        spec=text,
        values={name: value for name, value in (event.values if event else {}).items() if name in left},
        search_score=candidate.score(rung),
        seeds=tuple(seeds_of(plan.seed, plan.seeds)),
    )
