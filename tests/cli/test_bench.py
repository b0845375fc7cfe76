"""The command `bench`: a table and a picture, refusals of one line, and help with an example."""

import re
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import typer

from alphadsl.cli import bench
from alphadsl.report.exceptions import InputError
from tests.processes import run_command


def run(*arguments: str, folder: Path) -> CompletedProcess[str]:
    return run_command("bench", *arguments, folder=folder)


@pytest.mark.slow
def test_a_table_and_a_picture(tmp_path: Path) -> None:
    sizes = "--anchors=16", "--width=8", "--rounds=1", "--threads=1", "--no-memory", "--tuned-malloc"
    done = run("infonce", *sizes, "--against=plain,lightly", "-o", "a.png", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    head, *_, last = done.stdout.strip().splitlines()
    assert re.match(r"\d{4}-\d\d-\d\d, commit \S+, torch \S+, .*, 1 thread, malloc with MALLOC_MMAP_MAX_=0", head)
    assert all(each in done.stdout for each in ("A = 16", "alphadsl", "plain, eager"))
    assert not any(each in done.stdout for each in ("torch.compile", "MB"))
    assert last == "a.png"
    assert re.search(r"^infonce, A = 16: alphadsl [\d.,]+ ms; plain, eager [\d.,]+ ms", done.stderr, re.MULTILINE)
    assert (tmp_path / "a.png").stat().st_size > 5000


def test_calibrating(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from alphadsl.bench.calibrate import COMPILED, EAGER
    from alphadsl.bench.task import Answer

    told = Answer("here", {EAGER: 2.0, COMPILED: 1.0}, {EAGER: 2.0, COMPILED: 9.0})
    monkeypatch.setattr("alphadsl.bench.calibrate.measure", lambda task, environment, hear: told)
    bench.bench(["triplet"], "16,32", calibrate=True)
    shown = capsys.readouterr().out
    assert "triplet: dense compiled from A = 16; its first step pays after 9" in shown
    assert shown.startswith("here, load")


def test_a_stopped_run_tells_what_it_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from alphadsl.bench.task import Answer, Task

    def stopped(task: Task, environment: object, hear: object) -> Answer:
        if task.problem.anchors == 32:
            raise KeyboardInterrupt
        return Answer("here", dict.fromkeys(task.contenders, 1.0))

    monkeypatch.setattr("alphadsl.bench.session.measure", stopped)
    with pytest.raises(typer.Exit) as end:
        bench.bench(["infonce"], "16,32", against="plain", memory=False, output=tmp_path / "a.png")
    assert end.value.exit_code == 130
    told = capsys.readouterr()
    assert "A = 16" in told.out
    assert "Stopped: 1 of 2 measured." in told.err
    assert (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"anchors": "7"}, "--anchors takes even numbers from 4 to 1,048,576, and 7 is not one"),
        ({"anchors": "16,,32"}, "nothing is not one"),
        ({"anchors": "1e3"}, "1e3 is not one"),
        ({"against": "lightli"}, "did you mean lightly?"),
        ({"backend": "auto,fast"}, "--backend: fast is not known"),
        ({"dtype": "float8"}, "--dtype: float8 is not known"),
        ({"device": "tpu"}, "--device: tpu is not known"),
        ({"output": Path("a.txt")}, "no extension of a picture format"),
        ({"set_": ["tau"]}, "not of the form NAME=VALUE"),
        ({"specs": ["infonze"]}, "there is no loss called infonze"),
    ],
    ids=str,
)
def test_refusals_are_told_in_one_line(arguments: dict[str, object], told: str) -> None:
    with pytest.raises(InputError) as refusal:
        bench.bench(**{"specs": ["infonce"], **arguments})  # type: ignore[arg-type]
    assert told in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_loss_is_needed() -> None:
    with pytest.raises(typer.BadParameter, match="name a loss"):
        bench.bench()


@pytest.mark.slow
def test_a_wrong_spec_is_refused_as_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "x.alpha").write_text("loss x {\n  phi(x) = -x\n  psi(x) = x\n}\n", encoding="utf-8")
    done = run("x.alpha", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[decreasing-phi]" in done.stderr


def test_help_shows_an_example(tmp_path: Path) -> None:
    done = run("--help", folder=tmp_path)
    assert done.returncode == 0
    assert "Example: alphadsl bench infonce square" in done.stdout
