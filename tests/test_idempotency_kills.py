"""One key, one decision (P2) over HTTP: crowds that retry, two workers on one database, and workers that are killed."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

from api.audit.store import Store
from tests.faults import scaled
from tests.idempotency_workers import Caller, Crowd, Worker, report, working
from tests.postgres import Server, postgres

__all__ = ["postgres"]  # pytest finds the fixture here; for ruff it is otherwise an unused name


@contextmanager
def killing(workers: list[Worker], pause: float) -> Iterator[list[int]]:
    """Inside, the workers in turn are killed and started, each a pause after the last; the ports of those killed."""
    done = threading.Event()
    killed: list[int] = []

    def kill() -> None:
        for worker in cycle(workers):
            if done.wait(pause):
                return
            worker.kill()
            killed.append(worker.port)
            worker.start()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        done.set()
        thread.join()


def decisions(database: Path | str) -> Counter[str]:
    """How many decisions each key has, by its hash; the numbers are contiguous."""
    store = Store(database, 5)
    size = store.state().size
    found: Counter[str] = Counter()
    seen = 0
    for first in range(0, size, 1000):
        for kept in store.entries(first, first + 1000):
            assert kept.seq == seen
            seen += 1
            record = json.loads(kept.body)
            if record["kind"] == "decision":
                found[record["key_sha256"]] += 1
    store.close()
    assert seen == size
    return found


def retry_in_crowds(workers: list[Worker], database: Path | str, keys: int, callers: int, pause: float) -> str:
    """What came of it, in words; fails where a key was decided twice, or answered in two ways."""
    named = [f"k-{number}" for number in range(keys)]
    crowd = Crowd([worker.port for worker in workers])
    started = time.monotonic()
    with killing(workers, pause) as killed:
        for thread in crowd.ask(named, callers):
            thread.join()
    seconds = time.monotonic() - started
    assert crowd.failures == []
    assert killed, "nobody was killed before all had their answers"
    assert set(crowd.statuses) <= {200, 409, 503}, crowd.statuses
    for key in named:
        good = [answer for answer in crowd.answers[key] if answer.status == 200]
        assert len(good) == callers
        assert len({answer.body for answer in good}) == 1, f"{key} has two answers"
        assert sum(not answer.replayed for answer in good) <= 1, f"{key} was decided twice"
        for worker in workers:
            asking = Caller(worker.port)
            again, other = asking.post(key), asking.post(key, amount="1")
            asking.close()
            assert (again.status, again.body, again.replayed) == (200, good[0].body, True)
            assert (other.status, json.loads(other.body)["code"]) == (422, "idempotency_key_reused")
    assert list(decisions(database).values()) == [1] * keys
    return (
        f"{keys} keys x {callers} callers x {len(workers)} workers, {len(killed)} kills, {seconds:.1f} s: "
        f"{dict(crowd.statuses)}, {crowd.dropped} dropped"
    )


def test_retries_of_two_workers_on_a_file_through_kills_make_one_decision_for_each_key(tmp_path: Path) -> None:
    with working(tmp_path, count=2) as workers:
        report(retry_in_crowds(workers, tmp_path / "writ.db", scaled(20, 1000), scaled(10, 50), scaled(1, 30) / 10))


def test_retries_of_two_workers_on_a_server_through_kills_make_one_decision_for_each_key(
    tmp_path: Path, postgres: Server
) -> None:
    database = postgres.new_database()
    with working(tmp_path, count=2, database=database.replace("+psycopg", "")) as workers:
        report(retry_in_crowds(workers, database, scaled(15, 200), scaled(8, 30), scaled(1, 20) / 10))
