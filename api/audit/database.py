"""What the store asks of a database, SQLite or PostgreSQL, and what can go wrong with the record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Table


class AuditUnavailableError(Exception):
    """The record cannot be written or read now, or its commit was not confirmed; it may work later without a restart.

    What is `passing` may be over in a moment: another's lock, a connection that was lost.
    """

    def __init__(self, why: str, *, passing: bool = False) -> None:
        super().__init__(why)
        self.passing = passing


class AuditBrokenError(AuditUnavailableError):
    """The state of the database is not known any more: only a restart, which reads it again, can be trusted."""


class KeyReusedError(Exception):
    """The idempotency key was used before, with another request."""


class Database(Protocol):
    """One kind of database, opened: an engine of one connection that writes, and one of several that only read."""

    name: str
    """What it is called in messages and greetings; never with a password."""

    writer: Engine
    reader: Engine
    errors: type[Exception]
    """What its driver raises; `insert` and `known` speak to it without SQLAlchemy in between, for speed."""

    def before(self, connection: Connection, seconds: float) -> None:
        """Outside a transaction: how long the connection may wait for another's lock."""

    def within(self, connection: Connection, seconds: float) -> None:
        """At the start of a transaction: how long it may wait for another's lock."""

    def lock_schema(self, connection: Connection) -> None:
        """Keep other processes from changing the tables until this transaction ends."""

    def insert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert many rows, each with a value for every column of the table in their order."""

    def known(self, connection: Connection, hashes: Sequence[bytes]) -> set[bytes]:
        """Those of the key hashes that the table `idempotency` has."""

    def state_unknown(self, error: BaseException | None) -> bool:
        """Whether, after this error of the driver, only a restart that reads the database again can be trusted."""

    def passing(self, error: BaseException | None) -> bool:
        """Whether what the driver ran into may be over in a moment."""

    def gone(self) -> str | None:
        """Why what is written would be lost without an error, if it would."""

    def after(self, connection: Connection) -> None:
        """Outside a transaction, after a commit: what the database has to do from time to time."""

    def forget(self, connection: Connection) -> None:
        """Outside a transaction: remove what deleted rows have left behind in files."""

    def close(self) -> None:
        """Give all connections back."""
