"""Gates stop what is known, whatever its scale and parameters, and what is unsound; they let through what is new."""

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

import alphadsl
from alphadsl.api import find_text
from alphadsl.discover.embedded import Embedded
from alphadsl.discover.familiar import Familiar, settings_around
from alphadsl.discover.gates import Gate, Gates, Passed, Refused, core_of
from alphadsl.discover.known import known_losses
from alphadsl.discover.space import SearchSpace
from alphadsl.discover.weigh import ProbeBatches
from alphadsl.explain.candidates import Setting
from alphadsl.ir.index_sets import INDEX_SETS
from alphadsl.ir.kinds import Quantity, Space
from alphadsl.journey import Journey
from alphadsl.pipeline import lower_spec
from alphadsl.reference.probe_batch import STATES, probe_batch
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText

TAU = "param tau = 0.5 in (0, inf)\n"


def journey_of(body: str, name: str = "made") -> Journey:
    return lower_spec(SpecText(Source(name, f"loss {name} {{\n{body}\n}}\n"), None))


def judge(gates: Gates, body: str) -> Passed | Refused:
    return gates.judge("made", f"loss made {{\n{body}\n}}\n")


@pytest.fixture(scope="module")
def gates() -> Gates:
    space = SearchSpace(pairs=("two_view", "same_view"))
    return Gates.around(space, [lower_spec(find_text(name)) for name in ("infonce", "direct", "entropy", "dcl")])


# What a search must not call a finding: a loss of the library at another scale or at other values of its parameters.
REDISCOVERED = {
    "another temperature": "phi(x) = log(1 + x)\npsi(x) = exp(x / 0.13)",
    "another scale": TAU + "phi(x) = 7 * log(1 + x)\npsi(x) = exp(x / tau)",
    "another weight of the positive": TAU + "phi(x) = log(2.3 + x)\npsi(x) = exp(x / tau)",
    "another power": TAU + "alpha[i,j] ~ exp(-d[i,j]^3.1 / tau)",
    "a square written as a product": "alpha[i,j] ~ 3 * exp(-d[i,j]^2 * d[i,j]^2 * 1.7)",
    "on other negatives": "pairs same_view\nphi(x) = 2 * log(1.2 + x)\npsi(x) = exp(3 * x)",
}


@pytest.mark.parametrize("name", REDISCOVERED)
def test_a_known_loss_in_other_clothes_is_familiar(gates: Gates, name: str) -> None:
    verdict = judge(gates, REDISCOVERED[name])
    assert isinstance(verdict, Refused), verdict
    assert verdict.gate in (Gate.FAMILIAR, Gate.CORE), verdict


def test_one_core_under_other_names_is_one_core() -> None:
    first = journey_of(TAU + "phi(x) = tau * log(1 + x)\npsi(x) = exp(x / tau)")
    second = journey_of("param heat = 0.9 in (0, inf)\nphi(y) = heat * log(1 + y)\npsi(z) = exp(z / heat)", "other")
    third = journey_of(TAU + "phi(x) = tau * log(1 + x)\npsi(x) = exp(x / tau^2)")
    assert core_of(first) == core_of(second) != core_of(third)


NEW = {
    "weights that rise and fall": TAU + "alpha[i,j] ~ exp(-(d[i,j]^2 - 0.5)^2 / tau)",
    "rows by their hardest": "phi(x) = x^2\npsi(x) = softplus(8 * x)",
}


@pytest.mark.parametrize("name", NEW)
def test_what_is_new_passes_and_is_known_from_then_on(gates: Gates, name: str) -> None:
    verdict = judge(gates, NEW[name])
    assert isinstance(verdict, Passed), verdict
    assert verdict.near.angle > 3
    gates.learn(verdict.journey)
    again = judge(gates, NEW[name])
    assert isinstance(again, Refused)
    assert again.gate == Gate.CORE


UNSOUND = {
    Gate.ADMITTED: TAU + "phi(x) = log(x)\npsi(x) = -x",
    Gate.FLAT: "alpha[i,j] = 1e-30 * (1 + d[i,j])",
    Gate.FINITE: "alpha[i,j] = exp(1 / (1e-6 + d[i,j]^2)^4)",
    Gate.SIZE: "alpha[i,j] ~ " + " + ".join(f"d[i,j]^{power}" for power in range(1, 20)),
}


@pytest.mark.parametrize("gate", UNSOUND)
def test_what_is_unsound_ends_at_its_gate(gates: Gates, gate: Gate) -> None:
    verdict = judge(gates, UNSOUND[gate])
    assert isinstance(verdict, Refused), verdict
    assert verdict.gate == gate, verdict
    assert verdict.reason


def test_a_gradient_that_rounding_moves_is_ill_conditioned(gates: Gates) -> None:
    first = gates.familiar["two_view"].probe.batches[0]
    highest = float(first.quantities[Quantity.INNER_NEGATIVE][first.rows.negative_AC].max())
    verdict = judge(gates, f"alpha[i,j] = exp(5000000 * (s[i,j] - {highest}))")
    assert isinstance(verdict, Refused), verdict
    assert verdict.gate == Gate.CONDITIONED, verdict


PLAYERS = ("R(a) = -a^1.7 - a^3", "R(a) = sqrt(a) + 0.2 * log(a + 0.1)", TAU + "R(a) = -tau * a * log(a) - a^3")


@pytest.mark.parametrize("player", PLAYERS)
@pytest.mark.parametrize("state", STATES)
def test_alpha_by_table_is_alpha_by_bisection(player: str, state: str) -> None:
    journey = journey_of(player + "\nalpha in simplex")
    values = {parameter.name: parameter.value for parameter in journey.loss.parameters}
    batch = probe_batch(INDEX_SETS["two_view"], Space.SPHERE, state)
    slow = Setting(journey, tuple(values.items()), 0, frozenset()).weigh(batch)
    (fast,) = ProbeBatches((batch,)).weigh(journey, [values])
    assert np.allclose(fast.repel_AC[0], slow.repel_AC, atol=2e-4)
    assert np.allclose(fast.repel_AC[0].sum(1), 1)


@pytest.mark.parametrize("pairs", ["two_view", "cross_view"])
def test_settings_and_batches_side_by_side_are_weighed_as_one_by_one(pairs: str) -> None:
    """Every loss of the library at the ends of its parameters, on batches of two shapes."""
    embedded = Embedded(np.random.default_rng(0).normal(size=(2, 6, 7)), np.arange(6))
    familiar = Familiar.on(INDEX_SETS[pairs], (embedded,))
    compared = 0
    for journey in known_losses():
        settings = [*settings_around(journey.loss.parameters)][:: 8 if journey.loss.parameters else 1]
        sound_K, signatures_KS = familiar.signatures(journey, settings)
        for values, sound, signature_S in zip(settings, sound_K, signatures_KS, strict=True):
            setting, parts = Setting(journey, tuple(values.items()), 0, frozenset()), []
            if not sound or journey.loss.family.kind == "min_player":  # by table: above
                continue
            for batch in familiar.probe.batches:
                weights = setting.weigh(batch)
                for part in (weights.repel_AC, batch.gradient(weights)):
                    parts.append(part.ravel() / np.linalg.norm(part))
            assert np.allclose(signature_S, np.concatenate(parts), rtol=1e-9, atol=1e-12), setting
            compared += 1
    assert compared > 100


@pytest.mark.parametrize("pairs", ["two_view", "same_view", "cross_view"])
def test_what_a_network_embeds_is_weighed_as_the_loss_weighs_it(pairs: str) -> None:
    z_VND = torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    body = f"pairs {pairs}\n{TAU}phi(x) = tau * log(1 + x)\npsi(x) = exp(x / tau)"
    batch = Embedded(z_VND.numpy(), np.arange(6) % 2).batch(INDEX_SETS[pairs])
    mine_ED = batch.gradient(batch.weigh(journey_of(body).alpha, {"tau": 0.5}))
    views = [z_ND.clone().requires_grad_() for z_ND in z_VND]
    alphadsl.loads(f"loss made {{\n{body}\n}}", compile=False)(*views).backward()
    theirs_ED = torch.cat([view.grad for view in views]) * z_VND.flatten(0, 1).norm(dim=1, keepdim=True)
    assert np.allclose(normalize(z_VND, dim=2).flatten(0, 1).numpy(), batch.z_ED)
    assert np.allclose(mine_ED, theirs_ED.numpy(), rtol=1e-9, atol=1e-12)


def test_embeddings_of_networks_are_looked_at_beside_those_made_up() -> None:
    kept = (Embedded(np.random.default_rng(0).normal(size=(2, 10, 7)), np.arange(10)),)
    gates = Gates.around(SearchSpace(pairs=("two_view", "same_view")), [], kept)
    for familiar in gates.familiar.values():
        assert len(familiar.probe.batches) == len(STATES) + 1
        assert familiar.probe.batches[-1].z_ED.shape == (20, 7)
