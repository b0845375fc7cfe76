"""The command `plot`: a picture for every loss, a curve for each value, and refusals of one line."""

import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

import alphadsl
from alphadsl.api import find_text
from alphadsl.cli import plot
from alphadsl.explain.blocks import draw_blocks
from alphadsl.explain.curve import NEGATIVES, Curve, alpha_curve
from alphadsl.explain.figure import draw_weights
from alphadsl.pipeline import lower_spec
from alphadsl.report.exceptions import InputError
from tests.processes import run_command


def run(*arguments: str, folder: Path) -> CompletedProcess[str]:
    return run_command("plot", *arguments, folder=folder)


def curve(name: str, **values: float) -> Curve:
    lowered = lower_spec(find_text(name))
    return alpha_curve(lowered, {each.name: each.value for each in lowered.loss.parameters} | values)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_picture_is_written(tmp_path: Path, ending: str) -> None:
    plot.plot(["infonce", "square"], tmp_path / f"a.{ending}", ["tau=0.1,0.5"])
    assert (tmp_path / f"a.{ending}").stat().st_size > 5000


def test_a_curve_for_each_value_of_the_losses_that_have_it() -> None:
    lines = [line for name in ("infonce", "triplet") for line in plot._lines(name, {"tau": (0.1, 0.5)})]
    assert [line.label() for line in lines] == ["infonce (tau = 0.1)", "infonce (tau = 0.5)", "triplet"]
    left, right = draw_weights(lines).axes
    assert [each.get_text() for each in left.get_legend().get_texts()] == [line.label() for line in lines]
    assert [each.get_text() for each in right.get_legend().get_texts()] == ["infonce", "triplet: no tau"]
    assert [len(set(line.get_ydata())) for line in right.get_lines() if line.get_label() == "triplet: no tau"] == [1]


def test_curves_that_coincide_are_named_together() -> None:
    lines = [line for name in ("infonce", "square", "entropy") for line in plot._lines(name, {})]
    for axes in draw_weights(lines).axes:
        labels = [each.get_text() for each in axes.get_legend().get_texts()]
        assert labels == ["infonce = entropy", "square"]


def test_a_setting_without_effect_on_the_curve_is_told() -> None:
    lines = list(plot._lines("infonce", {"eps": (0.0, 1.0)}))
    left, _ = draw_weights(lines).axes
    assert [each.get_text() for each in left.get_legend().get_texts()] == ["infonce (eps = 0) = infonce (eps = 1)"]


def test_one_panel_without_a_temperature() -> None:
    assert len(draw_weights(list(plot._lines("triplet", {}))).axes) == 1


@pytest.mark.parametrize("name", alphadsl.library())
def test_every_loss_has_a_finite_curve(name: str) -> None:
    found = curve(name)
    assert np.isfinite(found.alpha_C).all()
    assert 0 < found.effective_negatives <= NEGATIVES + 1e-9


def test_effective_negatives_are_what_they_say() -> None:
    assert curve("quadratic").effective_negatives == pytest.approx(NEGATIVES)
    one = Curve(np.arange(4.0), np.array([0.0, 1.0, 0.0, 0.0]))
    two = Curve(np.arange(4.0), np.array([0.0, 3.0, 3.0, 0.0]))
    assert (one.effective_negatives, two.effective_negatives) == (pytest.approx(1), pytest.approx(2))
    assert curve("infonce", tau=0.1).effective_negatives < curve("infonce", tau=1.0).effective_negatives


def test_blocks() -> None:
    assert draw_blocks([0.0, 1.0, 2.0], 2) == ("  █", " ██")
    assert draw_blocks([0.0, 0.0], 1) == ("  ",)


@pytest.mark.parametrize(
    ("specs", "output", "settings", "told"),
    [
        (["infonce"], "a.txt", [], "no extension of a picture format"),
        (["infonce"], "absent/a.png", [], "cannot be written"),
        (["infonce"], "a.png", ["sigma=1"], "none of these losses has a parameter sigma"),
        (["infonce"], "a.png", ["tau=0.1", "tau=0.2"], "gives tau twice"),
        (["infonce"], "a.png", ["tau=0.1,"], "is not a number"),
        (["infonce"], "a.png", ["tau=1,2,3,4,5,6,7,8,9"], "9 curves cannot be told apart"),
        (["infonze"], "a.png", [], "there is no loss called infonze"),
    ],
)
def test_refusals(tmp_path: Path, specs: list[str], output: str, settings: list[str], told: str) -> None:
    with pytest.raises(InputError, match=told):
        plot.plot(specs, tmp_path / output, settings)


@pytest.mark.slow
def test_plot_on_the_command_line(tmp_path: Path) -> None:
    assert run("infonce", "-o", "a.png", folder=tmp_path).stdout == "a.png\n"
    done = run("infonce", "--set", "tau=0", "-o", "b.png", folder=tmp_path)
    assert done.returncode == 1
    assert "out-of-interval" in done.stderr


@pytest.mark.slow
def test_plot_answers_without_torch(tmp_path: Path) -> None:
    script = """
import sys
from alphadsl.cli.main import app
app(["plot", "infonce", "-o", "a.png"], standalone_mode=False)
assert not {"torch", "scipy", "lightning"} & set(sys.modules), "slow to start"
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True)
