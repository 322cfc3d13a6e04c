"""Services to be killed, as targets of processes; light to import, because each of them imports it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from api import serve
from api.audit import sqlite
from api.audit.sqlite import SqliteFile
from api.audit.store import Kept
from api.audit.writer import Writer
from api.settings import Settings


def run_quietly(
    folder: str,
    port: int,
    database: str | None = None,
    busy_timeout: float = 5,
    checkpoints: str = "writ.db.checkpoints",
) -> None:
    """The service as it is, its output in a file."""
    inside = Path(folder)
    with (inside / "service.log").open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    settings = Settings(
        database=database or str(inside / "writ.db"),
        policy_file=inside / "policies.yaml",
        log_key=inside / "writ.db.key",
        checkpoints=inside / checkpoints,
        port=port,
        busy_timeout=busy_timeout,
    )
    sys.exit(serve.run(settings))


def run_answering_before_the_commit(folder: str, port: int, database: str | None = None) -> None:
    """The service with the fault that the kill test is there to find: the commit follows half a second later."""
    commit = Writer._commit  # noqa: SLF001 (the fault is put in here)

    def late(writer: Writer, batch: Sequence[Any]) -> list[Kept]:
        threading.Timer(0.5, commit, (writer, batch)).start()
        return [Kept(0, one.item.record.body, one.item.record.leaf) for one in batch]

    Writer._commit = late  # type: ignore[assignment, method-assign]  # noqa: SLF001 (the process ends with it)
    run_quietly(folder, port, database)


def run_without_syncing_commits(folder: str, port: int, database: str | None = None) -> None:
    """The service with the fault that no kill can show: SQLite's `synchronous = NORMAL`."""
    sqlite._WRITER_PRAGMAS = tuple(one.replace("FULL", "NORMAL") for one in sqlite._WRITER_PRAGMAS)  # type: ignore[assignment]  # noqa: SLF001 (the fault is put in here)
    run_quietly(folder, port, database)


def run_read_only_at_times(folder: str, port: int, database: str | None = None) -> None:
    """The service, whose database is read-only while a file `read-only` stands in the folder."""
    before = SqliteFile.before
    sign = Path(folder, "read-only")

    def switched(self: SqliteFile, connection: Connection, seconds: float) -> None:
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA query_only = {'ON' if sign.exists() else 'OFF'}").close()
        before(self, connection, seconds)

    SqliteFile.before = switched  # type: ignore[method-assign]  # the process ends with it
    run_quietly(folder, port, database)


if __name__ == "__main__":
    {"sound": run_quietly, "unsynced": run_without_syncing_commits, "early": run_answering_before_the_commit}[
        sys.argv[1]
    ](sys.argv[2], int(sys.argv[3]))
