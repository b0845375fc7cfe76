"""Probes of runs: what fails leaves the training, what is sealed can be opened, what is exported can be repeated."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from alphadsl.report.exceptions import InputError
from runner import probing
from runner.evaluation.features import Features
from runner.experiment import Options, train_runs
from runner.plan import PlannedRun
from runner.probing import probe_run
from runner.records.folder import AtWorkError, RunFolder, locked
from runner.records.opening import IfExists
from runner.records.record import is_probed, read_probe
from runner.settings.resolving import make_config
from tests.runner.conftest import SMALL
from tests.runner.losses import PlainInfoNCE

QUICK = SMALL | {"epochs": 1, "batch": 256}
FAULTS = {
    "memory": MemoryError(),
    "device": RuntimeError("CUDA error: an illegal memory access was encountered\nand more"),
    "refusal": InputError("stem of the encoder changed while it was probed.", ""),
    "ours": AssertionError("shapes"),
}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run whose test set was not read."""
    config = make_config("digits", test_set="sealed", **QUICK | {"probe_epochs": 60, "width": 4})
    plan = [PlannedRun(PlainInfoNCE(), config, tmp_path_factory.mktemp("runs") / "sealed")]
    return train_runs(plan, Options()).folders[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_a_probe_that_fails_loses_no_training(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fault, probed = FAULTS[name], probing.probe_features

    def failing(features: Features, protocol: object) -> object:
        raise fault

    monkeypatch.setattr(probing, "probe_features", failing)
    configs = [make_config("digits", seed=seed, **QUICK) for seed in ((0, 1) if name == "memory" else (0,))]
    plan = [PlannedRun(PlainInfoNCE(), config, tmp_path / str(config.seed)) for config in configs]
    outcome = train_runs(plan, Options())
    assert [failure.what for failure in outcome.failures] == ["not probed"] * len(plan)
    reason = outcome.failures[0].reason
    assert reason.message.startswith(f"The probe of {plan[0].path} failed: ")
    assert "\n" not in reason.message
    assert reason.help == f"Its training is saved; to continue: alphadsl probe {plan[0].path}"
    run = RunFolder(plan[-1].path)
    trained = run.checkpoint.read_bytes()
    monkeypatch.setattr(probing, "probe_features", probed)
    if name == "memory":
        train_runs(plan, Options(IfExists.RESUME))
    else:
        probe_run(run, None)
    assert is_probed(run, 1, test=True)
    assert run.checkpoint.read_bytes() == trained


@pytest.mark.slow
@pytest.mark.parametrize("last", ["draw_confusion", "show_at"])
def test_a_probe_stopped_while_it_writes_is_repeated(
    last: str, sealed: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopping(*_: object) -> None:
        raise KeyboardInterrupt

    probe = sealed.probe.read_bytes()
    sealed.probe.unlink()
    monkeypatch.setattr(probing, last, stopping)
    try:
        with pytest.raises(KeyboardInterrupt):
            probe_run(sealed, None)
        assert not is_probed(sealed, 1)
    finally:
        sealed.probe.write_bytes(probe)


def test_a_run_at_work_is_not_probed_and_keeps_its_result(sealed: RunFolder) -> None:
    before = sealed.probe.read_bytes()
    with locked(sealed), pytest.raises(AtWorkError, match="Another process is using the run"):
        probe_run(sealed, None)
    assert sealed.probe.read_bytes() == before


@pytest.mark.slow
def test_a_test_set_stays_sealed_until_it_is_asked_for(sealed: RunFolder) -> None:
    before = read_probe(sealed)
    assert before["test"] is None
    assert before["untrained"]["test"] is None
    assert before["counted_on"] == "validation"
    probe_run(sealed, None, test_set="read")
    after = read_probe(sealed)
    assert after["validation"] == before["validation"]
    assert after["protocol"] == before["protocol"]
    assert after["test"]["knn_200"] > 0.2
    probe_run(sealed, None)
    assert read_probe(sealed) == before


def test_exported_features_give_others_the_same_accuracies(sealed: RunFolder, tmp_path: Path) -> None:
    """Neighbours to the image, the linear probe as closely as another solver of the same problem comes."""
    probe_run(sealed, None, "read", tmp_path / "features.npz")
    probe = json.loads(sealed.probe.read_text())
    with np.load(tmp_path / "features.npz") as stored:
        parts = {
            name: (stored[f"{name}_features"], stored[f"{name}_labels"]) for name in ("train", "validation", "test")
        }
        assert str(stored["encoder"]) == probe["encoder"]
        assert stored["classes"].tolist() == list(probe["per_class"])
    whole = tuple(np.concatenate(both) for both in zip(parts["train"], parts["validation"], strict=True))
    assert [len(y) for _, y in parts.values()] == [1167, 130, 500]
    for known, queries, told in (
        (parts["train"], parts["validation"], probe["validation"]["knn_200"]),
        (whole, parts["test"], probe["test"]["knn_200"]),
    ):
        vote = KNeighborsClassifier(200, metric="cosine", weights=lambda distance: np.exp((1 - distance) / 0.1))
        assert vote.fit(*known).score(*queries) == told
    decay = probe["protocol_details"]["weight_decay"]
    again = make_pipeline(StandardScaler(), LogisticRegression(C=1 / (decay * len(whole[1])), max_iter=2000))
    assert again.fit(*whole).score(*parts["test"]) == pytest.approx(probe["test"]["linear_last"], abs=0.03)


def test_the_untrained_encoder_is_probed_by_the_same_protocol(sealed: RunFolder) -> None:
    probe_run(sealed, None, test_set="read")
    probe = read_probe(sealed)
    assert 0.1 < probe["untrained"]["test"]["linear_last"] < 1
    assert probe["untrained"]["test"] != probe["test"]
    assert len(torch.tensor(probe["confusion"])) == 10


def test_features_that_cannot_be_exported_are_refused_before_the_probe(sealed: RunFolder, tmp_path: Path) -> None:
    before = sealed.probe.stat().st_mtime_ns
    with pytest.raises(InputError, match=r"features\.npz cannot be written"):
        probe_run(sealed, None, export=tmp_path / "nowhere/features.npz")
    assert sealed.probe.stat().st_mtime_ns == before
