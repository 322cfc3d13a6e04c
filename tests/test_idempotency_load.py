"""More than the service can take: it sheds what it cannot decide (P10); slow callers hold nobody up (P11, row 81)."""

from __future__ import annotations

import http.client
import json
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from api.audit.store import Store
from api.connections import HEAD_SECONDS
from tests.calling import HEADERS
from tests.faults import scaled
from tests.idempotency_workers import Caller, report, working

QUEUE = 4


@dataclass
class Load:
    """Callers that ask on and on with new keys, for some seconds."""

    port: int
    statuses: Counter[int] = field(default_factory=Counter)
    decided: set[str] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, callers: int, seconds: float) -> None:
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=self._ask, args=(f"c{number}", until)) for number in range(callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def p99(self) -> float:
        """Of the requests that were decided, the milliseconds that all but one in a hundred stayed below."""
        return 1000 * sorted(self.seconds)[len(self.seconds) * 99 // 100]

    def _ask(self, name: str, until: float) -> None:
        caller = Caller(self.port)
        try:
            number = 0
            while time.monotonic() < until:
                number += 1
                started = time.monotonic()
                answer = caller.post(f"{name}-{number}")
                took = time.monotonic() - started
                with self._lock:
                    self.statuses[answer.status] += 1
                    if answer.status == 200:
                        self.seconds.append(took)
                        self.decided.add(json.loads(answer.body)["decision_id"])
                if answer.status != 200:
                    time.sleep(0.01)
        except BaseException as error:  # noqa: BLE001 (a thread's failure is the test's: it is looked at there)
            self.failures.append(error)
        finally:
            caller.close()


def test_overload_is_shed_and_every_answer_is_in_the_log(tmp_path: Path) -> None:
    with working(tmp_path, queue=QUEUE) as (worker,):
        load = Load(worker.port)
        load.run(10 * QUEUE, scaled(2, 60))
        single = Caller(worker.port)
        assert single.post("after").status == 200, "it does not recover at once"
        single.close()
    assert load.failures == []
    assert set(load.statuses) == {200, 503}, "so many callers must be too many, and nothing else may happen"
    store = Store(tmp_path / "writ.db", 5)
    kept = {json.loads(one.body)["id"] for one in store.entries(0, store.state().size)}
    store.close()
    assert load.decided <= kept
    assert len([id_ for id_ in kept if id_.startswith("dec_")]) == len(load.decided) + 1
    report(f"{10 * QUEUE} callers, queue {QUEUE}: {dict(load.statuses)}, admitted p99 {load.p99():.0f} ms")


HEAD = b"POST /v1/decisions/small-order HTTP/1.1\r\nHost: writ\r\nIdempotency-Key: k\r\n"
HEAD += "".join(f"{name}: {text}\r\n" for name, text in HEADERS.items()).encode()
UNASKED = HEAD + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
UNREAD = b"GET /healthz HTTP/1.1\r\nHost: writ\r\nContent-Length: 1000\r\n\r\n"
SLOW = {"nothing": b"", "headers": HEAD + b"X-Slow: ", "body": UNASKED, "a body nobody reads": UNREAD}


class SlowCallers(threading.Thread):
    """Connections that send the beginning of a request, and then a byte now and then; when each was closed."""

    def __init__(self, port: int, each: int, pause: float) -> None:
        super().__init__()
        self.pause = pause
        self.closed: dict[str, list[float]] = {name: [] for name in SLOW}
        self.done = threading.Event()
        self.started = time.monotonic()
        self._selector = selectors.DefaultSelector()
        for name, begun in SLOW.items():
            for _ in range(each):
                connection = socket.create_connection(("127.0.0.1", port), timeout=10)
                connection.sendall(begun)
                connection.setblocking(False)
                self._selector.register(connection, selectors.EVENT_READ, name)

    @property
    def open(self) -> int:
        return len(self._selector.get_map())

    def run(self) -> None:
        while not self.done.wait(self.pause):
            for key, _ in self._selector.select(0):
                assert isinstance(key.fileobj, socket.socket)
                try:
                    still_open = bool(key.fileobj.recv(65_536))
                except ConnectionError:
                    still_open = False
                if not still_open:
                    self._close(key)
            for key in list(self._selector.get_map().values()):
                assert isinstance(key.fileobj, socket.socket)
                if key.data != "nothing":
                    try:
                        key.fileobj.send(b"x")
                    except ConnectionError:
                        self._close(key)

    def _close(self, key: selectors.SelectorKey) -> None:
        assert isinstance(key.fileobj, socket.socket)
        self.closed[key.data].append(time.monotonic() - self.started)
        self._selector.unregister(key.fileobj)
        key.fileobj.close()

    def end(self) -> None:
        self.done.set()
        self.join()
        for key in list(self._selector.get_map().values()):
            self._close(key)
        self._selector.close()


@contextmanager
def slow_callers(port: int, each: int, pause: float) -> Iterator[SlowCallers]:
    callers = SlowCallers(port, each, pause)
    callers.start()
    try:
        yield callers
    finally:
        callers.end()


def test_hundreds_of_slow_callers_hold_nobody_up_and_are_sent_away(tmp_path: Path) -> None:
    """In the short run a head and a body have two seconds, and a byte comes each quarter of one."""
    limit, pause = scaled(2, int(HEAD_SECONDS)), scaled(1, 4) / 4
    with working(tmp_path, head_seconds=limit, body_timeout=limit) as (worker,), ExitStack() as stack:
        before = Load(worker.port)
        before.run(4, 1)
        callers = stack.enter_context(slow_callers(worker.port, scaled(75, 125), pause))
        begun = callers.open
        during = Load(worker.port)
        during.run(4, 1)
        assert callers.open > begun // 2, "they were to be there meanwhile"
        during.run(4, limit)
        until = callers.started + limit + 5
        while callers.open and time.monotonic() < until:
            time.sleep(0.05)
        still = callers.open
    assert (before.failures, during.failures) == ([], [])
    assert set(during.statuses) == {200}
    assert still == 0, f"{still} of {begun} are still open after {limit + 5} s"
    last = {name: f"{max(seconds):.1f} s" for name, seconds in callers.closed.items()}
    report(f"{begun} slow callers, closed by {last}; p99 {before.p99():.0f} ms before, {during.p99():.0f} ms meanwhile")


def test_a_connection_in_use_outlives_the_limit_of_a_head(tmp_path: Path) -> None:
    begun = b"GET /healthz HTTP/1.1\r\nHost: "
    with (
        working(tmp_path, head_seconds=2) as (worker,),
        socket.create_connection(("127.0.0.1", worker.port), timeout=10) as connection,
    ):
        for _ in range(4):
            connection.sendall(begun)
            time.sleep(0.7)
            connection.sendall(b"writ\r\n\r\n")
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert (answer.status, answer.read()) == (200, b'{"status":"ok"}')
        connection.sendall(begun)
        assert connection.recv(65_536) == b"", "what is begun and not finished ends it"


@pytest.mark.parametrize("begun", [b"", b"GET"])
def test_a_service_stops_while_a_caller_has_not_finished_its_head(tmp_path: Path, begun: bytes) -> None:
    with (
        working(tmp_path) as (worker,),
        socket.create_connection(("127.0.0.1", worker.port), timeout=10) as connection,
    ):
        connection.sendall(begun)
        started = time.monotonic()
        assert worker.process is not None
        worker.process.terminate()
        worker.process.join(15)
        assert worker.process.exitcode == 0
        assert time.monotonic() - started < 5
