"""Whether this machine computes a network correctly: a configuration comes in; a network that it does comes out.

Before training, the embeddings and gradients of the initial network on four random images are compared with float64.
Libraries have silently computed wrong results for some processors, layouts, precisions or numbers of threads. If
channels last is at fault, it is not used. If a setting of the user is at fault, the error names it with a value that
works.
"""

import copy
import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache

import torch
from lightning.fabric import Fabric
from torch import Tensor

from alphadsl.report.exceptions import InputError
from runner.network.borrowed import OwnEncoder
from runner.network.models import SiameseNetwork, make_network
from runner.progress import tell
from runner.settings.config import AUTO, Auto, ExperimentConfig
from runner.settings.decisions import Decided, decide
from runner.settings.encoders import ENCODERS, OWN, has_width
from runner.settings.machine import limit_threads
from runner.settings.processor import look_at

# B images (4), D embedding width, P parameters

IMAGES = 4
LARGEST = 96
"""Side in pixels; larger images take time and show nothing new, since errors depend on the channels of a layer."""
TOLERANCES = {"32": 0.03, "bf16": 0.5}
"""Tolerated norm of the error of embeddings and gradients, relative to their own norm. Rounding gives 1e-6 in float32
and up to 0.2 in bfloat16; wrong results of libraries were off by 0.1 to 1000."""
NARROW = 8
"""Encoders with fewer channels are faster with channels first. A step of 128 images of 32 px on two cores with AVX2
takes 58 ms instead of 82 at width 2, 66 instead of 84 at 4, 107 against 98 at 8, and 188 against 147 at 16. They are
also the encoders for which channels last gave wrong results."""


@dataclass(frozen=True)
class Layout:
    """The memory layout of images, and the reason for it."""

    format: torch.memory_format
    why: str


LAST = Layout(torch.channels_last, "correct here, and faster")
FIRST = Layout(torch.contiguous_format, "channels last gives wrong results here")
NARROW_FIRST = Layout(torch.contiguous_format, f"the encoder is narrower than {NARROW}")
OWN_LAST = Layout(torch.channels_last, "as requested")
OWN_FIRST = Layout(torch.contiguous_format, "an encoder of your own is used as it is")
NAMES = {torch.channels_last: "channels last", torch.contiguous_format: "channels first"}


def sound_network(
    config: ExperimentConfig, image_size: int, fabric: Fabric, own: OwnEncoder | None = None
) -> SiameseNetwork:
    """The initial network of a configuration, on the CPU. Raises `InputError` if a setting gives wrong results here."""
    return make_network(config, image_size, own).lay_out(_layout_of(config, image_size, fabric).format)


def decide_layout(decided: Decided, image_size: int, fabric: Fabric) -> Decided:
    """The decisions so far, with the layout added. Raises `InputError` like `sound_network`."""
    config, layout = decided.config, _layout_of(decided.config, image_size, fabric)
    if config.channels_last != AUTO:
        return decided
    last = {"channels_last": layout.format is torch.channels_last}
    return Decided(config.model_copy(update=last), {**decided.reasons, "channels_last": layout.why})


def _layout_of(config: ExperimentConfig, image_size: int, fabric: Fabric) -> Layout:
    if config.encoder.startswith(OWN):
        return OWN_LAST if config.channels_last is True else OWN_FIRST
    precision = decide(config, look_at(fabric.device.type)).config.precision
    alike = config.model_copy(update={"seed": 0, "data_dir": None, "precision": precision})
    return _sound_layout(alike, image_size, fabric)


def _candidates(config: ExperimentConfig) -> tuple[Layout, ...]:
    """The layouts to choose from, the best one first."""
    match config.channels_last:
        case True:
            return (LAST,)
        case False:
            return (FIRST,)
        case _:
            narrow = has_width(config.encoder) and config.width < NARROW
            return (NARROW_FIRST, LAST) if narrow else (LAST, FIRST)


@cache
def _sound_layout(config: ExperimentConfig, image_size: int, fabric: Fabric) -> Layout:
    network = make_network(config, image_size)
    size = min(image_size, LARGEST) if config.encoder in ENCODERS else image_size
    tolerance = TOLERANCES[config.precision]

    def error(layout: Layout, threads: int | Auto, autocast: Autocast = fabric.autocast) -> float:
        with limit_threads(threads):
            return gradient_error(network, layout.format, size, fabric.device, autocast)

    best, *others = _candidates(config)
    off = error(best, config.threads)
    if off <= tolerance:
        return best
    finding = f"The gradients of the network are off by {off:.0%} on this machine ({fabric.device.type})"
    for other in others:
        if error(other, config.threads) <= tolerance:
            tell(f"{finding} with {NAMES[best.format]}, so it is trained with {NAMES[other.format]}.")
            return other
    if config.precision != "32" and error(best, config.threads, nullcontext) <= TOLERANCES["32"]:
        raise InputError(f"{finding} with precision {config.precision}.", "Give --precision 32.")
    if config.channels_last is True and error(FIRST, config.threads) <= tolerance:
        raise InputError(f"{finding} with channels last.", "Give --no-channels-last.")
    if config.threads != 1 and error(best, 1) <= tolerance:
        threads = torch.get_num_threads() if config.threads == AUTO else config.threads
        raise InputError(f"{finding} with {threads} threads.", "Give --threads 1.")
    raise InputError(f"{finding}.", "Try another --width, --encoder or --device, or another version of torch.")


Autocast = Callable[[], AbstractContextManager[object]]


def gradient_error(
    network: SiameseNetwork, layout: torch.memory_format, size: int, device: torch.device, autocast: Autocast
) -> float:
    """Norm of the error of embeddings and gradients on random images against float64, relative to their own norm; inf
    if they are not finite."""
    random = torch.Generator().manual_seed(0)
    x_BCHW = torch.rand(IMAGES, 3, size, size, generator=random)
    # In evaluation mode: in training mode batch norm divides by the spread of four images, which magnifies rounding.
    exact = copy.deepcopy(network).eval().lay_out(torch.contiguous_format).double()
    quick = copy.deepcopy(network).eval().lay_out(layout).to(device)
    with torch.no_grad():
        weights_BD = torch.randn(exact(x_BCHW.double()).shape, generator=random)
    right_P = _gradients(exact, x_BCHW.double(), weights_BD, nullcontext)
    off = float((right_P - _gradients(quick, x_BCHW.to(device), weights_BD, autocast)).norm() / right_P.norm())
    return off if math.isfinite(off) else math.inf


def _gradients(network: SiameseNetwork, x_BCHW: Tensor, weights_BD: Tensor, autocast: Autocast) -> Tensor:
    """Embeddings and gradients of all parameters, in float64 and in one row (P,)."""
    with autocast():
        z_BD = network(x_BCHW)
    torch.autograd.backward((z_BD.double() * weights_BD.to(z_BD.device)).sum())
    gradients = [weight.grad.flatten() for weight in network.parameters() if weight.grad is not None]
    return torch.cat([part.double().cpu() for part in (z_BD.detach().flatten(), *gradients)])
