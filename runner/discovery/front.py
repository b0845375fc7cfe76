"""Which losses of a search are worth keeping: those that nothing simpler beats."""

from collections.abc import Sequence

from runner.discovery.log import Candidate
from runner.discovery.search import NULL


def pareto(candidates: Sequence[Candidate], rung: str) -> tuple[Candidate, ...]:
    """The losses at a rung with no other of the same size or less that scores as well, smallest first. The null control
    is not among them."""
    scored = [candidate for candidate in candidates if candidate.name != NULL and candidate.score(rung) is not None]
    best, front = float("-inf"), []
    for candidate in sorted(scored, key=lambda candidate: (candidate.bred.size, -(candidate.score(rung) or 0.0))):
        score = candidate.score(rung) or 0.0
        if score > best:
            best = score
            front.append(candidate)
    return tuple(front)
