"""What the blocks of the manual do: specs are checked, commands and Python code are run; what they print comes out.

Commands run in this process, as `main` runs them; Python code in a process of its own, forked from one that has
imported torch already.
"""

import contextlib
import io
import os
import shlex
import sys
import traceback
import warnings
from multiprocessing.connection import Connection
from pathlib import Path
from unittest.mock import patch

from alphadsl.cli.main import main
from alphadsl.pipeline import check_spec
from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.render import render_concise, render_full
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText
from alphadsl.syntax.format import format_source
from tests.processes import SERVER

WIDTH = "100"


def told_of(name: str, text: str, folder: Path) -> tuple[Diagnostic, ...]:
    return check_spec(SpecText(Source(name, text), folder)).diagnostics


def canonical(text: str) -> str:
    """A spec as `alphadsl fmt` writes it; one that cannot be parsed stays as it is."""
    return format_source(Source("spec.alpha", text)).text or text


def rendered(diagnostics: tuple[Diagnostic, ...], folder: Path, concise: bool = False) -> str:
    """The messages as they are in the folder of the specs."""
    render, between = (render_concise, "\n") if concise else (render_full, "\n\n")
    return between.join(render(each) for each in diagnostics).replace(f"{folder}{os.sep}", "")


def command(line: str, folder: Path) -> tuple[int, str]:
    """The exit code of `alphadsl ...` in a folder, and what a terminal would show."""
    shown = io.StringIO()
    environment = {"COLUMNS": WIDTH, "NO_COLOR": "1", "OMP_NUM_THREADS": "1"}
    with (
        contextlib.chdir(folder),
        patch.dict(os.environ, environment),
        patch.object(sys, "argv", shlex.split(line)),
        contextlib.redirect_stdout(shown),
        contextlib.redirect_stderr(shown),
    ):
        try:
            main()
        except SystemExit as stop:
            return int(stop.code or 0), shown.getvalue()
    return 0, shown.getvalue()


def python(code: str, place: str, folder: Path) -> tuple[bool, str]:
    """Whether code runs to its end, and what it prints, or the traceback."""
    ours, theirs = SERVER.Pipe(duplex=False)
    process = SERVER.Process(target=_python, args=(code, place, str(folder), theirs))
    process.start()
    theirs.close()
    found: tuple[bool, str] = ours.recv()
    process.join()
    return found


def _python(code: str, place: str, folder: str, answer: Connection) -> None:
    shown = io.StringIO()
    os.chdir(folder)
    sys.path.insert(0, folder)
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", module=r"lightning\.")
    try:
        with contextlib.redirect_stdout(shown):
            exec(compile(code, place, "exec"), {"__name__": "__main__"})
    except BaseException:
        answer.send((False, shown.getvalue() + traceback.format_exc()))
    else:
        answer.send((True, shown.getvalue()))
