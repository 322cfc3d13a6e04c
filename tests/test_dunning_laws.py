"""What holds for every ladder, account and day: the laws of dunning."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dunning import (
    Account,
    ArrearsBasis,
    Credits,
    DayCount,
    DunningBlock,
    DunningCase,
    Escalation,
    FixedFee,
    GraceMode,
    Interest,
    InterestRounding,
    Ladder,
    Level,
    OpenItem,
    Outcome,
    PartialPayment,
    PercentFee,
    PreDueReminder,
    Promise,
    dun,
)
from tests.dunning_accounts import day

cents = st.integers(0, 100_000).map(lambda n: Decimal(n) / 100)
days = st.integers(-40, 120).map(day)
Per = Literal["notice", "invoice"]
pers: st.SearchStrategy[Per] = st.sampled_from(["notice", "invoice"])
fees: st.SearchStrategy[FixedFee | PercentFee | None] = st.one_of(
    st.none(),
    st.builds(FixedFee, cents, pers),
    st.builds(PercentFee, st.integers(0, 20).map(Decimal), pers, st.none() | cents),
)
blocks = st.builds(lambda a, b: DunningBlock("claim", min(a, b), max(a, b)), days, days)
interests = st.builds(
    Interest, st.integers(-2, 20).map(Decimal), st.sampled_from(DayCount), st.sampled_from(InterestRounding), cents
)


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    thresholds = sorted(draw(st.sets(st.integers(0, 90), min_size=1, max_size=4)))
    levels = tuple(
        Level(number, reached, draw(cents) / 20, Decimal(draw(st.integers(0, 60))), draw(fees), draw(st.booleans()))
        for number, reached in enumerate(thresholds, start=1)
    )
    return Ladder(
        levels=levels,
        escalation=draw(st.sampled_from(Escalation)),
        grace_days=draw(st.integers(0, 10)),
        arrears_basis=draw(st.sampled_from(ArrearsBasis)),
        grace_mode=draw(st.sampled_from(GraceMode)),
        interval_days=draw(st.integers(0, 21)),
        min_days_in_arrears_account=draw(st.integers(0, 20)),
        tolerance=draw(cents) / 100,
        credits=draw(st.sampled_from(Credits)),
        interest=draw(st.none() | interests),
        pre_due=tuple(PreDueReminder(offset) for offset in draw(st.sets(st.integers(-14, -1), max_size=2))),
    )


@st.composite
def open_items(draw: st.DrawFn, number: int) -> OpenItem:
    amount = draw(cents)
    share = Decimal(draw(st.sampled_from([0, 0, 25, 100])))
    return OpenItem(
        invoice_id=f"I-{number}",
        due_date=draw(days),
        open_amount=amount,
        currency=draw(st.sampled_from(["EUR", "EUR", "EUR", "USD"])),
        document_type=draw(st.sampled_from(["invoice", "invoice", "invoice", "credit_note", "fee", "interest"])),
        disputed_amount=draw(st.none() | st.just(amount * share / 100)),
        dunning_block=draw(st.none() | st.none() | blocks),
        max_dunning_level=draw(st.none() | st.integers(0, 3)),
        dunning_level=draw(st.none() | st.integers(0, 3)),
        notice_deadline=draw(st.none() | days),
        last_dunned_on=draw(st.none() | days),
        reminded_on=draw(st.none() | days),
        partial_payments=tuple(draw(st.lists(st.builds(PartialPayment, days, cents), max_size=2))),
        promise_to_pay=draw(st.none() | st.builds(Promise, days, st.none() | cents)),
    )


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    count = draw(st.integers(0, 4))
    case = DunningCase(last_notice_date=draw(st.none() | days), blocked=draw(st.none() | st.none() | blocks))
    return Account("C-1", "EUR", tuple(draw(open_items(number)) for number in range(count)), case)


@given(ladders(), accounts(), days)
def test_the_same_question_has_the_same_answer(rungs: Ladder, owed: Account, as_of: dt.date) -> None:
    assert dun(rungs, owed, as_of) == dun(rungs, owed, as_of)


@given(ladders(), accounts(), days)
def test_nothing_ends_in_silence(rungs: Ladder, owed: Account, as_of: dt.date) -> None:
    result = dun(rungs, owed, as_of)
    assert [entry.invoice_id for entry in result.items] == [entry.invoice_id for entry in owed.items]
    assert result.outcome is not Outcome.SKIP or result.skips
    assert not (result.notice and result.skips)
    for entry in result.items:
        assert (entry.outcome is Outcome.SKIP) is bool(entry.skips)
        assert (entry.outcome is Outcome.NOTICE) is (entry.assigned_level > 0)


@given(ladders(), accounts(), days)
def test_levels_never_pass_their_threshold_never_fall_and_step_by_one(
    rungs: Ladder, owed: Account, as_of: dt.date
) -> None:
    result = dun(rungs, owed, as_of)
    for before, entry in zip(owed.items, result.items, strict=True):
        assert entry.assigned_level <= entry.threshold_level
        assert entry.recorded_level >= before.level_sent
        if rungs.escalation is Escalation.STEP:
            assert entry.assigned_level <= before.level_sent + 1
            assert entry.passed_over == ()


@given(ladders(), accounts(), days)
def test_no_notice_on_or_before_the_due_date_and_no_reminder_after_it(
    rungs: Ladder, owed: Account, as_of: dt.date
) -> None:
    for before, entry in zip(owed.items, dun(rungs, owed, as_of).items, strict=True):
        assert entry.outcome is not Outcome.NOTICE or as_of > before.due_date
        assert entry.outcome is not Outcome.REMINDER or as_of <= before.due_date


@given(ladders(), accounts(), days)
def test_only_a_notice_costs_and_its_claims_add_up(rungs: Ladder, owed: Account, as_of: dt.date) -> None:
    result = dun(rungs, owed, as_of)
    claims = [fee.amount for fee in result.fees] + [interest.amount for interest in result.interest]
    assert all(amount > 0 and amount == round(amount, 2) for amount in claims)
    dunned = sum((entry.dunnable for entry in result.items if entry.outcome is Outcome.NOTICE), Decimal(0))
    assert result.total_claim == dunned + sum(claims, Decimal(0))
    assert result.notice or not claims


@given(ladders(), accounts(), days, st.randoms(use_true_random=False))
def test_the_order_of_items_never_matters(rungs: Ladder, owed: Account, as_of: dt.date, chance: Random) -> None:
    shuffled = list(owed.items)
    chance.shuffle(shuffled)
    result, other = dun(rungs, owed, as_of), dun(rungs, replace(owed, items=tuple(shuffled)), as_of)
    assert sorted(result.items, key=lambda entry: entry.invoice_id) == sorted(
        other.items, key=lambda entry: entry.invoice_id
    )
    assert (result.skips, result.total_claim, result.interest) == (other.skips, other.total_claim, other.interest)


@given(cents, cents, st.integers(0, 50), st.none() | cents, pers)
def test_a_smaller_debt_never_has_a_higher_percentage_fee(
    debt: Decimal, more: Decimal, rate: int, cap: Decimal | None, per: Per
) -> None:
    rungs = Ladder((Level(1, 1, fee=PercentFee(Decimal(rate), per, cap)),), Escalation.STEP)
    smaller, larger = (
        sum((fee.amount for fee in dun(rungs, one_item(amount), day(9)).fees), Decimal(0))
        for amount in (debt, debt + more)
    )
    assert smaller <= larger


def one_item(amount: Decimal) -> Account:
    return Account("C-1", "EUR", (OpenItem("I", day(0), amount, "EUR"),))


@settings(max_examples=50, deadline=None)
@given(ladders(), accounts(), days)
def test_nothing_changes_before_the_next_evaluation(rungs: Ladder, owed: Account, as_of: dt.date) -> None:
    now = dun(rungs, owed, as_of)
    until = now.next_evaluation or as_of + dt.timedelta(days=150)
    assert until > as_of
    for ahead in range(1, (until - as_of).days):
        later = dun(rungs, owed, as_of + dt.timedelta(days=ahead))
        assert (later.outcome, later.level) == (now.outcome, now.level)
        if now.next_evaluation is not None:
            assert [entry.skips for entry in later.items] == [entry.skips for entry in now.items]
