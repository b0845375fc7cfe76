"""Which candidates are worth keeping: those that nothing simpler beats."""

from collections.abc import Sequence

from runner.discovery.log import Candidate


def pareto(candidates: Sequence[Candidate], rung: str) -> tuple[Candidate, ...]:
    """The candidates at a rung with no other of the same size or less that scores as well, smallest first."""
    scored = [candidate for candidate in candidates if candidate.score(rung) is not None]
    best, front = float("-inf"), []
    for candidate in sorted(scored, key=lambda one: (one.bred.size, -(one.score(rung) or 0.0))):
        score = candidate.score(rung) or 0.0
        if score > best:
            best = score
            front.append(candidate)
    return tuple(front)
