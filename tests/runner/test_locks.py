"""Locks: held by one at a time, and done without, after one line, on a file system that has none."""

import errno
import fcntl
from pathlib import Path

import pytest

from alphadsl.report.exceptions import InputError
from runner import locks
from runner.locks import LACKING, HeldError, lock_file
from runner.records.folder import RunFolder, check_free_of_others, locked


def refuse(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let every lock fail with this error."""

    def flock(*_: object) -> None:
        raise OSError(number, "refused")

    monkeypatch.setattr(fcntl, "flock", flock)
    monkeypatch.setattr(locks, "_warned", set())


def test_a_lock_is_held_once_and_freed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    for _ in range(2):
        with lock_file(path) as held:
            assert held
            with pytest.raises(HeldError), lock_file(path):
                pass


@pytest.mark.parametrize("number", sorted(LACKING), ids=errno.errorcode.get)
def test_without_locks_work_goes_on_after_one_line(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    refuse(monkeypatch, number)
    for name in ("a", "b"):
        run = RunFolder(tmp_path / name)
        with locked(run):
            check_free_of_others(run)
    with lock_file(tmp_path / "a" / "lock", wait=True) as held:
        assert not held
    told = capfd.readouterr().err
    assert told.count("has no locks") == 1
    assert "Warning" not in told


def test_any_other_error_of_a_lock_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, errno.EIO)
    with pytest.raises(InputError, match=r"\.lock cannot be locked"), locked(RunFolder(tmp_path)):
        pass
