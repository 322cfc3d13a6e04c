"""A text decides from its day on: before, on and after it, at the turn of the day in every zone, as it is shown."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.problems import Problem
from tests.granting import put_in_force
from tests.marked_texts import AMOUNT, URL, bundle, mark_of, marked
from tests.officers import Officers, body
from tests.serving import assert_problem, new_key
from tests.set_clock import Desk, desk

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
TODAY = NOON.date()
SECOND = dt.timedelta(seconds=1)


def days(count: int) -> dt.date:
    """So many days from the first one on."""
    return TODAY + dt.timedelta(days=count)


def ask(at: Desk, day: dt.date | None = None, named: int | None = None, way: str = "decisions") -> dict[str, Any]:
    """A decision's answer; the mark in it is that of its revision's text unless it is named."""
    asked = {"facts": {"amount": AMOUNT}, **({} if day is None else {"as_of": day.isoformat()})}
    path = URL.replace("decisions", way) + ("" if named is None else f"?revision={named}")
    return body(at.client.post(path, json=asked, headers=new_key()))


def decides(at: Desk, day: dt.date | None = None) -> int:
    """The revision that decides as of a day; of all revisions here the mark is the number."""
    said = ask(at, day)
    assert mark_of(said) == said["revision"]
    return int(said["revision"])


def states(at: Desk) -> dict[int, tuple[str, str | None, str | None]]:
    """By number, how far each revision has come, its first day and its last."""
    listed = body(at.client.get("/v1/revisions"))["revisions"]
    return {one["revision"]: (one["state"], one["effective_from"], one["effective_to"]) for one in listed}


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, marked(1), NOON) as here:
        yield here


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Officers]]:
    """A service with two officers, for acts that change nothing for each other."""
    with desk(tmp_path_factory.mktemp("ruled"), marked(1), NOON) as here:
        yield here, Officers.let_in(here.client, here.running.register)


# Days


def test_as_of_a_day_before_the_change_the_earlier_text_decides(at: Desk) -> None:
    register = at.running.register
    put_in_force(register, bundle(2), str(days(10)))
    assert [decides(at, days(n)) for n in (-4000, -1, 0, 9, 10, 11, 4000)] == [1, 1, 1, 1, 2, 2, 2]
    assert decides(at) == 1
    assert states(at) == {1: ("active", None, "2026-03-10"), 2: ("scheduled", "2026-03-11", None)}
    at.clock.now += dt.timedelta(days=10)
    assert decides(at) == 2
    assert decides(at, days(9)) == 1
    assert states(at) == {1: ("superseded", None, "2026-03-10"), 2: ("active", "2026-03-11", None)}


def test_scheduled_out_of_order_each_decides_from_its_day_to_the_next_ones(at: Desk) -> None:
    register = at.running.register
    for number, first in ((2, 20), (3, 5), (4, 12), (5, 0)):
        assert put_in_force(register, bundle(number), str(days(first))) == number
    expected = {-1: 1, 0: 5, 4: 5, 5: 3, 11: 3, 12: 4, 19: 4, 20: 2, 500: 2}
    assert {n: decides(at, days(n)) for n in expected} == expected
    assert {number: said[1:] for number, said in states(at).items()} == {
        1: (None, "2026-02-28"),
        5: ("2026-03-01", "2026-03-05"),
        3: ("2026-03-06", "2026-03-12"),
        4: ("2026-03-13", "2026-03-20"),
        2: ("2026-03-21", None),
    }


def test_the_later_of_two_that_begin_today_decides_and_the_first_has_no_day_left(at: Desk) -> None:
    register = at.running.register
    put_in_force(register, bundle(2))
    put_in_force(register, bundle(3))
    assert [decides(at, days(n)) for n in (-1, 0, 1)] == [1, 3, 3]
    assert states(at)[2] == ("superseded", "2026-03-01", "2026-02-28")


def test_the_day_that_the_text_states_is_its_first(tmp_path: Path) -> None:
    with desk(tmp_path, marked(1), NOON) as at:
        officers = Officers.let_in(at.client, at.running.register)
        seen = officers.approved(marked(2, effective=days(3)))
        too_soon = assert_problem(officers.activate(seen, days(2)), 409, "backdated")
        assert too_soon["detail"] == "the text is effective from 2026-03-04: 2026-03-03 is before that"
        assert body(officers.activate(seen))["effective_from"] == "2026-03-04"
        assert [decides(at, days(n)) for n in (2, 3)] == [1, 2]


def test_a_day_that_has_passed_is_refused(ruled: tuple[Desk, Officers]) -> None:
    at, officers = ruled
    seen = officers.approved(marked(20))
    said = assert_problem(officers.activate(seen, days(-1)), 409, "backdated")
    assert said["detail"] == "2026-02-28 has passed: name 2026-03-01 or a later day"
    assert ask(at)["revision"] == 1


def test_a_text_whose_own_day_has_passed_cannot_be_proposed(ruled: tuple[Desk, Officers]) -> None:
    _, officers = ruled
    seen = officers.draft(marked(21, effective=days(-1)))
    said = assert_problem(officers.propose(seen), 409, "backdated")
    assert said["detail"] == "the text is effective from 2026-02-28, which has passed: write 2026-03-01 or later"
    assert said["line"] == 3


def test_a_text_whose_own_day_passes_while_it_waits_is_not_activated(tmp_path: Path) -> None:
    with desk(tmp_path, marked(1), NOON) as at:
        officers = Officers.let_in(at.client, at.running.register)
        seen = officers.approved(marked(2, effective=days(1)))
        at.clock.now += dt.timedelta(days=2)
        assert_problem(officers.activate(seen), 409, "backdated")
        assert decides(at) == 1


def test_a_day_that_another_one_has_is_refused_until_that_one_is_withdrawn(tmp_path: Path) -> None:
    with desk(tmp_path, marked(1), NOON) as at:
        officers = Officers.let_in(at.client, at.running.register)
        first = officers.put_in_force(marked(2), days(4))
        second = officers.approved(marked(3))
        said = assert_problem(officers.activate(second, days(4)), 409, "overlapping")
        assert said["detail"] == "revision 2 takes effect on 2026-03-05 already: withdraw it first"
        body(officers.check(f"/{first.number}/withdrawal", comment="the other one is better"))
        assert decides(at, days(4)) == 1, "a scheduled one that was withdrawn decides nothing"
        assert_problem(at.client.post(f"{URL}?revision=2", json={"facts": {"amount": 1}}, headers=new_key()), 409,
                       "revision_state")  # fmt: skip
        body(officers.activate(second, days(4)))
        at.clock.now += dt.timedelta(days=4)
        assert [decides(at, days(n)) for n in (3, 4)] == [1, 3]
        assert [states(at)[number][0] for number in (1, 2, 3)] == ["superseded", "withdrawn", "active"]
        body_of = officers.check("/3/withdrawal", comment="too late")
        assert_problem(body_of, 409, "revision_state")


def test_taken_back_on_its_first_day_it_has_decided_nothing_as_of_another(tmp_path: Path) -> None:
    with desk(tmp_path, marked(1), NOON) as at:
        officers = Officers.let_in(at.client, at.running.register)
        officers.put_in_force(marked(2), days(1))
        at.clock.now += dt.timedelta(days=1)
        assert decides(at) == 2
        back = officers.emergency(1)
        said = ask(at)
        assert (said["revision"], mark_of(said)) == (back.number, 1) == (3, 1)
        assert [ask(at, days(n))["revision"] for n in (0, 1, 2)] == [1, 3, 3]
        assert states(at)[2] == ("superseded", "2026-03-02", "2026-03-01")


# The turn of the day


@pytest.mark.parametrize(
    ("zone", "begins", "day"),
    [
        ("UTC", "2026-03-10T00:00:00+00:00", "2026-03-10"),
        ("Asia/Shanghai", "2026-03-09T16:00:00+00:00", "2026-03-10"),
        ("Pacific/Kiritimati", "2026-03-09T10:00:00+00:00", "2026-03-10"),
        ("Asia/Kathmandu", "2026-03-09T18:15:00+00:00", "2026-03-10"),
        # The day on which summer time begins in the night, and the one after: 23 hours apart.
        ("America/Los_Angeles", "2026-03-08T08:00:00+00:00", "2026-03-08"),
        ("America/Los_Angeles", "2026-03-09T07:00:00+00:00", "2026-03-09"),
        # And ends: 25 hours apart.
        ("America/Los_Angeles", "2026-11-01T07:00:00+00:00", "2026-11-01"),
        ("America/Los_Angeles", "2026-11-02T08:00:00+00:00", "2026-11-02"),
        # Where there is no midnight: this day begins at one o'clock.
        ("America/Santiago", "2026-09-06T04:00:00+00:00", "2026-09-06"),
    ],
)
def test_at_the_turn_of_the_day_of_the_services_zone_the_next_text_decides(
    tmp_path: Path, zone: str, begins: str, day: str
) -> None:
    turn, first = dt.datetime.fromisoformat(begins), dt.date.fromisoformat(day)
    with desk(tmp_path, marked(1), turn - dt.timedelta(days=3), time_zone=zone) as at:
        put_in_force(at.running.register, bundle(2), day)
        tick = dt.timedelta(microseconds=1)
        moments = {turn - SECOND: 1, turn - tick: 1, turn: 2, turn + SECOND: 2}
        for at.clock.now, number in moments.items():
            said = ask(at)
            assert (said["revision"], mark_of(said)) == (number, number)
            assert said["as_of"] == str(first - dt.timedelta(days=2 - number))
            assert body(at.client.get("/readyz"))["revision"] == number
            assert body(at.client.get("/v1/revisions"))["in_force"] == number
            assert [states(at)[one][0] for one in (1, 2)] == [["active", "scheduled"], ["superseded", "active"]][
                number - 1
            ]
            # Whatever the clock says, the day that is asked for decides.
            assert [decides(at, first - dt.timedelta(days=1)), decides(at, first)] == [1, 2]


def test_a_text_put_in_force_at_once_decides_from_the_zones_day_not_from_utcs(tmp_path: Path) -> None:
    late = dt.datetime(2026, 3, 9, 20, tzinfo=dt.UTC)
    with desk(tmp_path, marked(1), late, time_zone="Asia/Shanghai") as at:
        put_in_force(at.running.register, bundle(2))
        assert states(at)[2][1] == "2026-03-10"
        assert [decides(at), decides(at, dt.date(2026, 3, 9)), decides(at, dt.date(2026, 3, 10))] == [2, 1, 2]
    early = tmp_path / "los_angeles"
    early.mkdir()
    with desk(early, marked(1), late.replace(hour=3), time_zone="America/Los_Angeles") as at:
        with pytest.raises(Problem) as refused:
            put_in_force(at.running.register, bundle(2), "2026-03-07")
        assert (refused.value.code, refused.value.detail) == (
            "backdated", "2026-03-07 has passed: name 2026-03-08 or a later day",
        )  # fmt: skip


# Named revisions


def test_a_named_revision_decides_and_is_marked_in_answer_and_record(at: Desk) -> None:
    put_in_force(at.running.register, bundle(2))
    for named, expected in ((1, 1), (2, 2)):
        said = ask(at, named=named)
        assert (said["revision"], mark_of(said), said["revision_named"]) == (named, expected, True)
        [kept] = at.running.audit.store.entries(said["log"]["seq"], said["log"]["seq"] + 1)
        record = json.loads(kept.body)
        assert (record["revision"], record["revision_named"]) == (named, True)
        read = body(at.client.get(f"/v1/decisions/{said['decision_id']}"))
        assert read["revision_named"] is True
    assert "revision_named" not in ask(at)


def test_named_or_not_are_two_requests_for_one_key(at: Desk) -> None:
    key, asked = {"Idempotency-Key": str(uuid.uuid4())}, {"facts": {"amount": AMOUNT}}
    assert at.client.post(URL, json=asked, headers=key).status_code == 200
    answer = at.client.post(f"{URL}?revision=1", json=asked, headers=key)
    assert_problem(answer, 422, "idempotency_key_reused")


def test_a_revision_that_was_never_in_force_decides_trials_alone(ruled: tuple[Desk, Officers]) -> None:
    at, officers = ruled
    waiting = {"draft": officers.draft(marked(30)), "approved": officers.approved(marked(31))}
    waiting["scheduled"] = officers.put_in_force(marked(32), days(30))
    asked = {"facts": {"amount": AMOUNT}}
    for state, seen in waiting.items():
        assert states(at)[seen.number][0] == state
        answer = at.client.post(f"{URL}?revision={seen.number}", json=asked, headers=new_key())
        said = assert_problem(answer, 409, "revision_state")
        assert said["detail"] == (
            f"revision {seen.number} is not and was not in force: it decides nothing but trials"
        )  # fmt: skip
        tried = ask(at, named=seen.number, way="tests")
        assert (tried["revision"], tried["revision_named"]) == (seen.number, True)
        assert mark_of(tried) == {"draft": 30, "approved": 31, "scheduled": 32}[state]
    assert_problem(at.client.post(f"{URL}?revision=999", json=asked, headers=new_key()), 404, "revision_unknown")
