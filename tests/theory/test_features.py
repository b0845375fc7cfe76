"""Spectra, alignment and uniformity, and the score of the landscape, on features made by hand."""

import json
import math
from pathlib import Path

import pytest
import torch

from alphadsl.report.exceptions import InputError
from runner.evaluation.statistics import feature_statistics
from runner.records.folder import RunFolder
from runner.theory.bridge import Entry, class_share, measure_library, view_consistency
from runner.theory.data import Recipe, read_views
from runner.theory.gated import rank_of
from runner.theory.landscape import correlate, study
from runner.theory.spectrum import measure_layer, stages_of
from runner.theory.subject import read_subject
from runner.theory.weights import CONTROLS


def test_a_layer_by_hand() -> None:
    """Unit features along two axes, both ways, views agree: variances 1/2, 1/2 and 0."""
    one_NF = torch.tensor([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]], dtype=torch.float64)
    layer = measure_layer(torch.stack([one_NF, one_NF]))
    assert layer.eigenvalues_F.tolist() == pytest.approx([0.5, 0.5, 0])
    assert layer.effective_dimensionality == pytest.approx(2)
    assert (layer.collapsed, layer.alignment) == (1, 0)
    # Two pairs at distance 2, four at sqrt 2: log((2 e^-8 + 4 e^-4) / 6).
    assert layer.uniformity == pytest.approx(math.log((2 * math.exp(-8) + 4 * math.exp(-4)) / 6))


def test_effective_dimensionality_is_of_the_covariance_and_effective_rank_of_the_features() -> None:
    """Variances 9 : 1, so singular values 3 : 1, once centred; a common offset counts for the rank alone."""
    centred_NF = torch.tensor([[3.0, 0], [-3, 0], [0, 1], [0, -1]], dtype=torch.float64)
    views_VNF = torch.stack([centred_NF, centred_NF])
    assert measure_layer(views_VNF).effective_dimensionality == pytest.approx(exp_of_entropy(0.9, 0.1))
    assert measure_layer(views_VNF + 5).effective_dimensionality == pytest.approx(exp_of_entropy(0.9, 0.1))
    assert feature_statistics(views_VNF)["features/effective_rank"] == pytest.approx(exp_of_entropy(0.75, 0.25))
    assert feature_statistics(views_VNF + 5)["features/effective_rank"] < exp_of_entropy(0.75, 0.25)
    assert float(rank_of(torch.diag(torch.tensor([3.0, 1]))[None])[1]) == pytest.approx(exp_of_entropy(0.75, 0.25))


def exp_of_entropy(*shares: float) -> float:
    return math.exp(-sum(share * math.log(share) for share in shares))


def test_opposite_views_are_as_unaligned_as_can_be() -> None:
    one_NF = torch.tensor([[2.0, 0], [0, 3]], dtype=torch.float64)
    assert measure_layer(torch.stack([one_NF, -one_NF])).alignment == pytest.approx(4)


def test_a_collapsed_layer_is_measured_too() -> None:
    layer = measure_layer(torch.zeros(2, 3, 4, dtype=torch.float64))
    assert (layer.collapsed, layer.effective_dimensionality) == (4, 1)
    assert layer.uniformity == pytest.approx(0, abs=1e-12)


def test_shares_by_hand() -> None:
    """Classes at 0 and 2, spread 1 around each: of the variance 1 + 1, half is between classes. Views that differ by
    1 where samples differ by 1: nothing is left, 1 - 1 / 1 = 0."""
    features = torch.tensor([[-1.0], [1], [1], [3]], dtype=torch.float64)
    assert class_share(torch.stack([features, features]), torch.tensor([0, 0, 1, 1])) == pytest.approx(0.5)
    assert view_consistency(torch.stack([features, features])) == pytest.approx(1)
    pair = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    assert view_consistency(torch.stack([pair, pair + 1])) == pytest.approx(0)


def test_rank_correlation_over_losses_without_labels() -> None:
    def entry(score: float, accuracy: float, supervised: bool = False) -> Entry:
        return Entry(loss="x", score=score, effective_negatives=-score, accuracy=accuracy, supervised=supervised)

    told, numbers = correlate([entry(0.1, 0.5), entry(0.2, 0.6), entry(0.7, 0.61), entry(0.0, 1.0, True)])
    assert numbers["score"] == pytest.approx(1)
    assert numbers["effective negatives"] == pytest.approx(-1)
    assert "3 losses without labels" in told
    assert "Too few" in correlate([entry(0, 0)])[0]


def test_what_was_measured_of_the_library_is_kept(tmp_path: Path) -> None:
    cache, losses = tmp_path / "cache.json", [read_subject("infonce", {})]
    first = measure_library(losses, 0, cache, steps=1)
    (key,) = stored = json.loads(cache.read_text())
    stored[key]["accuracy"] = 0.25
    cache.write_text(json.dumps(stored))
    assert first[0].accuracy != 0.25
    assert measure_library(losses, 0, cache, steps=1)[0].accuracy == 0.25
    cache.write_text("no cache")
    assert measure_library(losses, 0, cache, steps=1) == first


@pytest.mark.slow
def test_two_losses_on_one_network(tmp_path: Path) -> None:
    views = read_views("mixture", Recipe(12, 5, 0.5, 0))
    same = study(read_subject("entropy", {}), read_subject("infonce", {"eps": 0.0}), views, [], 0, tmp_path / "none")
    assert not same.fails
    between = same.numbers["between"]
    assert all(each["overlap"] == pytest.approx(1) and each["correlation"] == pytest.approx(1) for each in between)
    broken = read_subject("infonce", {}).broken(CONTROLS["rows"])
    assert study(read_subject("dcl", {}), broken, views, [], 0, tmp_path / "none").fails


def test_a_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a run"):
        list(stages_of(RunFolder(tmp_path), 10, None))
