"""Which backend `auto` chooses, by the number of anchors: one measured table, with a row for each device and way to
stream.

    alphadsl bench --calibrate

measures it again on this machine and prints the rows to put here. Below `stream` a step is dense; from `compile` on it
goes through Inductor. The thresholds of CUDA are set by memory: on an H200 a dense step of `infonce` takes 6.9 ms and
2.2 GB at 16,384 anchors, and four times as much of both at 32,768.
"""

from dataclasses import dataclass
from enum import Enum

import torch

from alphadsl.backend.execution import Backend, Compile
from alphadsl.ir.core import Core
from alphadsl.ir.kinds import Streaming


@dataclass(frozen=True)
class Thresholds:
    """Numbers of anchors from which a step is compiled, and from which it streams."""

    compile: int
    stream: int


THRESHOLDS: dict[tuple[str, Streaming], Thresholds] = {
    ("cpu", Streaming.TILES): Thresholds(compile=720, stream=1536),
    ("cpu", Streaming.ROW_BLOCKS): Thresholds(compile=720, stream=2048),
    ("cuda", Streaming.TILES): Thresholds(compile=0, stream=16384),
    ("cuda", Streaming.ROW_BLOCKS): Thresholds(compile=0, stream=16384),
}
# Numbers of anchors from which a loss streams if its candidates are the opposite view. There, a tile serves both
# directions, whose products a dense step forms separately; below, there is one tile, which only one thread works on.
OPPOSITE_VIEWS = {"cpu": 2048, "cuda": 16384}


class Way(Enum):
    """How the functions of a loss run: uncompiled; compiled if possible; or compiled, and refused if that is
    impossible."""

    EAGER = "eager"
    COMPILED = "compiled"
    DEMANDED = "demanded"


@dataclass(frozen=True)
class Choice:
    streams: bool
    way: Way


def choose(core: Core, backend: Backend, compile: Compile, device: torch.device, pairs: int) -> Choice:
    """The choice for a batch of `pairs` pairs of anchors (rows, if an anchor has several positives) and candidates."""
    kind = "cpu" if device.type == "cpu" else "cuda"
    streaming = Streaming.ROW_BLOCKS if core.streaming == Streaming.NONE else core.streaming
    thresholds = THRESHOLDS[kind, streaming]
    if core.arrangement.swaps and core.streaming == Streaming.TILES:
        pays = 2 * pairs >= OPPOSITE_VIEWS[kind] ** 2
    else:
        pays = core.streaming != Streaming.NONE and pairs >= thresholds.stream**2
    streams = backend == "streaming" or (backend == "auto" and pays)
    compiles = pairs >= thresholds.compile**2 if compile == "auto" else compile
    return Choice(streams, compiled_way(compile) if compiles else Way.EAGER)


def compiled_way(compile: Compile) -> Way:
    """Whether a function that is to be compiled may run uncompiled if compilation fails."""
    return Way.COMPILED if compile == "auto" else Way.DEMANDED
