"""Which losses are the same: their gradients with respect to embeddings, up to a positive constant, on random batches.

Gradients with respect to embeddings are compared because they are what trains a network: on the sphere, different alpha
and beta can give the same gradient. Comes in: a journey loss and the library. Comes out: its `Kinship`. Losses with
another index set are compared on the index set of the explained loss, and named only if they are equal there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from alphadsl.explain.candidates import Setting, defaults_of, moved_once, settings_of
from alphadsl.ir.pretty import pretty_number
from alphadsl.journey import Journey
from alphadsl.reference.evaluate import Array
from alphadsl.reference.probe_batch import STATES, ProbeBatch, Weights, probe_batch

EQUAL, IGNORED = 1e-6, 1e-12
NUDGE = 1.3
NEAREST = 3


@dataclass(frozen=True)
class Equal:
    """The gradient of the explained loss is `scale` times that of another; `meaning` is the parameter or count that
    equals the scale or its inverse, if any."""

    setting: Setting
    scale: float
    meaning: str = ""


@dataclass(frozen=True)
class Near:
    """The angle, in degrees, between the weights alpha of a loss and those of others."""

    settings: tuple[Setting, ...]
    angle: float


@dataclass(frozen=True)
class Kinship:
    """The losses related to a loss: `equal` ones; those equal `elsewhere`, once on the pairs of the explained loss;
    those equal if one of its parameters is `moved` to another value; and the nearest. `compared` counts the losses with
    its pairs and space, `others` those without."""

    equal: tuple[Equal, ...]
    elsewhere: tuple[Equal, ...]
    moved: tuple[tuple[str, tuple[Equal, ...]], ...]
    nearest: tuple[Near, ...]
    compared: int
    others: int


Key = tuple[int, tuple[tuple[str, float], ...], int]


@dataclass
class Bench:
    """The batches of a comparison, with a cache of the weights and gradients of losses on them."""

    batches: tuple[ProbeBatch, ...]
    _weights: dict[Key, Weights] = field(default_factory=dict)
    _gradients: dict[Key, Array] = field(default_factory=dict)

    def first_equal(self, own: Setting, others: Iterable[Setting]) -> Equal | None:
        for other in others:
            scale = self.scale(own, other)
            if scale is not None:
                return Equal(other, scale)
        return None

    def scale(self, own: Setting, other: Setting) -> float | None:
        """The positive constant by which one gradient is a multiple of the other on every batch; None if there is
        none."""
        scale, largest = None, 0.0
        for at in range(len(self.batches)):
            mine, theirs = self.gradient(own, at), self.gradient(other, at)
            largest = max(largest, float(abs(mine).max()))
            if scale is None and (theirs**2).sum() > 0:
                scale = float((mine * theirs).sum() / (theirs**2).sum())
            apart = abs(mine - (scale or 0.0) * theirs).max()
            if not apart <= EQUAL * abs(mine).max() + IGNORED * largest:
                return None
        return scale if scale and scale > 0 else None

    def explained(self, own: Setting, equal: Equal) -> Equal:
        """Add a meaning to the scale: a parameter that it follows when both losses change it, or the number of
        negatives."""
        for name, value in own.values:
            for meaning, power in ((name, 1), (f"1/{name}", -1)):
                if value > 0 and value != 1 and np.isclose(equal.scale, value**power, rtol=EQUAL):
                    scale = self.scale(_nudged(own, name), _nudged(equal.setting, name))
                    if scale is not None and np.isclose(scale, (NUDGE * value) ** power, rtol=EQUAL):
                        return replace(equal, meaning=meaning)
        counts = {int(count) for batch in self.batches for count in batch.rows.negative_AC.sum(1)}
        for meaning, power in (("count", 1), ("1/count", -1)):
            if len(counts) == 1 and np.isclose(equal.scale, float(min(counts)) ** power, rtol=EQUAL):
                return replace(equal, meaning=meaning)
        return equal

    def angle(self, own: Setting, other: Setting) -> float:
        """The angle, in degrees, between the weights alpha, by the mean cosine over batches; NaN if some are not
        finite."""
        cosines = []
        for at in range(len(self.batches)):
            mine, theirs = (self.weights(setting, at).repel_AC for setting in (own, other))
            with np.errstate(all="ignore"):
                cosines.append((mine * theirs).sum() / np.sqrt((mine**2).sum() * (theirs**2).sum()))
        return float(np.degrees(np.arccos(np.clip(np.mean(cosines), -1, 1))))

    def weights(self, setting: Setting, at: int) -> Weights:
        key = (id(setting.journey), setting.values, at)
        if key not in self._weights:
            self._weights[key] = setting.weigh(self.batches[at])
        return self._weights[key]

    def gradient(self, setting: Setting, at: int) -> Array:
        key = (id(setting.journey), setting.values, at)
        if key not in self._gradients:
            self._gradients[key] = self.batches[at].gradient(self.weights(setting, at))
        return self._gradients[key]


def find_kinship(journey: Journey, library: Sequence[Journey]) -> Kinship:
    """The related losses of a loss, at its parameter values, in a library that does not contain it."""
    own = defaults_of(journey)
    bench = Bench(tuple(probe_batch(journey.loss.pairs, journey.loss.space, state) for state in STATES))
    alike = [twin for twin in library if twin.loss.space == journey.loss.space]
    offers = {twin.loss.name: settings_of(twin, dict(own.values)) for twin in alike}
    here = [twin.loss.name for twin in alike if twin.loss.pairs == journey.loss.pairs]
    equals = {name: bench.first_equal(own, settings) for name, settings in offers.items()}
    equal = {name: bench.explained(own, equality) for name, equality in equals.items() if equality}
    rest = [offers[name] for name in here if name not in equal]
    return Kinship(
        tuple(equality for name, equality in equal.items() if name in here),
        tuple(equality for name, equality in equal.items() if name not in here),
        tuple(_moved(own, rest, bench)),
        tuple(_nearest(own, rest, bench)),
        len(here),
        len(library) - len(here),
    )


def _moved(
    own: Setting, offers: Sequence[tuple[Setting, ...]], bench: Bench
) -> Iterator[tuple[str, tuple[Equal, ...]]]:
    """The losses that equal the explained loss if one of its parameters has a simple value."""
    values = dict(own.values)
    for moved in moved_once(own.journey.loss.parameters, values):
        there = replace(own, values=tuple(moved.items()))
        equals = tuple(equality for settings in offers if (equality := bench.first_equal(there, settings)))
        if equals:
            name = next(name for name, value in moved.items() if value != values[name])
            yield f"{name} = {pretty_number(moved[name])}", equals


def _nearest(own: Setting, offers: Sequence[tuple[Setting, ...]], bench: Bench) -> Iterator[Near]:
    """The smallest angles; losses with the same angle share a line, as they are most likely related to each other."""
    angles: list[tuple[float, Setting]] = []
    for settings in offers:
        tried = [(bench.angle(own, setting), setting) for setting in settings if setting.reach < 2]
        angles += [min(tried, key=lambda pair: pair[0])] if all(np.isfinite(angle) for angle, _ in tried) else []
    groups: dict[float, list[Setting]] = {}
    for angle, setting in sorted(angles, key=lambda pair: pair[0]):
        groups.setdefault(round(angle, 3), []).append(setting)
    for angle, group in list(groups.items())[:NEAREST]:
        yield Near(tuple(group), angle)


def _nudged(setting: Setting, name: str) -> Setting:
    return replace(
        setting, values=tuple((other, NUDGE * value if other == name else value) for other, value in setting.values)
    )
