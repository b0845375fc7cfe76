"""The protocol of a probe: settings come in; everything that decides its results, and a hash of it, come out.

Two accuracies are comparable if their protocols are the same. The data are compared elsewhere, by content.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from runner.data.splits import HELD_OUT, HOLDOUT_SEED
from runner.settings.config import ExperimentConfig

VERSION = 2
"""Version of the protocol; 1 stands for probes that did not record theirs."""
SHOWN = 12
"""Characters of a hash that are kept: enough to distinguish protocols."""
UNKNOWN = "not recorded"


@dataclass(frozen=True)
class Protocol:
    """What decides the results of a probe, besides the encoder and the images."""

    epochs: int
    batch: int
    lr: float
    select: str
    """The images on which the best epoch is selected."""
    version: int = VERSION
    features: str = "output of the encoder in evaluation mode, float32, one view without augmentation"
    scaling: str = "mean 0 and deviation 1 on the images that are learnt from"
    solver: str = "softmax regression from 0, Adam (0.9, 0.999, 1e-8), fresh order each epoch"
    weight_decay: float = 1e-3
    order_seed: int = 0
    held_out: float = HELD_OUT
    """The fraction of each class of the training images that is used for validation."""
    holdout_seed: int = HOLDOUT_SEED
    neighbours: int = 200
    temperature: float = 0.1
    """Neighbours vote with exp(cosine / temperature)."""

    @property
    def hash(self) -> str:
        """A fingerprint of the whole protocol."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:SHOWN]

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def protocol_of(config: ExperimentConfig) -> Protocol:
    """The protocol that a configuration asks for."""
    return Protocol(epochs=config.probe_epochs, batch=config.probe_batch, lr=config.probe_lr, select=config.select)


def protocol_differences(probes: Iterable[Mapping[str, object]]) -> dict[str, tuple[str, ...]]:
    """How the protocols of several probe.json differ: names with all values that occur; empty if they are all the same.

    A probe of an earlier version, without a recorded protocol, differs from one with a recorded protocol.
    """
    details = [_details(probe) for probe in probes]
    names = dict.fromkeys(name for protocol in details for name in protocol)
    values = {name: tuple(dict.fromkeys(str(detail.get(name, UNKNOWN)) for detail in details)) for name in names}
    return {name: different for name, different in values.items() if len(different) > 1}


def _details(probe: Mapping[str, object]) -> Mapping[str, object]:
    match probe.get("protocol_details"):
        case Mapping() as details:
            return details
        case _:
            return {"version": 1}
