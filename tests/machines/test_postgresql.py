"""One study in a real PostgreSQL: several processes start it at once, and one of them is killed."""

import multiprocessing
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from runner.studies.study import Entry, Standing, Study, StudyRoom, open_study, read_study, room_of
from runner.studies.workers import Assignment, run_workers
from tests.runner.studies.fakes import CONFIG, TAU, TWELVE, asked, make_killed_once, plan_of, work_at_once

MANY = plan_of(TWELVE)
SPAWN = multiprocessing.get_context("spawn")


def tool(name: str) -> str:
    """A program of PostgreSQL, which Debian keeps out of the path."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or str(places[-1])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server that listens on a socket alone, without its database."""
    folder = Path("/tmp") / f"alphadsl-{token_hex(4)}"
    folder.mkdir()
    someone: list[str] = []
    if os.getuid() == 0:  # the server does not run as root
        shutil.chown(folder, "postgres")
        someone = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run([*someone, tool("initdb"), "-D", str(data), "-U", "me", "-A", "trust"], **quiet)  # type: ignore[call-overload]
    options = f"-k {folder} -c listen_addresses=''"
    start = [tool("pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w"]
    subprocess.run([*someone, *start, "start"], **quiet)  # type: ignore[call-overload]
    try:
        yield f"?host={folder}"
    finally:
        subprocess.run([*someone, tool("pg_ctl"), "-D", str(data), "-m", "immediate", "stop"], **quiet)  # type: ignore[call-overload]
        shutil.rmtree(folder)


@pytest.fixture
def storage(server: str) -> str:
    return f"postgresql://me@/postgres{server}"


def room_in(folder: Path, storage: str) -> StudyRoom:
    return room_of(folder.name, folder.parent, storage)


def entries_of(study: Study) -> list[Entry]:
    """The entries of a study that is looked at no more: its connections are closed."""
    entries = study.entries()
    study.optuna._storage._backend.engine.dispose()  # type: ignore[attr-defined]
    return entries


def test_processes_that_start_at_once_do_no_trial_twice(tmp_path: Path, storage: str) -> None:
    room = room_in(tmp_path, storage)
    work_at_once(SPAWN, 3, room, MANY)
    assert asked(room.folder) == dict.fromkeys(range(12), 1)
    assert all(entry.standing is Standing.DONE for entry in entries_of(read_study(room)))


def test_the_trial_of_a_worker_that_is_killed_is_taken_up_again(tmp_path: Path, storage: str) -> None:
    study = open_study(room_in(tmp_path, storage), plan_of(TAU))
    run_workers(study, Assignment(study.room, CONFIG, make=make_killed_once), 2, lambda: None)
    assert all(entry.standing is Standing.DONE for entry in entries_of(study))
    assert asked(study.room.folder) == dict.fromkeys(range(3), 1)
