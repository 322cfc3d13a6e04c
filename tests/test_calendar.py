"""The calendar of what happens if nothing is paid: it promises just the notices that come, each on its day (D26)."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.dunning import (
    Account,
    ArrearsBasis,
    DayCount,
    DunningBlock,
    DunningCase,
    Effect,
    Escalation,
    Interest,
    InterestRounding,
    Ladder,
    OpenItem,
    Outcome,
    PreDueReminder,
    Promise,
    Result,
    SideEffect,
    dun,
)
from engine.dunning.calendar import FEWEST, HORIZON, MOST, WORK, Entry, Outlook, calendar
from engine.dunning.ladder import GroupBy, ladder_faults
from engine.dunning.notice import ItemResult
from engine.dunning.rates import constant
from tests.dunning_accounts import account, day, fixed, invoice, ladder, level
from tests.test_dunning_laws import accounts, blocks, days, ladders, open_items

HOLD = SideEffect(Effect.HOLD_ORDERS, {"en": "every item is paid"})
AGENCY = SideEffect(Effect.TO_AGENCY, {"en": "every item is paid"})


def promised(rungs: Ladder, owed: Account, as_of: dt.date) -> tuple[Entry, ...]:
    return calendar(rungs, owed, as_of, dun(rungs, owed, as_of)).entries


def told(entries: tuple[Entry, ...]) -> list[tuple[dt.date, str, int]]:
    return [(entry.on, entry.outcome.value, entry.level) for entry in entries]


# By example


def test_an_unpaid_invoice_climbs_the_ladder_on_the_days_the_calendar_says() -> None:
    rungs = ladder(
        levels=(level(1, 5), level(2, 19, side_effects=(HOLD,)), level(3, 33, side_effects=(AGENCY,))),
        interval_days=14,
        pre_due=(PreDueReminder(-3),),
    )
    found = promised(rungs, account(invoice(due=0)), day(-10))
    assert told(found) == [
        (day(-3), "reminder", 0),
        (day(5), "notice", 1),
        (day(19), "notice", 2),
        (day(33), "notice", 3),
    ]
    assert [[hold.effect for hold in entry.effects] for entry in found] == [
        [], [], [Effect.HOLD_ORDERS], [Effect.TO_AGENCY],
    ]  # fmt: skip


def test_it_begins_after_the_notice_of_the_day_itself() -> None:
    rungs = ladder(1, 10, 20, interval_days=7)
    owed = account(invoice(due=0))
    assert dun(rungs, owed, day(1)).level == 1
    assert told(promised(rungs, owed, day(1))) == [(day(10), "notice", 2), (day(20), "notice", 3)]


def test_a_late_start_steps_through_the_levels_at_the_interval() -> None:
    rungs = ladder(1, 10, 20, interval_days=7)
    assert told(promised(rungs, account(invoice(due=0)), day(100))) == [
        (day(107), "notice", 2),
        (day(114), "notice", 3),
    ]


def test_a_block_and_a_promise_that_end_bring_their_items_back() -> None:
    rungs = ladder(1, 10, interval_days=5)
    blocked = invoice(due=0, dunning_block=DunningBlock("claim", None, day(30)))
    assert told(promised(rungs, account(blocked), day(2))) == [(day(31), "notice", 1), (day(36), "notice", 2)]
    promise = invoice(due=0, promise_to_pay=Promise(day(12)))
    assert told(promised(rungs, account(promise), day(2))) == [(day(13), "notice", 1), (day(18), "notice", 2)]


def test_arrears_from_the_last_notice_count_anew_from_each() -> None:
    rungs = ladder(3, 10, arrears_basis=ArrearsBasis.LAST_NOTICE)
    assert told(promised(rungs, account(invoice(due=0)), day(0))) == [(day(3), "notice", 1), (day(13), "notice", 2)]


def test_each_entry_claims_the_fee_and_the_interest_that_it_adds() -> None:
    rungs = ladder(
        levels=(level(1, 10, interest=True), level(2, 20, interest=True, fee=fixed("25"))),
        interest=Interest(constant(Decimal("36.5")), DayCount.ACT_365, InterestRounding.TOTAL),
    )
    first, second = promised(rungs, account(invoice("1000", due=0)), day(0))
    assert [first.fees, first.interest, first.total_claim] == [Decimal(0), Decimal(10), Decimal(1010)]
    assert [second.fees, second.interest, second.total_claim] == [Decimal(25), Decimal(10), Decimal(1035)]


def test_letters_of_several_levels_on_a_day_are_an_entry_each() -> None:
    rungs = ladder(
        levels=(level(1, 5, fee=fixed("5")), level(2, 19, fee=fixed("25"), side_effects=(HOLD,))),
        interval_days=7,
        group_by=GroupBy.LEVEL,
    )
    old = (invoice("100", f"OLD-{number}", due=0, dunning_level=1, last_dunned_on=day(5)) for number in (1, 2))
    found = promised(rungs, account(*old, invoice("50", "NEW", due=14)), day(10))
    assert [(entry.on, entry.level, entry.items, entry.fees, entry.total_claim) for entry in found[:2]] == [
        (day(19), 2, ("OLD-1", "OLD-2"), Decimal(25), Decimal(225)),
        (day(19), 1, ("NEW",), Decimal(5), Decimal(55)),
    ]
    assert [[hold.effect for hold in entry.effects] for entry in found[:2]] == [[Effect.HOLD_ORDERS], []]


def test_nothing_is_promised_to_an_account_that_time_does_not_change() -> None:
    rungs = ladder(1, 10)
    assert promised(rungs, account(invoice(due=0), legal_since=day(0)), day(5)) == ()
    assert promised(rungs, account(invoice(due=0, dunning_level=2, last_dunned_on=day(3))), day(50)) == ()
    assert promised(rungs, account(invoice("-5")), day(5)) == ()


def test_it_looks_no_further_than_its_horizon_and_says_so() -> None:
    rungs = ladder(1, interval_days=7)
    far = account(invoice(due=400))
    assert calendar(rungs, far, day(0), dun(rungs, far, day(0))) == Outlook((), until=day(400))
    near = account(invoice(due=399))
    found = calendar(rungs, near, day(0), dun(rungs, near, day(0)))
    assert (told(found.entries), found.until) == ([(day(400), "notice", 1)], day(400))
    soon = account(invoice(due=300))
    assert calendar(rungs, soon, day(0), dun(rungs, soon, day(0))).until is None
    assert promised(rungs, account(OpenItem("I", dt.date.max, Decimal(5), "EUR")), dt.date.max) == ()


def test_a_day_that_cannot_be_worked_out_ends_it_and_not_the_decision() -> None:
    rungs = ladder(levels=(level(1, 5, payment_days=30),))
    due = dt.date.max - dt.timedelta(days=20)
    owed = account(OpenItem("I", due, Decimal(5), "EUR"))
    result = dun(rungs, owed, due)
    assert (result.outcome, calendar(rungs, owed, due, result)) == (
        Outcome.SKIP,
        Outlook((), due + dt.timedelta(days=1)),
    )


def test_legal_steps_are_the_last_thing_that_comes() -> None:
    rungs = ladder(levels=(level(1, 5), level(2, 10, legal=True)), interval_days=2)
    owed = account(invoice(due=0), invoice("50", "INV-2", due=8))
    assert told(promised(rungs, owed, day(0))) == [(day(5), "notice", 1), (day(10), "notice", 2)]


def test_what_is_held_back_is_not_sent_and_not_promised() -> None:
    rungs = ladder(levels=(level(1, 5, fee=fixed("7", "invoice")), level(2, 10)), interval_days=2)
    ours, theirs = invoice(due=0), invoice("50", "INV-2", due=0, dunning_recipient="head office")
    found = promised(rungs, account(ours, theirs, recipient_blocked=True), day(0))
    assert told(found) == [(day(5), "notice", 1), (day(10), "notice", 2)]
    assert [(entry.items, entry.fees, entry.total_claim) for entry in found] == [
        (("INV-2",), Decimal(7), Decimal(57)),
        (("INV-2",), Decimal(0), Decimal(50)),
    ]


def test_a_deadline_in_a_notice_moves_the_levels_that_count_from_it() -> None:
    rungs = ladder(
        levels=(level(1, 5, payment_days=14), level(2, 6)), arrears_basis=ArrearsBasis.LAST_DEADLINE, interval_days=1
    )
    assert told(promised(rungs, account(invoice(due=0)), day(0))) == [(day(5), "notice", 1), (day(25), "notice", 2)]


def test_of_an_account_of_very_many_items_it_looks_at_fewer_days() -> None:
    rungs = ladder(1, 5, 9, 13, 17, 21, 25, interval_days=4)
    many = account(*(invoice("10", f"INV-{number}", due=0) for number in range(WORK // FEWEST)))
    found = calendar(rungs, many, day(0), dun(rungs, many, day(0)))
    assert told(found.entries) == [(day(1 + 4 * number), "notice", number + 1) for number in range(FEWEST)]
    assert found.until == found.entries[-1].on


# By law: the calendar against a walk day by day, carried forward by hand


@st.composite
def any_ladders(draw: st.DrawFn) -> Ladder:
    """Ladders whose notices set deadlines, from which days may be counted."""
    drawn = draw(ladders())
    levels = (replace(rung, payment_days=draw(st.none() | st.integers(0, 20))) for rung in drawn.levels)
    return replace(drawn, levels=tuple(levels), group_by=draw(st.sampled_from(GroupBy)))


@st.composite
def owing(draw: st.DrawFn) -> Account:
    """Accounts that owe: most of what the laws' accounts have is soon skipped for good, and then nothing comes."""
    items = tuple(
        replace(
            draw(open_items(number)),
            open_amount=Decimal(draw(st.integers(200, 5000))),
            disputed_amount=None,
            document_type="invoice",
            currency="EUR",
            due_date=day(draw(st.integers(-60, 30))),
            dunning_level=draw(st.none() | st.integers(0, 1)),
            max_dunning_level=draw(st.none() | st.none() | st.integers(1, 3)),
            waived_by=None,
            last_dunned_on=None,
            dunning_block=draw(st.none() | st.none() | blocks),
        )
        for number in range(draw(st.integers(1, 3)))
    )
    return Account("C-1", "EUR", items, DunningCase(last_notice_date=draw(st.just(day(-90)) | days)))


owed_accounts = st.one_of(owing(), owing(), accounts())


def booked(rungs: Ladder, owed: Account, result: Result, on: dt.date) -> Account:
    """What a caller books who sends what the result says."""
    deadlines = {item.invoice_id: notice.deadline for notice in result.notices for item in notice.items}
    charges = {claim.invoice_id: claim.amount for claim in result.interest}
    items = tuple(
        charged(rungs, item, sent(item, end, on, deadlines.get(item.invoice_id)), charges.get(item.invoice_id))
        for item, end in zip(owed.items, result.items, strict=True)
    )
    case = owed.case
    if result.notice:
        case = replace(case, last_notice_date=on, legal_since=result.legal_since)
    return replace(owed, items=items, case=case)


def sent(item: OpenItem, end: ItemResult, on: dt.date, deadline: dt.date | None) -> OpenItem:
    if end.outcome is Outcome.NOTICE:
        item = replace(item, dunning_level=end.recorded_level, last_dunned_on=on)
        return item if deadline is None else replace(item, notice_deadline=deadline)
    return replace(item, reminded_on=on) if end.outcome is Outcome.REMINDER else item


def charged(rungs: Ladder, before: OpenItem, after: OpenItem, added: Decimal | None) -> OpenItem:
    """The item with its own interest added up, from 0 while nothing can have been charged."""
    reached = max([before.level_sent, *(event.level_before or 0 for event in before.events)])
    first = all(not rung.interest for rung in rungs.levels[:reached])
    known = before.interest_charged if before.interest_charged is not None or not first else Decimal(0)
    if added is None and (known is None or after.last_dunned_on == before.last_dunned_on):
        return after
    return replace(after, interest_charged=(known or Decimal(0)) + (added or Decimal(0)))


def walked(rungs: Ladder, owed: Account, as_of: dt.date) -> Iterator[tuple[dt.date, Account, Result]]:
    """Every later day on which something is sent, with the account as it came to it."""
    owed = booked(rungs, owed, dun(rungs, owed, as_of), as_of)
    for ahead in range(1, HORIZON.days + 1):
        on = as_of + dt.timedelta(days=ahead)
        result = dun(rungs, owed, on)
        if result.outcome is not Outcome.SKIP:
            yield on, owed, result
            owed = booked(rungs, owed, result, on)


def lines(on: dt.date, result: Result) -> Iterator[tuple[dt.date, *tuple[object, ...]]]:
    ending = {
        outcome: tuple(item.invoice_id for item in result.items if item.outcome is outcome) for outcome in Outcome
    }
    if result.notice:
        letters = [notice for notice in result.notices if notice.offset is None]
        for rung in sorted({notice.level for notice in letters} or {result.level}, reverse=True):
            mine = [item for notice in letters if notice.level == rung for item in notice.items]
            names = {item.invoice_id for item in mine} if letters else set(ending[Outcome.NOTICE])
            interest = sum((claim.amount for claim in result.interest if claim.invoice_id in names), Decimal(0))
            fees = sum((fee.amount for fee in result.fees), Decimal(0))
            asked = result.total_claim
            if letters:
                fees = sum((notice.fees for notice in letters if notice.level == rung), Decimal(0))
                asked = sum((item.amount for item in mine), fees + interest)
            yield on, "notice", rung, tuple(n for n in ending[Outcome.NOTICE] if n in names), fees, interest, asked
    if ending[Outcome.REMINDER]:
        yield on, "reminder", 0, ending[Outcome.REMINDER], 0, 0, 0


@settings(max_examples=60)
@given(any_ladders(), owed_accounts, days)
def test_the_calendar_promises_just_what_comes_day_by_day(rungs: Ladder, owed: Account, as_of: dt.date) -> None:
    came = [line for on, _, result in walked(rungs, owed, as_of) for line in lines(on, result)]
    found = calendar(rungs, owed, as_of, dun(rungs, owed, as_of))
    said = [
        (entry.on, entry.outcome.value, entry.level, entry.items, entry.fees, entry.interest, entry.total_claim)
        for entry in found.entries
    ]
    until = found.until or as_of + HORIZON
    assert said == [line for line in came if line[0] <= until]
    assert until == as_of + HORIZON or len(said) >= MOST


@settings(max_examples=40)
@given(any_ladders(), owed_accounts, days)
def test_no_level_is_skipped_under_step(rungs: Ladder, owed: Account, as_of: dt.date) -> None:
    stepping = replace(rungs, escalation=Escalation.STEP)
    assume(not ladder_faults(stepping))
    for _, before, result in walked(stepping, owed, as_of):
        for item, end in zip(before.items, result.items, strict=True):
            assert end.assigned_level <= item.level_sent + 1
            assert end.passed_over == ()


@settings(max_examples=60)
@given(any_ladders(), open_items(0), days)
def test_the_levels_promised_to_one_item_rise_one_by_one_under_step(
    rungs: Ladder, item: OpenItem, as_of: dt.date
) -> None:
    stepping = replace(rungs, escalation=Escalation.STEP)
    assume(not ladder_faults(stepping))
    alone = account(item)
    now = dun(stepping, alone, as_of)
    restored = (event.level_before or 0 for event in item.events)
    reached = max(now.level if now.notice else item.level_sent, *restored, 0)
    for entry in promised(stepping, alone, as_of):
        assert entry.outcome is Outcome.REMINDER or entry.level <= reached + 1
        reached = max(reached, entry.level)
