"""The parameters of a loss in use: fixed, scheduled or learned, each always inside its interval.

The optimizer moves the raw value of a learned parameter freely, and a smooth map takes it into the interval: softplus
from the end if one end is bounded, a sigmoid if both are, the identity if none is.
"""

import math
import warnings
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from alphadsl.ir.interval import Interval
from alphadsl.ir.kinds import Shape
from alphadsl.ir.number import finite_number
from alphadsl.ir.parameter import Fixed, Learned, Parameter, Schedule
from alphadsl.ir.pretty import pretty_interval
from alphadsl.report.exceptions import InputError

Map = Callable[[Tensor], Tensor]


class ParameterState:
    """The current values of a loss's parameters; the raw values of the learned ones are kept in the module."""

    def __init__(self, name: str, parameters: tuple[Parameter, ...]) -> None:
        self._name = name
        self._parameters = {parameter.name: parameter for parameter in parameters}
        self._maps = {
            parameter.name: map_into(parameter.interval)
            for parameter in parameters
            if isinstance(parameter.role, Learned)
        }
        self._tensors: dict[torch.device, dict[str, Tensor]] = {}

    @property
    def learned(self) -> tuple[int, ...]:
        """The indices of the learned parameters among all."""
        return tuple(
            place for place, parameter in enumerate(self._parameters.values()) if isinstance(parameter.role, Learned)
        )

    @property
    def declared(self) -> tuple[Parameter, ...]:
        """The parameters with the values that they were set to."""
        return tuple(self._parameters.values())

    @property
    def time_varying(self) -> tuple[str, ...]:
        """The names of the parameters that are learned or scheduled."""
        return tuple(parameter.name for parameter in self._parameters.values() if not isinstance(parameter.role, Fixed))

    @property
    def scheduled(self) -> tuple[str, ...]:
        """The names of the parameters that follow the progress of training."""
        return tuple(parameter.name for parameter in self._parameters.values() if isinstance(parameter.role, Schedule))

    def raw(self) -> dict[str, torch.nn.Parameter]:
        """The initial raw values of the learned parameters."""
        learned = (parameter for parameter in self._parameters.values() if isinstance(parameter.role, Learned))
        return {
            parameter.name: torch.nn.Parameter(raw_of(parameter.value, parameter.interval)) for parameter in learned
        }

    def in_force(self, raw: Mapping[str, Tensor]) -> tuple[Parameter, ...]:
        """The declarations with their current values."""
        return tuple(
            Parameter(parameter.name, self._value(parameter, raw), parameter.interval, parameter.doc, parameter.role)
            for parameter in self._parameters.values()
        )

    def set(self, values: Mapping[str, object], raw: Mapping[str, Tensor]) -> None:
        """Set parameters; setting a scheduled one ends its schedule. Raises `InputError` for a value outside its
        interval."""
        admitted = {name: self._admitted(name, value) for name, value in values.items()}
        for name, value in admitted.items():
            parameter = self._parameters[name]
            role = parameter.role if isinstance(parameter.role, Learned) else Fixed()
            self._replace(parameter, value, role)
            if name in raw:
                with torch.no_grad():
                    raw[name].copy_(raw_of(value, parameter.interval))

    def _admitted(self, name: str, value: object) -> float:
        """The value as a number. Raises `InputError` if the parameter cannot have it."""
        if name not in self._parameters:
            known = ", ".join(self._parameters) or "none"
            raise InputError(f"{self._name} has no parameter {name}", f"it has {known}")
        number = finite_number(value)
        if number is None:
            raise InputError(f"{name} must be a finite number, not {value!r}", "")
        parameter = self._parameters[name]
        if number not in parameter.interval:
            raise InputError(f"{name} = {value} is not in {pretty_interval(parameter.interval)}", "")
        if isinstance(parameter.role, Learned) and number in (parameter.interval.low, parameter.interval.high):
            interval = pretty_interval(parameter.interval)
            raise InputError(f"{name} is learned, and {value} is an end of {interval}", "set it inside")
        return number

    def at(self, progress: float) -> None:
        """Set scheduled parameters to their values at a fraction of training, in [0, 1]."""
        if not 0 <= progress <= 1:
            raise InputError(f"training progress must lie in [0, 1], and {progress} does not", "")
        for parameter in self._parameters.values():
            if isinstance(parameter.role, Schedule):
                self._replace(parameter, value_at(parameter.role, progress), parameter.role)

    def tensors(self, device: torch.device, raw: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        """The values as 0-d float64 tensors: exact, and never constants of a compiled graph."""
        if device not in self._tensors:
            self._tensors[device] = {
                parameter.name: torch.full((), parameter.value, dtype=torch.float64, device=device)  # not copied to it
                for parameter in self._parameters.values()
            }
        known = self._tensors[device]
        return tuple(
            self._maps[name](self._wide(name, raw[name])) if name in raw else known[name] for name in self._parameters
        )

    def _wide(self, name: str, raw: Tensor) -> Tensor:
        """The raw value in float64, even where no module has kept it so: passed in by a functional call, or cast in
        place."""
        if raw.element_size() < 4 and not torch.compiler.is_compiling():
            warning = (
                f"{self._name} learns {name} in {raw.dtype}, where small steps are lost: keep it in float32 or wider"
            )
            warnings.warn(warning, stacklevel=2)
        return raw.double()

    def _value(self, parameter: Parameter, raw: Mapping[str, Tensor]) -> float:
        """The value of a learned parameter; before its first step, the given value, to the last digit."""
        if parameter.name not in raw:
            return parameter.value
        moved = raw[parameter.name].detach().to("cpu", torch.float64)
        return (
            parameter.value
            if moved == raw_of(parameter.value, parameter.interval)
            else float(self._maps[parameter.name](moved))
        )

    def _replace(self, parameter: Parameter, value: float, role: Fixed | Learned | Schedule) -> None:
        self._parameters[parameter.name] = Parameter(parameter.name, value, parameter.interval, parameter.doc, role)
        self._tensors.clear()


def value_at(schedule: Schedule, progress: float) -> float:
    """The value of a schedule at a fraction of training, in [0, 1]."""
    match schedule.shape:
        case Shape.LINEAR:
            done = progress
        case Shape.COSINE:
            done = (1 - math.cos(math.pi * progress)) / 2
        case Shape.STEP:
            done = float(progress >= schedule.at)
    return schedule.start + (schedule.end - schedule.start) * done


def map_into(interval: Interval) -> Map:
    """The smooth, increasing map of a raw value into an interval; where it is flat, it still stays off the ends. Chosen
    outside of any graph, since an outer graph with symbolic numbers cannot tell which ends are finite."""
    narrow = (interval.high - interval.low) * 2.0**-10
    low, high = interval.low + min(_margin(interval.low), narrow), interval.high - min(_margin(interval.high), narrow)
    match math.isfinite(interval.low), math.isfinite(interval.high):
        case True, True:
            return partial(_between, interval.low, interval.high - interval.low, low, high)
        case True, False:
            return partial(_above, interval.low, low)
        case False, True:
            return partial(_below, interval.high, high)
        case _:
            return _anywhere


def _between(start: float, width: float, low: float, high: float, raw: Tensor) -> Tensor:
    return (start + width * torch.sigmoid(raw)).clamp(low, high)


def _above(start: float, low: float, raw: Tensor) -> Tensor:
    return (start + _softplus(raw)).clamp_min(low)


def _below(end: float, high: float, raw: Tensor) -> Tensor:
    return (end - _softplus(-raw)).clamp_max(high)


def _anywhere(raw: Tensor) -> Tensor:
    return raw


def _margin(end: float) -> float:
    """A distance from an end that both float64 and float32 can resolve."""
    return abs(end) * 2.0**-23 or 2.0**-100


def raw_of(value: float, interval: Interval) -> Tensor:
    """The raw value whose image is `value`, which must be inside the interval, not at an end."""
    match math.isfinite(interval.low), math.isfinite(interval.high):
        case True, True:
            raw = math.log((value - interval.low) / (interval.high - value))
        case True, False:
            raw = _softplus_inverse(value - interval.low)
        case False, True:
            raw = -_softplus_inverse(interval.high - value)
        case _:
            raw = value
    return torch.tensor(raw, dtype=torch.float64)


def _softplus(raw: Tensor) -> Tensor:
    """Softplus to the last digit; torch's version is the identity from 20 on."""
    return torch.logaddexp(raw, torch.zeros_like(raw))


def _softplus_inverse(value: float) -> float:
    return value + math.log(-math.expm1(-value))
