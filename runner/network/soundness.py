"""Whether a network is computed rightly on this machine: a configuration comes in, a network that is comes out.

Before training, embeddings and slopes of the first network on four random images are held against float64. Libraries
have computed other things than they were asked for, without a word, for some processor, layout, precision or number of
threads. Channels last is given up where that is at fault; a setting of the user's is named with one that is sound.
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
"""More pixels than this cost time and show nothing new: layers are wrong by their channels."""
TOLERANCES = {"32": 0.03, "bf16": 0.5}
"""Norm of the error of embeddings and slopes over their own. Of rounding it is 1e-6 in float32 and up to 0.2 in
bfloat16; what libraries computed wrongly was off by 0.1 to a thousand."""
NARROW = 8
"""Encoders of fewer channels are faster with channels first: a step of 128 images of 32 px on two cores with AVX2 takes
58 ms against 82 at width 2, 66 against 84 at 4, 107 against 98 at 8, and 188 against 147 at 16. They also are what
channels last was wrong for."""


@dataclass(frozen=True)
class Layout:
    """How images lie in memory, and why."""

    format: torch.memory_format
    why: str


LAST = Layout(torch.channels_last, "sound here, and the faster")
FIRST = Layout(torch.contiguous_format, "channels last is not sound here")
NARROW_FIRST = Layout(torch.contiguous_format, f"the encoder is narrower than {NARROW}")
OWN_LAST = Layout(torch.channels_last, "as was said")
OWN_FIRST = Layout(torch.contiguous_format, "an encoder of your own is taken as it is")
NAMES = {torch.channels_last: "channels last", torch.contiguous_format: "channels first"}


def sound_network(
    config: ExperimentConfig, image_size: int, fabric: Fabric, own: OwnEncoder | None = None
) -> SiameseNetwork:
    """The first network of a configuration, on the CPU. Raises `InputError` where a setting makes it wrong here."""
    return make_network(config, image_size, own).lay_out(_layout_of(config, image_size, fabric).format)


def decide_layout(decided: Decided, image_size: int, fabric: Fabric) -> Decided:
    """What was decided, with the layout too. Raises `InputError` as `sound_network` does."""
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
    """The layouts that may be taken, the best one first."""
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
            return slope_error(network, layout.format, size, fabric.device, autocast)

    best, *others = _candidates(config)
    off = error(best, config.threads)
    if off <= tolerance:
        return best
    told = f"The slopes of the network are off by {off:.0%} on this machine ({fabric.device.type})"
    for other in others:
        if error(other, config.threads) <= tolerance:
            tell(f"{told} with {NAMES[best.format]}, so it is trained with {NAMES[other.format]}.")
            return other
    if config.precision != "32" and error(best, config.threads, nullcontext) <= TOLERANCES["32"]:
        raise InputError(f"{told} with precision {config.precision}.", "Give --precision 32.")
    if config.channels_last is True and error(FIRST, config.threads) <= tolerance:
        raise InputError(f"{told} with channels last.", "Give --no-channels-last.")
    if config.threads != 1 and error(best, 1) <= tolerance:
        threads = torch.get_num_threads() if config.threads == AUTO else config.threads
        raise InputError(f"{told} with {threads} threads.", "Give --threads 1.")
    raise InputError(f"{told}.", "Try another --width, --encoder or --device, or another version of torch.")


Autocast = Callable[[], AbstractContextManager[object]]


def slope_error(
    network: SiameseNetwork, layout: torch.memory_format, size: int, device: torch.device, autocast: Autocast
) -> float:
    """How far embeddings and slopes on random images are from those in float64, over their norm; inf where none are."""
    random = torch.Generator().manual_seed(0)
    x_BCHW = torch.rand(IMAGES, 3, size, size, generator=random)
    # In evaluation mode, where batch norm does not divide by the spread of four images, which magnifies rounding.
    exact = copy.deepcopy(network).eval().lay_out(torch.contiguous_format).double()
    quick = copy.deepcopy(network).eval().lay_out(layout).to(device)
    with torch.no_grad():
        weights_BD = torch.randn(exact(x_BCHW.double()).shape, generator=random)
    right_P = _slopes(exact, x_BCHW.double(), weights_BD, nullcontext)
    off = float((right_P - _slopes(quick, x_BCHW.to(device), weights_BD, autocast)).norm() / right_P.norm())
    return off if math.isfinite(off) else math.inf


def _slopes(network: SiameseNetwork, x_BCHW: Tensor, weights_BD: Tensor, autocast: Autocast) -> Tensor:
    with autocast():
        z_BD = network(x_BCHW)
    torch.autograd.backward((z_BD.double() * weights_BD.to(z_BD.device)).sum())
    slopes = [weight.grad.flatten() for weight in network.parameters() if weight.grad is not None]
    return torch.cat([part.double().cpu() for part in (z_BD.detach().flatten(), *slopes)])
