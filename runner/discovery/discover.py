"""The search as a whole: a plan, a folder and a budget come in; a log, spec files and a page come out."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from alphadsl.discover.gates import Gates
from alphadsl.discover.known import journey_of, known_losses, loss_of
from alphadsl.discover.trim import MOST_TRIED, trim
from runner.discovery.front import pareto
from runner.discovery.handing_on import handed_on
from runner.discovery.log import Candidate, SearchLog, TrimmedEvent
from runner.discovery.plan import SearchPlan, SearchRoom
from runner.discovery.report import ranking, summary, top_rung, write_candidates, write_report
from runner.discovery.rungs import Toy, rungs_of
from runner.discovery.search import Search
from runner.discovery.stages import kept_stages
from runner.progress import tell, watched
from runner.records.folder import RunFolder, locked
from runner.studies.candidates import write_candidates as write_list
from runner.studies.work import FailedError
from runner.supplies import Stock

KEPT = 5
"""Number of the best candidates that are handed on, in addition to the front."""


def discover(plan: SearchPlan, room: SearchRoom, budget: float, stock: Stock) -> Path:
    """Search until the budget, in seconds of work summed over all starts, is spent. Returns the page.

    Raises `InputError` if another process is using the folder, or something in it is damaged.
    """
    with locked(RunFolder(room.folder)):
        log = SearchLog.open(room.log)
        rungs = rungs_of(plan, room, stock)
        tell("Learning what is known: the library on a grid of its parameters.")
        kept = kept_stages(next(iter(plan.parents.values())))
        library = Gates.around(plan.space, known_losses(), kept)
        gates = library.copy()
        for candidate in watched(list(log.candidates.values()), len(log.candidates), "Candidates so far"):
            if not candidate.bred.control:
                gates.learn(journey_of(candidate.name, candidate.bred.text))
        search = Search(plan, log, rungs, gates, tell)
        try:
            search.run(budget)
        finally:
            rung = top_rung(log, [rung.name for rung in search.rungs])
            with contextlib.suppress(KeyboardInterrupt):
                write_report(room, plan, log, rung)
        make_simple(search, library, rung)
        best = best_of(log, rung)
        write_candidates(room, plan, best)
        write_list(room.listed, handed_on(plan, log, best, rung))
        for line in summary(log, rung, list(plan.parents)):
            tell(line)
        return write_report(room, plan, log, rung)


def best_of(log: SearchLog, rung: str) -> Sequence[Candidate]:
    """The front, and the candidates with the highest scores."""
    ranked = [candidate for candidate in ranking(log, rung) if not candidate.bred.control]
    return list({candidate.name: candidate for candidate in [*pareto(ranked, rung), *ranked[:KEPT]]}.values())


def make_simple(search: Search, library: Gates, rung: str) -> None:
    """Simplify the best candidates as long as their toy scores hold and they do not become losses of the library."""
    toy = Toy(search.plan.seeds, search.plan.seed)
    waiting = [
        candidate
        for candidate in best_of(search.log, rung)
        if candidate.trimmed is None and toy.name in candidate.scored
    ]
    if waiting:
        sentence = (
            f"Simplifying the best {len(waiting)}: each is tried on the toy with terms left out, up to {MOST_TRIED}"
        )
        tell(f"{sentence} times. The budget is spent; this comes on top of it.")
    for candidate in watched(waiting, len(waiting), "Simplified"):
        scored = candidate.scored[toy.name]
        values = dict(scored.values)

        def score(text: str, name: str = candidate.name, values: dict[str, float] = values) -> float | None:
            names = {parameter.name for parameter in loss_of(name, text).parameters}
            try:
                scores = toy.score(name, text, {key: value for key, value in values.items() if key in names})
            except FailedError:
                return None
            return sum(scores) / len(scores)

        least = (candidate.score(toy.name) or 0.0) - _spread(scored.scores)
        left = trim(candidate.name, candidate.bred.text, library, score, least)
        event = TrimmedEvent(name=candidate.name, text=left.text, size=left.size, score=left.score)
        search.log.add(event)
        tell(f"{candidate.name}: size {candidate.bred.size} to {left.size}, {left.score:.1%} at {toy.name}")


def _spread(scores: Sequence[float]) -> float:
    """The standard error of the mean score; half a percentage point if there is only one score."""
    if len(scores) < 2:
        return 0.005
    mean = sum(scores) / len(scores)
    return float((sum((score - mean) ** 2 for score in scores) / (len(scores) - 1) / len(scores)) ** 0.5)
