"""Settings from a file: which files count, what goes before what, and refusals that name the file."""

import json
from pathlib import Path

import pytest

from alphadsl.report.exceptions import InputError
from runner.settings.config import ExperimentConfig
from runner.settings.file import read_settings
from runner.settings.resolving import Given, describe_config, make_config, resolve_config
from tests.runner.runs import make_run


def resolved(path: Path, **options: object) -> ExperimentConfig:
    return resolve_config(read_settings(path).given, Given(options))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mine.toml", 'dataset = "cifar10"\nlr = 1e-3\nepochs = 7\n'),
        ("mine.JSON", '{"dataset": "cifar10", "lr": 1e-3, "epochs": 7}'),
    ],
)
def test_a_file_goes_before_defaults_and_after_options(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert resolved(tmp_path / name) == make_config("cifar10", lr=1e-3, epochs=7)
    assert resolved(tmp_path / name, epochs=9, lr=None) == make_config("cifar10", lr=1e-3, epochs=9)


def test_the_record_of_a_run_is_a_file_of_settings(tmp_path: Path) -> None:
    config = make_config("digits", epochs=3, width=5, optimizer="sgd", device="cpu", seed=4)
    run = make_run(tmp_path / "run", config=config)
    file = read_settings(run.config)
    assert file.loss == "infonce"
    assert resolve_config(file.given) == config
    assert resolve_config(file.given, Given({"seed": 5})) == config.model_copy(update={"seed": 5})


def test_what_a_configuration_dumps_can_be_given_again(tmp_path: Path) -> None:
    config = make_config("folder", data_dir="here", image_size=64)
    (tmp_path / "c.json").write_text(config.model_dump_json(), encoding="utf-8")
    assert resolved(tmp_path / "c.json") == config


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("a.toml", "epoch = 5", "epoch = 5"),
        ("a.toml", "epochs = -1", "epochs = -1"),
        ("a.toml", "epochs = true", "epochs = True"),
        ("a.toml", 'epochs = "many"', "epochs = 'many'"),
        ("a.toml", "epochs = [1, 2]", "epochs = [1, 2]"),
        ("a.toml", "[training]\nepochs = 5", "training = {'epochs': 5}"),
        ("a.toml", "lr = nan", "lr = nan"),
        ("a.json", '{"lr": Infinity}', "lr = inf"),
        ("a.json", '{"dataset": 3}', "dataset = 3"),
        ("a.json", '{"dataset": ["digits"]}', "dataset = ['digits']"),
        ("a.json", '{"epochs": 1, "epochs": 2}', "gives epochs twice"),
        ("a.toml", "epochs = 1\nepochs = 2", "cannot be read as TOML"),
        ("a.toml", "epochs 5", "cannot be read as TOML"),
        ("a.json", "{", "cannot be read as JSON"),
        ("a.json", "[" * 100_000, "cannot be read as JSON: it is nested too deeply"),
        ("a.json", "[1]", "does not give settings by name"),
        ("a.json", "", "cannot be read as JSON"),
        ("a.yaml", "epochs: 5", "is not a settings file"),
        ("a.toml", "width = 999999", "width = 999999"),
        ("a.toml", f'encoder = "{"x" * 500}"', "encoder = 'xxx"),
    ],
)
def test_a_file_that_is_refused_is_named_in_one_line(name: str, text: str, named: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        resolved(tmp_path / name)
    told = refusal.value.message
    assert named in told
    assert str(tmp_path / name) in told
    assert "\n" not in told + refusal.value.help
    assert len(told) < len(str(tmp_path)) + 250


def test_files_that_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "latin.toml").write_bytes(b'encoder = "\xe9"')
    for name, named in (("folder.toml", "cannot be read"), ("absent.toml", "cannot be read"), ("latin.toml", "UTF-8")):
        with pytest.raises(InputError, match=named):
            resolved(tmp_path / name)


def test_a_slip_in_a_name_is_told_with_the_right_one(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("epoch = 5", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        resolved(tmp_path / "a.toml")
    assert refusal.value.help == "Did you mean epochs?"


def test_a_configuration_is_told_in_brief() -> None:
    told = describe_config(make_config("cifar10", epochs=3, seed=2))
    assert told.startswith("cifar10 with epochs 3, seed 2; by default encoder resnet8, width 16, ")
    assert "precision" not in told
    assert "\n" not in told


def test_settings_of_an_example_are_json_as_it_is_written(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    record = json.loads(run.config.read_text())
    assert set(record["config"]) == set(ExperimentConfig.model_fields)
