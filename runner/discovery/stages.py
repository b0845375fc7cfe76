"""Embeddings on which candidates are compared, besides synthetic ones: a loss comes in; embeddings of a few digits from
a small network that it trains, at several stages of training, come out.
"""

from collections.abc import Iterator

import torch

import alphadsl
from alphadsl.discover.embedded import FEW, Embedded
from runner.settings.machine import limit_threads
from runner.theory.bridge import make_small_network, train_small
from runner.theory.data import Recipe, read_views

STAGES = (0, 15, 60, 150)
"""Steps after which embeddings are saved; the toy rung ends with the last."""
TRAIN, SEED = 600, 0


def kept_stages(text: str) -> tuple[Embedded, ...]:
    """Two views of the first digits, embedded by the network at each stage."""
    loss = alphadsl.loads(text, compile=False)
    with limit_threads(1):
        return tuple(_stages(loss))


def _stages(loss: alphadsl.ContrastiveLoss) -> Iterator[Embedded]:
    views = read_views("digits", Recipe(samples=TRAIN, seed=SEED))
    few = views.part(slice(0, FEW))
    network = make_small_network(views.width, SEED)
    done = 0
    for steps in STAGES:
        train_small(loss, network, views, SEED + steps, steps - done)
        done = steps
        with torch.no_grad():
            z_VND = network(few.x_VNF)
        yield Embedded(z_VND.numpy(), few.classes_N.numpy())
