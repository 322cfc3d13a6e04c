"""The tables of the record and the few statements on them; insert-only where it matters.

One connection writes, under one lock: an entry's number is given inside its own transaction, so that numbers are
contiguous from 0 in the order of commits. Nothing here answers before the commit has been synced.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from api import sqlite
from api.ledger import Record

metadata = MetaData()

_SEQ = BigInteger().with_variant(Integer(), "sqlite")

entry = Table(
    "entry",
    metadata,
    Column("seq", _SEQ, primary_key=True, autoincrement=False),
    Column("id", String(40), nullable=False, unique=True),
    Column("body", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
)
idempotency = Table(
    "idempotency",
    metadata,
    Column("scope", String(200), primary_key=True),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("seq", _SEQ, ForeignKey("entry.seq"), nullable=False),
)
revision = Table(
    "revision",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("bundle_digest", String(64), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("text", LargeBinary, nullable=False),
    Column("imported_at", String(40), nullable=False),
    Column("seq", _SEQ, ForeignKey("entry.seq"), nullable=False),
)
part = Table(
    "part",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
probe = Table(
    "probe",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
)

for _table in (entry, idempotency, revision, part):
    for _statement in sqlite.deny_changes(_table.name):
        _trigger = DDL(_statement)  # type: ignore[no-untyped-call]  # SQLAlchemy's signature is incomplete
        event.listen(_table, "after_create", _trigger.execute_if(dialect="sqlite"))


class AuditUnavailableError(Exception):
    """The record cannot be written or read now: nothing was decided; it may work later without a restart."""


class AuditBrokenError(AuditUnavailableError):
    """The state of the database is not known any more: only a restart, which reads it again, can be trusted."""


class KeyReusedError(Exception):
    """The idempotency key was used before, with another request."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as it stands in the log: its number, exact bytes and leaf hash; `replayed` when it was there before."""

    seq: int
    body: bytes
    leaf: bytes
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key within its scope, with what it was used for: SHA-256 of the key and of the request."""

    scope: str
    key_hash: bytes
    fingerprint: bytes


@dataclass
class Store:
    """The record in one SQLite file. Its state: the lock of the one writer, and whether the file can be trusted."""

    path: Path
    wait: float
    broken: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Open the file, making it and its tables when they are not there. Raises AuditUnavailableError."""
        if not sqlite.new_enough(sqlite.version()):
            have, need = (".".join(map(str, numbers)) for numbers in (sqlite.version(), sqlite.OLDEST))
            msg = f"SQLite {have} can corrupt the record; version {need} or newer is needed"
            raise AuditUnavailableError(msg)
        self._writer = sqlite.writer(self.path, self.wait)
        self._reader = sqlite.reader(self.path, self.wait)
        self._file: tuple[int, int] | None = None
        try:
            with self.write() as connection:
                metadata.create_all(connection)
        except AuditUnavailableError:
            self.close()
            raise
        self._file = _identity(self.path)

    def close(self) -> None:
        """Give the file back; the writer leaves last, so that it alone checkpoints."""
        self._reader.dispose()
        self._writer.dispose()

    @contextmanager
    def write(self, deadline: float | None = None) -> Iterator[Connection]:
        """One transaction, committed and synced when the block ends well, undone otherwise.

        Waits until `deadline` (`time.monotonic()` seconds; `wait` from now without one) for its turn and for other
        processes' locks together. Raises AuditUnavailableError.
        """
        until = time.monotonic() + self.wait if deadline is None else deadline
        if not self._lock.acquire(timeout=max(0.0, until - time.monotonic())):
            raise AuditUnavailableError("the database was busy for too long")
        try:
            with self._translated():
                self._same_file()
                with self._writer.connect() as connection:
                    sqlite.set_wait(connection, until - time.monotonic())
                    with connection.begin():
                        yield connection
        finally:
            self._lock.release()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._translated():
            self._same_file()
            with self._reader.connect() as connection:
                yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if self.broken:
            raise AuditBrokenError("the database failed; the service is leaving")
        try:
            yield
        except DBAPIError as error:
            if sqlite.state_unknown(error):
                self.broken = True
                raise AuditBrokenError(str(error.orig)) from error
            raise AuditUnavailableError(str(error.orig)) from error
        except SQLAlchemyError as error:
            raise AuditUnavailableError(str(error)) from error

    def _same_file(self) -> None:
        # Writing goes on without an error into a file that was deleted or replaced; its records would be lost.
        if self._file is not None and _identity(self.path) != self._file:
            self.broken = True
            raise AuditBrokenError("the database file was removed or replaced while the service ran")

    def append(self, record: Record, key: Key, deadline: float) -> Kept:
        """Commit the record under its key, or find the entry which the key already has.

        Raises KeyReusedError when the key stands for another request, and AuditUnavailableError.
        """
        with self.write(deadline) as connection:
            before = _find(connection, key)
            if before is not None:
                return before
            kept = _append(connection, record)
            connection.execute(
                insert(idempotency).values(
                    scope=key.scope, key_hash=key.key_hash, fingerprint=key.fingerprint, seq=kept.seq
                )
            )
        return kept

    def find_key(self, key: Key) -> Kept | None:
        """The entry that the key has, if any. Raises KeyReusedError and AuditUnavailableError."""
        with self._read() as connection:
            return _find(connection, key)

    def find_id(self, id_: str) -> Kept | None:
        """The entry with this id, if any."""
        with self._read() as connection:
            row = connection.execute(select(entry).where(entry.c.id == id_)).one_or_none()
        return None if row is None else Kept(row.seq, row.body, row.leaf)

    def part(self, digest: bytes) -> bytes:
        """The bytes stored beside a record that was too large for them."""
        with self._read() as connection:
            body: bytes = connection.execute(select(part.c.body).where(part.c.digest == digest)).scalar_one()
        return body

    def revise(self, digest: str, name: str, text: bytes, at: dt.datetime, record: Callable[[int], Record]) -> int:
        """The number of the revision with this digest; a text not seen before becomes the next one, with its entry."""
        with self.write() as connection:
            known = connection.execute(select(revision.c.number).where(revision.c.bundle_digest == digest))
            number: int | None = known.scalar_one_or_none()
            if number is None:
                number = int(connection.scalar(select(func.coalesce(func.max(revision.c.number), 0))) or 0) + 1
                kept = _append(connection, record(number))
                connection.execute(
                    insert(revision).values(
                        number=number,
                        bundle_digest=digest,
                        name=name,
                        text=text,
                        imported_at=at.isoformat(),
                        seq=kept.seq,
                    )
                )
        return number

    def revision_entries(self) -> tuple[tuple[int, bytes], ...]:
        """Every revision's number, in their order, with its entry in the log, which names its policies."""
        joined = select(revision.c.number, entry.c.body).join_from(revision, entry, revision.c.seq == entry.c.seq)
        with self._read() as connection:
            rows = connection.execute(joined.order_by(revision.c.number)).all()
        return tuple((row.number, row.body) for row in rows)

    def revision_text(self, number: int) -> tuple[str, bytes]:
        """The name and the exact text of a revision."""
        with self._read() as connection:
            wanted = select(revision.c.name, revision.c.text).where(revision.c.number == number)
            row = connection.execute(wanted).one()
        return row.name, row.text

    def prove_writable(self, at: dt.datetime) -> None:
        """Commit something, as a decision would. Raises AuditUnavailableError."""
        with self.write() as connection:
            stamp = {"at": at.isoformat()}
            if connection.execute(update(probe).where(probe.c.one == 1).values(stamp)).rowcount == 0:
                connection.execute(insert(probe).values(one=1, **stamp))


def _find(connection: Connection, key: Key) -> Kept | None:
    row = connection.execute(
        select(entry, idempotency.c.fingerprint)
        .join_from(idempotency, entry, idempotency.c.seq == entry.c.seq)
        .where(idempotency.c.scope == key.scope, idempotency.c.key_hash == key.key_hash)
    ).one_or_none()
    if row is None:
        return None
    if row.fingerprint != key.fingerprint:
        raise KeyReusedError
    return Kept(row.seq, row.body, row.leaf, replayed=True)


def _append(connection: Connection, record: Record) -> Kept:
    seq = connection.execute(select(func.coalesce(func.max(entry.c.seq) + 1, 0))).scalar_one()
    connection.execute(insert(entry).values(seq=seq, id=record.id, body=record.body, leaf=record.leaf))
    _keep_parts(connection, record.parts)
    return Kept(seq, record.body, record.leaf)


def _keep_parts(connection: Connection, parts: Mapping[bytes, bytes]) -> None:
    for digest, body in parts.items():
        if connection.execute(select(part.c.digest).where(part.c.digest == digest)).one_or_none() is None:
            connection.execute(insert(part).values(digest=digest, body=body))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
