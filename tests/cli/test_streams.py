"""Where output goes and how a command ends: narrow encodings, full disks, readers that leave, signals, full memory."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alphadsl.cli import main, streams
from alphadsl.report.exceptions import InputError

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
START = [sys.executable, "-c", "from alphadsl.start import main; main()"]


# A shell in the background, or nohup, hands down signals that are ignored, and we would leave them so.
HEARING = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
"""


def environment(**more: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)} | more


@contextmanager
def running(code: str, *words: str, folder: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours, which does not outlive its test."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HEARING + code, *words]
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, cwd=folder, env=environment()) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("text", ["50.0 ± 1.3", "τ = 0.2", "▁▂█ ─│", "Ä é 漢 \U0001f600"])
def test_every_character_can_be_written(encoding: str, text: str) -> None:
    streams.prepare_streams()
    shown = text.encode(encoding, streams.SPELLED).decode(encoding)
    assert "?" not in shown
    assert shown == text or encoding != "utf-8"


def test_letters_are_spelled_as_the_language_does() -> None:
    streams.prepare_streams()
    assert "τ Σ ± ²".encode("ascii", streams.SPELLED) == b"tau Sigma +- ^2"


@pytest.mark.parametrize("arguments", [["list"], ["show", "infonce"], ["--help"]], ids=lambda given: given[0])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_behind_the_output_is_told_in_a_line(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        ended = subprocess.run(
            [*START, *arguments], stdout=full, stderr=subprocess.PIPE, env=environment(), check=False
        )
    assert ended.returncode == 1
    assert ended.stderr.decode().splitlines()[0] == "error: Standard output cannot be written: No space left on device."
    assert b"Traceback" not in ended.stderr


def test_a_narrow_terminal_gets_a_page() -> None:
    ended = subprocess.run(
        [*START, "explain", "infonce"], capture_output=True, env=environment(PYTHONIOENCODING="ascii"), check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.isascii()


@pytest.mark.parametrize("hears", [True, False], ids=["", "nohup"])
def test_a_terminal_that_closes_stops_a_command_like_any_signal(hears: bool, tmp_path: Path) -> None:
    """Under nohup the command runs to its end, and its output is lost."""
    code = f"""
import fcntl, signal, sys, termios, time
from pathlib import Path
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGHUP, signal.{"SIG_DFL" if hears else "SIG_IGN"})
from alphadsl.cli.stopping import stoppable
from alphadsl.cli.streams import prepare_streams
import typer
prepare_streams()
try:
    with stoppable("advice"):
        for _ in range(40):
            print("working", file=sys.stderr)
            time.sleep(0.05)
except typer.Exit as ended:
    Path("code").write_text(str(ended.exit_code))
else:
    Path("code").write_text("0")
"""
    master, slave = pty.openpty()
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, cwd=tmp_path, env=environment(), start_new_session=True
    ):
        os.close(slave)
        assert os.read(master, 100).startswith(b"working")
        os.close(master)
    assert (tmp_path / "code").read_text() == ("129" if hears else "0")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_while_starting_ends_at_once(name: str) -> None:
    number = getattr(signal, name)
    slow = "import alphadsl.start, builtins, time\n"
    wait = "builtins.__import__ = lambda *given: (print('up', flush=True), time.sleep(600))\nalphadsl.start.main()"
    with running(slow + wait) as started:
        assert started.stdout is not None
        started.stdout.readline()
        started.send_signal(number)
        _, told = started.communicate(timeout=60)
    assert started.returncode == 128 + number
    assert b"Traceback" not in told


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_training_that_is_stopped_names_the_command_that_goes_on(name: str, tmp_path: Path) -> None:
    number = getattr(signal, name)
    words = "train infonce --dataset digits --width 8 --epochs 999 --overwrite --set tau=0.3".split()
    metrics = tmp_path / "runs" / "digits-infonce-tau0.3-seed0" / "metrics.jsonl"
    with running(START[-1], *words, folder=tmp_path) as started:
        while not metrics.exists():
            assert started.poll() is None
            time.sleep(0.05)
        started.send_signal(number)
        _, told = started.communicate(timeout=120)
    assert started.returncode == 128 + number
    goes_on = "alphadsl train infonce --dataset digits --width 8 --epochs 999 --set tau=0.3 --resume"
    assert told.decode().splitlines()[-1] == f"Stopped by {name}. To continue: {goes_on}"
    assert b"Traceback" not in told


@pytest.mark.parametrize(
    "fault",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        RuntimeError("std::bad_alloc"),
        OSError(28, "No space left on device", "runs/a"),
        OSError(5, "Input/output error"),
        InputError("runs/a is not a run."),
    ],
    ids=lambda fault: str(fault)[:12],
)
def test_a_fault_of_the_machine_is_one_line(
    fault: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise fault

    monkeypatch.setattr(main, "app", fail)
    monkeypatch.setattr(main, "listen", lambda handler: None)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("error: ")
    assert len(lines) <= 2


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(main, "app", fail)
    monkeypatch.setattr(main, "listen", lambda handler: None)
    with pytest.raises(RuntimeError, match="a bug"):
        main.main()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ulimit -v is not kept elsewhere")
@pytest.mark.parametrize("kilobytes", [20_000, 60_000])
def test_too_little_memory_to_import_anything_is_a_line(kilobytes: int) -> None:
    words = f"ulimit -v {kilobytes}; exec {sys.executable} -m alphadsl list"
    ended = subprocess.run(["bash", "-c", words], capture_output=True, env=environment(), check=False)
    assert ended.returncode == 1
    assert ended.stderr.decode().startswith("error: The memory of this machine")
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("package", "raised", "told"),
    [
        ("rich", "ModuleNotFoundError(\"No module named 'rich'\", name='rich')", "The package rich is not installed."),
        (
            "torch",
            "ModuleNotFoundError(\"No module named 'torch'\", name='torch')",
            "The package torch is not installed.",
        ),
        (
            "torch",
            "ImportError('libtorch_cpu.so: cannot open shared object file: No such file or directory')",
            "The package torch (its library libtorch_cpu.so) cannot be imported: libtorch_cpu.so: cannot open",
        ),
        (
            "torch",
            "OSError('/usr/lib/libcudnn.so.9: undefined symbol: cudnnGetVersion')",
            "The package torch (its library /usr/lib/libcudnn.so.9) cannot be imported",
        ),
        (
            "pydantic",
            "ImportError(\"cannot import name 'x' from 'pydantic'\")",
            "The package pydantic cannot be imported",
        ),
    ],
)
def test_a_dependency_that_cannot_be_imported_is_named_in_a_line(
    package: str, raised: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text(f"raise {raised}\n", encoding="utf-8")
    paths = environment(PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    words = [sys.executable, "-m", "alphadsl", "bench", "infonce", "--anchors", "64"]
    ended = subprocess.run(words, capture_output=True, env=paths, check=False)
    assert ended.returncode == 1
    assert ended.stderr.decode().startswith(f"error: {told}"), ended.stderr.decode()
    assert b"Traceback" not in ended.stderr
    assert b"pip install" in ended.stderr
