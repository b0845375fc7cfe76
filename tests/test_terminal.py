"""A terminal that closes while work goes on."""

import io
import os
import pty
import sys

import pytest

from alphadsl.terminal import onto_terminal, outlasting_terminal


def test_what_a_closed_terminal_cannot_show_is_dropped() -> None:
    master, slave = pty.openpty()
    stream = onto_terminal(slave, "utf-8")
    print("shown", file=stream)
    assert os.read(master, 100) == b"shown\r\n"
    os.close(master)
    with pytest.raises(OSError, match="Input/output"):
        os.write(slave, b"lost")
    print("lost", file=stream, flush=True)
    assert not stream.isatty()
    os.close(slave)


def test_training_from_python_outlasts_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = pty.openpty()
    with open(slave, "w", encoding="utf-8") as theirs:  # noqa: PTH123
        monkeypatch.setattr(sys, "stderr", theirs)
        with outlasting_terminal():
            sys.stderr.write("shown\n")
            assert os.read(master, 100) == b"shown\r\n"
            os.close(master)
            sys.stderr.write("lost\n")
        assert sys.stderr is theirs
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with outlasting_terminal():
        assert isinstance(sys.stderr, io.StringIO)
