"""The network of a run as last trained: a run folder comes in; a network on the device and its checkpoint come out.
Probes, pictures and exported files of a run show this network.

Refused: a checkpoint that is missing, damaged or from another run, and a user's own encoder that is not given.
"""

from dataclasses import dataclass

from lightning.fabric import Fabric

from runner.network.borrowed import OwnEncoder
from runner.network.models import SiameseNetwork
from runner.network.soundness import sound_network
from runner.records.folder import RunFolder
from runner.settings.config import ExperimentConfig
from runner.training.checkpoint import Checkpoint, State, taken_from
from runner.training.recovery import load_last


@dataclass(frozen=True, eq=False)
class Trained:
    """A network with the weights of a checkpoint."""

    network: SiameseNetwork
    checkpoint: Checkpoint


def load_trained(
    run: RunFolder, config: ExperimentConfig, image_size: int, fabric: Fabric, own: OwnEncoder | None = None
) -> Trained:
    """The network with the weights of the last checkpoint. Raises `InputError` like `load_last` and `make_network`."""
    checkpoint = load_last(run, fabric.device)
    network = sound_network(config, image_size, fabric, own)
    fabric.to_device(network)
    with taken_from(run.checkpoint):
        network.load_state_dict(judged_weights(checkpoint))
    return Trained(network, checkpoint)


def judged_weights(checkpoint: Checkpoint) -> State:
    """The weights in a checkpoint of the network to be evaluated: the average, if there is one."""
    return checkpoint.measured
