"""The losses that a loss is compared with: each loss of the library, with several parameter settings.

A setting is one of three: the defaults; the values of the explained loss for parameters with the same name; or these,
with one more parameter at a simple value at which families meet (eps = 0, p = 2).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alphadsl.ir.parameter import Parameter
from alphadsl.journey import Journey
from alphadsl.reference.probe_batch import ProbeBatch, Weights

PLAIN = (0.0, 1.0, 2.0)
Values = Mapping[str, float]


@dataclass(frozen=True)
class Setting:
    """A loss with parameter values. `reach` is how far they are from its defaults: 0 for the defaults, 1 if values are
    shared by name, 2 if one more parameter was changed. `named` are the parameters worth naming."""

    journey: Journey
    values: tuple[tuple[str, float], ...]
    reach: int
    named: frozenset[str]

    @property
    def name(self) -> str:
        return self.journey.loss.name

    def weigh(self, batch: ProbeBatch) -> Weights:
        """The importances on a batch, in the log domain only if the plain formulas overflow."""
        values = dict(self.values)
        plain = batch.weigh(self.journey.alpha, values)
        return plain if plain.finite else batch.weigh(self.journey.stable, values)

    def __str__(self) -> str:
        """The setting as a spec would write it."""
        values = ", ".join(f"{name} = {value:.4g}" for name, value in self.values if name in self.named)
        return f"{self.name}({values})" if values else self.name


def defaults_of(journey: Journey) -> Setting:
    values = tuple((parameter.name, parameter.value) for parameter in journey.loss.parameters)
    return Setting(journey, values, 0, frozenset(name for name, _ in values))


def settings_of(journey: Journey, shared: Values) -> tuple[Setting, ...]:
    """The settings of a loss, nearest to its defaults first; `shared` are the values of the explained loss."""
    parameters = journey.loss.parameters
    defaults = {parameter.name: parameter.value for parameter in parameters}
    matched = defaults | {
        parameter.name: shared[parameter.name] for parameter in parameters if _fits(parameter, shared)
    }
    settings = [(defaults, 0), (matched, 1), *((moved, 2) for moved in moved_once(parameters, matched))]
    unique: dict[tuple[tuple[str, float], ...], int] = {}
    for values, reach in settings:
        unique.setdefault(tuple(values.items()), reach)
    return tuple(Setting(journey, values, reach, _named(values, defaults, shared)) for values, reach in unique.items())


def moved_once(parameters: tuple[Parameter, ...], values: Values) -> Iterator[dict[str, float]]:
    """The values, each time with one parameter changed to a simple number."""
    for parameter in parameters:
        for plain in PLAIN:
            if plain in parameter.interval and plain != values[parameter.name]:
                yield {**values, parameter.name: plain}


def _named(values: tuple[tuple[str, float], ...], defaults: Values, shared: Values) -> frozenset[str]:
    """The parameters shared with the explained loss, and those that differ from their defaults."""
    return frozenset(name for name, value in values if name in shared or value != defaults[name])


def _fits(parameter: Parameter, shared: Values) -> bool:
    return parameter.name in shared and shared[parameter.name] in parameter.interval
