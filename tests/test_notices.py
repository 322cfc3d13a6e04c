"""Letters by recipient, level, invoice and currency; what they list without asking for it; who gets none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from engine.decision import Fault
from engine.dunning import (
    Account,
    Action,
    Credits,
    Effect,
    Escalation,
    Ladder,
    Level,
    OpenItem,
    Outcome,
    PreDueReminder,
    Result,
    SideEffect,
)
from engine.dunning.account import ExchangeRate, Promise
from engine.dunning.ladder import GroupBy
from engine.dunning.notice import Notice
from engine.dunning.procedure import dun
from tests.dunning_accounts import DAY_0, account, day, fixed, invoice, level, on_day
from tests.test_dunning_laws import cents, fees, interests

LETTER = Action("letter", "letter")
RUNGS = Ladder(
    (level(1, 1, actions=(LETTER,), payment_days=7), level(2, 20, fee=fixed("5"), actions=(LETTER,))),
    Escalation.JUMP,
)
TWO_LEVELS = account(invoice("100", "OLD"), invoice("50", "NEW", due=15), invoice("30", "NEWER", due=16))


def grouped(group_by: GroupBy) -> Ladder:
    return replace(RUNGS, group_by=group_by)


def letters(result: Result) -> list[tuple[str, int, list[str]]]:
    return [(each.recipient, each.level, [item.invoice_id for item in each.items]) for each in result.notices]


# D22: what goes into one letter


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [
        (GroupBy.CUSTOMER, [("C-1", 2, ["OLD", "NEW", "NEWER"])]),
        (GroupBy.HEAD_OFFICE, [("C-1", 2, ["OLD", "NEW", "NEWER"])]),
        (GroupBy.LEVEL, [("C-1", 2, ["OLD"]), ("C-1", 1, ["NEW", "NEWER"])]),
        (GroupBy.INVOICE, [("C-1", 2, ["OLD"]), ("C-1", 1, ["NEW"]), ("C-1", 1, ["NEWER"])]),
    ],
)
def test_d22_items_go_into_letters_by_group(group_by: GroupBy, expected: list[tuple[str, int, list[str]]]) -> None:
    assert letters(on_day(20, grouped(group_by), TWO_LEVELS)) == expected


def test_d22_each_letter_has_its_own_fee_and_its_claim_an_id_of_its_own() -> None:
    both = account(invoice("100", "A"), invoice("60", "B"))
    result = on_day(20, grouped(GroupBy.INVOICE), both)
    assert [notice.fees for notice in result.notices] == [Decimal(5), Decimal(5)]
    assert [fee.claim_id for fee in result.fees] == ["fee:C-1:item A:2026-03-22:2", "fee:C-1:item B:2026-03-22:2"]
    assert [fee.claim_id for fee in on_day(20, RUNGS, both).fees] == ["fee:C-1:2026-03-22:2"]


def test_d22_no_two_letters_are_taken_for_one() -> None:
    twins = account(
        invoice("100", "A:in USD"), invoice("60", "A", currency="USD"), invoice("9", "A", dunning_recipient="in USD")
    )
    owed = replace(twins, rates=(ExchangeRate("USD", "EUR", Decimal("0.9"), DAY_0, "bank"),))
    owed = replace(owed, items=(*owed.items[:2], replace(owed.items[2], invoice_id="B")))
    for group_by in GroupBy:
        fees = on_day(20, grouped(group_by), owed).fees
        assert len({fee.claim_id for fee in fees}) == len(fees) == 3


def test_d22_a_letter_in_which_nothing_rises_is_not_sent() -> None:
    owed = account(invoice("100", "OLD"), invoice("50", "NEW", due=15, dunning_level=1, last_dunned_on=day(17)))
    assert letters(on_day(20, grouped(GroupBy.CUSTOMER), owed)) == [("C-1", 2, ["OLD", "NEW"])]
    split = on_day(20, grouped(GroupBy.LEVEL), owed)
    assert letters(split) == [("C-1", 2, ["OLD"])]
    assert [item.skips for item in split.items] == [(), ("DN-SKP-09",)]


def test_d22_an_item_may_name_its_own_recipient() -> None:
    owed = replace(account(invoice("100", "A"), invoice("60", "B", dunning_recipient="P-9")), recipient="R-2")
    assert letters(on_day(5, RUNGS, owed)) == [("P-9", 1, ["B"]), ("R-2", 1, ["A"])]


def test_d22_a_recipient_equal_to_the_debtor_is_no_special_case() -> None:
    assert on_day(5, RUNGS, account(invoice(dunning_recipient="C-1"))) == replace(
        on_day(5, RUNGS, account(invoice())),
    )


def test_d22_what_is_for_a_blocked_recipient_goes_to_a_person() -> None:
    owed = account(invoice("100", "A"), invoice("60", "B", dunning_recipient="P-9"), recipient_blocked=True)
    result = on_day(5, RUNGS, owed)
    assert [(notice.recipient, len(notice.messages)) for notice in result.notices] == [("P-9", 1)]
    assert [(entry.code, entry.figures) for entry in result.for_review] == [("recipient_blocked", {"recipient": "C-1"})]
    assert result.total_claim == Decimal(60)
    assert [(item.assigned_level, item.recorded_level) for item in result.items] == [(0, 0), (1, 1)]
    assert result.items[0].skips == ("DN-SKP-15",)


def test_d22_different_currencies_are_never_in_one_letter_also_where_they_are_converted() -> None:
    rate = ExchangeRate("USD", "EUR", Decimal("0.9"), DAY_0, "bank")
    owed = replace(account(invoice("100", "A"), invoice("100", "B", currency="USD")), rates=(rate,))
    result = on_day(5, RUNGS, owed)
    assert letters(result) == [("C-1", 1, ["A"]), ("C-1", 1, ["B"])]
    assert [notice.total_claim for notice in result.notices] == [Decimal(100), Decimal(90)]
    assert [notice.currency for notice in result.notices] == ["EUR", "EUR"]


def test_reminders_before_the_due_date_are_letters_that_claim_nothing() -> None:
    rungs = Ladder((level(1, 1),), Escalation.STEP, pre_due=(PreDueReminder(-3, (LETTER,)),))
    owed = account(invoice("100", "A"), invoice("40", "B", due=2), invoice("9", "LATER", due=9))
    (notice,) = on_day(0, rungs, owed).notices
    assert (notice.level, notice.offset, notice.open_amount) == (0, -3, Decimal(140))
    assert (notice.principal, notice.total_claim, notice.deadline) == (Decimal(0), Decimal(0), None)


def test_the_deadline_counts_from_the_letter_and_falls_on_an_open_day() -> None:
    (notice,) = on_day(5, RUNGS, account()).notices
    assert notice.deadline == day(12)
    weekend = replace(RUNGS, business_days=replace(RUNGS.business_days, weekend=frozenset({5, 6})))
    (notice,) = on_day(5, weekend, account()).notices  # 14 March 2026 is a Saturday
    assert notice.deadline == day(14) == dt.date(2026, 3, 16)


# D12, D13, D20: what is listed without being asked for


def listed(result: Result) -> dict[str, Decimal]:
    (notice,) = result.notices
    return {item.invoice_id: item.amount for item in notice.listed}


def test_d20_a_level_that_lists_all_names_what_it_does_not_ask_for() -> None:
    rungs = replace(RUNGS, levels=(replace(RUNGS.level(1), list_all_items=True),))
    owed = account(
        invoice("100", "A"),
        invoice("40", "NOT-DUE", due=30),
        invoice("70", "DISPUTED", disputed_amount=Decimal(70)),
        invoice("20", "ELSEWHERE", dunning_recipient="P-9", due=30),
        invoice("8", "CREDIT", document_type="credit_note"),
    )
    result = on_day(5, rungs, owed)
    assert listed(result) == {"DISPUTED": Decimal(70), "NOT-DUE": Decimal(40)}
    assert result.total_claim == Decimal(92)  # the credit is netted from the oldest, and listed nowhere
    assert listed(on_day(5, replace(rungs, credits=Credits.LIST), owed))["CREDIT"] == Decimal(-8)
    assert listed(on_day(5, RUNGS, owed)) == {}


def test_letters_that_each_list_all_the_others_end_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = replace(grouped(GroupBy.INVOICE), levels=(replace(RUNGS.level(1), list_all_items=True),))
    monkeypatch.setattr("engine.dunning.notices.MOST_LISTED", 6)
    assert [len(notice.listed) for notice in on_day(20, listing, TWO_LEVELS).notices] == [2, 2, 2]
    with pytest.raises(Fault):
        on_day(20, listing, account(*TWO_LEVELS.items, invoice("9", "FOURTH")))


def test_d12_what_its_key_keeps_out_is_still_listed_and_what_it_holds_down_is_named() -> None:
    never = invoice("70", "NEVER", max_dunning_level=0)
    capped = invoice("30", "CAPPED", max_dunning_level=1)
    result = on_day(20, RUNGS, account(invoice("100", "A"), never, capped))
    assert listed(result) == {"NEVER": Decimal(70)}
    assert result.notices[0].capped == ("CAPPED",)


# D10, D11, D13: what a line leaves out of the open amount


def test_a_letter_tells_the_whole_open_amount_and_what_it_leaves_out() -> None:
    rungs = replace(RUNGS, credits=Credits.NET)
    owed = account(
        invoice("100", "A", disputed_amount=Decimal(20), promise_to_pay=Promise(day(9), Decimal(30))),
        invoice("50", "B", due=1),
        invoice("8", "CREDIT", document_type="credit_note"),
    )
    (notice,) = on_day(5, rungs, owed).notices
    first, second = notice.items
    assert (first.open_amount, first.amount, second.deductions) == (Decimal(100), Decimal(42), ())
    assert [(each.because, each.amount, each.until) for each in first.deductions] == [
        ("credits", Decimal(8), None),
        ("disputed", Decimal(20), None),
        ("promised", Decimal(30), day(9)),
    ]
    (after,) = on_day(10, rungs, owed).notices
    assert [each.because for each in after.items[0].deductions] == ["credits", "disputed"]  # the promise is over


def test_what_is_only_listed_is_reduced_by_credits_alone() -> None:
    rungs = replace(RUNGS, levels=(replace(RUNGS.level(1), list_all_items=True),), credits=Credits.NET)
    owed = account(
        invoice("100", "A"),
        invoice("70", "DISPUTED", due=-1, disputed_amount=Decimal(70)),
        invoice("8", "CREDIT", document_type="credit_note"),
    )
    (listed_item,) = on_day(5, rungs, owed).notices[0].listed
    assert (listed_item.invoice_id, listed_item.amount, listed_item.open_amount) == (
        "DISPUTED",
        Decimal(62),
        Decimal(70),
    )
    assert [each.because for each in listed_item.deductions] == ["credits"]


def test_a_letter_states_the_invoices_own_due_date_and_counts_from_the_open_day() -> None:
    weekend = replace(RUNGS, business_days=replace(RUNGS.business_days, weekend=frozenset({5, 6})))
    (notice,) = on_day(5, weekend, account(invoice(due=-2))).notices  # 28 February 2026 is a Saturday
    (item,) = notice.items
    assert (item.due_date, item.moved_to, item.days) == (day(-2), DAY_0, 5)
    (plain,) = on_day(5, weekend, account(invoice())).notices[0].items
    assert (plain.due_date, plain.moved_to, plain.days) == (DAY_0, None, 5)


# D21: of two effects that set the same field the higher level's


def test_d21_of_two_letters_the_higher_levels_effect_wins() -> None:
    def terms(value: str) -> tuple[SideEffect, ...]:
        return (SideEffect(Effect.SET_PAYMENT_TERMS, {"en": "paid"}, value),)

    hold = SideEffect(Effect.HOLD_ORDERS, {"en": "paid"})
    rungs = Ladder(
        (level(1, 1, side_effects=(*terms("14 days"), hold)), level(2, 20, side_effects=terms("prepayment"))),
        Escalation.JUMP,
        group_by=GroupBy.LEVEL,
    )
    holds = on_day(20, rungs, TWO_LEVELS).holds
    assert [(held.effect, held.value, held.level) for held in holds] == [
        (Effect.SET_PAYMENT_TERMS, "prepayment", 2),
        (Effect.HOLD_ORDERS, None, 1),
    ]


# Laws

recipients = st.sampled_from([None, None, "P-8", "P-9"])
sums: dict[str, Callable[[Notice], Decimal]] = {
    "principal": lambda notice: notice.principal,
    "fees": lambda notice: notice.fees,
    "interest": lambda notice: notice.interest,
    "total_claim": lambda notice: notice.total_claim,
}


@st.composite
def overdue_items(draw: st.DrawFn, number: int) -> OpenItem:
    return OpenItem(
        invoice_id=f"I-{number}",
        due_date=day(draw(st.integers(-60, 6))),
        open_amount=draw(cents) + 1,
        currency=draw(st.sampled_from(["EUR", "EUR", "USD"])),
        document_type=draw(st.sampled_from(["invoice", "invoice", "invoice", "fee", "credit_note"])),
        dunning_level=draw(st.none() | st.integers(0, 1)),
        last_dunned_on=day(-40),
        max_dunning_level=draw(st.none() | st.none() | st.integers(0, 2)),
        disputed_amount=draw(st.none() | st.sampled_from([Decimal("0.5"), Decimal(1)])),
        promise_to_pay=draw(st.none() | st.builds(Promise, st.just(day(9)), st.sampled_from([Decimal("0.01"), None]))),
        dunning_recipient=draw(recipients),
    )


@st.composite
def overdue(draw: st.DrawFn) -> Account:
    items = tuple(draw(overdue_items(number)) for number in range(draw(st.integers(1, 6))))
    rates = (ExchangeRate("USD", "EUR", Decimal("0.9"), day(-100), "bank"),)
    return Account("C-1", "EUR", items, rates=rates, recipient=draw(recipients))


@st.composite
def sending(draw: st.DrawFn) -> Ladder:
    reached = sorted(draw(st.sets(st.integers(1, 40), min_size=2, max_size=3)))
    levels = tuple(
        Level(number, days, fee=draw(fees), interest=draw(st.booleans()), list_all_items=draw(st.booleans()))
        for number, days in enumerate(reached, start=1)
    )
    return Ladder(
        levels=levels,
        escalation=draw(st.sampled_from(Escalation)),
        credits=draw(st.sampled_from(Credits)),
        interest=draw(st.none() | interests),
        pre_due=(PreDueReminder(-3, (LETTER,)),),
        group_by=draw(st.sampled_from(GroupBy)),
    )


AT = day(3)


@given(sending(), overdue())
def test_the_letters_add_up_to_the_account(rungs: Ladder, owed: Account) -> None:
    result = dun(rungs, owed, AT)
    event(f"{min(len(result.notices), 3)} letters, {'with' if result.fees else 'without'} fees")
    totals = {
        "principal": result.principal,
        "fees": sum((fee.amount for fee in result.fees), Decimal(0)),
        "interest": sum((claim.amount for claim in result.interest), Decimal(0)),
        "total_claim": result.total_claim,
    }
    assert {name: sum(map(read, result.notices), Decimal(0)) for name, read in sums.items()} == totals
    assert len({fee.claim_id for fee in result.fees}) == len(result.fees)
    for notice in result.notices:
        if notice.level:
            assert notice.total_claim == notice.open_amount + notice.fees + notice.interest
            assert notice.open_amount == sum((item.amount for item in notice.items), Decimal(0))
            assert notice.compensation <= notice.fees
        for item in (*notice.items, *notice.listed):
            assert item.amount == item.open_amount - sum((each.amount for each in item.deductions), Decimal(0))
            assert all(each.amount > 0 for each in item.deductions)
            document = next(each for each in owed.items if each.invoice_id == item.invoice_id)
            if not document.is_credit and document.currency == item.currency:
                assert item.open_amount == document.open_amount


@given(sending(), overdue())
def test_every_item_is_in_one_letter_or_none_and_every_letter_has_one_that_calls_for_it(
    rungs: Ladder, owed: Account
) -> None:
    result = dun(rungs, owed, AT)
    named = [item.invoice_id for notice in result.notices for item in notice.items]
    assert sorted(named) == sorted(end.invoice_id for end in result.items if end.outcome is not Outcome.SKIP)
    assert result.level == max((notice.level for notice in result.notices), default=0)
    rising = {end.invoice_id for end in result.items if end.rises}
    for notice in result.notices:
        assert not notice.level or rising & {item.invoice_id for item in notice.items}
        assert not {item.invoice_id for item in notice.listed} & {item.invoice_id for item in notice.items}


@given(sending(), overdue(), st.randoms(use_true_random=False))
def test_the_order_of_items_is_not_seen_in_the_letters(rungs: Ladder, owed: Account, chance: Random) -> None:
    shuffled = list(owed.items)
    chance.shuffle(shuffled)
    result, other = dun(rungs, owed, AT), dun(rungs, replace(owed, items=tuple(shuffled)), AT)
    assert (result.notices, result.fees, result.holds) == (other.notices, other.fees, other.holds)


@given(sending(), overdue())
def test_grouping_changes_neither_who_is_skipped_for_good_nor_what_is_owed(rungs: Ladder, owed: Account) -> None:
    whole = dun(replace(rungs, group_by=GroupBy.CUSTOMER), owed, AT)
    split = dun(replace(rungs, group_by=GroupBy.INVOICE), owed, AT)
    assert {end.invoice_id for end in whole.items if end.rises} == {end.invoice_id for end in split.items if end.rises}
    assert split.principal <= whole.principal


# D6, D21, D22: a notice that was not sent does not count


def charged(result: Result) -> set[str | None]:
    """The items that fees and interest are charged for; None for a fee of the whole notice."""
    return {claim.invoice_id for claim in result.fees} | {claim.invoice_id for claim in result.interest}


@given(sending(), overdue(), st.booleans())
def test_what_cannot_be_sent_changes_nothing(rungs: Ladder, owed: Account, blocked: bool) -> None:
    writing = replace(rungs, levels=tuple(replace(each, actions=(LETTER,)) for each in rungs.levels))
    cut_off = replace(owed, case=replace(owed.case, recipient_blocked=True)) if blocked else replace(owed, channels=())
    sent, unsent = dun(writing, owed, AT), dun(writing, cut_off, AT)
    unreached = {each.recipient for each in sent.notices if not blocked or each.recipient == owed.addressee}
    kept_back = {item.invoice_id for each in sent.notices if each.recipient in unreached for item in each.items}
    event(f"{min(len(kept_back), 3)} items not written about")
    assert not unreached & {each.recipient for each in unsent.notices}
    assert charged(unsent) <= charged(sent) - kept_back
    assert unsent.total_claim == sum((each.total_claim for each in unsent.notices), Decimal(0)) <= sent.total_claim
    for before, end in zip(owed.items, unsent.items, strict=True):
        assert ("DN-SKP-15" in end.skips) is (end.invoice_id in kept_back)
        if end.invoice_id in kept_back:
            assert (end.outcome, end.recorded_level, end.rises) == (Outcome.SKIP, before.level_sent, False)
