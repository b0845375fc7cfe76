"""How a run is best computed on this machine: settings, some of them `auto`, and a processor come in; settings that all
have a value, and the reason for each, come out. The record of the run keeps these values, so that it is resumed as it
was started.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from runner.settings.config import AUTO, ExperimentConfig
from runner.settings.processor import Processor


@dataclass(frozen=True)
class Decided:
    """A configuration, with the reason for each setting that was decided here."""

    config: ExperimentConfig
    reasons: Mapping[str, str]

    def describe(self, processor: Processor) -> str:
        """One line that says how the run is computed, as far as that is decided."""
        config = self.config
        values = {
            "precision": f"precision {config.precision}",
            "threads": f"{config.threads} thread{'' if config.threads == 1 else 's'}",
            "channels_last": f"channels {'last' if config.channels_last else 'first'}",
            "compile": f"the encoder {'' if config.compile else 'not '}compiled",
        }
        parts = (
            f"{text} ({self.reasons[name]})" if name in self.reasons else text
            for name, text in values.items()
            if getattr(config, name) != AUTO
        )
        return f"computed on {processor.device} with {', '.join(parts)}"


@dataclass(frozen=True)
class Choice:
    """A value and the reason for it."""

    value: object
    why: str


def _precision(processor: Processor) -> Choice:
    if processor.bf16:
        return Choice("bf16", f"{processor.name} has instructions for it")
    return Choice("32", f"{processor.name} has no bf16 instructions")


def _threads(processor: Processor) -> Choice:
    if processor.cores < processor.threads:
        return Choice(processor.cores, "the cores that this process may use")
    return Choice(processor.threads, "torch's own setting")


def _compile(processor: Processor) -> Choice:
    if processor.device == "cpu":
        return Choice(False, "on a CPU it gains an eighth at most")
    return Choice(True, "compiling fuses its operations on a GPU")


def _deterministic(processor: Processor) -> Choice:
    if processor.device == "cpu":
        return Choice(True, "a CPU is deterministic anyway")
    return Choice(False, "cuDNN uses its fastest kernels")


def _log_every(processor: Processor) -> Choice:
    if processor.device == "cpu":
        return Choice(1, "reading the loss costs nothing on a CPU")
    return Choice(50, "reading the loss waits for the GPU")


CHOICES: Mapping[str, Callable[[Processor], Choice]] = MappingProxyType(
    {"precision": _precision, "threads": _threads, "compile": _compile, "log_every": _log_every}
    | {"deterministic": _deterministic}
)
"""What the processor decides. The memory layout depends on the network too: `runner.network.soundness`."""


def decide(config: ExperimentConfig, processor: Processor) -> Decided:
    """The configuration with a value for each setting of `CHOICES` that is `auto`; the others stay as they are."""
    chosen = {name: choose(processor) for name, choose in CHOICES.items() if getattr(config, name) == AUTO}
    decided = config.model_copy(update={name: choice.value for name, choice in chosen.items()})
    return Decided(decided, {name: choice.why for name, choice in chosen.items()})
