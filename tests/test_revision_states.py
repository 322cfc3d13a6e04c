"""The states of a revision, for any order of acts by any persons on any days, against a plain model of the diagram.

draft → proposed → approved → scheduled → active → superseded, and withdrawn
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from api.audit.log import Log
from api.governance import changes, checks
from api.governance.acts import REVISION
from api.governance.first import import_text
from api.governance.governed import Governed
from api.governance.register import Moment, Register, Text
from api.problems import Problem
from policies import load
from policies.source import decode
from tests.calling import places_in
from tests.faults import scaled
from tests.granting import grant
from tests.serving import POLICIES

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
BUNDLES = tuple(load(decode("policies.yaml", f"{POLICIES}# {number}\n".encode())) for number in range(4))
EVIDENCE = checks.checked(BUNDLES[0])
ROLES: Mapping[str, tuple[str, ...]] = {
    "ann": ("author", "approve"),
    "bob": ("author", "approve"),
    "cid": ("approve",),
    "dan": ("author",),
}
PEOPLE, AUTHORS, APPROVERS = (
    st.sampled_from([name for name, roles in ROLES.items() if wanted in ("", *roles)])
    for wanted in ("", "author", "approve")
)
TEXTS = st.integers(0, len(BUNDLES) - 1)
NUMBERS = st.integers(-4, 5)
"""Which revision: mostly one that there is, counted from the first or from the last one."""


@dataclass
class Sheet:
    """A revision as a clerk would keep it: `stage` is the last thing that was done to it."""

    text: int
    stage: str
    wrote: set[str]
    approved: list[tuple[str, int]] = field(default_factory=list)
    first_day: dt.date = dt.date.min
    turn: int = 0
    rollback: bool = False
    alone: bool = False
    """Put in force by one person, and not confirmed by another."""

    emergency: bool = False
    imported: bool = False


class Desk(RuleBasedStateMachine):
    """A register on a log in a file, and beside it the sheets; a refused act must change neither."""

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.now = NOON
        self.audit = Log(places_in(Path(self.temporary.name)), 5, lambda: self.now)
        self.register = Register(self.audit, ZoneInfo("UTC"))
        import_text(self.register, BUNDLES[0], EVIDENCE)
        for name, roles in ROLES.items():
            grant(self.register, name, roles)
        self.sheets = {1: Sheet(0, "in force", {"system"}, imported=True)}
        self.turns = 0
        self.acts = self.register.current().acts

    def teardown(self) -> None:
        self.audit.close()
        self.temporary.cleanup()

    # The model

    @property
    def today(self) -> dt.date:
        return self.now.date()

    def active(self, day: dt.date) -> int:
        """The last one put in force of those whose first day has come; of the same day the one that came later."""
        begun = [
            number for number, sheet in self.sheets.items() if sheet.stage == "in force" and sheet.first_day <= day
        ]
        return max(begun, key=lambda number: (self.sheets[number].first_day, self.sheets[number].turn))

    def state(self, number: int) -> str:
        sheet = self.sheets[number]
        if sheet.stage != "in force":
            return sheet.stage
        if sheet.first_day > self.today:
            return "scheduled"
        return "active" if self.active(self.today) == number else "superseded"

    def picked(self, which: int) -> int:
        """A number, of a revision that there is or of the next one."""
        return (
            which if 0 < which <= len(self.sheets) else len(self.sheets) + which if which <= 0 else len(self.sheets) + 1
        )

    def put_in_force(self, sheet: Sheet, day: dt.date) -> None:
        self.turns += 1
        sheet.stage, sheet.first_day, sheet.turn = "in force", day, self.turns

    # Acting

    def act(
        self,
        word: str,
        by: str,
        compose: Callable[[Governed, Moment], Mapping[str, Any]],
        allowed: bool,
        text: int | None = None,
    ) -> bool:
        """Whether it was done: exactly when the model allows it. What is refused leaves everything as it is."""
        before, size = self.register.current(), self.audit.store.state().size
        kept = None if text is None else Text(BUNDLES[text].digest, "order-desk", BUNDLES[text].source.text.encode())
        if not allowed:
            with pytest.raises(Problem):
                self.register.perform(REVISION, word, by, compose, kept)
            assert (self.register.current(), self.audit.store.state().size) == (before, size)
            return False
        self.register.perform(REVISION, word, by, compose, kept)
        self.acts += 1
        return True

    def digest(self, number: int) -> str:
        return BUNDLES[self.sheets[number].text].digest if number in self.sheets else ""

    def writers(self, number: int) -> set[str]:
        """Who wrote the text, whichever revision they wrote it for."""
        text = self.sheets[number].text
        return {name for sheet in self.sheets.values() if sheet.text == text for name in sheet.wrote}

    def sheet_in(self, number: int, *states: str) -> bool:
        return number in self.sheets and self.state(number) in states

    @rule(by=AUTHORS, text=TEXTS)
    def drafted(self, by: str, text: int) -> None:
        assert self.act("drafted", by, lambda state, _: changes.drafted(state, BUNDLES[text], "a", None), True, text)
        self.sheets[len(self.sheets) + 1] = Sheet(text, "draft", {by})

    @rule(which=NUMBERS, by=AUTHORS, text=TEXTS)
    def edited(self, which: int, by: str, text: int) -> None:
        number = self.picked(which)
        allowed = self.sheet_in(number, "draft", "proposed", "approved") and not self.sheets[number].rollback
        if self.act(
            "edited", by, lambda state, at: changes.edited(state, at, number, BUNDLES[text], "b", None), allowed, text
        ):
            sheet = self.sheets[number]
            sheet.text, sheet.stage = text, "draft"
            sheet.wrote.add(by)

    @rule(which=NUMBERS, by=AUTHORS)
    def proposed(self, which: int, by: str) -> None:
        number = self.picked(which)
        bundle = BUNDLES[self.sheets[number].text if number in self.sheets else 0]
        if self.act(
            "proposed",
            by,
            lambda state, at: changes.proposed(state, at, number, bundle, EVIDENCE),
            self.sheet_in(number, "draft"),
        ):
            self.sheets[number].stage = "proposed"

    @rule(which=NUMBERS, by=APPROVERS, seen=st.none() | TEXTS)
    def approved(self, which: int, by: str, seen: int | None) -> None:
        """`seen` is the text that the approver has read, none the one that stands there."""
        number = self.picked(which)
        digest = self.digest(number) if seen is None else BUNDLES[seen].digest
        allowed = self.sheet_in(number, "proposed") and digest == self.digest(number) and by not in self.writers(number)
        if self.act(
            "approved", by, lambda state, at: changes.approved(state, at, number, digest, by, None, None), allowed
        ):
            self.sheets[number].stage = "approved"
            self.sheets[number].approved.append((by, self.sheets[number].text))

    @rule(which=NUMBERS, by=APPROVERS, ahead=st.none() | st.integers(-1, 3))
    def activated(self, which: int, by: str, ahead: int | None) -> None:
        number = self.picked(which)
        day = None if ahead is None else self.today + dt.timedelta(days=ahead)
        first = day or self.today
        taken = {sheet.first_day for sheet in self.sheets.values() if sheet.stage == "in force"}
        allowed = (
            self.sheet_in(number, "approved") and first >= self.today and not (first > self.today and first in taken)
        )
        digest, bundle = self.digest(number), BUNDLES[self.sheets[number].text if number in self.sheets else 0]
        if self.act(
            "activated", by, lambda state, at: changes.activated(state, at, number, digest, bundle, day), allowed
        ):
            self.put_in_force(self.sheets[number], first)

    @rule(which=NUMBERS, by=PEOPLE)
    def withdrawn(self, which: int, by: str) -> None:
        number = self.picked(which)
        allowed = self.sheet_in(number, "draft", "proposed", "approved", "scheduled") and (
            by in self.sheets[number].wrote or "approve" in ROLES[by]
        )
        roles = frozenset(ROLES[by])
        if self.act("withdrawn", by, lambda state, at: changes.withdrawn(state, at, number, by, roles, "c"), allowed):
            self.sheets[number].stage = "withdrawn"

    @rule(which=NUMBERS, by=PEOPLE, emergency=st.booleans())
    def rolled_back(self, which: int, by: str, emergency: bool) -> None:
        to = self.picked(which)
        allowed = self.sheet_in(to, "superseded") and not self.sheets[to].alone
        if self.act(
            "rolled_back",
            by,
            lambda state, at: changes.rolled_back(state, at, to, "d", emergency=emergency),
            allowed,
        ):
            sheet = Sheet(self.sheets[to].text, "proposed", {by}, rollback=True, emergency=emergency, alone=emergency)
            if emergency:
                self.put_in_force(sheet, self.today)
            self.sheets[len(self.sheets) + 1] = sheet

    @rule(which=NUMBERS, by=APPROVERS)
    def confirmed(self, which: int, by: str) -> None:
        number = self.picked(which)
        allowed = number in self.sheets and self.sheets[number].alone and by not in self.writers(number)
        digest = self.digest(number)
        if self.act(
            "confirmed", by, lambda state, at: changes.confirmed(state, at, number, digest, by, None, None), allowed
        ):
            self.sheets[number].alone = False

    @rule(text=TEXTS, by=AUTHORS, editor=st.none() | AUTHORS, other=APPROVERS, ahead=st.integers(0, 2))
    def brought_in_force(self, text: int, by: str, editor: str | None, other: str, ahead: int) -> None:
        """The whole way at once, since chance alone seldom goes it."""
        self.drafted(by, text)
        if editor is not None:
            self.edited(0, editor, (text + 1) % len(BUNDLES))
        self.proposed(0, by)
        self.approved(0, other, None)
        self.activated(0, other, ahead)

    @rule(days=st.integers(1, 3))
    def days_go_by(self, days: int) -> None:
        self.now += dt.timedelta(days=days)

    @rule()
    def read_again(self) -> None:
        assert Register(self.audit, ZoneInfo("UTC")).current() == self.register.current()

    # What must hold

    @invariant()
    def states_are_those_of_the_model(self) -> None:
        governed = self.register.current()
        assert governed.acts == self.acts
        found = {number: governed.state(one, self.today) for number, one in governed.revisions.items()}
        assert found == {number: self.state(number) for number in self.sheets}
        assert [governed.revisions[number].digest for number in sorted(found)] == [
            self.digest(number) for number in sorted(found)
        ]
        alone = {number for number, one in governed.revisions.items() if one.unconfirmed}
        assert alone == {number for number, sheet in self.sheets.items() if sheet.alone}

    @invariant()
    def exactly_one_is_active_on_any_day(self) -> None:
        governed = self.register.current()
        for ahead in range(-10, 5):
            day = self.today + dt.timedelta(days=ahead)
            assert governed.in_force(day).number == self.active(day)
            if ahead >= 0:
                states = [governed.state(one, day) for one in governed.revisions.values()]
                assert states.count("active") == 1

    @invariant()
    def nothing_is_in_force_that_nobody_else_approved(self) -> None:
        """By the records alone: who wrote any of the text, and who approved exactly what stands there."""
        governed = self.register.current()
        for _, _, number in governed.timeline:
            revision = governed.revisions[number]
            wrote = {act.principal for act in revision.history if act.word in ("drafted", "edited", "rolled_back")}
            approved = {
                act.principal
                for act in revision.history
                if act.word == "approved" and act.content["bundle_digest"] == revision.digest
            }
            assert revision.imported or revision.emergency or approved - wrote, number
            assert revision.confirmed_by not in wrote


def test_revisions_go_the_ways_of_the_diagram_and_no_others() -> None:
    steps = settings(max_examples=scaled(15, 300), stateful_step_count=scaled(40, 80))
    run_state_machine_as_test(Desk, settings=steps)
