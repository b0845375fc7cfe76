"""How a run is best computed here: settings that say `auto` and a processor come in; settings that all say something,
and why, come out. What is decided is kept in the record of the run, so that it is resumed as it was begun.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from runner.settings.config import AUTO, ExperimentConfig
from runner.settings.processor import Processor


@dataclass(frozen=True)
class Decided:
    """A configuration, and for each setting that was decided here, why it is what it is."""

    config: ExperimentConfig
    reasons: Mapping[str, str]

    def describe(self, processor: Processor) -> str:
        """A line that says how the run is computed, as far as that is decided."""
        config = self.config
        values = {
            "precision": f"precision {config.precision}",
            "threads": f"{config.threads} thread{'' if config.threads == 1 else 's'}",
            "channels_last": f"channels {'last' if config.channels_last else 'first'}",
            "compile": f"the encoder {'' if config.compile else 'not '}compiled",
        }
        told = (
            f"{text} ({self.reasons[name]})" if name in self.reasons else text
            for name, text in values.items()
            if getattr(config, name) != AUTO
        )
        return f"computed on {processor.device} with {', '.join(told)}"


@dataclass(frozen=True)
class Choice:
    """A value, and why."""

    value: object
    why: str


def _precision(processor: Processor) -> Choice:
    if processor.bf16:
        return Choice("bf16", f"{processor.name} has instructions for it")
    return Choice("32", f"{processor.name} has no bf16 instructions")


def _threads(processor: Processor) -> Choice:
    if processor.cores < processor.threads:
        return Choice(processor.cores, "as many as this process may use cores")
    return Choice(processor.threads, "as torch is set to")


def _compile(processor: Processor) -> Choice:
    if processor.device == "cpu":
        return Choice(False, "it brings nothing on a CPU")
    return Choice(True, "its operations are joined for a GPU")


def _deterministic(processor: Processor) -> Choice:
    if processor.device == "cpu":
        return Choice(True, "a CPU is so anyway")
    return Choice(False, "cuDNN takes what is fastest")


def _log_every(processor: Processor) -> Choice:
    if processor.device == "cpu":
        return Choice(1, "looking costs nothing on a CPU")
    return Choice(50, "whoever looks waits for the device")


CHOICES: Mapping[str, Callable[[Processor], Choice]] = MappingProxyType(
    {"precision": _precision, "threads": _threads, "compile": _compile, "log_every": _log_every}
    | {"deterministic": _deterministic}
)
"""What a processor decides. The layout depends on the network too: `runner.network.soundness`."""


def decide(config: ExperimentConfig, processor: Processor) -> Decided:
    """The configuration with a value for each setting of `CHOICES` that says `auto`; the others stay."""
    chosen = {name: choose(processor) for name, choose in CHOICES.items() if getattr(config, name) == AUTO}
    decided = config.model_copy(update={name: choice.value for name, choice in chosen.items()})
    return Decided(decided, {name: choice.why for name, choice in chosen.items()})
