"""The record in its database: one transaction at a time for what is written, and everything that is read off it.

One connection writes, under one lock; what it commits has been synced when the transaction ends. The database is a
SQLite file or a PostgreSQL server, by the URL it is opened with; nothing above this module knows which.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, inspect, make_url, select, text, update
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from api.audit import migrations
from api.audit.database import AuditBrokenError, AuditUnavailableError, Database
from api.audit.packing import Packing, pack_alone, unpack_alone
from api.audit.sqlite import SqliteFile
from api.audit.tables import checkpoint, dictionary, entry, log_state, part, personal, policy_text, probe
from api.audit.tree import Frontier


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as it stands in the log: its number, exact bytes and leaf hash; `replayed` when it was there before."""

    seq: int
    body: bytes
    leaf: bytes
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Where the log stands: its name, its right edge, the latest time in it (µs since 1970)."""

    origin: str
    frontier: Frontier
    latest: int

    @property
    def size(self) -> int:
        """Entries in the log."""
        return self.frontier.size


class Store:
    """The record. Its state: the lock of the one writer, and whether the database can be trusted."""

    def __init__(self, database: str | Path, wait: float) -> None:
        """Open a file by its path or a server by its URL; makes the tables that are not there.

        `wait` is how many seconds a transaction may wait for others. Raises AuditUnavailableError.
        """
        self.wait = wait
        self.broken = False
        self.when_broken: Callable[[], object] = lambda: None
        self._lock = threading.Lock()
        self.database = _opened(database, wait)
        self.packing = Packing(self._save_dictionary, self._latest_dictionary, self._numbered_dictionary)
        try:
            with self.write() as connection:
                _migrate(self.database, connection)
        except AuditUnavailableError:
            self.close()
            raise

    def close(self) -> None:
        """Give the database back."""
        self.database.close()

    @contextmanager
    def write(self, deadline: float | None = None) -> Iterator[Connection]:
        """One transaction, committed and synced when the block ends well, undone otherwise.

        Waits until `deadline` (`time.monotonic()` seconds; `wait` from now without one) for its turn and for other
        processes' locks together. Raises AuditUnavailableError.
        """
        until = time.monotonic() + self.wait if deadline is None else deadline
        with self._turn(until) as connection:
            with connection.begin():
                self.database.within(connection, until - time.monotonic())
                yield connection
            self.database.after(connection)

    def forget(self) -> None:
        """Remove from the database's files what deleted rows have left behind. Raises AuditUnavailableError."""
        with self._turn(time.monotonic() + self.wait) as connection:
            self.database.forget(connection)

    @contextmanager
    def _turn(self, until: float) -> Iterator[Connection]:
        if not self._lock.acquire(timeout=max(0.0, until - time.monotonic())):
            raise AuditUnavailableError("the database was busy for too long", passing=True)
        try:
            with self._translated(), self.database.writer.connect() as connection:
                self.database.before(connection, until - time.monotonic())
                try:
                    yield connection
                except self.database.errors:
                    # The driver's own error: SQLAlchemy has not seen that the connection was lost.
                    if getattr(connection.connection.driver_connection, "closed", False):
                        connection.invalidate()
                    raise
        finally:
            self._lock.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only reads. Raises AuditUnavailableError."""
        with self._translated(), self.database.reader.connect() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if self.broken:
            raise AuditBrokenError("the database failed; the service is leaving")
        if (why := self.database.gone()) is not None:
            raise self.fail(why)
        try:
            yield
        except AuditBrokenError as error:
            raise self.fail(str(error)) from error
        except (DBAPIError, self.database.errors) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            if self.database.state_unknown(cause):
                raise self.fail(str(cause)) from error
            raise AuditUnavailableError(str(cause), passing=self.database.passing(cause)) from error
        except SQLAlchemyError as error:
            raise AuditUnavailableError(str(error)) from error
        except UnicodeDecodeError as error:  # the driver quotes a damaged schema in its message, and cannot
            raise self.fail(error.object.decode(errors="replace")) from error

    def fail(self, why: str) -> AuditBrokenError:
        """Trust the database no more: whoever asks from now on is refused, and `when_broken` is called, once."""
        if not self.broken:
            self.broken = True
            self.when_broken()
        return AuditBrokenError(why)

    # What stands in the log

    def state(self) -> State:
        """Where the log stands."""
        with self.read() as connection:
            return read_state(connection)

    def entry(self, seq: int) -> Kept | None:
        """The entry with this number."""
        found = self.entries(seq, seq + 1)
        return found[0] if found else None

    def entries(self, first: int, end: int) -> list[Kept]:
        """The entries from `first` to before `end`, in their order."""
        wanted = select(entry).where(entry.c.seq >= first, entry.c.seq < end).order_by(entry.c.seq)
        with self.read() as connection:
            rows = connection.execute(wanted).all()
        return [self.kept(row) for row in rows]

    def find_id(self, id_: str) -> Kept | None:
        """The entry with this id, if any."""
        with self.read() as connection:
            row = connection.execute(select(entry).where(entry.c.id == id_)).one_or_none()
        return None if row is None else self.kept(row)

    def kept(self, row: Any) -> Kept:
        """The entry of a row of its table. Raises AuditUnavailableError for one that is damaged."""
        try:
            return Kept(row.seq, self.packing.unpack(row.dictionary, row.body), row.leaf)
        except ValueError as error:
            raise AuditUnavailableError(f"entry {row.seq} is damaged: {error}") from error

    def part(self, digest: bytes) -> bytes:
        """The bytes stored beside a record that was too large for them. Raises AuditUnavailableError."""
        with self.read() as connection:
            body: bytes | None = connection.scalar(select(part.c.body).where(part.c.digest == digest))
        if body is None:
            raise AuditUnavailableError(f"the part {digest.hex()} of a record is not there")
        try:
            plain = unpack_alone(body)
        except ValueError as error:
            raise AuditUnavailableError(f"the part {digest.hex()} of a record is damaged: {error}") from error
        if hashlib.sha256(plain).digest() != digest:
            raise AuditUnavailableError(f"the part {digest.hex()} of a record does not have the bytes of its name")
        return plain

    def personal_rows(self, first: int, end: int) -> Sequence[Any]:
        """The rows of personal data of the entries from `first` to before `end`."""
        wanted = select(personal).where(personal.c.seq >= first, personal.c.seq < end)
        with self.read() as connection:
            return connection.execute(wanted.order_by(personal.c.seq, personal.c.pointer)).all()

    def bundle_text(self, digest: str) -> bytes | None:
        """The exact text of the policy file with this SHA-256, if the record has it."""
        with self.read() as connection:
            found: bytes | None = connection.scalar(select(policy_text.c.text).where(policy_text.c.digest == digest))
        return found

    def notes(self, above: int = -1, upto: int | None = None) -> list[str]:
        """The checkpoints of logs larger than `above` and at most `upto`, by size."""
        wanted = select(checkpoint.c.note).where(checkpoint.c.size > above)
        if upto is not None:
            wanted = wanted.where(checkpoint.c.size <= upto)
        with self.read() as connection:
            return list(connection.scalars(wanted.order_by(checkpoint.c.size)))

    def latest_note(self) -> str | None:
        """The newest checkpoint."""
        with self.read() as connection:
            note: str | None = connection.scalar(select(checkpoint.c.note).order_by(checkpoint.c.size.desc()).limit(1))
        return note

    def prove_writable(self, stamp: str) -> None:
        """Commit something, as a decision would. Raises AuditUnavailableError."""
        with self.write() as connection:
            if connection.execute(update(probe).where(probe.c.one == 1).values(at=stamp)).rowcount == 0:
                connection.execute(insert(probe).values(one=1, at=stamp))

    # Dictionaries

    def _save_dictionary(self, like: str, body: bytes) -> int | None:
        try:
            with self.write() as connection:
                self.database.lock_schema(connection)
                number: int = connection.execute(
                    select(func.coalesce(func.max(dictionary.c.number), 0) + 1)
                ).scalar_one()
                row = {"number": number, "policy_digest": like, "body": pack_alone(body)}
                connection.execute(insert(dictionary).values(**row))
        except AuditUnavailableError:
            return None  # the records go without one; the next ones to be learned from will try again
        return number

    def _latest_dictionary(self, like: str) -> tuple[int, bytes] | None:
        wanted = select(dictionary).where(dictionary.c.policy_digest == like).order_by(dictionary.c.number.desc())
        with self.read() as connection:
            row = connection.execute(wanted.limit(1)).one_or_none()
        return None if row is None else (row.number, unpack_alone(row.body))

    def _numbered_dictionary(self, number: int) -> bytes:
        with self.read() as connection:
            return unpack_alone(
                connection.execute(select(dictionary.c.body).where(dictionary.c.number == number)).scalar_one()
            )


def read_state(connection: Connection, *, lock: bool = False) -> State:
    """Where the log stands; with `lock` nobody else may append until the transaction ends.

    Raises AuditBrokenError when that cannot be told.
    """
    wanted = select(log_state)
    row = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise AuditBrokenError("the database does not say where the log stands")
    try:
        return State(row.origin, Frontier.of_bytes(row.size, row.frontier), row.latest)
    except ValueError as error:
        raise AuditBrokenError(f"the database does not say where the log stands: {error}") from error


def _opened(database: str | Path, wait: float) -> Database:
    if "://" not in str(database):
        return SqliteFile(Path(database), wait)
    try:
        url = make_url(str(database))
    except ArgumentError:
        url = None
    if (
        url is None
        or url.get_backend_name() != "postgresql"
        or url.drivername not in ("postgresql", "postgresql+psycopg")
    ):
        raise AuditUnavailableError("the database is a file's path, or postgresql://user@host/database")
    from api.audit.postgres import PostgresServer  # noqa: PLC0415 (its driver is heavy, and a file needs none)

    return PostgresServer(url, wait)


def _migrate(database: Database, connection: Connection) -> None:
    """Bring the tables to what this code is written for; refuses those of a newer Writ."""
    database.lock_schema(connection)
    version = None
    if inspect(connection).has_table("alembic_version"):
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if version == migrations.HEAD:
        return
    if version is not None and version > migrations.HEAD:
        msg = f"the record's tables are those of a newer Writ (version {version}, this one reads {migrations.HEAD})"
        raise AuditUnavailableError(msg)
    if version is not None:
        msg = f"the tables are those of an older Writ (version {version}), which kept no acts: use a new database"
        raise AuditUnavailableError(msg)
    migrations.upgrade(connection)
    origin = f"writ-log-{secrets.token_hex(8)}"
    connection.execute(insert(log_state).values(one=1, origin=origin, size=0, frontier=b"", latest=0))
