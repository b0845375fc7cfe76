"""The commands about specs: results on stdout, complaints on stderr, exit codes, and never a traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import alphadsl
from alphadsl.cli.template import Family, write_template
from alphadsl.pipeline import VIEWS
from alphadsl.report.errors import CATALOGUE
from alphadsl.report.exceptions import InputError
from tests.processes import run_command

WRONG = "loss x {\n  phi(x) = -x\n  psi(x) = x\n}\n"


def test_check_of_a_right_spec(tmp_path: Path) -> None:
    done = run_command("check", "infonce", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "infonce: infonce ok\n", "")


@pytest.mark.parametrize("output_format", ["full", "concise"])
def test_check_of_a_wrong_spec(tmp_path: Path, output_format: str) -> None:
    (tmp_path / "x.alpha").write_text(WRONG, encoding="utf-8")
    done = run_command("check", "x.alpha", "--output-format", output_format, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "x.alpha:2:12" in done.stderr
    assert "error[decreasing-phi]" in done.stderr


def test_check_as_json(tmp_path: Path) -> None:
    (tmp_path / "x.alpha").write_text(WRONG, encoding="utf-8")
    done = run_command("check", "x.alpha", "infonce", "--output-format", "json", folder=tmp_path)
    (found,) = json.loads(done.stdout)
    assert (done.returncode, found["code"], found["line"], found["column"]) == (1, "decreasing-phi", 2, 12)


def test_show_every_stage(tmp_path: Path) -> None:
    for view in VIEWS:
        done = run_command("show", "infonce", "--emit", view, "--set", "tau=0.25", folder=tmp_path)
        assert done.returncode == 0
        assert done.stdout


def test_show_names_a_wrong_setting(tmp_path: Path) -> None:
    done = run_command("show", "infonce", "--set", "tau=0", folder=tmp_path)
    assert done.returncode == 1
    assert "command line:1:1" in done.stderr
    assert "declared here" in done.stderr
    assert run_command("show", "infonce", "--emit", "nothing", folder=tmp_path).returncode == 1


@pytest.mark.slow
def test_list_has_every_loss(tmp_path: Path) -> None:
    table, entries = (
        run_command("list", folder=tmp_path).stdout,
        json.loads(run_command("list", "--json", folder=tmp_path).stdout),
    )
    assert tuple(entry["name"] for entry in entries) == alphadsl.library()
    assert all(entry["name"] in table for entry in entries)
    sources = ("arXiv", "NIPS", "alphadsl discover")
    assert all(any(source in entry["source"] for source in sources) for entry in entries)


@pytest.mark.slow
@pytest.mark.parametrize("width", [80, 120])
def test_list_keeps_to_the_terminal_in_plain_ascii(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    lines = run_command("list", folder=tmp_path).stdout.splitlines()
    assert len(lines) > len(alphadsl.library())
    assert max(map(len, lines)) <= width


def test_explain_a_code(tmp_path: Path) -> None:
    done = run_command("explain", "log-domain", folder=tmp_path)
    assert done.returncode == 0
    assert CATALOGUE["log-domain"].title_template.partition("{")[0] in done.stdout


@pytest.mark.parametrize(("code", "remedy"), [("log-domian", "log-domain"), ("infonze", "infonce")])
def test_explain_something_else(tmp_path: Path, code: str, remedy: str) -> None:
    done = run_command("explain", code, folder=tmp_path)
    assert done.returncode == 1
    assert remedy in done.stderr


@pytest.mark.parametrize("flags", [[], ["--family", "direct"], ["--family", "min-player"], ["--extends", "direct"]])
def test_new_writes_a_spec_that_holds(tmp_path: Path, flags: list[str]) -> None:
    assert run_command("new", "mine", *flags, folder=tmp_path).stdout == "mine.alpha\n"
    assert alphadsl.check(tmp_path / "mine.alpha") == []
    again = run_command("new", "mine", *flags, folder=tmp_path)
    assert again.returncode == 1
    assert "already exists" in again.stderr


def test_check_goes_on_after_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "x.alpha").write_text(WRONG, encoding="utf-8")
    done = run_command("check", "absent.alpha", "x.alpha", "infonce", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "infonce: infonce ok\n")
    assert "absent.alpha cannot be read" in done.stderr
    assert "error[decreasing-phi]" in done.stderr


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("folder.alpha", "Is a directory"),
        ("bytes.alpha", "not UTF-8"),
        ("loop.alpha", "cannot be read"),
        ("n" * 300, "File name too long"),
        ("zeros.alpha", "too-large"),
        ("empty.alpha", "no-loss"),
    ],
)
def test_what_is_no_spec_is_told(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder.alpha").mkdir()
    (tmp_path / "bytes.alpha").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "loop.alpha").symlink_to("loop.alpha")
    (tmp_path / "zeros.alpha").write_bytes(bytes(3_000_000))
    (tmp_path / "empty.alpha").write_bytes(b"")
    done = run_command("check", name, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert reason in done.stderr
    assert len(done.stderr) < 1000


def test_files_that_extend_each_other(tmp_path: Path) -> None:
    for name, parent in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.alpha").write_text(f"loss {name} extends {parent} {{\n}}\n", encoding="utf-8")
    done = run_command("check", "a.alpha", "--output-format", "concise", folder=tmp_path)
    assert done.stderr == "a.alpha:1:16: error[cyclic-extends] a extends itself: a extends b extends c extends a\n"


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "x.alpha").write_text("loss x {\n" + "  c = =\n" * 90 + "}\n", encoding="utf-8")
    for arguments in ("list --json", "show infonce --emit ir", "check x.alpha", "show x.alpha"):
        piped = f"{sys.executable} -m alphadsl.cli.main {arguments} 2>&1 | head -1"
        done = subprocess.run(["sh", "-c", piped], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert len(done.stdout.splitlines()) == 1
        assert done.stderr == ""


@pytest.mark.slow
def test_what_is_piped_has_no_colour(tmp_path: Path) -> None:
    (tmp_path / "x.alpha").write_text(WRONG, encoding="utf-8")
    for arguments in (["list"], ["check", "x.alpha"], ["explain", "log-domain"], ["show", "infonce"]):
        done = run_command(*arguments, folder=tmp_path)
        assert "\x1b" not in done.stdout + done.stderr


def test_greek_names_a_parameter_on_the_command_line(tmp_path: Path) -> None:
    assert "param tau = 0.3 " in run_command("show", "infonce", "--set", "τ=0.3", folder=tmp_path).stdout


def test_explain_takes_what_a_message_begins_with(tmp_path: Path) -> None:
    assert run_command("explain", "error[broken-parent]", folder=tmp_path).stdout.startswith("error[broken-parent]")


@pytest.mark.parametrize("name", ["../mine", "1st", "a b", "loss"])
def test_new_refuses_what_is_no_name(tmp_path: Path, name: str) -> None:
    assert run_command("new", name, folder=tmp_path).returncode == 1
    assert not list(tmp_path.parent.glob("mine.alpha"))


@pytest.mark.parametrize("name", ["exp", "sum_j", "alpha", "d", "i", "inf", "n" * 65, "ä", ""])
def test_new_refuses_what_the_language_has_taken(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a loss"):
        write_template(name, Family.coordinate, None, tmp_path)
    assert not list(tmp_path.iterdir())


def test_usage_is_exit_code_two(tmp_path: Path) -> None:
    assert run_command("check", folder=tmp_path).returncode == 2
    assert run_command("nothing", folder=tmp_path).returncode == 2


@pytest.mark.slow
def test_help_has_an_example(tmp_path: Path) -> None:
    for command in ("check", "show", "list", "explain", "plot", "new", "train", "probe", "compare"):
        assert "Example: alphadsl" in run_command(command, "--help", folder=tmp_path).stdout


def test_missing_files_are_one_line(tmp_path: Path) -> None:
    done = run_command("check", "absent.alpha", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: absent.alpha cannot be read")
