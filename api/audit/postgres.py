"""The record in PostgreSQL, for several nodes: how it is reached, locked and made durable, and what its errors mean.

Every node appends under one row lock held until its batch is synced (design A of the plan): numbers are contiguous,
and whoever is answered has a place in the tree that will not change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from sqlalchemy import URL, BigInteger, Connection, Engine, Integer, LargeBinary, Table, create_engine, event, text

READERS = 8

_SCHEMA_LOCK = 0x57726974
"""The key of the advisory lock under which tables are made: any number that nobody else uses."""

_TYPES = {BigInteger: "bigint", Integer: "integer", LargeBinary: "bytea"}

_CORRUPTED = ("XX001", "XX002", "58030")
"""data_corrupted, index_corrupted, io_error (appendix A of PostgreSQL's manual)."""


class PostgresServer:
    """A record in a PostgreSQL database; `url` is SQLAlchemy's, `postgresql://user:password@host/database`."""

    errors: type[Exception] = psycopg.Error

    def __init__(self, url: URL, wait: float) -> None:
        url = url.set(drivername="postgresql+psycopg")
        self.wait = wait
        self.name = shown(url)
        self.writer = _engine(url, wait, 1, _durable)
        self.reader = _engine(url, wait, READERS, _read_only, look_first=True)

    def before(self, connection: Connection, seconds: float) -> None:
        """Nothing: the waits hold for one transaction."""

    def within(self, connection: Connection, seconds: float) -> None:
        """The wait for a lock, and for the answer to any statement."""
        milliseconds = str(max(1, int(seconds * 1000)))
        said = "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)"
        connection.exec_driver_sql(said, (milliseconds, milliseconds))

    def lock_schema(self, connection: Connection) -> None:
        """One node makes the tables, the others wait and find them made."""
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})

    def insert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """All rows in one statement, a list for each column: one way there and back whatever their number."""
        if rows:
            columns = ", ".join(column.name for column in table.columns)
            lists = ", ".join(f"%s::{_type(column.type)}[]" for column in table.columns)
            # Names of a table of this package, never a caller's.
            said = f"INSERT INTO {table.name} ({columns}) SELECT * FROM unnest({lists})"  # noqa: S608 (as said)
            _driver(connection).execute(said, [list(column) for column in zip(*rows, strict=True)], binary=True)

    def known(self, connection: Connection, hashes: Sequence[bytes]) -> set[bytes]:
        """One look into the primary key for all."""
        said = "SELECT key_hash FROM idempotency WHERE key_hash = ANY(%s)"
        return {row[0] for row in _driver(connection).execute(said, [list(hashes)], binary=True).fetchall()}

    def state_unknown(self, error: BaseException | None) -> bool:
        """PostgreSQL itself restarts after a failed sync; damaged data is for a person."""
        return getattr(error, "sqlstate", None) in _CORRUPTED

    def passing(self, error: BaseException | None) -> bool:
        """Another node holds the lock, or the server was lost: it may be restarting."""
        return isinstance(error, psycopg.OperationalError)

    def gone(self) -> str | None:
        """Never: a server that is replaced closes its connections."""
        return None

    def after(self, connection: Connection) -> None:
        """Nothing: the server checkpoints by itself."""

    def forget(self, connection: Connection) -> None:
        """Write the tables that held what was erased anew. The server's own write-ahead log is for its operator."""
        connection.commit()
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        # Whoever waits for a table stops all who come after: a report that reads it must not stop the decisions.
        autocommit.exec_driver_sql(f"SET lock_timeout = {int(self.wait * 1000 / 2)}")
        autocommit.exec_driver_sql("VACUUM (FULL) personal")
        autocommit.exec_driver_sql("VACUUM catalogue")
        autocommit.exec_driver_sql("RESET lock_timeout")

    def close(self) -> None:
        """Give all connections back."""
        self.reader.dispose()
        self.writer.dispose()


def shown(url: URL) -> str:
    """The URL for people: without password and options, which may hold one."""
    return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _type(column: Any) -> str:
    return next((name for kind, name in _TYPES.items() if isinstance(column, kind)), "text")


def _engine(
    url: URL, wait: float, size: int, configure: Callable[[Any, object], None], *, look_first: bool = False
) -> Engine:
    engine = create_engine(
        url,
        pool_pre_ping=look_first,  # a read after the server restarted; the writer tries its batch again instead
        hide_parameters=True,  # an error's text must not carry facts into a log
        pool_size=size,
        max_overflow=0,
        pool_timeout=wait,
        connect_args={
            "connect_timeout": max(1, int(wait)),
            "application_name": "writ",
            "tcp_user_timeout": int(wait * 1000),
            "keepalives_idle": max(1, int(wait)),
        },
    )
    event.listen(engine, "do_connect", _connect(wait + 1))
    event.listen(engine, "connect", configure)
    return engine


def _connect(patience: float) -> Callable[..., psycopg.Connection[Any]]:
    """Connections on which every answer is awaited so long at most.

    The server's own time-outs are of no use when it hangs, and those of TCP neither: its machine goes on acknowledging.
    """

    class Patient(psycopg.Connection[Any]):
        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return super().wait(gen, interval, patience if timeout is None else timeout)
            except psycopg.OperationalError:
                if self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                    self.pgconn.finish()  # the answer may still come: nobody must take it for that to another question
                raise

    return lambda _dialect, _record, args, given: Patient.connect(*args, **given)


def _durable(connection: Any, _record: object) -> None:
    """A connection whose commits are on disk when they return; a server that does not sync is refused."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync'), pg_is_in_recovery()")
        fsync, standby = cursor.fetchone()
        if fsync != "on":
            raise connection.OperationalError("the server runs with fsync off: a power cut would lose the record")
        if standby:
            raise connection.OperationalError("the server is a standby: it cannot be written")
        cursor.execute("SET synchronous_commit = on")
    connection.commit()


def _read_only(connection: Any, _record: object) -> None:
    connection.autocommit = True
    connection.execute("SET default_transaction_read_only = on")
