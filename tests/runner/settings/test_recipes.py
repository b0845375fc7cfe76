"""Recipes: each is whole, goes between the data set's defaults and what is given, and names no other experiment."""

import json
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from alphadsl.cli import discover, experiment, sweep
from alphadsl.report.exceptions import InputError
from runner.records.identity import RunRecord
from runner.settings.config import DATASETS, RECIPES, ExperimentConfig
from runner.settings.recipe import FOLDER, read_recipe
from runner.settings.resolving import Given, describe_config, make_config, resolve_config

app = typer.Typer()
for command in (experiment.train, sweep.sweep, discover.discover):
    app.command()(command)

PER_256 = {"simclr": 0.3, "fast": 0.12}
TINY = ["--encoder", "resnet8", "--width", "2", "--epochs", "1", "--warmup-epochs", "0.5", "--batch", "128"]


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def refusal_of(*layers: Given) -> InputError:
    with pytest.raises(InputError) as refusal:
        resolve_config(*layers)
    assert "\n" not in refusal.value.message + refusal.value.help
    return refusal.value


def test_every_recipe_has_a_file_that_names_its_source() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(RECIPES)
    assert len(list(FOLDER.iterdir())) == len(RECIPES)
    for name in RECIPES:
        text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
        assert text.startswith("# ")
        assert "/" in text.split("\n\n")[0]
        assert tomllib.loads(text).keys() - {"lr_per_256"} <= ExperimentConfig.model_fields.keys()


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("dataset", [name for name in DATASETS if name not in ("folder", "hf")])
def test_a_recipe_goes_before_the_defaults_of_every_data_set(name: str, dataset: str) -> None:
    config, recipe = make_config(dataset, recipe=name), read_recipe(name)
    effective = {name: value for name, value in recipe.settings.items() if (dataset, name) != ("digits", "grey")}
    assert {setting: getattr(config, setting) for setting in effective} == effective
    rest = config.model_dump(exclude={*recipe.settings, "recipe", "lr"})
    assert rest == make_config(dataset).model_dump(include=set(rest))
    assert f"recipe {name}" in describe_config(config)


def test_options_go_before_a_file_before_a_recipe() -> None:
    recipe, file, options = Given({"recipe": "paper"}), Given({"lr": 0.25, "batch": 64}), Given({"batch": 32})
    config = resolve_config(file, Given({**recipe.values, **options.values}))
    assert (config.schedule, config.lr, config.batch) == ("authors", 0.25, 32)
    assert resolve_config(Given({"recipe": "paper", "lr": 0.25}), options).batch == 32
    assert resolve_config(Given({"recipe": "paper"}), Given({"recipe": "fast"})) == make_config("digits", recipe="fast")
    assert resolve_config(Given({"recipe": "paper"}), Given({"recipe": "none"})) == make_config("digits")


@pytest.mark.parametrize("name", PER_256)
@pytest.mark.parametrize("batch", [None, 256, "64", 1024.0])
def test_a_learning_rate_goes_with_the_batch_that_is_given(name: str, batch: object) -> None:
    config = make_config("cifar10", recipe=name, batch=batch)
    assert config.batch == int(str(batch or 512).removesuffix(".0"))
    assert config.lr == pytest.approx(PER_256[name] * config.batch / 256)
    assert make_config("cifar10", recipe=name, batch=batch, lr=0.5).lr == 0.5


def test_the_name_makes_no_other_run_and_a_record_gives_the_same_settings_again() -> None:
    config = make_config("digits", recipe="simclr", epochs=60)
    plain = make_config("digits", **config.model_dump(exclude={"recipe", "image_size", "dataset"}))
    named, unnamed = (RunRecord(loss="infonce", values={}, config=it) for it in (config, plain))
    assert (config.recipe, plain.recipe) == ("simclr", "none")
    assert named.identity() == unnamed.identity()
    assert named.settings() == unnamed.settings()
    written = json.loads(config.model_dump_json())
    assert resolve_config(Given(written)) == config
    assert resolve_config(Given(written), Given({"seed": 3})).lr == config.lr


def test_order_is_part_of_what_makes_a_run() -> None:
    ordered, shuffled = (
        RunRecord(loss="infonce", values={}, config=make_config("digits", shuffle=it)) for it in (False, True)
    )
    assert ordered.identity() != shuffled.identity()


@pytest.mark.parametrize(
    ("given", "message", "remedy"),
    [
        ({"recipe": "fats"}, "recipe = 'fats' is refused", "Did you mean fast?"),
        ({"recipe": "SimCLR"}, "recipe = 'SimCLR' is refused", "Did you mean simclr?"),
        ({"recipe": "qqqq"}, "'none', 'paper', 'simclr' or 'fast'", "See alphadsl train --help."),
        ({"recipe": ["fast"]}, "recipe = ['fast'] is refused", "See alphadsl train --help."),
        ({"encoder": "resnet-18"}, "encoder = 'resnet-18' is refused", "Did you mean resnet18?"),
        ({"recipe": "fast", "batch": "many"}, "batch = 'many' is refused", "See alphadsl train --help."),
        ({"recipe": "paper", "dataset": "folder"}, "class by class", "Give --shuffle."),
        ({"recipe": "simclr", "epochs": 5}, "warm-up of 10 epochs does not end", "Give --warmup-epochs 0.5"),
        ({"epochs": 2, "warmup_epochs": 3.0}, "warm-up of 3 epochs does not end", "Give --warmup-epochs 0.2"),
        ({"recipe": "paper", "test_set": "sealed"}, "test set that is sealed", "Give --select validation"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(given: dict[str, object], message: str, remedy: str) -> None:
    refusal = refusal_of(Given(given))
    assert message in refusal.message
    assert refusal.help.startswith(remedy)


def test_remedies_of_what_does_not_fit_work() -> None:
    assert make_config("folder", recipe="paper", shuffle=True).shuffle
    assert make_config("digits", recipe="simclr", epochs=5, warmup_epochs=0.5).epochs == 5
    assert make_config("digits", epochs=2, warmup_epochs=0.2).epochs == 2


def test_a_first_try_of_few_epochs_keeps_the_usual_warm_up() -> None:
    assert make_config("digits", epochs=1).warmup_epochs == 2
    assert make_config("digits", recipe="paper", test_set="sealed", select="validation").select == "validation"


def test_a_recipe_under_the_record_of_a_run_is_refused() -> None:
    record = Given(make_config("digits", recipe="fast").model_dump())
    for name in RECIPES:
        assert f"The recipe {name} has no effect" in refusal_of(record, Given({"recipe": name})).message


@pytest.mark.parametrize("words", [["sweep", "infonce", "--over", "tau=0.1,0.2"], ["discover", "--from", "infonce"]])
@pytest.mark.parametrize(
    ("name", "message"), [("paper", "test set that is sealed"), ("simclr", "warm-up of 10"), ("fats", "Did you mean")]
)
def test_searches_take_recipes_and_refuse_what_does_not_fit(words: list[str], name: str, message: str) -> None:
    given = [*words, "--recipe", name, *(["--epochs", "4"] if words[0] == "sweep" else [])]
    with pytest.raises(InputError) as refusal:
        CliRunner().invoke(app, given, catch_exceptions=False)
    assert message in refusal.value.message + refusal.value.help


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_trains(name: str) -> None:
    words = ["train", "infonce", "--recipe", name, *TINY, "--no-probe", "--device", "cpu", "--name", "run"]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert f"recipe {name}" in result.stderr
    config = json.loads(Path("runs/run/config.json").read_text())["config"]
    assert (config["recipe"], config["optimizer"]) == (name, read_recipe(name).settings["optimizer"])
    assert len(Path("runs/run/metrics.jsonl").read_text().splitlines()) > 1
