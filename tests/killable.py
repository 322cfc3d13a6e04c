"""Services to be killed, as targets of processes; light to import, because each of them imports it."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

from api import serve
from api.audit.appending import Key
from api.audit.records import Record
from api.audit.store import Kept
from api.audit.writer import Writer
from api.settings import Settings


def run_quietly(folder: str, port: int) -> None:
    """The service as it is, its output in a file."""
    with Path(folder, "service.log").open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    database, policy_file = Path(folder, "writ.db"), Path(folder, "policies.yaml")
    sys.exit(serve.run(Settings(database=str(database), policy_file=policy_file, port=port)))


def run_answering_before_the_commit(folder: str, port: int) -> None:
    """The service with the fault that the kill test is there to find: the commit follows half a second later."""
    submit = Writer.submit

    def late(writer: Writer, record: Record, key: Key | None, deadline: float) -> Future[Kept]:
        threading.Timer(0.5, submit, (writer, record, key, deadline + 1)).start()
        done: Future[Kept] = Future()
        done.set_result(Kept(0, record.body, record.leaf))
        return done

    Writer.submit = late  # type: ignore[assignment, method-assign]  # the process ends with it
    run_quietly(folder, port)
