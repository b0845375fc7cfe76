"""The command `fmt`: files in place or not at all, what it says, and exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import run_command

UGLY = "loss  a{\nphi(x)=tau*x#c\npsi(x) =(x)\nparam tau=1\n}"
NEAT = "loss a {\n  phi(x) = tau * x  #c\n  psi(x) = x\n  param tau = 1\n}\n"
BROKEN = "loss b {\n  c = = 1\n}\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def test_files_are_rewritten_in_place(tmp_path: Path) -> None:
    ugly, neat = write(tmp_path / "ugly.alpha", UGLY), write(tmp_path / "neat.alpha", NEAT)
    ugly.chmod(0o640)
    before = neat.stat().st_mtime_ns
    done = run_command("fmt", "ugly.alpha", "neat.alpha", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ugly.alpha: formatted\n", "")
    assert read(ugly) == NEAT
    assert ugly.stat().st_mode & 0o777 == 0o640
    assert neat.stat().st_mtime_ns == before
    assert {path.name for path in tmp_path.iterdir()} == {"neat.alpha", "ugly.alpha"}


def test_a_file_that_cannot_be_parsed_is_left_alone(tmp_path: Path) -> None:
    broken, ugly = write(tmp_path / "broken.alpha", BROKEN), write(tmp_path / "ugly.alpha", UGLY)
    done = run_command("fmt", "broken.alpha", "absent.alpha", "ugly.alpha", folder=tmp_path)
    assert done.returncode == 1
    assert "broken.alpha:2:7" in done.stderr
    assert "error: absent.alpha cannot be read: No such file or directory" in done.stderr
    assert read(broken) == BROKEN
    assert read(ugly) == NEAT


def test_check_changes_nothing_and_names_the_files(tmp_path: Path) -> None:
    write(tmp_path / "b.alpha", UGLY)
    write(tmp_path / "a.alpha", NEAT)
    done = run_command("fmt", "--check", ".", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "b.alpha: would change\n", "")
    assert read(tmp_path / "b.alpha") == UGLY
    assert run_command("fmt", "--check", "a.alpha", folder=tmp_path).returncode == 0


def test_diff(tmp_path: Path) -> None:
    write(tmp_path / "a.alpha", UGLY)
    done = run_command("fmt", "--diff", "a.alpha", folder=tmp_path)
    assert done.returncode == 0
    assert "-phi(x)=tau*x#c\n" in done.stdout
    assert "+  phi(x) = tau * x  #c\n" in done.stdout
    assert read(tmp_path / "a.alpha") == UGLY
    assert run_command("fmt", "--diff", "--check", "a.alpha", folder=tmp_path).returncode == 1


def test_letters(tmp_path: Path) -> None:
    path = write(tmp_path / "a.alpha", NEAT)
    run_command("fmt", "--unicode", "a.alpha", folder=tmp_path)
    assert "φ(x) = τ * x" in read(path)
    run_command("fmt", "a.alpha", folder=tmp_path)
    assert read(path) == NEAT


@pytest.mark.slow
def test_stdin_to_stdout(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "alphadsl.cli.main", "fmt", "-"]
    for text, code, written in ((UGLY, 0, NEAT), (BROKEN, 1, ""), ("τ" * 9, 1, "")):
        done = subprocess.run(command, input=text.encode(), cwd=tmp_path, capture_output=True, check=False)
        assert (done.returncode, done.stdout.decode()) == (code, written)
        assert (b"<stdin>:" in done.stderr) == bool(code)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target = write(tmp_path / "target.alpha", UGLY)
    (tmp_path / "link.alpha").symlink_to(target)
    assert run_command("fmt", "link.alpha", folder=tmp_path).returncode == 0
    assert (tmp_path / "link.alpha").is_symlink()
    assert read(target) == NEAT


def test_text_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.alpha").write_bytes(b"\xff\xfe")
    done = run_command("fmt", "a.alpha", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: a.alpha is not UTF-8 text")


def test_help_is_grouped_and_has_examples(tmp_path: Path) -> None:
    told = run_command("--help", folder=tmp_path).stdout
    assert told.index("Write a loss") < told.index("fmt") < told.index("Inspect losses") < told.index("explain")
    assert told.index("explain") < told.index("Train and compare") < told.index("probe")
    for command in ("fmt", "lsp"):
        assert "Example: alphadsl" in run_command(command, "--help", folder=tmp_path).stdout
