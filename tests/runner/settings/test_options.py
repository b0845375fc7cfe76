"""Options of `train` are the fields of its configuration: each has one, and each reaches the run."""

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from alphadsl.cli import experiment
from runner import plan as planning
from runner.settings.config import ExperimentConfig
from runner.settings.options import all_options, option_of
from runner.settings.resolving import make_config

app = typer.Typer()
app.command()(experiment.train)

OTHERS: dict[str, str] = {
    **{"dataset": "cifar10", "data_dir": "elsewhere", "image_size": "64", "encoder": "resnet18", "width": "3"},
    **{"projector_dim": "9", "batch": "33", "epochs": "2", "optimizer": "sgd", "lr": "0.5", "weight_decay": "0.25"},
    **{"crop_area": "0.25", "jitter": "0.75", "grey": "0.5", "blur": "0.125"},
    **{"projector_hidden": "7", "projector_norm": ""},
    **{
        "warmup_epochs": "0.125",
        "seed": "11",
        "precision": "bf16",
        "loss_products": "fast",
        "log_every": "7",
        "save_every": "2epochs",
        "logger": "none",
        "keep_last": "2",
        "schedule": "constant",
        "recipe": "fast",
        "shuffle": "",
        "keep_every": "5",
        "cached_chunks": "4",
        "predictor": "mlp",
        "stop_gradient": "",
        "momentum_encoder": "0.5",
        "queue": "512",
        "clip": "0.5",
        "deterministic": "",
        "device": "cpu",
        "threads": "2",
        "channels_last": "",
        "compile": "",
    },
    **{
        "momentum": "0.75",
        "ema": "0.5",
        "probe_epochs": "4",
        "probe_batch": "17",
        "probe_lr": "0.75",
        "select": "test",
        "test_set": "sealed",
    },
}


class PlannedError(Exception):
    """What `train` asked for."""


@pytest.fixture(autouse=True)
def planned(monkeypatch: pytest.MonkeyPatch) -> None:
    def plan_grid(variants: Any, setups: Any, *rest: Any) -> None:
        raise PlannedError([setup.config for setup in setups])

    monkeypatch.setattr(planning, "plan_grid", plan_grid)
    monkeypatch.setattr(experiment, "build", lambda *given: None)


def configs_of(*words: str) -> list[ExperimentConfig]:
    result = CliRunner().invoke(app, ["infonce", *words])
    assert isinstance(result.exception, PlannedError), result.output
    return list(result.exception.args[0])


@pytest.mark.parametrize("name", ExperimentConfig.model_fields)
def test_every_setting_is_an_option_that_reaches_the_run(name: str) -> None:
    dataset = {"data_dir": "folder", "grey": "cifar10"}.get(name, "digits")
    around = [] if name == "dataset" else ["--dataset", dataset]
    around += ["--optimizer", "sgd"] if name == "momentum" else []
    usually_on = name in ("shuffle", "projector_norm")
    flag = option_of(name).flag.replace("--", "--no-" if usually_on else "--", 1)
    (config,) = configs_of(*around, flag, *([OTHERS[name]] if OTHERS[name] else []))
    assert getattr(config, name) != getattr(make_config(dataset), name)
    assert str(getattr(config, name)) in (OTHERS[name] or ("True", "False"))


def test_options_go_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('dataset = "cifar10"\ncompile = true\nepochs = 3\nseed = 7\n', encoding="utf-8")
    words = ("--config", str(file), "--epochs", "4", "--no-compile", "--seeds", "2")
    assert [(c.dataset, c.epochs, c.compile, c.seed) for c in configs_of(*words)] == [
        ("cifar10", 4, False, 7),
        ("cifar10", 4, False, 8),
    ]


def test_help_tells_group_range_choices_and_defaults() -> None:
    told = " ".join(CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout.split())
    for option in all_options():
        assert option.flag in told
        assert f" {option.about.group} " in told
        assert option.about.help.removesuffix(".") in told
    assert "resnet8|resnet18|resnet50" in told
    assert "(at least 2, at most 8192; by default 128)" in told
    assert "by default 5, digits 60, stl10 100" in told
