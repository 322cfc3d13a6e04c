"""From which day a level counts, and when an item is due at all (domain D2, D6, D18)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engine.dunning import Account, ArrearsBasis, Escalation, GraceMode, Ladder, OpenItem, PreDueReminder, dun
from engine.dunning.due_terms import BusinessDays, DefaultTerms
from engine.dunning.ladder import ladder_faults
from engine.dunning.wording import why_in
from tests.dunning_accounts import account, day, invoice, item, ladder, level, on_day

ORIGINAL, NOTICE = ArrearsBasis.ORIGINAL_DUE, ArrearsBasis.LAST_NOTICE
DEADLINE, MONTH = ArrearsBasis.LAST_DEADLINE, ArrearsBasis.END_OF_MONTH
DUE = dt.date(2024, 1, 15)
THREE_TIMES = Ladder(
    (level(1, 10, basis=ORIGINAL), level(2, 30, basis=MONTH), level(3, 10, basis=NOTICE)), Escalation.STEP
)
TWO_TIMES = Ladder((level(1, 30, basis=MONTH), level(2, 60, basis=NOTICE)), Escalation.STEP)


def first_match(rungs: Ladder, sent: int, last: dt.date | None) -> dt.date:
    """The first day on which the next level is reached, from the due date on."""
    owed = OpenItem("I", DUE, Decimal(500), "EUR", dunning_level=sent, last_dunned_on=last)
    days = (DUE + dt.timedelta(days=number) for number in range(400))
    return next(each for each in days if dun(rungs, Account("C", "EUR", (owed,)), each).level > sent)


def test_oca_three_times_has_the_dates_the_source_derives() -> None:
    first = first_match(THREE_TIMES, 0, None)
    second = first_match(THREE_TIMES, 1, first)
    third = first_match(THREE_TIMES, 2, second)
    assert (first, second, third) == (dt.date(2024, 1, 25), dt.date(2024, 2, 29), dt.date(2024, 3, 10))


def test_oca_two_times_counts_the_second_from_the_first() -> None:
    first = first_match(TWO_TIMES, 0, None)
    assert (first, first_match(TWO_TIMES, 1, first)) == (dt.date(2024, 2, 29), dt.date(2024, 4, 29))


def test_oca_the_next_evaluation_walks_the_same_dates() -> None:
    owed = Account("C", "EUR", (OpenItem("I", DUE, Decimal(500), "EUR"),))
    noticed = []
    as_of: dt.date | None = DUE
    while as_of is not None:
        result = dun(THREE_TIMES, owed, as_of)
        if result.notice:
            noticed.append(as_of)
            sent = replace(owed.items[0], dunning_level=result.level, last_dunned_on=as_of)
            owed = replace(owed, items=(sent,))
            result = dun(THREE_TIMES, owed, as_of)
        as_of = result.next_evaluation
    assert noticed == [dt.date(2024, 1, 25), dt.date(2024, 2, 29), dt.date(2024, 3, 10)]


@pytest.mark.parametrize("months_ago", [(6,), (6, 2), (6, 2, 0)])
def test_oca_runs_months_apart_each_add_a_level(months_ago: tuple[int, ...]) -> None:
    today = dt.date(2025, 1, 15)
    owed = OpenItem("I", DUE, Decimal(500), "EUR")
    for ago in months_ago:
        as_of = today - dt.timedelta(days=30 * ago)
        result = dun(THREE_TIMES, Account("C", "EUR", (owed,)), as_of)
        assert result.notice
        owed = replace(owed, dunning_level=result.level, last_dunned_on=as_of)
    assert owed.dunning_level == len(months_ago)


def test_a_level_that_was_sent_stays_reached_when_its_date_moves_on() -> None:
    sent = invoice(dunning_level=3, last_dunned_on=day(60))
    result = on_day(61, THREE_TIMES, account(sent))
    assert (item(result).threshold_level, result.skips) == (3, ("DN-SKP-09",))


@pytest.mark.parametrize(("deadline", "reached"), [(None, 7), (20, 27)])
def test_last_deadline_counts_from_the_deadline_of_the_last_notice(deadline: int | None, reached: int) -> None:
    rungs = Ladder((level(1, 1), level(2, 7, basis=DEADLINE)), Escalation.STEP)
    told = None if deadline is None else day(deadline)
    owed = account(invoice(dunning_level=1, last_dunned_on=day(5), notice_deadline=told))
    assert [on_day(number, rungs, owed).level for number in (reached - 1, reached)] == [0, 2]


def test_without_a_notice_yet_a_level_counts_from_the_due_date() -> None:
    rungs = Ladder((level(1, 1), level(2, 7, basis=NOTICE)), Escalation.JUMP)
    assert [on_day(number, rungs, account()).level for number in (6, 7)] == [1, 2]


def test_a_notice_on_an_unknown_day_is_not_counted_from() -> None:
    rungs = Ladder((level(1, 1), level(2, 7, basis=NOTICE)), Escalation.STEP)
    result = on_day(40, rungs, account(invoice(dunning_level=1)))
    assert result.skips == ("DT-MIS-01",)
    assert [finding.missing for finding in result.findings] == [("open_items[0].last_dunned_on",)]
    assert not on_day(40, rungs, account(invoice(dunning_level=2))).findings[0].missing


def test_a_level_needs_all_those_below_it() -> None:
    rungs = Ladder((level(1, 30), level(2, 5, basis=MONTH)), Escalation.JUMP)
    assert [on_day(number, rungs, account()).level for number in (29, 30)] == [0, 2]


def test_days_rise_among_levels_of_one_basis_and_start_afresh_after_a_notice() -> None:
    mixed = (level(1, 30), level(2, 5, basis=MONTH), level(3, 10, basis=NOTICE), level(4, 10, basis=NOTICE))
    assert ladder_faults(Ladder(mixed, Escalation.STEP)) == ()
    assert [place for place, _ in ladder_faults(Ladder(mixed, Escalation.JUMP))] == ["levels[3].min_days"]
    falling = (level(1, 30), level(2, 5, basis=MONTH), level(3, 30))
    assert [place for place, _ in ladder_faults(Ladder(falling, Escalation.STEP))] == ["levels[2].min_days"]


def test_grace_shifts_every_basis() -> None:
    rungs = replace(THREE_TIMES, grace_days=3, grace_mode=GraceMode.SHIFT)
    assert first_match(rungs, 0, None) == dt.date(2024, 1, 28)
    assert first_match(rungs, 1, dt.date(2024, 1, 28)) == dt.date(2024, 2, 29)
    assert first_match(rungs, 2, dt.date(2024, 2, 29)) == dt.date(2024, 3, 13)


# Business days

SATURDAY = dt.date(2026, 5, 2)
CLOSED = BusinessDays(frozenset({5, 6}), frozenset({dt.date(2026, 5, 4)}))


def due_on_saturday(**settings: Any) -> Ladder:
    return Ladder((level(1, 1),), Escalation.STEP, **{"business_days": CLOSED, **settings})


def owed_on(due: dt.date, **facts: Any) -> Account:
    return Account("C", "EUR", (OpenItem("I", due, Decimal(100), "EUR", **facts),))


def test_a_due_date_on_a_closed_day_moves_to_the_next_open_one() -> None:
    rungs = due_on_saturday()
    assert [dun(rungs, owed_on(SATURDAY), dt.date(2026, 5, number)).notice for number in (5, 6)] == [False, True]
    assert dun(rungs, owed_on(SATURDAY), dt.date(2026, 5, 6)).items[0].days_in_arrears == 1
    assert dun(rungs, owed_on(dt.date(2026, 5, 1)), dt.date(2026, 5, 2)).notice


def test_the_shifted_date_is_in_the_trace_and_in_the_next_evaluation() -> None:
    result = dun(due_on_saturday(), owed_on(SATURDAY), dt.date(2026, 5, 3))
    (step,) = [step for step in result.trace if step.name == "I"]
    assert step.read["due_on"] == dt.date(2026, 5, 5)
    assert result.next_evaluation == dt.date(2026, 5, 6)


def test_a_reminder_is_sent_until_the_open_day() -> None:
    rungs = due_on_saturday(pre_due=(PreDueReminder(-1),))
    outcomes = [dun(rungs, owed_on(SATURDAY), dt.date(2026, 5, number)).outcome.value for number in (3, 4, 5, 6)]
    assert outcomes == ["skip", "reminder", "reminder", "notice"]


# Default terms

TERMS = DefaultTerms(30, 60)


def by_default(days: int, **facts: Any) -> tuple[bool, list[str]]:
    rungs = ladder(1, default_terms=TERMS)
    result = on_day(days, rungs, account(invoice(due=5, **facts)))
    return result.notice, [why_in(entry, "en") for entry in result.for_review]


@pytest.mark.parametrize(
    ("facts", "due"),
    [
        ({"invoice_date": day(0), "received_on": day(3), "delivered_on": day(1)}, 33),
        ({"invoice_date": day(0), "delivered_on": day(10)}, 40),
        ({"received_on": day(3), "delivered_on": day(1)}, 33),
    ],
)
def test_without_agreed_terms_an_item_is_due_days_after_invoice_and_delivery(facts: dict[str, Any], due: int) -> None:
    assert by_default(due, terms_agreed=False, **facts) == (False, [])
    assert by_default(due + 1, terms_agreed=False, **facts) == (True, [])


@pytest.mark.parametrize(("known", "absent"), [("invoice_date", "delivered_on"), ("delivered_on", "invoice_date")])
def test_with_one_date_the_other_is_used_and_that_is_reported(known: str, absent: str) -> None:
    facts: dict[str, Any] = {known: day(0)}
    why = [f"the default term is counted without `{absent}`, which is not known"]
    assert by_default(30, terms_agreed=False, **facts) == (False, why)
    assert by_default(31, terms_agreed=False, **facts) == (True, why)


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        ({"terms_agreed": False}, ("open_items[0].invoice_date", "open_items[0].delivered_on")),
        ({}, ("open_items[0].terms_agreed",)),
    ],
)
def test_what_is_not_known_of_the_terms_lets_no_notice_through(facts: dict[str, Any], missing: tuple[str, ...]) -> None:
    result = on_day(90, ladder(1, default_terms=TERMS), account(invoice(**facts)))
    assert (result.skips, [finding.missing for finding in result.findings]) == (("DT-MIS-01",), [missing])


@pytest.mark.parametrize(("agreed", "reviewed"), [(60, False), (61, True)])
def test_long_agreed_terms_go_to_a_person_and_stand(agreed: int, reviewed: bool) -> None:
    owed = invoice(due=agreed, terms_agreed=True, invoice_date=day(0))
    result = on_day(agreed + 1, ladder(1, default_terms=TERMS), account(owed))
    assert result.notice
    why = f"terms of {agreed} days are longer than 60"
    assert [why_in(entry, "en") for entry in result.for_review] == ([why] if reviewed else [])


def test_fees_and_interest_fall_under_no_terms() -> None:
    fee = invoice(document_type="fee")
    assert on_day(5, ladder(1, default_terms=TERMS), account(fee)).notice
