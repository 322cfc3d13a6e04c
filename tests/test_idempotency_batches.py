"""A record that cannot be stored fails alone: those in its batch are decided, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest

from api.audit.appending import Key
from api.audit.database import AuditUnavailableError, KeyReusedError
from api.audit.records import Record, make_record
from api.audit.store import Kept, Store
from api.audit.writer import Writer
from api.identities import new_id
from tests.postgres import Server, postgres

__all__ = ["postgres"]  # pytest finds the fixture here; for ruff it is otherwise an unused name

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
WAIT = 5.0


@pytest.fixture(params=["file", "server"])
def writer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Writer]:
    url = None
    if request.param == "server":
        server: Server = request.getfixturevalue("postgres")
        url = server.new_database()
    store = Store(url or tmp_path / "writ.db", WAIT)
    opened = Writer(store)
    yield opened
    opened.close()
    store.close()


def record(id_: str | None = None) -> Record:
    return make_record("decision", id_ or new_id("dec", NOON), NOON, {})


def key(name: str) -> Key:
    hashed = hashlib.sha256(name.encode()).digest()
    return Key(hashed, hashed)


def in_one_batch(writer: Writer, asks: Sequence[tuple[str, Record]]) -> list[Future[Kept]]:
    """Queued while the log is held; the first goes ahead alone, the others wait together."""
    until = time.monotonic() + WAIT
    with writer.store.write():
        return [writer.submit(one, key(name), until) for name, one in asks]


def test_a_record_that_cannot_be_stored_fails_alone(writer: Writer) -> None:
    """It has the id of another one, which no database takes."""
    first = writer.append(record("dec_1"), key("first"))
    asks = [(name, record("dec_1" if name == "bad" else None)) for name in ("a", "b", "bad", "c", "b", "d")]
    futures = in_one_batch(writer, asks)
    bad = futures.pop(2)
    assert isinstance(bad.exception(WAIT + 5), AuditUnavailableError)
    kept = [future.result(WAIT + 5) for future in futures]
    assert [one.seq - first.seq for one in kept] == [1, 2, 3, 2, 4]
    assert [one.replayed for one in kept] == [False, False, False, True, False]
    assert writer.append(record(), key("bad")).seq == first.seq + 5, "its key was not used up"


def test_nobody_waits_for_ever_when_the_database_is_busy_after_a_failed_batch(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Writer._commit  # noqa: SLF001 (where a batch meets the database)
    failures = [RuntimeError("a fault in one record"), AuditUnavailableError("busy", passing=True)]

    def fail_first(self: Writer, batch: Sequence[object]) -> list[Kept | KeyReusedError]:
        if failures and (len(batch) > 1 or len(failures) == 1):
            raise failures.pop(0)
        return commit(self, batch)  # type: ignore[arg-type]  # the writer's own batch, passed on

    monkeypatch.setattr(Writer, "_commit", fail_first)
    futures = in_one_batch(writer, [(name, record()) for name in "abcd"])
    assert sorted(future.result(WAIT + 5).seq for future in futures) == [0, 1, 2, 3]
    assert failures == []


def test_who_no_longer_waits_does_not_end_the_writer(writer: Writer) -> None:
    async def leave() -> None:
        done: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        with writer.store.write():
            writer.queue(record(), key("left"), time.monotonic() + WAIT, done)
            done.cancel()

    asyncio.run(leave())  # and its loop is closed before the answer
    futures = in_one_batch(writer, [(name, record()) for name in "abc"])
    futures[1].cancel()
    assert futures[2].result(WAIT + 5).seq > 0
    assert writer.append(record(), key("left")).replayed
    assert writer.append(record(), key("b")).replayed, "what was queued is recorded, whoever left"
