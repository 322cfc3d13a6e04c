"""Random schedules: the days that are shown of each revision are those as of which it decides, by a naive model too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.governance import changes
from api.governance.acts import REVISION, Act
from api.governance.governed import Governed
from api.governance.register import Moment
from api.problems import Problem
from api.revision_lines import revision_line
from tests.granting import put_in_force
from tests.marked_texts import AMOUNT, URL, bundle, mark_of, marked
from tests.officers import body
from tests.serving import new_key
from tests.set_clock import desk

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def days(count: int) -> dt.date:
    """So many days from the first one on."""
    return NOON.date() + dt.timedelta(days=count)


@dataclass
class Painted:
    """The naive model: a row of days, painted over by each activation in the order of first day and act."""

    strokes: list[tuple[int, int, int]] = field(default_factory=list)

    def days(self, low: int, high: int) -> dict[int, int]:
        row = dict.fromkeys(range(low, high), 1)
        for first, _, number in sorted(self.strokes):
            row |= dict.fromkeys(range(max(first, low), high), number)
        return row

    def taken(self, day: int) -> bool:
        return any(first == day for first, _, _ in self.strokes)


@dataclass
class Scheduling:
    """Acts composed as the service does, and the naive model beside them; a mark is its revision's number."""

    governed: Governed = field(default_factory=Governed)
    model: Painted = field(default_factory=Painted)
    now: int = 0

    def do(self, word: str, by: str, content: Mapping[str, Any]) -> None:
        moment = self.moment
        number = self.governed.acts + 1
        self.governed = self.governed.after(Act(number, number, moment.at, REVISION, word, by, content))

    @property
    def moment(self) -> Moment:
        return Moment(NOON + dt.timedelta(days=self.now), days(self.now))

    def approved(self) -> int:
        number, text = len(self.governed.revisions) + 1, CHECKED
        self.do("drafted", "mia", changes.drafted(self.governed, text, "a change", None))
        self.do("proposed", "mia", changes.proposed(self.governed, self.moment, number, text, {}))
        self.do("approved", "noor", {"revision": number, "bundle_digest": text.digest})
        return number

    def activate(self, ahead: int) -> None:
        """From a day on, if it may."""
        number, day = self.approved(), self.now + ahead
        refused = "backdated" if ahead < 0 else "overlapping" if ahead > 0 and self.model.taken(day) else None
        may = partial(changes.activated, self.governed, self.moment, number, CHECKED.digest, CHECKED, days(day))
        if refused is not None:
            with pytest.raises(Problem) as problem:
                may()
            assert problem.value.code == refused
            return
        self.do("activated", "noor", may())
        self.model.strokes.append((day, self.governed.acts, number))

    def withdraw(self, which: int) -> None:
        """One of the scheduled ones, if there is any."""
        waiting = sorted(stroke for stroke in self.model.strokes if stroke[0] > self.now)
        if waiting:
            stroke = waiting[which % len(waiting)]
            made = changes.withdrawn(self.governed, self.moment, stroke[2], "mia", frozenset(), "no")
            self.do("withdrawn", "mia", made)
            self.model.strokes.remove(stroke)

    def emergency(self, which: int) -> None:
        """Back to one that was in force, if there is any that may come back."""
        ended = [
            one.number
            for one in self.governed.revisions.values()
            if self.governed.state(one, self.moment.today) == "superseded" and not one.unconfirmed
        ]
        if ended:
            made = changes.rolled_back(self.governed, self.moment, ended[which % len(ended)], "back", emergency=True)
            self.do("rolled_back", "noor", made)
            self.model.strokes.append((self.now, self.governed.acts, made["revision"]))


CHECKED = bundle(1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("activate"), st.integers(-2, 12)),
        st.tuples(st.just("withdraw"), st.integers(0, 5)),
        st.tuples(st.just("emergency"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.integers(0, 5)),
    ),
    max_size=14,
)


@settings(max_examples=200)
@given(steps=STEPS)
def test_what_is_shown_is_what_decides_day_by_day(steps: list[tuple[str, int]]) -> None:
    here = Scheduling()
    here.do("imported", "system", {**changes.drafted(here.governed, CHECKED, "first", None), "checked": {}})
    for step, size in steps:
        if step == "wait":
            here.now += size
        else:
            getattr(here, step)(size)
        painted = here.model.days(-3, here.now + 20)
        assert {day: here.governed.in_force(days(day)).number for day in painted} == painted
        lines = [revision_line(here.governed, one, here.moment.today) for one in here.governed.revisions.values()]
        shown = {day: [line["revision"] for line in lines if covers(line, days(day))] for day in painted}
        assert shown == {day: [number] for day, number in painted.items()}
        expected = {
            number: "scheduled" if first > here.now else "active" if painted[here.now] == number else "superseded"
            for first, _, number in here.model.strokes
        }
        assert {line["revision"]: line["state"] for line in lines if line["revision"] in expected} == expected


def covers(line: Mapping[str, Any], day: dt.date) -> bool:
    """Whether a revision decides as of a day, by what is shown of it."""
    if line["state"] not in {"scheduled", "active", "superseded"}:
        return False
    first, last = (line[name] and dt.date.fromisoformat(line[name]) for name in ("effective_from", "effective_to"))
    return (first is None or first <= day) and (last is None or day <= last)


def test_over_http_too_what_is_shown_is_what_decides(tmp_path: Path) -> None:
    with desk(tmp_path, marked(1), NOON) as at:
        register = at.running.register
        for number, (wait, ahead) in enumerate([(0, 6), (1, 0), (0, 3), (2, 9), (1, 0), (4, 1)], 2):
            at.clock.now += dt.timedelta(days=wait)
            put_in_force(register, bundle(number), str(register.today() + dt.timedelta(days=ahead)))
            listed = body(at.client.get("/v1/revisions"))["revisions"]
            for n in range(-2, 22):
                asked = {"facts": {"amount": AMOUNT}, "as_of": str(days(n))}
                said = body(at.client.post(URL, json=asked, headers=new_key()))
                shown = [line["revision"] for line in listed if covers(line, days(n))]
                assert [said["revision"], mark_of(said)] == shown * 2
