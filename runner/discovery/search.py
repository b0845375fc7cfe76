"""The search itself: a plan, a log and a budget come in; the log is longer when it ends.

Regularised evolution with successive halving. A candidate is bred from parents that won a small tournament, judged by
the gates, and trained on the toy at several values of its first parameter, the same number for every loss. It is
promoted to the next rung when it is among the best of its rung. The losses that the search starts from, and a clone of
the first one, the null control, are trained in the same way. A candidate that does not beat the clone is no discovery.

What is bred follows from the seed, the number of the candidate and the log, so a search that was stopped continues as
if it had never stopped.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from scipy import stats

from alphadsl.discover.breed import Parent, breed
from alphadsl.discover.gates import Gates, Refused
from alphadsl.discover.known import first_tunable, size_of
from runner.discovery.log import BredEvent, Candidate, RungEvent, ScoredEvent, SearchLog, shown_rung
from runner.discovery.plan import SearchPlan
from runner.discovery.rungs import Rung
from runner.studies.work import FailedError

NULL = "null_control"
TUNED = (1.0, 1 / 3, 3.0)
"""Multiples of the first parameter at which every loss is tried on the first rung; the best one is kept."""
POPULATION, TOURNAMENT = 60, 4
TIE = 0.005
"""Scores this close count as equal, and the simpler formula wins."""
PREDICTS = 0.3
"""The rank correlation below which a rung is dropped, since it would select at random."""
LINE_SECONDS = 30.0
"""Seconds between lines about the progress of a search."""
FEWEST = 4
"""Fewest losses for which a rank correlation is computed."""

Tell = Callable[[str], None]


@dataclass
class Pace:
    """Reports the progress of a search from time to time, in one line."""

    budget: float
    log: SearchLog
    tell: Tell
    line_at: float = field(default_factory=time.monotonic)

    def say(self) -> None:
        now = time.monotonic()
        if now - self.line_at >= LINE_SECONDS:
            self.line_at = now
            spent, budget = (timedelta(seconds=round(seconds)) for seconds in (self.log.seconds, self.budget))
            self.tell(f"{spent} of {budget} spent: {self.log.bred:,} written, {self.log.passed:,} through the gates.")


@dataclass
class Search:
    """One search, as far as it has come."""

    plan: SearchPlan
    log: SearchLog
    rungs: tuple[Rung, ...]
    gates: Gates
    tell: Tell

    def run(self, budget: float) -> None:
        """Search until `budget` seconds in total are spent on judging and training."""
        pace = Pace(budget, self.log, self.tell)
        self.enter_controls()
        for candidate in self.controls:
            for rung in self.rungs:
                if self.log.seconds < budget:
                    pace.say()
                    self.train(candidate, rung)
        self.drop_rungs()
        while self.log.seconds < budget:
            pace.say()
            following = self.next_untrained() or self.next_promotion()
            if following is not None:
                self.train(*following)
            else:
                self.breed_one()

    @property
    def controls(self) -> tuple[Candidate, ...]:
        return tuple(candidate for candidate in self.log.candidates.values() if candidate.bred.control)

    @property
    def bred(self) -> tuple[Candidate, ...]:
        return tuple(candidate for candidate in self.log.candidates.values() if not candidate.bred.control)

    @property
    def first(self) -> Rung:
        return self.rungs[0]

    def enter_controls(self) -> None:
        """Enter the parents as they are, and the first of them once more under the name of the null control."""
        first = next(iter(self.plan.parents))
        for name, text in {**self.plan.parents, NULL: self.plan.parents[first]}.items():
            if name not in self.log.candidates:
                size = size_of(name, text)
                how = f"clone of {first}" if name == NULL else "parent"
                self.log.add(BredEvent(number=0, name=name, text=text, how=how, size=size, control=True))

    def drop_rungs(self) -> None:
        """Leave out rungs that do not predict which of the controls do well at the last one."""
        known = {(event.rung, event.next): event for event in self.log.events if isinstance(event, RungEvent)}
        kept = []
        last = self.rungs[-1]
        for rung in self.rungs[:-1]:
            event = known.get((rung.name, last.name)) or self._compared(rung, last)
            if event is None:
                kept.append(rung)
                continue
            self.tell(f"{event.sentence}{'' if event.kept else '; the rung is left out'}.")
            kept += [rung] if event.kept else []
        self.rungs = (*kept, last)

    def _compared(self, rung: Rung, last: Rung) -> RungEvent | None:
        pairs = [
            (candidate.score(rung.name), candidate.score(last.name))
            for candidate in self.controls
            if candidate.name != NULL
        ]
        both = np.array([pair for pair in pairs if None not in pair], float)
        if len(both) < FEWEST or (both == both[0]).all(axis=0).any():
            return None
        correlation = float(stats.spearmanr(both[:, 0], both[:, 1]).statistic)
        kept = correlation >= PREDICTS
        event = RungEvent(rung=rung.name, next=last.name, correlation=correlation, losses=len(both), kept=kept)
        self.log.add(event)
        return event

    def next_untrained(self) -> tuple[Candidate, Rung] | None:
        """A candidate that passed the gates just before the search was stopped, and the first rung."""
        waiting = (candidate for candidate in self.bred if self.first.name not in candidate.scored)
        return next(((candidate, self.first) for candidate in waiting), None)

    def next_promotion(self) -> tuple[Candidate, Rung] | None:
        """A candidate among the best of its rung that was not trained at the next, searching from the highest rung
        down."""
        for rung, following in reversed(list(zip(self.rungs, self.rungs[1:], strict=False))):
            scored = [candidate for candidate in self.bred if candidate.score(rung.name) is not None]
            best = sorted(scored, key=lambda candidate: -(candidate.score(rung.name) or 0.0))
            for candidate in best[: len(scored) // self.plan.factor]:
                if following.name not in candidate.scored:
                    return candidate, following
        return None

    def breed_one(self) -> None:
        """Write one candidate, judge it, and train it on the first rung if it passed."""
        started = time.perf_counter()
        number = self.log.bred + 1
        chance = random.Random(f"{self.plan.seed} {number}")
        bred = breed(f"c{number:05}", self.parents(chance), self.plan.space, chance)
        if bred is None:
            self.log.add(BredEvent(number=number, name=f"c{number:05}", gate="nothing to change"))
            self._spend(f"c{number:05}", started)
            return
        verdict = self.gates.judge(bred.name, bred.text)
        event = {"number": number, "name": bred.name, "text": bred.text, "parents": bred.parents, "how": bred.how}
        if isinstance(verdict, Refused):
            self.log.add(BredEvent.model_validate({**event, "gate": verdict.gate.value, "reason": verdict.reason}))
            self._spend(bred.name, started)
            return
        self.gates.learn(verdict.journey)
        near = {"near": str(verdict.near), "angle": verdict.near.angle, "size": verdict.size}
        self.log.add(BredEvent.model_validate(event | near))
        self.train(self.log.candidates[bred.name], self.first)

    def parents(self, chance: random.Random) -> list[Parent]:
        """The winners of two tournaments among the losses that the search started from and those found last."""
        trained = [candidate for candidate in self.bred if candidate.score(self.first.name) is not None]
        pool = [*(control for control in self.controls if control.name != NULL), *trained[-POPULATION:]]
        return [Parent(won.name, won.bred.text) for won in (self._won(pool, chance) for _ in range(2))]

    def _won(self, pool: Sequence[Candidate], chance: random.Random) -> Candidate:
        players = [chance.choice(pool) for _ in range(TOURNAMENT)]
        best = max(self.standing(player) for player in players)
        even = [
            player
            for player in players
            if self.standing(player)[0] == best[0] and self.standing(player)[1] >= best[1] - TIE
        ]
        return min(even, key=lambda player: player.bred.size)

    def standing(self, candidate: Candidate) -> tuple[int, float]:
        """The highest rung at which a candidate was trained, and its score there."""
        for index in range(len(self.rungs) - 1, -1, -1):
            score = candidate.score(self.rungs[index].name)
            if score is not None:
                return index, score
        return -1, 0.0

    def train(self, candidate: Candidate, rung: Rung) -> None:
        """Score a candidate at a rung; at the first rung, for several values of its first parameter."""
        if rung.name in candidate.scored:
            return
        started = time.perf_counter()
        tried: list[tuple[float, tuple[float, ...], dict[str, float]]] = []
        failed = ""
        for values in self._settings(candidate, rung):
            try:
                scores = rung.score(candidate.name, candidate.bred.text, values)
            except FailedError as reason:
                failed = str(reason)
                continue
            tried.append((sum(scores) / len(scores), scores, values))
        seconds, bred = time.perf_counter() - started, candidate.bred
        event = ScoredEvent(name=candidate.name, rung=rung.name, failed=failed, seconds=seconds)
        if tried:
            score, scores, values = max(tried, key=lambda entry: entry[0])
            event = event.model_copy(update={"scores": scores, "values": values, "failed": ""})
            self.tell(f"{bred.name} at {shown_rung(rung.name)}: {score:.1%} ({bred.how}, size {bred.size})")
        else:
            self.tell(f"{candidate.name} at {shown_rung(rung.name)}: failed, {failed}")
        self.log.add(event)

    def _settings(self, candidate: Candidate, rung: Rung) -> Iterator[dict[str, float]]:
        if rung is not self.first:
            first = candidate.scored.get(self.first.name)
            yield dict(first.values) if first else {}
            return
        held = first_tunable(candidate.name, candidate.bred.text)
        for factor in TUNED if held else TUNED[:1]:
            if held is None or held.value * factor not in held.interval:
                yield {}
            else:
                yield {held.name: held.value * factor} if factor != 1 else {}

    def _spend(self, name: str, started: float) -> None:
        """Log the time spent on judging, which counts towards the budget too."""
        self.log.add(ScoredEvent(name=name, rung="gates", seconds=time.perf_counter() - started))
