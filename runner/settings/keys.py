"""Where the keys of a loss come from: a configuration, whether the loss takes a queue and the number of images come in;
a configuration comes out with the number of keys in the queue and the momentum of the encoder that makes them.

Refused: a queue that no loss takes, one shorter than a batch, and one that holds every image.
"""

from collections.abc import Iterable

from alphadsl.report.exceptions import InputError
from runner.settings.config import AUTO, ExperimentConfig

USUAL_QUEUE, USUAL_MOMENTUM = 4096, 0.99
"""As MoCo uses on CIFAR; on ImageNet, 65536 and 0.999 (He et al. 2020)."""


def check_taken(config: ExperimentConfig, takes_queue: Iterable[bool]) -> None:
    """Raises `InputError` if a queue is asked for and none of the losses takes its negatives from one."""
    if config.queue not in (AUTO, 0) and not any(takes_queue):
        raise InputError(
            f"queue = {config.queue} has no effect: none of the losses takes its negatives from a queue.",
            "Leave out --queue, or train moco or another loss with pairs queue.",
        )


def decide_keys(config: ExperimentConfig, name: str, takes_queue: bool, images: int) -> ExperimentConfig:
    """The configuration for the loss called `name`, with its queue and momentum decided. Raises `InputError`."""
    momentum = config.momentum_encoder
    if momentum == AUTO:
        momentum = USUAL_MOMENTUM if takes_queue and not config.stop_gradient else 0.0
    decided = config.model_copy(update={"momentum_encoder": momentum, "queue": 0})
    if not takes_queue:
        return decided
    batches = min(USUAL_QUEUE, images // 2) // config.batch
    queue = config.batch * max(1, batches) if config.queue == AUTO else int(config.queue)
    _check_length(name, queue, config.batch, images)
    return decided.model_copy(update={"queue": queue})


def _check_length(name: str, queue: int, batch: int, images: int) -> None:
    if queue < batch:
        raise InputError(
            f"{name} takes its negatives from a queue, and a queue of {queue} keys is shorter than a batch of {batch}.",
            f"Give --queue {batch} or more.",
        )
    if queue >= images:
        raise InputError(
            f"A queue of {queue} keys holds each of the {images} images, so every image would be its own negative.",
            f"Give --queue {batch * max(1, images // 2 // batch)}, or a smaller --batch.",
        )
