"""What runs share: read once, probed once, and not mixed up."""

from pathlib import Path

import pytest

from runner import probing, supplies
from runner.experiment import Options, train_runs
from runner.plan import PlannedRun
from runner.probing import of_untrained
from runner.records.record import read_probe
from runner.settings.resolving import make_config
from runner.supplies import Stock
from tests.runner.conftest import SMALL
from tests.runner.losses import PlainInfoNCE

QUICK = SMALL | {"batch": 256}


@pytest.mark.slow
def test_a_stock_is_read_once_and_an_untrained_encoder_probed_once_for_each_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, probed = [], []
    load_data, probe_features = supplies.load_data, probing.probe_features
    monkeypatch.setattr(supplies, "load_data", lambda *parts, **more: read.append(1) or load_data(*parts, **more))
    monkeypatch.setattr(probing, "probe_features", lambda *parts: probed.append(1) or probe_features(*parts))

    def untrained(stock: Stock, epochs: int, seed: int) -> object:
        config = make_config("digits", seed=seed, **QUICK | {"epochs": epochs, "lr": 0.01 / epochs})
        run = PlannedRun(PlainInfoNCE(), config, tmp_path / f"{len(probed)}")
        return read_probe(train_runs([run], Options(stock=stock)).folders[0])["untrained"]

    stock = Stock()
    told = [untrained(stock, epochs, seed) for epochs, seed in ((1, 0), (2, 0), (1, 3))]
    assert (len(read), len(probed)) == (1, 5)
    assert told[0] == told[1] != told[2]
    assert told[2] == untrained(Stock(), 2, 3)


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"epochs": 9, "lr": 1.0, "queue": 64}, True),
        ({"seed": 1}, False),
        ({"width": 3}, False),
        ({"probe_lr": 0.1}, False),
        ({"image_size": 16}, False),
        ({"precision": "bf16"}, False),
    ],
)
def test_training_does_not_decide_what_an_untrained_encoder_is(changed: dict[str, object], same: bool) -> None:
    one, other = make_config("digits"), make_config("digits", **changed)
    assert (of_untrained(one) == of_untrained(other)) is same
