"""`alphadsl.train` in a program: callbacks, modules and images of one's own, and refusals that advise keywords."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

import alphadsl
from runner import probing
from runner.records.folder import RunFolder
from runner.records.record import read_probe, read_record
from runner.settings.config import ExperimentConfig
from runner.training.checkpoint import load_checkpoint
from tests.runner.conftest import SMALL

QUICK: dict[str, Any] = SMALL | {"batch": 256, "epochs": 2}
OWN: dict[str, Any] = {name: value for name, value in QUICK.items() if name != "width"}
CPU = torch.device("cpu")


class Forgetful(nn.Module):
    """Features of a layer that drops some at random, from the global random numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(192, 6), nn.Dropout(0.5))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        features_BF: Tensor = self.layers(x_BCHW)
        return features_BF


class Diary(alphadsl.Callback):
    """Records its calls, and stops a run after an epoch."""

    def __init__(self, last: int | None = None) -> None:
        self.last, self.lines = last, list[str]()

    def on_start(self, training: alphadsl.Training) -> None:
        self.lines.append(f"start at {training.step} of {training.steps}")

    def on_step(self, training: alphadsl.Training, loss: Tensor) -> None:
        assert loss.ndim == 0
        self.lines.append(f"step {training.step}")

    def on_epoch(self, training: alphadsl.Training, row: Mapping[str, float]) -> None:
        assert training.epoch == row["epoch"]
        assert 0 <= row["knn"] <= 1
        training.encoder.eval()
        torch.rand(1)
        self.lines.append(f"epoch {training.epoch}")
        if training.epoch == self.last:
            training.stop()

    def on_end(self, training: alphadsl.Training) -> None:
        self.lines.append("end")


@pytest.fixture
def loss() -> alphadsl.ContrastiveLoss:
    return alphadsl.load("infonce", compile=False, tau=0.2)


def images(count: int = 300, size: int = 8) -> tuple[Tensor, Tensor]:
    """Images in ten classes, each darker than the next."""
    random = torch.Generator().manual_seed(0)
    y_N = torch.arange(count) % 10
    x_NCHW = torch.rand(count, 3, size, size, generator=random) * 0.2 + y_N[:, None, None, None] * 0.07
    return x_NCHW.clamp(0, 1), y_N


def weights(run: alphadsl.Run) -> Mapping[str, Tensor]:
    network: Mapping[str, Tensor] = load_checkpoint(run.folder / "checkpoint.pt", CPU).network
    return network


def same(one: alphadsl.Run, other: alphadsl.Run) -> bool:
    mine, its = weights(one), weights(other)
    return mine.keys() == its.keys() and all(torch.equal(mine[name], its[name]) for name in mine)


def test_every_setting_is_a_keyword() -> None:
    keywords = inspect.signature(alphadsl.train).parameters
    assert ExperimentConfig.model_fields.keys() <= keywords.keys()
    assert {"callbacks", "values", "encoder", "runs_dir"} <= keywords.keys()


@pytest.mark.slow
def test_a_run_has_what_its_folder_has(tmp_path: Path, loss: alphadsl.ContrastiveLoss) -> None:
    diary, before = Diary(), torch.random.get_rng_state()
    run = alphadsl.train(loss, "digits", callbacks=[diary], runs_dir=tmp_path, **QUICK)
    assert torch.equal(before, torch.random.get_rng_state())
    assert run.folder == tmp_path / "digits-infonce-seed0"
    assert run.epoch == run.config.epochs == 2
    assert 0 < run.accuracies["test"]["linear_last"] <= 1
    assert {"validation", "test"} <= run.accuracies["untrained"].keys()
    assert [row["epoch"] for row in run.rows if "seconds" in row] == [1, 2]
    assert alphadsl.loads(run.loss).values["tau"] == 0.2
    steps = run.rows[-1]["step"] // 2
    told = [*(f"step {step}" for step in range(1, steps + 1)), "epoch 1"]
    told += [*(f"step {step}" for step in range(steps + 1, 2 * steps + 1)), "epoch 2"]
    assert diary.lines == [f"start at 0 of {2 * steps}", *told, "end"]
    x_NCHW = images(5)[0]
    features_NF = run.features(x_NCHW)
    assert features_NF.shape == (5, 8)
    torch.testing.assert_close(features_NF, run.encoder((x_NCHW * 255).round() / 255))
    assert not run.encoder.training
    opened = alphadsl.open_run(run.folder)
    assert torch.equal(opened.features(x_NCHW), features_NF)
    (run.folder / "spec.alpha").write_bytes(b"loss other {}\xff")
    with pytest.raises(alphadsl.InputError, match=r"spec\.alpha is not as the run wrote it"):
        _ = opened.loss
    (run.folder / "spec.alpha").unlink()
    with pytest.raises(alphadsl.InputError, match=r"spec\.alpha cannot be read"):
        _ = opened.loss


@pytest.mark.slow
def test_a_callback_ends_a_run_that_goes_on_as_if_it_never_had(tmp_path: Path, loss: alphadsl.ContrastiveLoss) -> None:
    """With dropout, a callback that takes random numbers, and one that changes the mode of the encoder."""
    torch.manual_seed(0)
    module = Forgetful()
    given: dict[str, Any] = {"encoder": module, "runs_dir": tmp_path, **OWN}
    stopped = alphadsl.train(loss, "digits", callbacks=[Diary(last=1)], name="stopped", **given)
    assert (stopped.epoch, stopped.config.epochs) == (1, 2)
    assert (stopped.folder / "probe.json").exists()
    resumed = alphadsl.train(loss, "digits", name="stopped", if_exists="resume", **given)
    straight = alphadsl.train(loss, "digits", name="straight", **given)
    assert same(resumed, straight)
    assert not torch.equal(resumed.encoder.layers[1].weight, module.layers[1].weight)


@pytest.mark.slow
def test_an_encoder_of_ones_own_is_recorded_and_wanted_again(tmp_path: Path, loss: alphadsl.ContrastiveLoss) -> None:
    run = alphadsl.train(loss, "digits", encoder=Forgetful, runs_dir=tmp_path, **OWN)
    other = alphadsl.train(loss, "digits", encoder=Forgetful, runs_dir=tmp_path, **OWN | {"seed": 1})
    mine, its = (read_record(RunFolder(each.folder)) for each in (run, other))
    assert mine.config.encoder.startswith("own:Forgetful@")
    assert mine.config.encoder != its.config.encoder
    assert mine.settings() == its.settings(), "seeds of one experiment"
    x_NCHW = images(4)[0]
    with pytest.raises(alphadsl.InputError, match="Forgetful, is a module from Python code"):
        alphadsl.open_run(run.folder).features(x_NCHW)
    again = alphadsl.open_run(run.folder, encoder=Forgetful())
    assert torch.equal(again.features(x_NCHW), run.features(x_NCHW))
    with pytest.raises(alphadsl.InputError, match="not that of the run"):
        alphadsl.open_run(run.folder, encoder=nn.Flatten())
    with pytest.raises(alphadsl.InputError, match=r"was started with encoder = own:Forgetful@"):
        alphadsl.train(loss, "digits", encoder=Forgetful(), runs_dir=tmp_path, if_exists="resume", **OWN)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["pair", "data set", "bytes"])
def test_images_of_ones_own_are_trained_and_probed_on(
    form: str, tmp_path: Path, loss: alphadsl.ContrastiveLoss
) -> None:
    x_NCHW, y_N = images()
    as_bytes_NCHW = (x_NCHW * 255).round().to(torch.uint8)
    given = {"pair": (x_NCHW, y_N), "data set": TensorDataset(x_NCHW, y_N), "bytes": (as_bytes_NCHW, y_N)}[form]
    run = alphadsl.train(loss, given, runs_dir=tmp_path, **QUICK)
    assert run.folder.name == "own-infonce-seed0"
    assert run.config.image_size == 8
    assert run.accuracies.keys() == {"validation", "untrained"}
    assert read_record(RunFolder(run.folder)).data is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    "brought", [{"dataset": images(), **QUICK}, {"dataset": "digits", "encoder": Forgetful, **OWN}]
)
def test_a_probe_that_fails_can_be_had_by_the_same_call(
    brought: dict[str, Any], tmp_path: Path, loss: alphadsl.ContrastiveLoss, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(probing, "probe_features", lambda features, protocol: 1 / 0)
        with pytest.raises(alphadsl.InputError, match=r"probe of .* failed") as refusal:
            alphadsl.train(loss, runs_dir=tmp_path, **brought)
    assert refusal.value.help.endswith('the same alphadsl.train(...) with if_exists="resume"')
    run = alphadsl.train(loss, runs_dir=tmp_path, if_exists="resume", **brought)
    assert read_probe(RunFolder(run.folder))["validation"]


@pytest.mark.slow
def test_images_to_test_on_are_read_and_without_labels_nothing_is_probed(
    tmp_path: Path, loss: alphadsl.ContrastiveLoss
) -> None:
    run = alphadsl.train(loss, images(), test=images(50), runs_dir=tmp_path, **QUICK)
    assert run.accuracies.keys() == {"validation", "test", "untrained"}
    bare = alphadsl.train(loss, images()[0], runs_dir=tmp_path, name="bare", **QUICK)
    assert not (bare.folder / "probe.json").exists()
    assert bare.features(images(3)[0]).shape == (3, 8)


KINDS = {
    "stop_after": (0, 1.5, True, "3"),
    "probe": ("no",),
    "download": (1,),
    "values": ([0.1],),
    "name": (5,),
    "config": ({},),
}
"""Keywords that are no settings, with values of another kind."""

REFUSED: dict[str, tuple[Callable[[alphadsl.ContrastiveLoss], dict[str, Any]], str]] = {
    "a setting that is none": (lambda loss: {"epoch": 3}, "epoch = 3"),
    "a wrong value": (lambda loss: {"lr": -1}, "lr = -1"),
    "a width of a module": (lambda loss: {"encoder": Forgetful, "width": 3}, "width = 3 has no effect on own:Forget"),
    "a module without features": (lambda loss: {"encoder": nn.Identity()}, r"to \(2, 3, 8, 8\)"),
    "no module": (lambda loss: {"encoder": 5}, "encoder is a int"),
    "a class of callbacks": (lambda loss: {"callbacks": [Diary]}, r"Give Diary\(\)"),
    "a callback alone": (lambda loss: {"callbacks": Diary()}, r"not a list\. \(Give callbacks=\[...\]"),
    "no callback": (lambda loss: {"callbacks": [print]}, "without on_start"),
    "no choice": (lambda loss: {"if_exists": "replace"}, "'overwrite'"),
    "values of a loss": (lambda loss: {"loss": loss, "values": {"tau": 1}}, "already loaded"),
    "no loss": (lambda loss: {"loss": 3}, "loss is a int"),
    "a test set twice": (lambda loss: {"test": images()}, "a data set has its own"),
    "a folder of images in memory": (lambda loss: {"dataset": images(), "data_dir": "x"}, "they are in no folder"),
    "a test set that is not there": (lambda loss: {"dataset": images(), "test_set": "read"}, "there is no test set"),
    "images in order": (lambda loss: {"dataset": images(), "shuffle": False}, "Give shuffle"),
    "a large batch": (lambda loss: {"batch": 2000}, "Give batch=1297 or less"),
    "a stop after the end": (lambda loss: {"epochs": 2, "stop_after": 3}, "stop_after=3 has no effect on 2 epochs"),
    "an unknown data set": (lambda loss: {"dataset": "cifar"}, "Did you mean cifar10"),
    **{f"{it} = {no!r}": (lambda _, it=it, no=no: {it: no}, f"{it} = ") for it, wrong in KINDS.items() for no in wrong},
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_one_line_before_anything_is_written(
    what: str, tmp_path: Path, loss: alphadsl.ContrastiveLoss
) -> None:
    wrong, told = REFUSED[what]
    given = {"loss": "infonce", "dataset": "digits", "runs_dir": tmp_path, "device": "cpu", **wrong(loss)}
    with pytest.raises(alphadsl.InputError, match=told) as refusal:
        alphadsl.train(**given)
    assert "\n" not in str(refusal.value)
    assert "--" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_exists_is_refused_with_keywords(tmp_path: Path, loss: alphadsl.ContrastiveLoss) -> None:
    for _ in range(2):
        alphadsl.train(loss, runs_dir=tmp_path, probe=False, if_exists="overwrite", **QUICK | {"epochs": 0})
    with pytest.raises(alphadsl.InputError, match='Give if_exists="resume" to continue it, name for another'):
        alphadsl.train(loss, runs_dir=tmp_path, **QUICK)
