"""What a candidate has to pass before it is trained: a text comes in; a journey comes out, or the gate that refused it
and the reason.

Gates are ordered by cost: the checker, size, the canonical core, numbers on probe batches, and the comparison with
everything known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from alphadsl.discover.embedded import Embedded
from alphadsl.discover.familiar import Familiar, Near, defaults_of
from alphadsl.discover.positions import size_of_loss
from alphadsl.discover.space import SearchSpace
from alphadsl.discover.weigh import ProbeBatches
from alphadsl.ir.index_sets import INDEX_SETS
from alphadsl.ir.nodes import Expr, Param
from alphadsl.ir.pretty import pretty_expr
from alphadsl.ir.traversal import rewrite, walk
from alphadsl.journey import Journey
from alphadsl.pipeline import lower_spec
from alphadsl.reference.probe_batch import ProbeBatch
from alphadsl.report.exceptions import SpecError
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText

NUDGE, SWAY = 1e-7, 1e-3
"""When embeddings move by the rounding error of float32, a gradient may change by at most a thousandth of its size."""
LIGHTEST, HEAVIEST = 1e-5, 1e5
"""Size of the gradient relative to InfoNCE's. Adam divides it out, unless it vanishes in Adam's epsilon or
overflows."""


class Gate(StrEnum):
    """The gate that stopped a candidate."""

    SIZE = "size"
    ADMITTED = "checker"
    CORE = "core known"
    FINITE = "not finite"
    FLAT = "no gradient"
    CONDITIONED = "ill-conditioned"
    FAMILIAR = "familiar"


@dataclass(frozen=True)
class Refused:
    """The gate that stopped a candidate, and the reason."""

    gate: Gate
    reason: str


@dataclass(frozen=True)
class Passed:
    """A candidate that is worth training, and the nearest known loss."""

    journey: Journey
    size: int
    near: Near


@dataclass
class Gates:
    """All gates of a search, which remember what passed."""

    space: SearchSpace
    familiar: dict[str, Familiar] = field(default_factory=dict)
    cores: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def around(space: SearchSpace, library: Sequence[Journey], kept: Sequence[Embedded] = ()) -> "Gates":
        """Gates that know a library, each of its losses on every index set of the space."""
        gates = Gates(space, {name: Familiar.on(INDEX_SETS[name], kept) for name in space.pairs})
        for journey in library:
            gates.learn(journey, everywhere=True)
        return gates

    def copy(self) -> "Gates":
        """Gates that know the same losses, and learn independently."""
        familiar = {name: replace(familiar, known=[*familiar.known]) for name, familiar in self.familiar.items()}
        return Gates(self.space, familiar, dict(self.cores))

    def learn(self, journey: Journey, *, everywhere: bool = False) -> None:
        """Add a loss to the known ones."""
        self.cores.setdefault(core_of(journey), journey.loss.name)
        for name, familiar in self.familiar.items():
            if everywhere or name == journey.loss.pairs.name:
                familiar.add(journey)

    def judge(self, name: str, text: str) -> Passed | Refused:
        """Whether the last loss of a text is admitted, sound and new."""
        try:
            journey = lower_spec(SpecText(Source(name, text), None))
        except SpecError as refusal:
            return Refused(Gate.ADMITTED, refusal.diagnostics[0].code)
        size = size_of_loss(journey.loss)
        if size > self.space.max_size:
            return Refused(Gate.SIZE, f"{size} nodes, of {self.space.max_size}")
        known = self.cores.get(core_of(journey))
        if known is not None:
            return Refused(Gate.CORE, known)
        familiar = self.familiar[journey.loss.pairs.name]
        return self._sound(journey, familiar) or self._new(journey, familiar, size)

    def _new(self, journey: Journey, familiar: Familiar, size: int) -> Passed | Refused:
        near = familiar.nearest(journey)
        if near is None:
            return Refused(Gate.FINITE, "alpha or gradient is not finite or 0 on a probe batch")
        if near.angle < self.space.angle:
            return Refused(Gate.FAMILIAR, f"{near} at {near.angle:.2f} degrees")
        return Passed(journey, size, near)

    def _sound(self, journey: Journey, familiar: Familiar) -> Refused | None:
        probe = familiar.probe
        nudged = ProbeBatches(tuple(map(_nudged, probe.batches)))
        gradients, swayed = (at.gradients(at.weigh(journey, [defaults_of(journey)])) for at in (probe, nudged))
        for batch, here, there in zip(probe.batches, gradients, swayed, strict=True):
            size = float(abs(here).max())
            if not np.isfinite(size):
                return Refused(Gate.FINITE, "the gradient is not finite on a probe batch")
            if not LIGHTEST <= size / _usual_size(batch) <= HEAVIEST:
                return Refused(Gate.FLAT, f"the gradient has the size {size:.1e} on a probe batch")
            sway = float(abs(there - here).max()) / size
            if not sway <= SWAY:
                return Refused(Gate.CONDITIONED, f"rounding changes the gradient by {sway:.1e} of its size")
        return None


def core_of(journey: Journey) -> str:
    """A text shared by losses whose derived alpha and beta are the same formulas up to the names of parameters."""
    names: dict[str, str] = {}
    derived = journey.alpha
    texts = [pretty_expr(_renamed(expr, names)) for expr in (derived.attract, derived.repel)]
    return "\n".join([journey.loss.pairs.name, journey.loss.space.value, *texts])


def _renamed(expr: Expr, names: dict[str, str]) -> Expr:
    for node in walk(expr):
        if isinstance(node, Param):
            names.setdefault(node.name, f"p{len(names)}")

    def rule(node: Expr) -> Expr:
        return Param(names[node.name]) if isinstance(node, Param) else node

    return rewrite(expr, rule)


def _usual_size(batch: ProbeBatch) -> float:
    """Roughly the largest entry of InfoNCE's gradient: the weights of every anchor sum to one."""
    return 1 / len(batch.rows.weight_A1)


def _nudged(batch: ProbeBatch) -> ProbeBatch:
    """The batch with every coordinate moved by the rounding error of float32, kept on the sphere."""
    sign_ED = np.where(np.indices(batch.z_ED.shape).sum(0) % 2, 1.0, -1.0)
    moved_ED = batch.z_ED * (1 + NUDGE * sign_ED)
    length_E1 = np.linalg.norm(moved_ED, axis=1, keepdims=True)
    return ProbeBatch(moved_ED / length_E1, batch.rows, batch.space, batch.moved)
