"""Requests whose key is under way in the same process wait for the one before, and leave nothing behind (row 76)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pysqlite3.dbapi2 as driver
import pytest
from fastapi import FastAPI

from api.admission import JOIN_SECONDS, InProgress
from api.app import create_app
from api.audit.appending import Key, find_key
from api.audit.store import Kept, Store
from api.problems import RETRY_SECONDS
from api.running import Running
from api.settings import Settings
from tests.calling import HEADERS, admit_to
from tests.idempotency_workers import Caller, working
from tests.serving import FACTS, POLICIES, URL, assert_problem

T = TypeVar("T")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    (tmp_path / "policies.yaml").write_text(POLICIES, encoding="utf-8")
    settings = Settings(policy_file=tmp_path / "policies.yaml", database=str(tmp_path / "writ.db"))
    app = create_app(settings)
    running: Running = app.state.running
    admit_to(running.register)
    yield app
    assert running.in_progress == InProgress(), "a key is still under way"
    assert running.admission.under_way == 0
    running.audit.close()


@contextmanager
def locked(database: Path | str) -> Iterator[None]:
    """Inside, nobody else can write."""
    other = driver.connect(str(database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


class Asking:
    """Asks an application in this process, one request after another under way."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        self.running: Running = app.state.running
        self.client = client

    async def begin(self, key: str = "k", **facts: object) -> asyncio.Task[httpx.Response]:
        """A request that is under way when this returns, and before all that begin later."""
        before = self.running.admission.under_way
        body = {"facts": {**FACTS, **facts}, "as_of": "2026-03-01"}
        task = asyncio.create_task(self.client.post(URL, json=body, headers={**HEADERS, "Idempotency-Key": key}))
        while self.running.admission.under_way == before:  # noqa: ASYNC110 (no event says that a place was taken)
            await asyncio.sleep(0)
        return task


@contextmanager
def slow_lookups(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def slow(store: Store, key: Key) -> Kept | None:
        time.sleep(0.1)
        return find_key(store, key)

    with monkeypatch.context() as patched:
        patched.setattr("api.decisions.find_key", slow)
        yield


def in_process(app: FastAPI, scenario: Callable[[Asking], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://writ") as client:
            return await scenario(Asking(app, client))

    return asyncio.run(run())


def test_a_second_request_gets_the_answer_of_the_first_and_another_is_refused(app: FastAPI) -> None:
    async def scenario(asking: Asking) -> list[httpx.Response]:
        with locked(asking.running.settings.database):
            tasks = [await asking.begin(), await asking.begin(), await asking.begin(amount="1"), await asking.begin()]
            elsewhere = await asking.begin(key="other")
            await asyncio.sleep(0.3)
            assert not any(task.done() for task in (*tasks, elsewhere))
        return await asyncio.gather(*tasks, elsewhere)

    first, second, third, fourth, elsewhere = in_process(app, scenario)
    assert (first.status_code, "idempotency-replayed" in first.headers) == (200, False)
    for joined in (second, fourth):
        assert (joined.content, joined.headers["idempotency-replayed"]) == (first.content, "true")
    assert_problem(third, 422, "idempotency_key_reused")
    assert elsewhere.json()["decision_id"] != first.json()["decision_id"]


def test_a_first_request_that_is_refused_leaves_its_key_to_the_second(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(asking: Asking) -> list[httpx.Response]:
        tasks = [await asking.begin(amount="x"), await asking.begin(), await asking.begin()]
        return await asyncio.gather(*tasks)

    with slow_lookups(monkeypatch):
        refused, decided, joined = in_process(app, scenario)
    assert_problem(refused, 422, "facts_invalid")
    assert (decided.status_code, "idempotency-replayed" in decided.headers) == (200, False)
    assert (joined.content, joined.headers["idempotency-replayed"]) == (decided.content, "true")


def test_who_waits_too_long_is_told_to_come_back_and_then_gets_the_answer(app: FastAPI) -> None:
    async def scenario(asking: Asking) -> list[httpx.Response]:
        with locked(asking.running.settings.database):
            first, second, other = await asking.begin(), await asking.begin(), await asking.begin(amount="1")
            started = time.monotonic()
            late = await asyncio.gather(second, other)
            assert time.monotonic() - started >= JOIN_SECONDS - 0.1
            assert not first.done()
        return [*late, await first, await (await asking.begin())]

    second, other, first, again = in_process(app, scenario)
    for late in (second, other):
        assert_problem(late, 409, "idempotency_key_in_progress")
        assert late.headers["retry-after"] == str(RETRY_SECONDS)
    assert (first.status_code, "idempotency-replayed" in first.headers) == (200, False)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")


def test_a_request_that_is_cancelled_neither_ends_the_writer_nor_keeps_its_key(app: FastAPI) -> None:
    async def scenario(asking: Asking) -> list[httpx.Response]:
        with locked(asking.running.settings.database):
            first, second, third = await asking.begin(), await asking.begin(), await asking.begin()
            await asyncio.sleep(0.2)  # the writer has the first one's record, and waits for the lock
            first.cancel()
            second.cancel()
            await asyncio.sleep(0.1)
        return [await third, await (await asking.begin()), await (await asking.begin(key="next"))]

    third, again, following = in_process(app, scenario)
    assert third.status_code == 200
    assert (again.content, again.headers["idempotency-replayed"]) == (third.content, "true")
    assert following.json()["log"]["seq"] == third.json()["log"]["seq"] + 1


def test_a_caller_who_left_before_the_answer_finds_it_later(tmp_path: Path) -> None:
    with working(tmp_path) as (worker,):
        with locked(tmp_path / "writ.db"):
            leaving = Caller(worker.port, timeout=0.3)
            with pytest.raises(TimeoutError):
                leaving.post("k")
        asking = Caller(worker.port)
        until = time.monotonic() + 10
        while (found := asking.post("k")).status == 409 and time.monotonic() < until:
            time.sleep(0.05)
        assert (found.status, found.replayed) == (200, True)
        assert asking.post("k") == found
        asking.close()
