"""Several service processes on one database, to be killed and started anew while a crowd of callers retries.

They are forked from a process that has imported everything, as in `tests/test_kill.py`: a start takes a tenth.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import socket
import ssl
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from api import connections, serve
from api.settings import Settings
from tests.calling import HEADERS, admit
from tests.serving import FACTS, POLICIES, URL, free_port

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.killable"])
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For httpx: nothing here is https, and reading the machine's certificates takes longer than a start."""

PATIENCE = 30.0
"""Seconds a caller goes on asking for one answer; far more than a worker's start takes on a busy machine."""


def serve_quietly(folder: str, given: Mapping[str, object], head_seconds: float) -> None:
    """A worker's process: the service as it is, its output in a file."""
    with Path(folder, "service.log").open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    connections.HEAD_SECONDS = head_seconds
    sys.exit(serve.run(Settings.read({}, given)))


@dataclass
class Worker:
    """One process of the service, on a port that it keeps."""

    folder: Path
    given: Mapping[str, object] = field(default_factory=dict)
    head_seconds: float = connections.HEAD_SECONDS
    port: int = field(default_factory=free_port)
    process: BaseProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self) -> dict[str, object]:
        files = {"policy_file": self.folder / "policies.yaml", "database": str(self.folder / "writ.db")}
        files |= {"log_key": self.folder / "writ.key", "checkpoints": self.folder / "writ.checkpoints"}
        files |= {"first_key": self.folder / "first.key"}  # nobody uses it, but printed it would be no event of the log
        return {**files, "port": self.port, **self.given}

    def start(self) -> None:
        given = self.settings()
        self.process = FORKS.Process(target=serve_quietly, args=(str(self.folder), given, self.head_seconds))
        self.process.start()
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.is_alive():
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionRefusedError:
                time.sleep(0.01)
            else:
                return
        raise AssertionError((self.folder / "service.log").read_text(errors="replace"))

    def kill(self) -> None:
        """By the signal that cannot be caught."""
        if self.process is not None:
            self.process.kill()
            self.process.join(PATIENCE)
            self.process.close()
            self.process = None


@contextmanager
def working(folder: Path, text: str = POLICIES, count: int = 1, **given: object) -> Iterator[list[Worker]]:
    """So many workers on one database that lets the callers in, started one after another."""
    (folder / "policies.yaml").write_text(text, encoding="utf-8")
    head_seconds = given.pop("head_seconds", connections.HEAD_SECONDS)
    assert isinstance(head_seconds, (int, float))
    workers = [Worker(folder, given, head_seconds) for _ in range(count)]
    admit(Settings.read({}, workers[0].settings()).places(), folder / "policies.yaml")
    try:
        for worker in workers:
            worker.start()
        yield workers
    finally:
        for worker in workers:
            worker.kill()


@dataclass(frozen=True)
class Answer:
    """An answer, as far as these tests look at it."""

    status: int
    body: bytes
    replayed: bool


class Caller:
    """One connection, opened anew when it was dropped."""

    def __init__(self, port: int, timeout: float = 15) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def post(self, key: str, amount: str = "250.50", path: str = URL) -> Answer:
        """Raises OSError or HTTPException when the connection is dropped."""
        body = json.dumps({"facts": {**FACTS, "amount": amount}, "as_of": "2026-03-01"})
        headers = {**HEADERS, "Idempotency-Key": key, "Content-Type": "application/json"}
        try:
            self._connection.request("POST", path, body, headers)
            answer = self._connection.getresponse()
            return Answer(answer.status, answer.read(), answer.headers.get("Idempotency-Replayed") == "true")
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise

    def close(self) -> None:
        self._connection.close()


@dataclass
class Crowd:
    """Callers that all ask with the same keys in the same order, each going on until it has an answer."""

    ports: Sequence[int]
    answers: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)
    dropped: int = 0
    failures: list[BaseException] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, keys: Sequence[str], callers: int) -> list[threading.Thread]:
        """Start so many callers; their threads."""
        threads = [threading.Thread(target=self._ask_all, args=(keys, number)) for number in range(callers)]
        for thread in threads:
            thread.start()
        return threads

    def _ask_all(self, keys: Sequence[str], number: int) -> None:
        callers = [Caller(port) for port in self.ports]
        try:
            for place, key in enumerate(keys):
                self._until_answered(key, callers, number + place)
        except BaseException as error:  # noqa: BLE001 (a thread's failure is the test's: it is looked at there)
            self.failures.append(error)
        finally:
            for caller in callers:
                caller.close()

    def _until_answered(self, key: str, callers: Sequence[Caller], turn: int) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                answer = callers[turn % len(callers)].post(key)
            except (OSError, http.client.HTTPException):
                with self._lock:
                    self.dropped += 1
                time.sleep(0.02)
            else:
                with self._lock:
                    self.statuses[answer.status] += 1
                    self.answers[key].append(answer)
                if answer.status == 200:
                    return
                time.sleep(0.02)
            turn += 1
        msg = f"{key} had no answer for {PATIENCE} seconds"
        raise AssertionError(msg)


def report(text: str) -> None:
    """A figure for who runs the tests with `-s`; nothing depends on it."""
    sys.stdout.write(f"{text}\n")
