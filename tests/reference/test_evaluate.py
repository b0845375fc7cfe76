"""Derived weights in NumPy held against those of the dense backend, and their gradient against its gradient, for the
whole library: what `explain` and `plot` say is of the loss that is trained.

Legend: N samples, D width, E embeddings with those of a queue.
"""

from functools import cache

import numpy as np
import pytest
import torch

import alphadsl
from alphadsl.api import find_text
from alphadsl.ir.derived import Derived
from alphadsl.ir.index_sets import IndexSet
from alphadsl.journey import Journey
from alphadsl.pipeline import lower_spec
from alphadsl.reference.probe_batch import CLASSES, SAMPLES, STATES, ProbeBatch, probe_batch

FORMS = ("alpha", "stable")


@cache
def lowered(name: str) -> Journey:
    return lower_spec(find_text(name))


def derived(name: str, form: str) -> Derived:
    found: Derived = getattr(lowered(name), form)
    return found


def given(batch: ProbeBatch, pairs: IndexSet) -> tuple[dict[str, torch.Tensor], list[torch.Tensor]]:
    """What a loss is called with on a batch, and the leaves among it that receive a gradient."""
    z_ED = torch.from_numpy(batch.z_ED)
    views = [z_ED[:SAMPLES].clone().requires_grad_(), z_ED[SAMPLES : 2 * SAMPLES].clone().requires_grad_()]
    context: dict[str, torch.Tensor] = {}
    if "labels" in pairs.takes:
        context["labels"] = torch.arange(SAMPLES) % CLASSES
    if "queue" in pairs.takes:
        context["queue"] = z_ED[2 * SAMPLES :]
    return context, views


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", alphadsl.library())
def test_gradient_is_that_of_the_dense_backend(name: str, form: str, state: str) -> None:
    loss = alphadsl.load(name, backend="dense", compile=False)
    batch = probe_batch(loss.spec.pairs, loss.spec.space, state)
    context, views = given(batch, loss.spec.pairs)
    expected_ED = torch.cat(torch.autograd.grad(loss(*views, **context), views)).numpy()
    found_ED = batch.gradient(batch.weigh(derived(name, form), loss.values))
    np.testing.assert_allclose(found_ED, expected_ED, rtol=1e-8, atol=1e-9 * abs(expected_ED).max())


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", alphadsl.library())
def test_weights_are_those_of_the_dense_backend(name: str, state: str) -> None:
    """With labels, a row is an anchor with one positive, and importance gathers the rows of an anchor."""
    loss = alphadsl.load(name, backend="dense", compile=False)
    batch = probe_batch(loss.spec.pairs, loss.spec.space, state)
    context, views = given(batch, loss.spec.pairs)
    expected = loss.importance(*views, **context)
    found = batch.weigh(derived(name, "stable"), loss.values)
    rows = batch.rows
    repel_AC = found.repel_AC * rows.weight_A1
    gathered = np.zeros(expected.repel.shape)
    np.add.at(gathered, rows.anchor_A, repel_AC)
    scale = abs(gathered).max()
    np.testing.assert_allclose(gathered, expected.repel.numpy(), rtol=1e-8, atol=1e-9 * scale)
