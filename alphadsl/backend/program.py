"""From a core to callables: the generated source, executed and compiled once per process for each distinct text.

Two losses that differ only in the values of their parameters have the same text, so a sweep over a temperature compiles
once. The text is registered with `linecache`, so tracebacks and profilers show it.
"""

import hashlib
import linecache
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from types import FunctionType
from typing import Any

import torch
from torch import Tensor

from alphadsl.backend.compiling import Attempt, Fault, compile_dense, refuse, warn_once
from alphadsl.backend.dispatch import Way
from alphadsl.backend.double_backward import multiply
from alphadsl.backend.emit.cells import emit_cells
from alphadsl.backend.emit.core import emit_core
from alphadsl.backend.emit.pairs import emit_pairs
from alphadsl.backend.emit.passes import emit_passes
from alphadsl.backend.emit.writer import RUNTIME_BUT_ONE, RUNTIME_FUNCTIONS, RUNTIME_SOLVERS
from alphadsl.backend.execution import Products
from alphadsl.backend.runtime import (
    but_one,
    cell_row_blocks,
    cells,
    differentiable,
    functions,
    online,
    pairs,
    points,
    row_blocks,
    simplex,
    step,
    tiles,
)
from alphadsl.backend.serial import FirstAlone, compile_serial
from alphadsl.ir.core import Core
from alphadsl.ir.kinds import Geometry, Positives, Space, Streaming

PLACES = {
    Geometry.SPHERE: "on_sphere",
    Geometry.EUCLIDEAN: "in_space",
    Geometry.NEAR_SPHERE: "near_sphere",
    Geometry.NEAR_EUCLIDEAN: "near_space",
}
GATHERED = {Space.SPHERE: "on_sphere", Space.EUCLIDEAN: "in_space"}
RUNTIME: dict[str, Any] = {
    "torch": torch,
    **{name: getattr(functions, name) for name in RUNTIME_FUNCTIONS},
    **{name: getattr(simplex, name) for name in RUNTIME_SOLVERS},
    **{name: getattr(but_one, name) for name in RUNTIME_BUT_ONE},
    "by_views": pairs.by_views,
    "by_rows": pairs.by_rows,
    "join_logsumexp": online.join_logsumexp,
    "move_logsumexp": online.move_logsumexp,
}

MODULES = {
    "step": step,
    "row_blocks": row_blocks,
    "tiles": tiles,
    "points": points,
    "cells": cells,
    "cell_row_blocks": cell_row_blocks,
}

# Written out for each loss: Dynamo counts recompilations by code object, and gives up if losses share one.
ENTRIES = """

def weigh(batch, parameters):
    return step.{place}({name}_core, batch, parameters)


def value(z_VND, context, parameters):
    return step.{space}_value(weigh, layout, z_VND, context, parameters)


def with_gradient(z_VND, context, parameters):
    return step.{space}_step(weigh, layout, z_VND, context, parameters)


def importance(z_VND, context, parameters):
    return step.{space}_weights(weigh, layout, z_VND, context, parameters)


def row_block(s_AC, rows, candidates, parameters):
    return row_blocks.{geometry}_row_block({name}_core, negatives, s_AC, rows, candidates, parameters)
"""
CELL_ENTRIES = """

def value(z_VND, context, parameters):
    return cells.value_{space}({name}_core, masks, z_VND, context, parameters)


def with_gradient(z_VND, context, parameters):
    return cells.step_{space}({name}_core, masks, z_VND, context, parameters)


def importance(z_VND, context, parameters):
    return cells.weights_{space}({name}_core, masks, z_VND, context, parameters)


def row_block(s_AC, anchors, candidates, parameters):
    return cell_row_blocks.row_block_{space}({name}_core, masks, s_AC, anchors, candidates, parameters)
"""
ENTRY_NAMES = ("value", "with_gradient", "importance", "row_block")
TILE_ENTRY = """

def {kind}{number}(s_RC, rows, columns, fixed):
    return tiles.{kind}({name}_pass{number}, tiles.{place}, s_RC, rows, columns, fixed)
"""
POINT_ENTRIES = """

def place(z_VND, queue):
    return points.place_{place}(z_VND, queue)


def gather(known, at, received, z_VND):
    return points.gather_{gathered}({name}_anchors, known, at, received, z_VND)
"""
TILE_KINDS = ("carry_rows", "carry_both", "push_rows", "push_both")

Called = Callable[..., Any]


@dataclass(frozen=True)
class Program:
    """The steps of a loss on z_VND, the other tensors of its index set (the context), and its parameters.

    They return the value alone; the value with its gradients with respect to embeddings and learned parameters; and all
    importances. `row_block` does this for some rows; `parts` has the functions of a loss that streams by tiles, by
    name. Programs with the same text have the same `key`.
    """

    key: str
    value: Callable[[Tensor, step.Weights, step.Weights], Tensor]
    with_gradient: Callable[[Tensor, step.Weights, step.Weights], step.Step]
    importance: Callable[[Tensor, step.Weights, step.Weights], step.Weights]
    row_block: Called
    parts: Mapping[str, Called]


def build_program(core: Core, way: Way = Way.EAGER) -> Program:
    """The program of a core: eager, or through Inductor as whole graphs, each compiled on first use."""
    text = core.name, *_texts(core), core.geometry
    match way:
        case Way.EAGER:
            return _eager(*text)
        case Way.COMPILED:
            return _compiled(*text, warn_once)
        case Way.DEMANDED:
            return _compiled(*text, refuse)


def build_differentiable(core: Core, products: Products) -> Callable[[Tensor, step.Weights, step.Weights], Tensor]:
    """The loss of a core, dense and eager, in a form that torch can differentiate any number of times in any mode."""
    return _differentiable(core.name, f"{emit_pairs(core)}\n\n{emit_core(core)}", core.space, products)


def _texts(core: Core) -> tuple[str, str]:
    """The core with its entries, and the passes of a loss that streams by tiles, with theirs."""
    if core.positives == Positives.TOGETHER:
        return f"{emit_pairs(core)}\n\n{emit_cells(core)}" + CELL_ENTRIES.format(
            name=core.name, space=core.space.value
        ), ""
    place = PLACES[core.geometry]
    whole = f"{emit_pairs(core)}\n\n{emit_core(core)}" + ENTRIES.format(
        name=core.name, space=core.space.value, geometry=core.geometry.value, place=place
    )
    if core.streaming != Streaming.TILES:
        return whole, ""
    entries = POINT_ENTRIES.format(name=core.name, place=place, gathered=GATHERED[core.space]) + "".join(
        TILE_ENTRY.format(kind=kind, number=sweep.number, name=core.name, place=place)
        for sweep in core.passes
        if sweep.sweeps
        for kind in TILE_KINDS
    )
    return whole, "\n\n" + emit_passes(core) + entries


@cache
def _eager(name: str, core: str, passes: str, geometry: Geometry) -> Program:
    text = core + passes
    filename = f"<alphadsl {name} {digest(text)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = {**RUNTIME, **MODULES}
    exec(compile(text, filename, "exec"), namespace)
    parts = {entry: part for entry, part in namespace.items() if isinstance(part, FunctionType)}
    value, with_gradient, importance, row_block = (parts[entry] for entry in ENTRY_NAMES)
    return Program(f"{filename} {geometry}", value, with_gradient, importance, row_block, parts)


@cache
def _differentiable(
    name: str, text: str, space: Space, products: Products
) -> Callable[[Tensor, step.Weights, step.Weights], Tensor]:
    namespace = {**RUNTIME, **differentiable.REPLACED}
    exec(compile(text, f"<alphadsl {name}, differentiable>", "exec"), namespace)
    value = differentiable.sphere_value if space == Space.SPHERE else differentiable.euclidean_value
    return partial(value, partial(multiply, products), namespace[f"{name}_core"], namespace["layout"])


@cache
def _compiled(name: str, core: str, passes: str, geometry: Geometry, answer: Callable[[Fault], None]) -> Program:
    eager = _eager(name, core, passes, geometry)
    entries = [entry for entry in eager.parts if entry.rstrip("0123456789") in (*TILE_KINDS, "place", "gather")]
    compiled = {entry: FirstAlone(Attempt(eager.parts[entry], compile_serial, answer)) for entry in entries}
    return Program(
        eager.key,
        Attempt(eager.value, compile_dense, answer),
        Attempt(eager.with_gradient, compile_dense, answer),
        eager.importance,
        FirstAlone(Attempt(eager.row_block, compile_serial, answer)),
        {**eager.parts, **compiled},
    )


def digest(text: str) -> str:
    """The same in every process, since it ends up in the keys of compile caches."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
