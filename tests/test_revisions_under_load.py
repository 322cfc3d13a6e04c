"""50 callers decide while revisions are activated and rolled back: each decision is whole, by the one in force.

What is in force is folded anew here, from the records' JSON alone: nothing of `api.governance` is asked.
"""

from __future__ import annotations

import bisect
import datetime as dt
import http.client
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from api.audit.log import Log
from api.running import utc_now
from tests.faults import report, scaled
from tests.marked_texts import AMOUNT, URL, bundle, mark_of, marked, outcome
from tests.officers import Officers, Seen, admit, body, by
from tests.recorded_logs import settings_of
from tests.serving import served

CALLERS = 50
SECONDS = scaled(6, 90)
MARKS = 10
MARK_OF = {bundle(mark).digest: mark for mark in range(1, MARKS + 1)}
"""By the SHA-256 of a text, its mark."""

WAYS = ("activated", "rolled back", "scheduled", "emergency", "withdrawn")
LONGEST = 120
"""Seconds in which each way is gone once, however busy the machine is."""

OTHER_PROCESS = 1.0
"""Seconds after which a process knows what another one has done."""


# The fold


@dataclass(frozen=True)
class Line:
    """One revision as its acts tell of it."""

    digest: str
    policies: Mapping[str, str]
    first: str = ""
    since: int = 0


def folded(records: Sequence[Mapping[str, Any]]) -> list[dict[int, Line]]:
    """By the number of acts, the revisions put in force so far: 0 acts, 1 act, …; a day "" is before all days."""
    known: dict[int, Line] = {}
    states: list[dict[int, Line]] = [{}]
    for record in records:
        if record["kind"] not in {"revision", "principal", "access_key"}:
            continue
        assert record["act_number"] == len(states), "acts are numbered without gaps"
        state = dict(states[-1])
        if record["kind"] == "revision":
            number = record["revision"]
            if "policies" in record:
                known[number] = Line(record["bundle_digest"], record["policies"])
            if record["act"] in {"imported", "activated"} or record.get("emergency"):
                line = known[number]
                state[number] = Line(line.digest, line.policies, record.get("effective", ""), record["act_number"])
            elif record["act"] == "withdrawn":
                state.pop(number, None)
        states.append(state)
    return states


def in_force(state: Mapping[int, Line], day: str) -> int:
    """The revision that decides as of a day: begins last, of those of one day activated last; 0 when none does."""
    begun = [(line.first, line.since, number) for number, line in state.items() if line.first <= day]
    return max(begun, default=("", 0, 0))[2]


def wrong(record: Mapping[str, Any], states: Sequence[Mapping[int, Line]], marks: Mapping[str, int]) -> str | None:
    """What is wrong with a decision's record; None when nothing is."""
    if not 0 < record["acts"] < len(states):
        return f"was made after {record['acts']} acts"
    decision = record["decision"]
    state = states[record["acts"]]
    number = in_force(state, decision["as_of"])
    if record["revision"] != number:
        return f"names revision {record['revision']}, and {number} was in force"
    line = state[number]
    if record["bundle_digest"] != line.digest:
        return "names another text than the revision's"
    if decision["policy_digest"] != line.policies["marked"]:
        return "names another policy than the revision's"
    if decision["outcome"] != outcome(marks[line.digest]):
        return "has an outcome that is not the revision's"
    return None


# The load


@dataclass
class Acknowledged:
    """When one process was heard to say that an act is done, and up to which entry of the log."""

    moments: list[float] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)

    def heard(self, now: float, entry: int) -> None:
        self.moments.append(now)
        self.entries.append(max([entry, *self.entries[-1:]]))

    def before(self, moment: float) -> int:
        """The entry of the last act that was acknowledged by then."""
        place = bisect.bisect_right(self.moments, moment)
        return self.entries[place - 1] if place else 0


@dataclass(frozen=True)
class Asked:
    """One request: when it began, and what was answered."""

    began: float
    node: int
    status: int
    said: dict[str, Any]


@dataclass
class Callers:
    """Threads, each with a connection, that ask one of the nodes by turns for decisions of several days."""

    addresses: Sequence[tuple[str, str]]
    days: Sequence[str | None]
    asked: list[Asked] = field(default_factory=list)
    lost: list[Exception] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def call(self, number: int) -> None:
        chance = random.Random(number)  # noqa: S311 (it protects nothing)
        place, key = self.addresses[number % len(self.addresses)]
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection(place, timeout=30)) as connection:
            while not self.stop.is_set():
                day = chance.choice(self.days)
                sent = {"facts": {"amount": AMOUNT}, **({} if day is None else {"as_of": day})}
                began = time.monotonic()
                try:
                    connection.request("POST", URL, json.dumps(sent), {**headers, "Idempotency-Key": str(uuid.uuid4())})
                    answer = connection.getresponse()
                    said = json.loads(answer.read())
                except (OSError, http.client.HTTPException) as error:
                    self.lost.append(error)
                    return
                self.asked.append(Asked(began, number % len(self.addresses), answer.status, said))

    def during(self, seconds: float, change: Callable[[], bool]) -> None:
        """Call while `change` is done over and over for so long, and until it says that it is enough."""
        threads = [threading.Thread(target=self.call, args=(number,)) for number in range(CALLERS)]
        for thread in threads:
            thread.start()
        try:
            until = time.monotonic() + seconds
            while not change() or time.monotonic() < until:
                assert time.monotonic() < until + LONGEST
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()


@dataclass
class Changes:
    """Acts over HTTP by turns at one process and the other, one after another, for as long as there are callers."""

    officers: Sequence[Officers]
    ready: list[Seen]
    second: str
    coming: str
    scheduled: Seen | None = None
    done: Counter[str] = field(default_factory=Counter)

    def __call__(self) -> bool:
        """One more act; whether every way was gone by now."""
        turn = self.done.total()
        officers = self.officers[turn % len(self.officers)]
        way = WAYS[turn % len(WAYS)]
        if way == "activated" and self.ready:
            body(officers.activate(self.ready.pop()))
        elif way == "scheduled":
            self.scheduled = officers.proposed_rollback(self.earlier(officers, turn))
            body(officers.approve(self.scheduled))
            body(officers.activate(self.scheduled, self.coming))
        elif way == "withdrawn" and self.scheduled is not None:
            body(officers.check(f"/{self.scheduled.number}/withdrawal", comment="not needed"))
        elif way == "emergency":
            body(officers.confirm(officers.emergency(self.earlier(officers, turn)), self.second))
        else:
            way = "rolled back"
            officers.roll_back(self.earlier(officers, turn))
        self.done[way] += 1
        return set(self.done) == set(WAYS)

    def earlier(self, officers: Officers, turn: int) -> int:
        """A revision that was in force, and may be again."""
        listed = body(officers.client.get("/v1/revisions", auth=by(officers.approver)))["revisions"]
        ended = [one["revision"] for one in listed if one["state"] == "superseded" and not one["unconfirmed"]]
        return int(ended[turn * 7 % len(ended)])


@dataclass(frozen=True)
class Loaded:
    """What happened under load, and the log of it afterwards."""

    asked: Sequence[Asked]
    lost: Sequence[Exception]
    heard: Sequence[Acknowledged]
    records: Sequence[Mapping[str, Any]]
    done: Mapping[str, int]

    @property
    def states(self) -> list[dict[int, Line]]:
        return folded(self.records)

    def decisions(self) -> list[Mapping[str, Any]]:
        return [record for record in self.records if record["kind"] == "decision"]


@contextmanager
def listening(url: str, heard: Acknowledged) -> Iterator[httpx.Client]:
    """A client at one process that notes each act it is told is done, by the act's entry."""

    def note(answer: httpx.Response) -> None:
        now = time.monotonic()
        answer.read()
        if answer.is_success and answer.request.method != "GET":
            history = answer.json().get("history", [])
            heard.heard(now, max((act["seq"] for act in history), default=0))

    with httpx.Client(base_url=url, timeout=30, event_hooks={"response": [note]}) as client:
        yield client


def whole_log(folder: Path) -> list[dict[str, Any]]:
    log = Log(settings_of(folder).places(), 5, utc_now)
    try:
        return [json.loads(kept.body) for kept in log.store.entries(0, log.store.state().size)]
    finally:
        log.close()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Two processes on one database; every other act is done at the other one."""
    folder = tmp_path_factory.mktemp("load")
    today = dt.datetime.now(dt.UTC).date()
    yesterday, coming, later = (str(today + dt.timedelta(days=ahead)) for ahead in (-1, 10, 20))
    heard = Acknowledged(), Acknowledged()
    more = {"rate": 10_000_000, "queue": 200}
    with (
        served(folder, marked(1), **more) as one,
        served(folder, marked(1), **more) as other,
        listening(one.url, heard[0]) as first,
        listening(other.url, heard[1]) as second,
    ):
        officers = Officers.registered(first)
        otto = admit(first, "otto", ["approve"])
        ready = [officers.approved(marked(mark)) for mark in range(MARKS, 1, -1)]
        for _ in range(3):
            body(officers.activate(ready.pop()))
        both = (officers, Officers(second, officers.author, officers.approver))
        urls = [urlsplit(service.url) for service in (one, other)]
        callers = Callers(
            [(f"{url.hostname}:{url.port}", str(url.password)) for url in urls], [None, None, yesterday, later]
        )
        changes = Changes(both, ready, otto, coming)
        time.sleep(OTHER_PROCESS)
        callers.during(SECONDS, changes)
    done = Loaded(callers.asked, callers.lost, heard, whole_log(folder), changes.done)
    ways = {way.replace(" ", "_"): times for way, times in changes.done.items()}
    report("revisions under load", decisions=len(done.asked), acts=len(done.states) - 1, **ways)
    return done


def test_no_request_fails(loaded: Loaded) -> None:
    assert [one for one in loaded.asked if one.status != 200] == []
    assert loaded.lost == []
    assert len(loaded.asked) == len(loaded.decisions()) >= CALLERS


def test_every_decision_is_whole_and_by_the_revision_in_force(loaded: Loaded) -> None:
    states = loaded.states
    assert [found for record in loaded.decisions() if (found := wrong(record, states, MARK_OF)) is not None] == []
    assert len({record["revision"] for record in loaded.decisions()}) > 3, "the load met several revisions"
    assert set(loaded.done) == set(WAYS)


def test_every_answer_is_what_was_recorded(loaded: Loaded) -> None:
    for one in loaded.asked:
        record = loaded.records[one.said["log"]["seq"]]
        assert record["id"] == one.said["decision_id"]
        assert (record["revision"], record["decision"]["outcome"]) == (one.said["revision"], one.said["outcome"])
        assert mark_of(one.said) == MARK_OF[record["bundle_digest"]]


def test_what_was_acknowledged_counts_at_once_here_and_after_a_second_there(loaded: Loaded) -> None:
    entries = [seq for seq, record in enumerate(loaded.records) if "act_number" in record]
    waited = 0
    for one in loaded.asked:
        acts = loaded.records[one.said["log"]["seq"]]["acts"]
        here = loaded.heard[one.node].before(one.began)
        there = max(heard.before(one.began - OTHER_PROCESS) for heard in loaded.heard)
        assert acts >= bisect.bisect_right(entries, max(here, there))
        assert acts <= bisect.bisect_left(entries, one.said["log"]["seq"]), "nor is it ahead of the log"
        waited += acts < bisect.bisect_right(entries, max(heard.before(one.began) for heard in loaded.heard))
    report("acts of another process", seen_later=waited)


def test_the_check_finds_a_record_by_another_revision(loaded: Loaded) -> None:
    """The control: each member that says what decided, changed alone, and the acts of another moment."""
    states = loaded.states
    record = loaded.decisions()[-1]
    assert wrong(record, states, MARK_OF) is None
    state = states[record["acts"]]
    others = {number: line for number, line in state.items() if line.digest != record["bundle_digest"]}
    number, line = max(others.items())
    decision, mark = record["decision"], MARK_OF[line.digest]
    half = {**decision, "outcome": {**decision["outcome"], "last": f"text {mark}"}}
    assert wrong({**record, "revision": number}, states, MARK_OF) is not None
    assert wrong({**record, "bundle_digest": line.digest}, states, MARK_OF) == "names another text than the revision's"
    by_it = {**decision, "policy_digest": line.policies["marked"]}
    assert wrong({**record, "decision": by_it}, states, MARK_OF) == "names another policy than the revision's"
    assert wrong({**record, "decision": half}, states, MARK_OF) == "has an outcome that is not the revision's"
    whole = {"revision": number, "bundle_digest": line.digest, "decision": {**by_it, "outcome": outcome(mark)}}
    assert wrong({**record, **whole}, states, MARK_OF) is not None, "all of it by another revision"
    begun = min(acts for acts, state in enumerate(states) if record["revision"] in state)
    assert wrong({**record, "acts": begun - 1}, states, MARK_OF) is not None
    assert wrong({**record, "acts": len(states)}, states, MARK_OF) is not None


def test_the_fold_is_not_fooled_by_a_missing_act(loaded: Loaded) -> None:
    seq = next(seq for seq, record in enumerate(loaded.records) if record.get("act") == "activated")
    with pytest.raises(AssertionError):
        folded([record for number, record in enumerate(loaded.records) if number != seq])
