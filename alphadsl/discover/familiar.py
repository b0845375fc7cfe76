"""Which known loss a candidate is close to, for any scale and any parameters of either: signatures of losses are
stored; the nearest one, with its angle in degrees, comes out.

Two losses are compared by alpha and by the gradient on the embeddings, on batches in several states of training, each
batch up to a positive constant, since a temperature, a learning rate or an overall weight is no discovery. Known losses
are stored on a grid of their parameters, and the nearest of these are refined by the Nelder-Mead method. Legend: K
signatures, S numbers of one (alpha or gradient of each batch, every part normalised), A anchors, C candidates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from alphadsl.discover.embedded import Embedded
from alphadsl.discover.weigh import ProbeBatches, Values
from alphadsl.ir.index_sets import IndexSet
from alphadsl.ir.kinds import Space
from alphadsl.ir.parameter import Parameter
from alphadsl.journey import Journey
from alphadsl.reference.evaluate import Array
from alphadsl.reference.probe_batch import STATES, probe_batch
from alphadsl.reference.rows import Mask

REACH = 8.0
"""Known losses are evaluated with each parameter between its default divided by this and its default times this."""
SETTINGS = {1: 9, 2: 5, 3: 3}
"""Number of values for each parameter, by the number of parameters; with more parameters, only the defaults."""
PLAIN = (0.0, 1.0)
REFINED, EVALUATIONS, STRIDE = 3, 80, 0.4


@dataclass(frozen=True)
class Near:
    """The nearest known loss, its parameter values there, and the angle between the two losses in degrees."""

    name: str
    values: Mapping[str, float]
    angle: float

    def __str__(self) -> str:
        at = ", ".join(f"{name} = {value:.3g}" for name, value in self.values.items())
        return f"{self.name}({at})" if at else self.name


@dataclass(frozen=True)
class Known:
    """A loss from which candidates must differ, and its signatures for each of its parameter settings."""

    journey: Journey
    values: tuple[Values, ...]
    signatures_KS: Array


@dataclass
class Familiar:
    """The known losses on one index set; losses that a search finds are added as it runs."""

    pairs: IndexSet
    probe: ProbeBatches
    known: list[Known] = field(default_factory=list)

    @staticmethod
    def on(pairs: IndexSet, kept: Sequence[Embedded] = ()) -> "Familiar":
        """With probe batches of every state, and the embeddings of networks in `kept`."""
        states = (probe_batch(pairs, Space.SPHERE, state) for state in STATES)
        return Familiar(pairs, ProbeBatches((*states, *(embedded.batch(pairs) for embedded in kept))))

    def add(self, journey: Journey) -> None:
        """Add a loss on the grid of its parameters, except where it is not finite."""
        values = list(settings_around(journey.loss.parameters))
        sound_K, signatures_KS = self.signatures(journey, values)
        if sound_K.any():
            kept = tuple(setting for setting, sound in zip(values, sound_K, strict=True) if sound)
            self.known.append(Known(journey, kept, signatures_KS[sound_K]))

    def signatures(self, journey: Journey, settings: Sequence[Values]) -> tuple[Mask, Array]:
        """Whether alpha and gradient of each batch are finite and not 0, and both as one row, each part normalised."""
        sound_K, parts = np.ones(len(settings), bool), []
        weights = self.probe.weigh(journey, settings)
        for mine, gradient_KED in zip(weights, self.probe.gradients(weights), strict=True):
            for part in (mine.repel_AC, gradient_KED):
                part_KS = part.reshape(len(settings), -1)
                with np.errstate(all="ignore"):
                    size_K1 = np.linalg.norm(part_KS, axis=1, keepdims=True)
                    sound_K &= (np.isfinite(size_K1) & (size_K1 > 0))[:, 0]
                    parts.append(part_KS / size_K1)
        return sound_K, np.concatenate(parts, axis=1)

    def nearest(self, journey: Journey) -> Near | None:
        """The nearest known loss; None if the candidate is not finite, or nothing is known."""
        (sound,), (mine_S,) = self.signatures(journey, [defaults_of(journey)])
        if not sound or not self.known:
            return None
        first = sorted(
            ((self._angles(mine_S, known.signatures_KS).min(), index) for index, known in enumerate(self.known))
        )
        return min(
            (self._refined(mine_S, self.known[index]) for _, index in first[:REFINED]), key=lambda near: near.angle
        )

    def _refined(self, mine_S: Array, known: Known) -> Near:
        from scipy.optimize import minimize

        angles_K = self._angles(mine_S, known.signatures_KS)
        values = known.values[int(angles_K.argmin())]
        best = Near(known.journey.loss.name, values, float(angles_K.min()))
        free = known.journey.loss.parameters
        if not free:
            return best

        def angle_at(steps: Array) -> float:
            nonlocal best
            there = {
                parameter.name: _moved(values[parameter.name], float(step))
                for parameter, step in zip(free, steps, strict=True)
            }
            if not all(there[parameter.name] in parameter.interval for parameter in free):
                return 180.0
            (sound,), theirs_1S = self.signatures(known.journey, [there])
            if not sound:
                return 180.0
            angle = float(self._angles(mine_S, theirs_1S).min())
            if angle < best.angle:
                best = Near(known.journey.loss.name, there, angle)
            return angle

        simplex = np.vstack([np.zeros(len(free)), STRIDE * np.eye(len(free))])
        options = {"maxfev": EVALUATIONS, "xatol": 1e-3, "initial_simplex": simplex}
        minimize(angle_at, simplex[0], method="Nelder-Mead", options=options)
        return best

    def _angles(self, mine_S: Array, signatures_KS: Array) -> Array:
        """The larger of the angles between alphas and between gradients, each from the mean cosine over batches."""
        parts, at = np.zeros((2, len(signatures_KS))), 0
        for batch in self.probe.batches:
            for which, size in enumerate((batch.rows.negative_AC.size, batch.moved * batch.z_ED.shape[1])):
                parts[which] += signatures_KS[:, at : at + size] @ mine_S[at : at + size]
                at += size
        angles: Array = np.degrees(np.arccos(np.clip(parts / len(self.probe.batches), -1, 1))).max(0)
        return angles


def defaults_of(journey: Journey) -> Values:
    return {parameter.name: parameter.value for parameter in journey.loss.parameters}


def settings_around(parameters: Sequence[Parameter]) -> Iterator[Values]:
    """A grid around the defaults of parameters, as fine as their number allows."""
    axes = [_axis(parameter, SETTINGS.get(len(parameters), 0)) for parameter in parameters]
    for values in product(*axes):
        yield dict(zip((parameter.name for parameter in parameters), values, strict=True))


def _axis(parameter: Parameter, steps: int) -> tuple[float, ...]:
    """The default and values around it: multiples of it, or of 1 if it is 0, and on fine grids the values 0 and 1."""
    around = np.geomspace(1 / REACH, REACH, steps)
    base = parameter.value or 1.0
    values = [parameter.value, *(float(base * factor) for factor in around), *(PLAIN if steps > 3 else ())]
    return tuple(dict.fromkeys(value for value in values if value in parameter.interval))


def _moved(value: float, step: float) -> float:
    """Change a value by a factor exp(step), or from 0 by an amount."""
    return value * float(np.exp(step)) if value else step
