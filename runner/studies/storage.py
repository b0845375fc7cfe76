"""Where a study is stored: a location comes in; Optuna's storage comes out. Errors of the database become one line.

By default this is an SQLite file of the study. A URL such as postgresql://user@host/db lets any number of machines work
on it. Each change is one transaction that starts by locking the file, so that when two workers try to take a trial, one
gets it: pysqlite alone starts no transaction before it writes, when both have already read that the trial is free.
"""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
from optuna.exceptions import ExperimentalWarning, OptunaError, StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from alphadsl.report.exceptions import InputError
from alphadsl.storage import guarded, make_folder
from runner.studies.marks import STUDY
from runner.studies.plan import ANOTHER

HEARTBEAT, GRACE = 10, 60
"""Seconds between heartbeats of a trial, and seconds without one after which it is taken up again."""
DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
"""SQLAlchemy versions differ in their default driver."""
EXAMPLE = "postgresql://USER@HOST/DATABASE"
BUSY_SECONDS = 60
ATTEMPTS = 5

optuna.logging.set_verbosity(optuna.logging.ERROR)


def url_of(storage: str | None, folder: Path) -> str:
    if storage is None:
        return f"sqlite:///{(folder / STUDY).absolute()}"
    scheme, mark, rest = storage.partition("://")
    return f"{DRIVERS.get(scheme, scheme)}{mark}{rest}"


def file_of(url: str) -> Path | None:
    """The file of an SQLite database."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def hidden(url: str) -> str:
    """The location in words, without a password."""
    file = file_of(url)
    return str(file) if file else make_url(url).render_as_string(hide_password=True)


@contextmanager
def told_in_a_line(url: str) -> Iterator[None]:
    """Turn errors of the database inside the block into `InputError`."""
    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as fault:
        raise _refusal(url, fault) from None


def no_study(url: str, name: str, names: list[str]) -> InputError:
    """Why there is no study `name` among `names`. A file has one, with the name that its folder had at first."""
    message = f"There is no study {name} in {hidden(url)}"
    match names:
        case [other] if file_of(url):
            return InputError(f"{message}, but {other}.", f"Name its folder {other} again.")
        case [] if file_of(url):
            return InputError(f"{message}, which has none.", "Put a copy of it back, or repeat the study's command.")
        case _:
            return InputError(f"{message}.", "alphadsl studies lists the existing ones.")


def _missing_driver(url: str) -> InputError:
    driver = make_url(url).get_driver_name()
    remedy = "Try: pip install 'alphadsl[postgres]'"
    if driver != "psycopg":
        remedy = f"Install it, or give --storage {EXAMPLE}"
    return InputError(f"{hidden(url)} needs {driver}, which is not installed.", remedy)


def _refusal(url: str, fault: Exception) -> InputError:
    cause: BaseException = fault.__cause__ or fault
    reason = " ".join(str(getattr(cause, "orig", None) or cause).split()).rstrip(".?")
    match reason:
        case _ if "disk is full" in reason:
            remedy = "Make room on its disk, then repeat the command: the study continues."
        case _ if "disk I/O" in reason or "locked" in reason:
            remedy = "Its disk may be full or at fault, or its file system has no locks: choose another folder for it."
        case _ if "not a database" in reason or "malformed" in reason:
            remedy = f"Put a copy of it back. {ANOTHER}"
        case _ if "readonly" in reason or "unable to open" in reason:
            remedy = "Check its permissions, or choose another place."
        case _:
            remedy = "Check that it exists and is reachable, then repeat the command: the study continues."
    return InputError(f"The study's storage {hidden(url)} cannot be used: {reason[:200]}.", remedy)


def open_storage(url: str, *, alone: bool = False) -> RDBStorage:
    """The storage, created if it does not exist. Raises `InputError` if it cannot be reached or is damaged.

    `alone` is for reading without changes.
    """
    file = file_of(url)
    if file is not None:
        make_folder(file.parent)
        with guarded(file, "written"):
            file.open("ab").close()
    with told_in_a_line(url):
        storage = _connect(url)
        if file is not None and not alone:
            event.listen(storage.engine, "begin", _take_the_file)
        return storage


def _connect(url: str) -> RDBStorage:
    """Connect, and try again if two processes create the tables of a new database at the same time."""
    # A pooled connection would keep the file open after it is deleted.
    options = {"connect_args": {"timeout": BUSY_SECONDS}, "poolclass": NullPool} if file_of(url) else {}
    for attempt in range(ATTEMPTS):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ExperimentalWarning)
                return RDBStorage(
                    url,
                    engine_kwargs=options,
                    heartbeat_interval=HEARTBEAT,
                    grace_period=GRACE,
                )
        except (SQLAlchemyError, OptunaError) as fault:
            if isinstance(fault, (ArgumentError, NoSuchModuleError)):
                raise _no_database(url) from None
            if attempt == ATTEMPTS - 1 or not _was_made_meanwhile(fault):
                raise
            time.sleep(0.2 * (attempt + 1))
        except ImportError:
            raise _missing_driver(url) from None
        except ValueError:
            raise _no_database(url) from None
    raise AssertionError


def _no_database(url: str) -> InputError:
    return InputError(f"--storage {url} is not a database.", f"Write --storage {EXAMPLE}")


def _was_made_meanwhile(fault: Exception) -> bool:
    message = str(fault.__cause__ or fault)
    return any(word in message for word in ("already exists", "duplicate key", "UNIQUE constraint"))


def _take_the_file(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
