"""The size of the fault tests, the services that suffer the faults, and what must hold of the log afterwards.

`make test` runs each fault a few times; `make faults` runs it as often as the plan promises, and prints the figures.
"""

from __future__ import annotations

import http.client
import itertools
import json
import multiprocessing
import os
import random
import sqlite3
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Self

import orjson
import pytest
from sqlalchemy import func, select

from api.audit.appending import key_hash
from api.audit.log import Log
from api.audit.records import decision_answer, read_record
from api.audit.store import Kept, Store
from api.audit.tables import idempotency
from api.audit.tree import Frontier
from api.audit.verify import leaf_hash
from api.running import utc_now
from tests.calling import DESK, HEADERS, admit, places_in
from tests.killable import run_quietly
from tests.serving import FACTS, POLICIES, URL, free_port

SEED = 20_260_301
LONG = os.environ.get("WRIT_FAULTS") == "long"

FORKS = multiprocessing.get_context("forkserver")  # it has imported everything: a service starts in a third of the time
FORKS.set_forkserver_preload(["tests.killable"])

TRANSPORT = (OSError, http.client.HTTPException)
"""How a request ends whose outcome the caller cannot know."""


def scaled(short: int, long: int) -> int:
    """How much of a fault: `short` for every run of the tests, `long` for `make faults`."""
    return long if LONG else short


def seeded() -> random.Random:
    """The chance by which faults are chosen: the same in every run, up to what the machine does meanwhile."""
    return random.Random(SEED)  # noqa: S311 (it protects nothing)


def report(what: str, **figures: object) -> None:
    """One line of figures, seen with `-s` as `make faults` has it."""
    shown = ", ".join(f"{name.replace('_', ' ')} {figure}" for name, figure in figures.items())
    sys.stdout.write(f"\n{what}: {shown}\n")


@contextmanager
def forked(
    folder: Path, port: int, target: Callable[..., None] = run_quietly, database: str | None = None
) -> Iterator[BaseProcess]:
    """A service in a process that can be killed; its log is `service.log` in the folder."""
    process = FORKS.Process(target=target, args=(str(folder), port, database))
    process.start()
    try:
        wait_until_it_answers(port, process.is_alive)
        yield process
    finally:
        process.kill()
        process.join()
        process.close()


def wait_until_it_answers(port: int, alive: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and alive():
        try:
            with Caller(port) as caller:
                if caller.get("/healthz")[0] == 200:
                    return
        except TRANSPORT:
            time.sleep(0.01)
    pytest.fail("the service does not answer")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a decision request was answered."""

    status: int
    body: bytes
    replayed: bool
    retry_after: str | None
    seconds: float

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["code"])


class Caller:
    """One caller with its connection, which it opens anew when it was lost."""

    def __init__(self, port: int, timeout: float = 15) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self._used = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def decide(self, key: str) -> Answer:
        """Ask for the decision of this key, whose facts are its own. Raises one of TRANSPORT."""
        amount = f"{zlib.crc32(key.encode()) % 2000}.50"
        body = orjson.dumps({"facts": {**FACTS, "amount": amount}, "as_of": "2026-03-01"})
        headers = {**HEADERS, "Content-Type": "application/json", "Idempotency-Key": key}
        started = time.monotonic()
        status, said, content = self._ask("POST", URL, body, headers)
        replayed = said.get("Idempotency-Replayed") == "true"
        return Answer(status, content, replayed, said.get("Retry-After"), time.monotonic() - started)

    def get(self, path: str) -> tuple[int, bytes]:
        status, _, content = self._ask("GET", path, None, dict(HEADERS))
        return status, content

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        if time.monotonic() > self._used + 3:
            self._connection.close()  # the service ends idle connections after five seconds
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except TRANSPORT:
            self._connection.close()
            raise
        finally:
            self._used = time.monotonic()


@dataclass
class Load:
    """Callers in parallel, each with one new key after another: what was answered, and which keys were not."""

    name: str
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    unsettled: list[str] = field(default_factory=list)
    refused: list[Answer] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self, ports: Sequence[int], callers: int) -> Iterator[None]:
        """Call while the block runs, by turns at these ports; a caller whose connection is lost calls no more."""
        self._stop.clear()
        threads = [threading.Thread(target=self._call, args=(ports[n % len(ports)],)) for n in range(callers)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _call(self, port: int) -> None:
        with Caller(port) as caller:
            while not self._stop.is_set():
                key = f"{self.name}-{next(self._numbers)}"
                try:
                    answer = caller.decide(key)
                except TRANSPORT:
                    self.unsettled.append(key)
                    return
                if answer.status == 200:
                    self.acknowledged[key] = answer.body
                else:
                    self.refused.append(answer)


@contextmanager
def opened(folder: Path, database: str | None = None) -> Iterator[Log]:
    """The log of a service that was started in this folder; opening it checks its tree and its checkpoints."""
    log = Log(places_in(folder, database), 5, utc_now)
    try:
        yield log
    finally:
        log.close()


def empty_folder(folder: Path) -> Path:
    """A folder with policies and no log: a service's first start."""
    folder.mkdir(exist_ok=True)
    (folder / "policies.yaml").write_text(POLICIES, encoding="utf-8")
    return folder


def new_folder(folder: Path, database: str | None = None) -> Path:
    """A folder with policies, and the log of a service that lets the callers in."""
    admit(places_in(empty_folder(folder), database))
    return folder


def assert_whole(store: Store) -> list[Kept]:
    """Numbers without gaps, leaf hashes of the very bytes, and the tree of just these leaves; the entries."""
    state = store.state()
    entries = store.entries(0, state.size + 1)
    assert [kept.seq for kept in entries] == list(range(state.size))
    assert all(kept.leaf == leaf_hash(kept.body) for kept in entries)
    assert Frontier.of_bytes(0, b"").extend(kept.leaf for kept in entries) == state.frontier
    return entries


def assert_kept(log: Log, acknowledged: dict[str, bytes], settled: Iterable[str] = ()) -> int:
    """Every acknowledged answer is the one its entry makes, byte for byte; each key has one entry. Decisions there."""
    store = log.store
    entries = assert_whole(store)
    with store.read() as connection:
        rows = connection.execute(select(idempotency.c.key_hash, idempotency.c.seq)).all()
        assert connection.scalar(select(func.count(func.distinct(idempotency.c.seq)))) == len(rows)
    seqs = {row.key_hash: row.seq for row in rows}
    for key, body in acknowledged.items():
        kept = entries[seqs[key_hash(f"{DESK} POST decision", key)]]
        assert orjson.dumps(decision_answer(read_record(kept.body, store.part), kept.seq, kept.leaf)) == body
    decisions = sum(b'"kind":"decision"' in kept.body for kept in entries)
    assert decisions == len(rows), "one key for each decision"
    assert {key_hash(f"{DESK} POST decision", key) for key in settled} <= set(seqs)
    return decisions


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    """What a database file says, read by the interpreter's own SQLite."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def two_ports() -> tuple[int, int]:
    """Two free ports, unlike each other."""
    first = free_port()
    while (second := free_port()) == first:
        pass
    return first, second
