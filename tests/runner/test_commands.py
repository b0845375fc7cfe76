"""The commands `train`, `probe` and `compare`, as they are typed."""

import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from alphadsl.cli import experiment
from alphadsl.report.exceptions import InputError
from runner import experiment as laboratory
from runner.experiment import Outcome
from runner.records.folder import RunFolder
from runner.settings.processor import Processor
from runner.training import together
from tests.runner.losses import PlainInfoNCE, StopsAt

QUICK = ["--epochs", "1", "--width", "2", "--probe-epochs", "2", "--device", "cpu"]

app = typer.Typer()
for command in (experiment.train, experiment.probe, experiment.compare):
    app.command()(command)


MINE = """
loss mine {
  param tau = 0.5 in (0, inf)
  alpha[i,j] ~ exp(-d[i,j] / tau)
}
"""


@pytest.fixture(autouse=True)
def folder_with_a_spec(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, undrawn: None) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.alpha").write_text(MINE, encoding="utf-8")


def typed(*words: str) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_train_ends_in_a_table_and_the_figures() -> None:
    lines = typed("train", "infonce", "mine.alpha", "--set", "tau=0.3", *QUICK).splitlines()
    assert lines[-1] == "runs/comparison.png runs/comparison.html"
    assert Path("runs/comparison.png").is_file()
    assert Path("runs/digits-mine-tau0.3-seed0/probe.json").is_file()
    assert any("untrained" in line for line in lines)
    assert all(any(loss in line for line in lines) for loss in ("infonce", "mine"))


def test_probe_and_compare_find_runs_by_name() -> None:
    assert typed("train", "infonce", "--name", "first", "--no-probe", *QUICK) == "runs/first\n"
    assert "infonce" in typed("probe", "first")
    assert typed("compare", "first", "--out", "here/figure").splitlines()[-1] == "here/figure.png here/figure.html"


def test_the_table_of_a_probe_has_no_earlier_result_of_a_run_that_it_could_not_probe() -> None:
    typed("train", "infonce", "direct", *QUICK)
    Path("runs/digits-infonce-seed0/checkpoint.pt").write_bytes(b"damaged")
    result = CliRunner().invoke(app, ["probe"])
    assert result.exit_code == 1
    assert "checkpoint.pt" in result.stderr
    assert "direct" in result.stdout
    assert "infonce" not in result.stdout
    alone = CliRunner().invoke(app, ["probe", "digits-infonce-seed0"])
    assert (alone.exit_code, alone.stdout) == (1, "")


def test_ctrl_c_ends_with_a_line_on_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiment, "build", lambda *given: StopsAt(2, KeyboardInterrupt()))
    result = CliRunner().invoke(app, ["train", "infonce", *QUICK])
    assert result.exit_code == 130
    told = result.stderr.splitlines()[-1]
    assert told.startswith("Stopped by SIGINT. To continue: alphadsl ")
    assert told.endswith(" --resume")


@pytest.mark.parametrize("probing", ["--probe", "--no-probe"])
def test_a_loss_that_diverges_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch, probing: str) -> None:
    losses = [StopsAt(2, float("nan")), PlainInfoNCE(name="second"), StopsAt(1, InputError("The disk is full."))]
    for loss, name in zip(losses, ("first", "second", "third"), strict=True):
        loss.name = name
    monkeypatch.setattr(experiment, "build", lambda *given: losses.pop(0))
    result = CliRunner().invoke(app, ["train", "infonce", "direct", "square", probing, *QUICK])
    assert result.exit_code == 1
    assert "error: The loss of first" in result.stderr
    assert "is nan at step 2" in result.stderr
    assert "error: The disk is full." in result.stderr
    assert "runs/digits-first-seed0" in result.stderr
    if probing == "--no-probe":
        assert result.stdout == "runs/digits-second-seed0\n"
        return
    rows = [line.split("│")[1:4] for line in result.stdout.splitlines() if "│" in line]
    told = {loss.strip(): value.strip() for loss, _, value in rows}
    assert told["digits-first-seed0"] == "diverged"
    assert told["digits-third-seed0"] == "failed"
    assert 0 <= float(told["second"]) <= 100


def test_the_only_run_says_once_why_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiment, "build", lambda *given: StopsAt(1, InputError("The disk is full.")))
    result = CliRunner().invoke(app, ["train", "infonce", *QUICK])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("The disk is full.") == 1


def test_only_the_first_process_reads_and_compares_the_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may be on another machine."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("LOCAL_RANK", "0")
    monkeypatch.setattr(together, "joined", lambda device: nullcontext())
    outcome = Outcome((RunFolder(tmp_path / "elsewhere"),), True, ())
    monkeypatch.setattr("runner.experiment.train_runs", lambda *given: outcome)
    result = CliRunner().invoke(app, ["train", "infonce", *QUICK])
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.slow
def test_a_run_that_ends_for_now_is_probed_then_and_again_at_its_end() -> None:
    words = ("train", "infonce", *QUICK, "--epochs", "2")
    typed(*words, "--stop-after", "1", "--name", "whole")
    reached = [json.loads(Path("runs/whole/probe.json").read_text())["epoch"]]
    typed(*words, "--name", "whole", "--resume")
    assert [*reached, json.loads(Path("runs/whole/probe.json").read_text())["epoch"]] == [1, 2]


def test_no_epoch_probes_the_untrained_network() -> None:
    lines = typed("train", "infonce", *QUICK, "--epochs", "0").splitlines()
    row = next(line for line in lines if "infonce" in line).split("│")
    assert row[4].strip() == row[7].strip()


def test_images_without_labels_are_trained_on_and_not_probed() -> None:
    Path("pictures").mkdir()
    for index in range(4):
        Image.new("RGB", (8, 8), (index, 0, 0)).save(f"pictures/{index}.png")
    told = typed("train", "infonce", *QUICK, "--dataset", "folder", "--data-dir", "pictures", "--batch", "4")
    assert told == "runs/folder-infonce-seed0\n"
    assert '"knn"' not in Path("runs/folder-infonce-seed0/metrics.jsonl").read_text()
    with pytest.raises(InputError, match="these images have none"):
        typed("train", "supcon", *QUICK, "--dataset", "folder", "--data-dir", "pictures", "--name", "other")


@pytest.mark.parametrize(("seed", "seeds"), [(2**31 - 1, 2), (2**31 - 5, 9999), (2**31, 1), (-1, 1)])
def test_a_seed_out_of_range_is_refused_before_training(seed: int, seeds: int) -> None:
    with pytest.raises(InputError, match="The setting seed = "):
        typed("train", "infonce", "--seed", str(seed), "--seeds", str(seeds), *QUICK)
    assert not Path("runs").exists()


def test_resume_and_overwrite_exclude_each_other() -> None:
    with pytest.raises(InputError, match="exclude each other"):
        typed("train", "infonce", "--resume", "--overwrite", *QUICK)


@pytest.mark.parametrize("command", ["train", "probe", "compare"])
def test_every_command_has_an_example(command: str) -> None:
    assert f"Example: alphadsl {command}" in typed(command, "--help")


def test_the_commands_are_known_without_torch() -> None:
    code = "import sys, alphadsl.cli.experiment; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


def test_what_is_decided_is_told_written_down_and_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ["train", "infonce", "--precision", "auto", "--no-probe", *QUICK]
    with monkeypatch.context() as patched:
        elsewhere = Processor("cpu", "AMX", bf16=True, threads=1, cores=1)
        patched.setattr(laboratory, "look_at", lambda device: elsewhere)
        assert CliRunner().invoke(app, words).stderr.count("precision bf16 (AMX has instructions for it)") == 1
    config = json.loads(Path("runs/digits-infonce-seed0/config.json").read_text())["config"]
    assert (config["precision"], config["channels_last"], config["compile"]) == ("bf16", False, False)
    assert "auto" not in {value for name, value in config.items() if name != "device"}
    told = CliRunner().invoke(app, [*words, "--resume"], catch_exceptions=False)
    assert told.exit_code == 0
    assert "computed on cpu with precision bf16, 1 thread, channels first, the encoder not compiled" in told.stderr
    with pytest.raises(InputError, match="started with precision = bf16, not 32"):
        typed(*words, "--resume", "--precision", "32")


def test_values_of_one_of_several_losses_are_in_its_run_alone() -> None:
    words = ("--set", "tau=0.5", "--set", "mine.tau=0.25", "--no-probe", *QUICK, "--epochs", "0")
    assert typed("train", "infonce", "mine.alpha", *words).split() == [
        "runs/digits-infonce-tau0.5-seed0",
        "runs/digits-mine-tau0.25-seed0",
    ]
    values = [json.loads((run / "config.json").read_text())["values"]["tau"] for run in sorted(Path("runs").iterdir())]
    assert values == [0.5, 0.25]


@pytest.mark.slow
def test_a_run_kept_for_choosing_is_opened_and_exported_by_probe() -> None:
    typed("train", "infonce", "--name", "first", "--test-set", "sealed", *QUICK)
    assert json.loads(Path("runs/first/probe.json").read_text())["test"] is None
    typed("probe", "first", "--test-set", "read", "--export-features", "features.npz")
    assert json.loads(Path("runs/first/probe.json").read_text())["test"] is not None
    assert Path("features.npz").stat().st_size > 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--export-features", "features.npz"), "--export-features is for one run, and there are 2"),
        (("--export-features", "."), "names no file"),
    ],
)
def test_an_export_of_what_is_no_single_run_or_file_is_refused(words: tuple[str, ...], told: str) -> None:
    typed("train", "infonce", "--seeds", "2", "--no-probe", *QUICK, "--epochs", "0")
    with pytest.raises(InputError, match=told):
        typed("probe", *words)
