"""Clocks that jump (P12, row 100) disturb neither order nor keys; a clock that went back is flagged, and only then."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.audit.checkpoints import checkpoint_time
from api.audit.log import Log
from api.audit.places import Places
from api.audit.start_check import check_log
from api.audit.store import Store
from api.audit.verify import parse_note
from api.running import Running
from api.settings import Settings
from tests.calling import DESK, HEADERS, admit_to
from tests.granting import put_in_force
from tests.postgres import Server, postgres
from tests.serving import FACTS, POLICIES, URL

__all__ = ["postgres"]  # pytest finds the fixture here; for ruff it is otherwise an unused name

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAYS = dt.timedelta(days=400)
SECOND = dt.timedelta(seconds=1)


@dataclass
class SetClock:
    """Shows what it was set to."""

    now: dt.datetime = NOON

    def __call__(self) -> dt.datetime:
        return self.now


@dataclass
class Service:
    """The service in this process, opened and closed at will on one file."""

    folder: Path
    clock: SetClock = field(default_factory=SetClock)

    @contextmanager
    def open(self) -> Iterator[Running]:
        (self.folder / "policies.yaml").write_text(POLICIES, encoding="utf-8")
        settings = Settings(policy_file=self.folder / "policies.yaml", database=str(self.folder / "writ.db"))
        self.app = create_app(settings, clock=self.clock)
        running: Running = self.app.state.running
        if DESK not in running.register.current().principals:
            admit_to(running.register)
        yield running
        running.audit.close()

    def decide(self, key: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://writ") as client:
                return await client.post(URL, json={"facts": dict(FACTS)}, headers={**HEADERS, "Idempotency-Key": key})

        answer = asyncio.run(ask())
        assert answer.status_code == 200, answer.text
        return answer


def records(store: Store) -> list[dict[str, object]]:
    return [json.loads(kept.body) for kept in store.entries(0, store.state().size)]


def flags(store: Store, kind: str = "decision") -> list[bool]:
    return ["clock_went_back" in record for record in records(store) if record["kind"] == kind]


def times(notes: Sequence[str]) -> list[dt.datetime]:
    return [checkpoint_time(parse_note(note)) for note in notes]


JUMPS = (SECOND, -DAYS, SECOND, DAYS, SECOND, 2 * DAYS, -SECOND, 2 * SECOND, -2 * DAYS, dt.timedelta())
"""From one decision to the next."""


@pytest.mark.parametrize("restarts", [False, True])
def test_decisions_go_on_through_jumps_of_the_clock_and_say_when_it_went_back(tmp_path: Path, restarts: bool) -> None:
    service = Service(tmp_path)
    shown = [NOON + jump for jump in itertools.accumulate(JUMPS)]
    latest = [max([NOON, *shown[:number]]) for number in range(len(shown))]
    answers: dict[str, bytes] = {}
    with service.open() as running:
        running.audit.publisher.publish()
    for parts in [shown[:4], shown[4:7], shown[7:]] if restarts else [shown]:
        with service.open() as running:
            for now in parts:
                service.clock.now = now
                key = f"k-{len(answers)}"
                answers[key] = service.decide(key).content
                running.audit.publisher.publish()
            for key, before in answers.items():
                again = service.decide(key)
                assert (again.content, again.headers["idempotency-replayed"]) == (before, "true")
    with service.open() as running:
        store = running.audit.store
        decisions = [record for record in records(store) if record["kind"] == "decision"]
        assert [record["at"] for record in decisions] == [json.loads(body)["decided_at"] for body in answers.values()]
        assert [json.loads(body)["log"]["seq"] for body in answers.values()] == list(range(6, 6 + len(shown)))
        assert flags(store) == [now < before for now, before in zip(shown, latest, strict=True)]
        assert all(record["clock_went_back"] is True for record in decisions if "clock_went_back" in record)
        signed = times(store.notes())
        assert len(signed) == len(shown) + 1
        assert signed == sorted(signed)
        check_log(store, running.audit.file)


def test_a_policy_change_while_the_clock_shows_an_earlier_time_is_flagged_too(tmp_path: Path) -> None:
    service = Service(tmp_path)
    with service.open() as running:
        service.decide("k")
        service.clock.now -= DAYS
        put_in_force(running.register, POLICIES.replace("order-desk", "other-desk"))
        imported, *changed = flags(running.audit.store, "revision")
    assert not imported
    assert changed == [True] * len(changed) == [True] * 4, "drafted, proposed, approved, activated"


def checkpoints_of_two_nodes(places: Places) -> list[dt.datetime]:
    """The times of what two nodes sign in turn, while the clock of one is ahead, far behind, and far ahead."""
    clocks = [SetClock(), SetClock()]
    one, other = (Log(places, 5, clock) for clock in clocks)
    for ahead in (dt.timedelta(hours=1), -DAYS, DAYS):
        clocks[1].now = NOON + ahead
        for log in (one, other, one):
            log.enter("export", "exp", {"number": 1})
            log.publisher.publish()
    check_log(one.store, one.file)
    signed = times(one.store.notes())
    other.close()
    one.close()
    return signed


def test_checkpoint_times_of_two_nodes_with_unlike_clocks_never_decrease(tmp_path: Path, postgres: Server) -> None:
    for number, database in enumerate((str(tmp_path / "writ.db"), postgres.new_database())):
        places = Places(database, tmp_path / f"{number}.key", tmp_path / f"{number}.checkpoints")
        signed = checkpoints_of_two_nodes(places)
        assert len(signed) == 9
        assert signed == sorted(signed)


def test_a_node_starts_while_another_one_appends_and_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look into the database finds the log larger than the one before: that is no rollback."""
    places = Places(str(tmp_path / "writ.db"), tmp_path / "writ.key", tmp_path / "writ.checkpoints")
    busy = Log(places, 5, SetClock())
    read = Store.read

    @contextmanager
    def read_after_another_entry(store: Store) -> Iterator[object]:
        if store is not busy.store:
            busy.enter("export", "exp", {"number": 1})
            busy.publisher.publish()
        with read(store) as connection:
            yield connection

    with monkeypatch.context() as patched:
        patched.setattr(Store, "read", read_after_another_entry)
        starting = Log(places, 5, SetClock())
    assert busy.store.state().size > 5
    starting.close()
    busy.close()
