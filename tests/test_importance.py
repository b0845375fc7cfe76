"""The pairwise importances of every built-in spec: whom they push, what they sum to, and that held fixed they have the
gradient of the loss (Theorem 1), as its oracle says.

Shape suffixes: N samples, D embedding width, A = 2N anchors (N with a queue), C candidates (A, or a queue's rows).
"""

import pytest
import torch
from torch import Tensor

import alphadsl
from tests.compiled_library import (
    AS_SHIPPED,
    AT_EXTREMES,
    TOLERANCE,
    Batch,
    Importance,
    Setting,
    context,
    embeddings,
    loaded,
    settings_in_turn,
    truth,
)
from tests.oracles import ORACLES, Answer, Context, value_and_gradient
from tests.oracles.closeness import assert_same_gradient
from tests.oracles.contexts import EUCLIDEAN, LABELLED, ONE_SIDED
from tests.oracles.states import SMOOTH, unit

ON_THE_SIMPLEX = ("direct", "entmax", "entropy", "infonce_direct_path", "inverse", "square")
# Not functions of the differences d_i^2 - d_ij^2 alone, so pull and push need not balance.
UNBALANCED = (
    *("align_uniform", "cacr", "cauchy", "circle", "dclw", "debiased", "direct_backprop", "dv", "hard_negative"),
    *("infonce_hard", "jsd", "kcl_gaussian", "kcl_imq", "kcl_log", "kcl_riesz", "multi_similarity", "n_pairs"),
    *("nt_logistic", "nwj", "rince", "rpc", "siglip", "spectral"),
)
# Alpha of either sign, on purpose.
SIGNED = ("beyond_infonce",)


def importance(setting: Setting, batch: Batch) -> Importance:
    return loaded(setting).importance(*embeddings(batch), **context(setting.name, batch))


@pytest.mark.parametrize("name", ON_THE_SIMPLEX)
@pytest.mark.parametrize("state", SMOOTH)
def test_rows_of_alpha_sum_to_one(name: str, state: str) -> None:
    settings = [setting for setting in AS_SHIPPED + AT_EXTREMES if setting.name == name]
    for setting in settings:
        repel_AA = importance(setting, Batch(state, torch.float32, samples=16)).repel
        assert repel_AA.min().item() >= 0, str(setting)
        assert (repel_AA.double().sum(1) - 1).abs().max().item() <= 1e-6, str(setting)


@pytest.mark.parametrize("name", [name for name in ORACLES if name not in ONE_SIDED])
def test_no_anchor_repels_itself_or_its_positive(name: str) -> None:
    batch = Batch("random", torch.float64)
    repel_AA = importance(Setting(name), batch).repel
    own_AA = torch.eye(batch.samples, dtype=torch.bool)
    own_AA = torch.block_diag(own_AA, own_AA) if name in LABELLED else own_AA.repeat(2, 2)
    assert repel_AA.shape == own_AA.shape
    assert (repel_AA[own_AA] == 0).all()
    assert (repel_AA[~own_AA] != 0).any()


@pytest.mark.parametrize("name", [name for name in ORACLES if name not in UNBALANCED])
def test_attract_is_the_row_sum_of_repel(name: str) -> None:
    for state in SMOOTH:
        weights = importance(Setting(name), Batch(state, torch.float64))
        assert name in SIGNED or weights.repel.min().item() >= 0, state
        pulls = weights.attract.sum(1) if name in LABELLED else weights.attract
        torch.testing.assert_close(pulls, weights.repel.sum(1), rtol=1e-12, atol=1e-12)


PAIRS = ("two_view", "same_view", "cross_view", "queue", "labels", "labels against other_classes")
# Rows of their own for the positives of an anchor, and one row for all.
BODIES = ("relu(d[i]^2 - d[i,j]^2 + 1)", "exp(d[i]^2 - d[i,j]^2)")


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("pairs", PAIRS)
def test_each_anchor_has_its_value(pairs: str, body: str) -> None:
    """That of the interpreter; the mean over anchors is the loss."""
    text = f"loss l {{\n  pairs {pairs}\n  loss[i] = log(1 + sum_j({body}))\n}}\n"
    z0_ND, z1_ND = embeddings(Batch("random", torch.float64))
    given = {"labels": torch.arange(len(z0_ND)) % 2} if "labels" in pairs else {}
    given |= {"queue": z0_ND.flip(0)} if pairs == "queue" else {}
    value, interpreted = (
        alphadsl.loads(text, backend=backend, compile=False).importance(z0_ND, z1_ND, **given).value
        for backend in ("auto", "interpreter")
    )
    anchors = len(z0_ND) if pairs == "queue" else 2 * len(z0_ND)
    assert value.shape == (anchors,)
    assert value.unique().numel() > 1
    torch.testing.assert_close(value, interpreted)
    torch.testing.assert_close(value.mean(), alphadsl.loads(text, compile=False)(z0_ND, z1_ND, **given))


@pytest.mark.parametrize("name", ORACLES)
def test_the_mean_of_the_values_is_the_loss(name: str) -> None:
    for dtype, tolerance in TOLERANCE.items():
        batch = Batch("random", dtype)
        value = importance(Setting(name), batch).value
        assert value.dtype == dtype
        torch.testing.assert_close(
            value.mean().double(), truth(Setting(name), batch).value, rtol=tolerance, atol=tolerance
        )


def surrogate(name: str, weights: Importance, z0_ND: Tensor, z1_ND: Tensor, given: Context) -> Tensor:
    """mean_i (attract_i d_i^2 - sum_j repel_ij d_ij^2), lengths held fixed: so d^2 moves as minus an inner product."""
    z_AD = torch.cat([z0_ND, z1_ND])
    u_AD = z_AD if name in EUCLIDEAN else unit(z_AD)
    u_CD = unit(given["queue"].double()) if name in ONE_SIDED else u_AD
    samples = len(z0_ND)
    s_AA = u_AD @ u_AD.T
    if name in LABELLED:
        pull = (weights.attract * s_AA).sum()
    else:
        s_A = s_AA.diagonal(samples).repeat(2)
        pull = (weights.attract * s_A[: len(weights.attract)]).sum()
    push = (weights.repel * (u_AD[: len(weights.repel)] @ u_CD.T)).sum()
    return (push - pull) / len(weights.repel)


def across(answer: Answer, z0_ND: Tensor, z1_ND: Tensor) -> Answer:
    """The gradient without what runs along each row, of which the importances say nothing in Euclidean space."""
    gradients = []
    for z_ND, g_ND in ((z0_ND, answer.g0_ND), (z1_ND, answer.g1_ND)):
        u_ND = unit(z_ND.double())
        gradients.append(g_ND - (g_ND * u_ND).sum(1, keepdim=True) * u_ND)
    return Answer(answer.value, *gradients)


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "state"), settings_in_turn(tuple(SMOOTH)), ids=str)
def test_importance_held_fixed_has_the_gradient_of_the_loss(setting: Setting, state: str) -> None:
    batch = Batch(state, torch.float64)
    weights, given = importance(setting, batch), context(setting.name, batch)
    held = value_and_gradient(
        lambda z0_ND, z1_ND: surrogate(setting.name, weights, z0_ND, z1_ND, given), *embeddings(batch)
    )
    expected = truth(setting, batch)
    if setting.name in EUCLIDEAN:
        held, expected = (across(each, *embeddings(batch)) for each in (held, expected))
    assert_same_gradient(held, expected, TOLERANCE[batch.dtype])
