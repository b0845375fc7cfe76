"""Writing files: the old content or the new one, whatever happens, and a refusal of one line that names the file."""

import errno
import os
import stat
from pathlib import Path

import pytest

from alphadsl import storage
from alphadsl.report.exceptions import InputError
from alphadsl.storage import check_writable, leave_nothing_unfinished, make_folder, read_file, write_file

FAULTS = [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.ESTALE]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: errno.errorcode[fault])
@pytest.mark.parametrize("step", ["fsync", "replace", "open"])
def test_a_fault_leaves_the_old_content_and_nothing_else(
    fault: int, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint.pt"
    write_file(path, b"old")

    def fail(*given: object, **named: object) -> None:
        raise OSError(fault, os.strerror(fault))

    with monkeypatch.context() as patch:
        patch.setattr(storage.os if step == "fsync" else Path, step, fail)
        with pytest.raises(InputError, match=f"checkpoint.pt cannot be written: {os.strerror(fault)}") as refusal:
            write_file(path, b"new")
    assert "\n" not in str(refusal.value)
    assert path.read_bytes() == b"old"
    assert [left.name for left in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_an_interrupt_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    write_file(path, b"old")

    def interrupt(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [left.name for left in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["a", "run [1]*.json", "x" * 140])
def test_what_a_kill_left_is_deleted_once_it_is_old(name: str, tmp_path: Path) -> None:
    """A young one may belong to another process that is still writing."""
    path = tmp_path / name
    old, young = (tmp_path / f".{name[:100]}.{word}.partial" for word in ("old", "young"))
    others = [tmp_path / f".{name[:99]}b.c.partial", tmp_path / f"{name[:90]}.d.partial"]
    for aside in (old, young, *others):
        aside.write_bytes(b"half")
        if aside is not young:
            os.utime(aside, (0, 0))
    write_file(path, b"whole")
    assert sorted(tmp_path.iterdir()) == sorted([path, young, *others])


def test_a_process_that_leaves_at_once_leaves_nothing_unfinished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Path] = []

    def signalled(*given: object) -> Path:
        leave_nothing_unfinished()
        left.extend(tmp_path.iterdir())
        return Path()

    monkeypatch.setattr(Path, "replace", signalled)
    write_file(tmp_path / "a", b"new")
    assert left == []


def test_permissions_are_kept_and_links_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_file(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["", ".", "folder", "no/such/file", "file/below", "x" * 300, "x/" * 2000])
def test_what_cannot_be_written_is_known_beforehand(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").write_text("")
    for refuse in (check_writable, lambda path: write_file(path, b"")):
        with pytest.raises(InputError, match="cannot be written") as refusal:
            refuse(Path(name))
        assert len(refusal.value.message) < 250


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_device_is_told() -> None:
    with pytest.raises(InputError, match="/dev/full cannot be written: No space left"):
        write_file(Path("/dev/full"), b"new")


@pytest.mark.parametrize("name", ["absent", "folder", "x" * 300])
def test_what_cannot_be_read_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_file(tmp_path / name)


def test_links_that_lead_to_one_another_are_told(tmp_path: Path) -> None:
    link = tmp_path / "a.txt"
    link.symlink_to("b.txt")
    (tmp_path / "b.txt").symlink_to("a.txt")
    with pytest.raises(InputError, match=r"a\.txt cannot be written: Too many levels"):
        write_file(link, b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.txt"]


def test_a_folder_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made: Not a directory"):
        make_folder(tmp_path / "file" / "below")
