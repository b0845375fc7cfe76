"""Processes for tests, forked from a server that has imported torch and started nothing: each begins at once."""

import contextlib
import multiprocessing
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

from alphadsl.start import main

METHOD = "forkserver"
SERVER = multiprocessing.get_context(METHOD)
SERVER.set_forkserver_preload(
    [
        *("torch", "torch._dynamo", "torch.distributed", "scipy.special", "alphadsl.backend.module"),
        *("tests.docs.execute", "runner.experiment"),
    ]
)


def run_command(*arguments: str, folder: Path) -> CompletedProcess[str]:
    """`alphadsl ...` in a process and a folder of its own, with the environment of the test; never a traceback."""
    with TemporaryDirectory() as kept:
        out, err = Path(kept, "out"), Path(kept, "err")
        process = SERVER.Process(target=_command, args=(arguments, folder, out, err, dict(os.environ)))
        process.start()
        process.join()
        assert process.exitcode is not None
        done = CompletedProcess(arguments, process.exitcode, *(each.read_text(encoding="utf-8") for each in (out, err)))
    assert "Traceback" not in done.stderr, done.stderr
    return done


def _command(arguments: tuple[str, ...], folder: Path, out: Path, err: Path, environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    encoding = environment.get("PYTHONIOENCODING", "utf-8")
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["alphadsl", *arguments]
    with (
        contextlib.redirect_stdout(open(1, "w", encoding=encoding, closefd=False)),
        contextlib.redirect_stderr(open(2, "w", encoding=encoding, closefd=False)),
    ):
        main()
