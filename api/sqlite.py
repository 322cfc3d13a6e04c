"""The part of the store that knows SQLite: how a file is opened, locked and made durable, and what its errors mean.

Needs SQLite 3.51.3: earlier versions can corrupt a WAL database that two connections use (sqlite.org/wal.html,
"the WAL-reset bug"). The `pysqlite3` wheel brings a newer one than most systems have.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as driver
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

OLDEST = (3, 51, 3)

_IO_ERROR, _CORRUPT, _NOT_A_DATABASE = 10, 11, 26
"""Primary result codes (sqlite.org/rescode.html) after which the file's state is not known: the process must leave."""

READERS = 8

_WRITER_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "fullfsync = ON", "foreign_keys = ON")
_READER_PRAGMAS = ("query_only = ON", "wal_autocheckpoint = 0")


def new_enough(version: tuple[int, ...]) -> bool:
    """Whether this SQLite keeps a WAL database whole with several connections."""
    return version >= OLDEST


def version() -> tuple[int, ...]:
    """The version of the SQLite in use."""
    return tuple(driver.sqlite_version_info)


def writer(path: Path, wait: float) -> Engine:
    """The engine of the one connection that writes (and alone checkpoints): each transaction is BEGIN IMMEDIATE."""
    engine = _engine(path, wait, _WRITER_PRAGMAS, size=1)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A deferred BEGIN that writes later fails at once with SQLITE_BUSY_SNAPSHOT, whatever the time-out.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def reader(path: Path, wait: float) -> Engine:
    """The engine of the connections that only read; they never wait for the writer (WAL)."""
    return _engine(path, wait, _READER_PRAGMAS, size=READERS)


def set_wait(connection: Connection, seconds: float) -> None:
    """How long the connection's next statements wait for another process's lock. Call it outside a transaction."""
    _pragma(connection.connection.driver_connection, f"busy_timeout = {max(0, int(seconds * 1000))}")


def deny_changes(table: str) -> list[str]:
    """The triggers that make a table insert-only: a guard against accident, not against attack."""
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def state_unknown(error: DBAPIError) -> bool:
    """Whether, after this error, only a restart that reads the file again can be trusted.

    After a failed sync the operating system may have dropped the very pages that were not written, so that a
    second try would seem to succeed. A full disk, a lock or a read-only file, by contrast, leave nothing behind.
    """
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in {_IO_ERROR, _CORRUPT, _NOT_A_DATABASE}


def _engine(path: Path, wait: float, pragmas: tuple[str, ...], size: int) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=driver,
        hide_parameters=True,  # an error's text must not carry facts into a log
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=wait,
        connect_args={"timeout": wait, "check_same_thread": False},
    )
    event.listen(engine, "connect", _configure(pragmas))
    return engine


def _configure(pragmas: tuple[str, ...]) -> Callable[[Any, object], None]:
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        for pragma in pragmas:
            answer = _pragma(connection, pragma)
            if pragma == "journal_mode = WAL" and answer != ("wal",):
                raise driver.OperationalError("the file system does not allow a write-ahead log")

    return configure


def _pragma(connection: Any, text: str) -> Any:
    cursor = connection.execute(f"PRAGMA {text}")
    try:
        return cursor.fetchone()
    finally:
        cursor.close()
