"""P14: PostgreSQL is stopped at once while two services append: nothing answered is lost, nothing is twice.

Half of the stops are `pg_ctl stop -m immediate`, half are `kill -9` of every process of the server.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.faults import (
    SEED,
    Answer,
    Caller,
    assert_kept,
    forked,
    new_folder,
    opened,
    report,
    scaled,
    seeded,
    two_ports,
)
from tests.postgres import Server, postgres

__all__ = ["postgres"]  # pytest finds the fixture here; for ruff it is otherwise an unused name

CALLERS = 8
PATIENCE = 120.0


class Retrying(threading.Thread):
    """A caller that asks for each key until it is answered, at one service and then at the other."""

    def __init__(self, name: str, ports: tuple[int, int], stop: threading.Event) -> None:
        super().__init__(name=name)
        self.acknowledged: dict[str, bytes] = {}
        self.refused: list[Answer] = []
        self.settled = 0  # answered out of the log, after a refusal: the commit had come through
        self._ports = ports
        self._stop_asking = stop

    def run(self) -> None:
        number = 0
        with Caller(self._ports[0]) as one, Caller(self._ports[1]) as other:
            while not self._stop_asking.is_set():
                number += 1
                key = f"{self.name}-{number}"
                answer = self._asked(key, (one, other) if number % 2 else (other, one))
                self.acknowledged[key] = answer.body

    def _asked(self, key: str, callers: tuple[Caller, Caller]) -> Answer:
        until = time.monotonic() + PATIENCE
        for n in range(100_000):
            answer = callers[n % 2].decide(key)
            if answer.status == 200:
                self.settled += answer.replayed
                return answer
            self.refused.append(answer)
            assert time.monotonic() < until, "the service does not recover"
            time.sleep(0.05)
        raise AssertionError(key)


def stop_at_once(server: Server, n: int) -> None:
    if n % 2:
        server.restart_immediately()
    else:
        server.kill()
        server.start()


def test_immediate_restarts_of_the_server_lose_nothing_and_repeat_nothing(tmp_path: Path, postgres: Server) -> None:
    stops, chance, ports, url = scaled(3, 50), seeded(), two_ports(), postgres.new_database()
    folder, stop, started = new_folder(tmp_path, url), threading.Event(), time.monotonic()
    callers = [Retrying(f"c{n}", ports if n % 2 else ports[::-1], stop) for n in range(CALLERS)]
    with ExitStack() as stack:
        services = [stack.enter_context(forked(folder, port, database=url)) for port in ports]
        for caller in callers:
            caller.start()
        try:
            for n in range(stops):
                time.sleep(chance.uniform(0.2, scaled(1, 2)))
                stop_at_once(postgres, n)
            time.sleep(0.5)
        finally:
            stop.set()
            for caller in callers:
                caller.join()
        assert all(service.is_alive() for service in services), "no service was restarted"
        acknowledged = {key: body for caller in callers for key, body in caller.acknowledged.items()}
        with Caller(ports[0]) as asking:
            for key in chance.sample(sorted(acknowledged), min(len(acknowledged), scaled(50, 5000))):
                again = asking.decide(key)
                assert (again.status, again.replayed, again.body) == (200, True, acknowledged[key])
    with opened(folder, url) as log:
        decisions = assert_kept(log, acknowledged)
    refused = [answer for caller in callers for answer in caller.refused]
    report(
        f"PostgreSQL stopped at once, seed {SEED}",
        stops=stops,
        acknowledged=len(acknowledged),
        lost=len(acknowledged) - decisions,
        twice=decisions - len(acknowledged),
        refused=dict(Counter((answer.status, answer.code) for answer in refused)),
        slowest_refusal=round(max((answer.seconds for answer in refused), default=0), 1),
        settled_by_retry=sum(caller.settled for caller in callers),
        seconds=round(time.monotonic() - started),
    )
    assert decisions == len(acknowledged)
    assert {answer.code for answer in refused} <= {"audit_unavailable"}
    assert len(acknowledged) > stops
