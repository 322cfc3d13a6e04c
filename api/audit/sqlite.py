"""The record in one SQLite file: how it is opened, locked and made durable, and what its errors mean.

Needs SQLite 3.51.3: earlier versions can corrupt a WAL database that two connections use (sqlite.org/wal.html,
"the WAL-reset bug"). The `pysqlite3` wheel brings a newer one than most systems have.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as driver
from sqlalchemy import URL, Connection, Engine, QueuePool, Table, create_engine, event

from api.audit.database import AuditUnavailableError

OLDEST = (3, 51, 3)

_IO_ERROR, _CORRUPT, _NOT_A_DATABASE = 10, 11, 26
"""Primary result codes (sqlite.org/rescode.html) after which the file's state is not known: the process must leave."""

_BUSY, _LOCKED = 5, 6

_ROWS = 1000
"""Rows of one statement: at 8 columns a quarter of the values that SQLite takes for one."""

_LONGEST_WAL = 1000
"""Pages of write-ahead log that are carried into the file at once: SQLite's own number."""

READERS = 8

_STATEMENTS = 2048
"""Prepared statements kept: a batch has one for each table and number of rows."""

_WRITER_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "fullfsync = ON",
    "foreign_keys = ON",
    "wal_autocheckpoint = 0",  # see `after`
    "secure_delete = ON",  # what is erased is overwritten, not only unlinked
)
_READER_PRAGMAS = ("query_only = ON", "wal_autocheckpoint = 0")


def version() -> tuple[int, ...]:
    """The version of the SQLite in use."""
    return tuple(driver.sqlite_version_info)


class SqliteFile:
    """A record in a file, made when it is not there. Raises AuditUnavailableError for a SQLite not to be trusted."""

    errors: type[Exception] = driver.Error

    def __init__(self, path: Path, wait: float) -> None:
        if version() < OLDEST:
            have, need = (".".join(map(str, numbers)) for numbers in (version(), OLDEST))
            msg = f"SQLite {have} can corrupt the record; version {need} or newer is needed"
            raise AuditUnavailableError(msg)
        with suppress(OSError):  # it is there already; or it cannot be made, which SQLite says better
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # its owner's alone: it has names
        self.name = str(path)
        self.path = path
        self.writer = _engine(path, wait, _WRITER_PRAGMAS, size=1)
        self.reader = _engine(path, wait, _READER_PRAGMAS, size=READERS)
        self._file: tuple[int, int] | None = None
        event.listen(self.writer, "begin", _begin)

    def before(self, connection: Connection, seconds: float) -> None:
        """The wait for another process's lock."""
        _pragma(_driver(connection), f"busy_timeout = {max(0, int(seconds * 1000))}")

    def within(self, connection: Connection, seconds: float) -> None:
        """Nothing: the one lock there is has been taken by BEGIN IMMEDIATE."""

    def lock_schema(self, connection: Connection) -> None:
        """Nothing: as `within`."""

    def insert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """One statement for all rows: the interpreter's lock is let go and fought for once, not for every row."""
        columns = ", ".join(column.name for column in table.columns)
        row = f"({', '.join('?' * len(table.columns))})"
        for start in range(0, len(rows), _ROWS):
            some = rows[start : start + _ROWS]
            # Names of a table of this package, never a caller's.
            said = f"INSERT INTO {table.name} ({columns}) VALUES {', '.join([row] * len(some))}"  # noqa: S608 (as said)
            _driver(connection).execute(said, [value for one in some for value in one]).close()

    def known(self, connection: Connection, hashes: Sequence[bytes]) -> set[bytes]:
        """One look into the primary key for all."""
        wanted = ", ".join("?" * len(hashes))
        said = f"SELECT key_hash FROM idempotency WHERE key_hash IN ({wanted})"  # noqa: S608 (only question marks)
        return {row[0] for row in _driver(connection).execute(said, list(hashes)).fetchall()}

    def state_unknown(self, error: BaseException | None) -> bool:
        """After an I/O error it is; a full disk, a lock or a read-only file leave nothing behind.

        After a failed sync the operating system may have dropped the very pages that were not written, so that a
        second try would seem to succeed.
        """
        code = getattr(error, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in {_IO_ERROR, _CORRUPT, _NOT_A_DATABASE}

    def passing(self, error: BaseException | None) -> bool:
        """Another process holds the lock."""
        code = getattr(error, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in {_BUSY, _LOCKED}

    def gone(self) -> str | None:
        """Writing goes on without an error into a file that was deleted or replaced."""
        now = _identity(self.path)
        if self._file is None:
            self._file = now
        return None if now == self._file else "the database file was removed or replaced while the service ran"

    def after(self, connection: Connection) -> None:
        """Carry the write-ahead log into the file once it is long.

        SQLite's own automatic checkpoint says nothing of a sync that failed; this one raises it.
        """
        try:
            _, pages, carried = _pragma(_driver(connection), "wal_checkpoint(NOOP)")
            if pages - carried >= _LONGEST_WAL:
                _pragma(_driver(connection), "wal_checkpoint(PASSIVE)")
        except driver.Error as error:
            if self.state_unknown(error):
                raise
            # What was committed is in the log and stays there: a full disk or a lock may be over next time.

    def forget(self, connection: Connection) -> None:
        """The write-ahead log still has the pages as they were: carry it into the file, and empty it."""
        answer = _pragma(_driver(connection), "wal_checkpoint(TRUNCATE)")
        if answer[0]:
            raise AuditUnavailableError("the write-ahead log is being read and could not be emptied")

    def close(self) -> None:
        """The writer leaves last, so that it alone checkpoints."""
        self.reader.dispose()
        self.writer.dispose()


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _begin(connection: Connection) -> None:
    # A deferred BEGIN that writes later fails at once with SQLITE_BUSY_SNAPSHOT, whatever the time-out.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _engine(path: Path, wait: float, pragmas: tuple[str, ...], size: int) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=driver,
        hide_parameters=True,  # an error's text must not carry facts into a log
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=wait,
        connect_args={"timeout": wait, "check_same_thread": False, "cached_statements": _STATEMENTS},
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


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
