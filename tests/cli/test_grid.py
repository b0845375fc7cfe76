"""Grids by comma: every combination is a run, named by what differs; elsewhere one value is taken."""

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from alphadsl.cli import experiment
from alphadsl.cli.confirm import confirm
from alphadsl.cli.discover import discover
from alphadsl.cli.grid import combine_values
from alphadsl.cli.sweep import sweep
from alphadsl.cli.values import parse_lists, parse_settings
from alphadsl.report.exceptions import InputError
from runner import experiment as running
from runner.plan import PlannedRun
from runner.settings.grid import MOST_RUNS, check_size, combine_settings
from runner.settings.options import all_options
from runner.settings.resolving import Given

app = typer.Typer()
for command in (experiment.train, sweep, confirm, discover):
    app.command()(command)

VARIED = [option.name for option in all_options() if option.may_vary]


class PlannedError(Exception):
    """The runs that `train` would start."""


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    def train_runs(plan: list[PlannedRun], options: running.Options) -> None:
        for run in plan:
            options.before(run)
        raise PlannedError(plan)

    monkeypatch.setattr(running, "train_runs", train_runs)
    monkeypatch.chdir(tmp_path)

    def plan_of(*words: str) -> list[PlannedRun]:
        result = CliRunner().invoke(app, ["train", *words])
        assert isinstance(result.exception, PlannedError), result.output or result.exception
        plan = result.exception.args[0]
        counted = [f"run {place} of {len(plan)}: {run.path.name}" for place, run in enumerate(plan, start=1)]
        told = [line for line in result.stderr.splitlines() if line.startswith("run ")]
        assert told == (counted if len(plan) > 1 else [])
        return list(result.exception.args[0])

    return plan_of


def test_every_combination_is_a_run_named_by_what_differs(planned: Any) -> None:
    words = ("--set", "tau=0.1,0.5", "--lr", "0.01,0.003", "--optimizer", "sgd,lars", "--width", "4", "--seeds", "2")
    plan = planned("infonce", "square", "--set", "square.tau=1", *words)
    names = [run.path.name for run in plan]
    assert len(set(names)) == len(names) == (2 + 1) * 2 * 2 * 2
    rests = ("0.01-seed0", "0.01-seed1", "0.003-seed0")
    assert names[:3] == [f"digits-infonce-tau0.1-optimizer-sgd-lr{rest}" for rest in rests]
    for run in plan:
        told = f"digits-{run.loss.name}-tau{run.loss.values['tau']:g}-optimizer-{run.config.optimizer}"
        assert run.path.name == f"{told}-lr{run.config.lr:g}-seed{run.config.seed}"
        assert run.config.width == 4


def test_runs_of_single_values_are_called_as_ever(planned: Any) -> None:
    (run,) = planned("infonce", "--set", "tau=0.12345678", "--lr", "0.5", "--optimizer", "sgd")
    assert run.path.name == "digits-infonce-tau0.123457-seed0"


@pytest.mark.parametrize(("first", "second"), [(0.12345678, 0.12345679), (1e-9, 1.0000001e-9), (0.1, 0.1000000001)])
def test_values_that_are_nearly_the_same_have_names_of_their_own(first: float, second: float) -> None:
    tags = [point.tag for point in combine_values({"tau": (first, second)})]
    assert [float(tag.removeprefix("-tau")) for tag in tags] == [first, second]
    setups = combine_settings([], {"lr": (first, second)}, 1)
    assert [float(setup.tag.removeprefix("-lr")) for setup in setups] == [first, second]


@pytest.mark.parametrize("name", VARIED)
def test_every_setting_that_may_vary_varies_once_a_value(name: str) -> None:
    (option,) = (option for option in all_options() if option.name == name)
    words = tuple(word for word in option.choices if word != "auto")
    numbers = {int: (4, 8), float: (0.25, 0.5), str: ("256", "512") if name == "queue" else ("0.25", "0.5")}
    values = words[:2] or numbers[option.kind]
    setups = combine_settings([Given({"dataset": "cifar10", "optimizer": "sgd"})], {name: values}, 1)
    assert [str(getattr(setup.config, name)) for setup in setups] == [str(value) for value in values]
    assert len({setup.tag for setup in setups}) == 2
    assert all("/" not in setup.tag and setup.tag.isprintable() for setup in setups)


def test_a_derived_setting_is_that_of_each_combination() -> None:
    slow, fast = combine_settings([], {"recipe": ("simclr", "fast"), "batch": ("512",)}, 1)
    assert (slow.config.optimizer, fast.config.optimizer) == ("lars", "sgd")
    assert slow.config.lr != fast.config.lr


@pytest.mark.parametrize("command", ["sweep", "confirm", "discover"])
@pytest.mark.parametrize("words", ["--lr 0.1,0.2", "--optimizer sgd,adamw", "--momentum-encoder 0.9,0.99"])
def test_other_commands_take_one_value_and_name_those_that_take_several(command: str, words: str) -> None:
    result = CliRunner().invoke(app, [command, "infonce", "direct", *words.split()])
    assert isinstance(result.exception, InputError)
    assert words in result.exception.message
    assert f"alphadsl train {words}" in result.exception.help
    assert "sweep --over" in result.exception.help


def test_a_probe_is_not_searched_so_sweep_is_not_named() -> None:
    result = CliRunner().invoke(app, ["confirm", "infonce", "--probe-lr", "0.1,0.2"])
    assert isinstance(result.exception, InputError)
    assert result.exception.help == "Give alphadsl train --probe-lr 0.1,0.2."


@pytest.mark.parametrize("value", [[0.1, 0.2], "0.1,0.2"])
def test_files_give_one_value(value: object) -> None:
    with pytest.raises(InputError, match=r"mine\.toml: the setting lr") as refusal:
        combine_settings([Given({"lr": value}, Path("mine.toml"))], {}, 1)
    assert refusal.value.help.endswith("give alphadsl train --lr 0.1,0.2, or sweep --over lr=0.1,0.2")


@pytest.mark.parametrize("words", ["--seed 0,1", "--threads 1,2", "--image-size 8,16", "--keep-last 1,2"])
def test_what_all_runs_share_has_one_value(words: str) -> None:
    result = CliRunner().invoke(app, ["train", "infonce", *words.split()])
    assert isinstance(result.exception, InputError)
    assert words.split()[1] in result.exception.message


@pytest.mark.parametrize("words", ["--lr 0.1,0.10", "--width 4,4", "--optimizer sgd,sgd", "--queue 512,0512"])
def test_a_value_given_twice_is_refused(words: str) -> None:
    result = CliRunner().invoke(app, ["train", "moco", *words.split()])
    assert isinstance(result.exception, InputError)
    assert "twice" in result.exception.message


def test_parameters_have_one_value_where_one_is_taken() -> None:
    assert parse_lists(["tau=0.1, 0.5", "p=2"]) == {"tau": (0.1, 0.5), "p": (2.0,)}
    for refused in ("tau=0.1,0.1", "tau=0.1,", "tau=0.1,x"):
        with pytest.raises(InputError, match="tau"):
            parse_lists([refused])
    with pytest.raises(InputError, match=r"tau=0\.1,0\.5 gives several values") as refusal:
        parse_settings(["tau=0.1,0.5"])
    assert "alphadsl train" in refusal.value.help


def test_a_grid_that_is_too_large_is_refused_with_its_size() -> None:
    tens = tuple(range(10))
    check_size([{"tau": tens}], {"lr": tens}, MOST_RUNS // 100)
    with pytest.raises(InputError, match="1,100 runs"):
        check_size([{"tau": tens}], {"lr": tens}, MOST_RUNS // 100 + 1)
    check_size([{}], {"lr": (0.1,)}, 10 * MOST_RUNS)  # seeds alone are no grid
