"""What holds for every ladder, account and day: the laws of dunning."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Literal, TypeVar

from hypothesis import assume, given, settings
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
from engine.dunning.account import Event, ExchangeRate
from engine.dunning.charge_terms import Amount
from engine.dunning.due_terms import AfterEvent, BusinessDays, DefaultTerms, OnCredit, OnEvent, ToleranceScope
from engine.dunning.rates import constant
from tests.dunning_accounts import day

cents = st.integers(0, 100_000).map(lambda n: Decimal(n) / 100)
days = st.integers(-40, 120).map(day)
earlier = st.integers(-40, 20).map(day)
Per = Literal["notice", "invoice"]
ZERO = Decimal(0)
T = TypeVar("T")


def rarely(these: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """One of these now and then, so that most accounts get past their gates."""
    return st.integers(0, 4).flatmap(lambda number: these if number == 4 else st.none())


pers: st.SearchStrategy[Per] = st.sampled_from(["notice", "invoice"])
fees: st.SearchStrategy[FixedFee | PercentFee | None] = st.one_of(
    st.none(),
    st.builds(FixedFee, cents, pers),
    st.builds(PercentFee, st.integers(0, 20).map(Decimal), pers, st.none() | cents),
)
blocks = st.builds(lambda a, b: DunningBlock("claim", min(a, b), max(a, b)), days, days)
interests = st.builds(
    Interest,
    st.integers(-2, 20).map(Decimal).map(constant),
    st.sampled_from(DayCount),
    st.sampled_from(InterestRounding),
    cents.map(Amount),
)
weekends = st.sampled_from([frozenset(), frozenset({5, 6})])
business_days = st.builds(BusinessDays, weekends, st.frozensets(days, max_size=2))
changes = st.builds(OnEvent, *[st.sampled_from(AfterEvent)] * 3)


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    thresholds = sorted(draw(st.sets(st.integers(0, 90), min_size=2, max_size=4)))
    interval = draw(st.integers(0, 21))
    levels = tuple(
        Level(
            number,
            reached,
            draw(st.just(ZERO) | cents) / 20,
            Decimal(draw(st.sampled_from([0, 0, 10, 60]))),
            draw(fees),
            draw(st.booleans()),
            basis=draw(st.none() | st.none() | st.sampled_from(ArrearsBasis)),
            always_dun=interval > 0 and draw(st.booleans()),
            legal=number == len(thresholds) > 1 and draw(st.booleans()),
        )
        for number, reached in enumerate(thresholds, start=1)
    )
    return Ladder(
        levels=levels,
        escalation=draw(st.sampled_from(Escalation)),
        grace_days=draw(st.integers(0, 10)),
        arrears_basis=draw(st.sampled_from(ArrearsBasis)),
        grace_mode=draw(st.sampled_from(GraceMode)),
        interval_days=interval,
        min_days_in_arrears_account=draw(st.sampled_from([0, 0, 15])),
        tolerance={"EUR": draw(cents) / 100},
        tolerance_scope=draw(st.sampled_from(ToleranceScope)),
        on_event=draw(changes),
        on_credit=draw(st.sampled_from(OnCredit)),
        business_days=draw(business_days),
        default_terms=draw(st.none() | st.none() | st.just(DefaultTerms(30, 60))),
        credits=draw(st.sampled_from(Credits)),
        interest=draw(st.none() | interests),
        pre_due=tuple(PreDueReminder(offset) for offset in draw(st.sets(st.integers(-14, -1), max_size=2))),
    )


events = st.builds(
    Event,
    st.sampled_from(["partial_payment", "credit_note", "due_date_change", "payment_reversed"]),
    days,
    st.none() | st.integers(0, 3),
)
rates = st.lists(
    st.builds(ExchangeRate, st.just("USD"), st.just("EUR"), cents.filter(bool), days, st.just("central bank")),
    max_size=2,
    unique_by=lambda rate: rate.date,
).map(tuple)


@st.composite
def open_items(draw: st.DrawFn, number: int) -> OpenItem:
    amount, level = draw(cents), draw(st.integers(0, 2))
    share = Decimal(draw(st.sampled_from([0, 0, 25, 100])))
    return OpenItem(
        invoice_id=f"I-{number}",
        due_date=draw(st.integers(-40, 60).map(day)),
        open_amount=amount,
        currency=draw(st.sampled_from(["EUR", "EUR", "EUR", "EUR", "EUR", "USD"])),
        document_type=draw(st.sampled_from(["invoice", "invoice", "invoice", "credit_note", "fee", "interest"])),
        disputed_amount=draw(st.none() | st.just(amount * share / 100)),
        dunning_block=draw(rarely(blocks)),
        max_dunning_level=draw(rarely(st.integers(0, 3))),
        dunning_level=level,
        notice_deadline=draw(st.none() | days),
        last_dunned_on=draw(earlier) if level and draw(st.integers(0, 7)) else None,
        reminded_on=draw(st.none() | days),
        partial_payments=tuple(draw(st.lists(st.builds(PartialPayment, days, cents), max_size=2))),
        promise_to_pay=draw(rarely(st.builds(Promise, days, st.none() | cents))),
        events=tuple(draw(st.lists(events, max_size=2))),
        invoice_date=draw(st.none() | days),
        delivered_on=draw(st.none() | days),
        terms_agreed=draw(st.sampled_from([None, *[True] * 4, False])),
        for_invoice=draw(st.none() | st.just("I-0")),
        principal_status=draw(st.none() | st.just("credited")),
    )


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    count = draw(st.sampled_from([1, 2, 3, 4, 0]))
    case = DunningCase(last_notice_date=draw(rarely(days)), blocked=draw(rarely(blocks)))
    items = tuple(draw(open_items(number)) for number in range(count))
    return Account("C-1", "EUR", items, case, rates=draw(rates))


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
        counted = entry.level_changes[-1].after if entry.level_changes else before.level_sent
        assert entry.assigned_level <= entry.threshold_level
        assert entry.recorded_level >= counted
        if rungs.escalation is Escalation.STEP and before.for_invoice is None:
            restored = max((event.level_before or 0 for event in before.events), default=0)
            assert entry.assigned_level <= counted + 1 <= max(before.level_sent, restored) + 1
            assert entry.passed_over == ()


@given(ladders(), accounts(), days)
def test_a_level_changes_only_by_an_event_and_falls_as_stated(rungs: Ladder, owed: Account, as_of: dt.date) -> None:
    for before, entry in zip(owed.items, dun(rungs, owed, as_of).items, strict=True):
        level = before.level_sent
        for change in entry.level_changes:
            assert change.before == level != change.after
            assert change.on <= as_of
            assert before.last_dunned_on is None or change.on > before.last_dunned_on
            assert change.event == "payment_reversed" or change.after < change.before
            assert change.event != "payment_reversed" or change.after > change.before
            assert change.event == "payment_reversed" or rungs.on_event.after(change.event) is not AfterEvent.KEEP
            level = change.after


@given(ladders(), accounts(), days, st.integers(1, 60))
def test_a_later_day_never_has_fewer_days_in_arrears(rungs: Ladder, owed: Account, as_of: dt.date, later: int) -> None:
    today, then = dun(rungs, owed, as_of), dun(rungs, owed, as_of + dt.timedelta(days=later))
    for now, after in zip(today.items, then.items, strict=True):
        assert after.days_in_arrears == now.days_in_arrears + later


@st.composite
def rising_ladders(draw: st.DrawFn) -> Ladder:
    """Ladders on which a stricter level never costs less: only then can a law speak of paying more and owing less."""
    thresholds = sorted(draw(st.sets(st.integers(0, 60), min_size=2, max_size=3)))
    fee_from, interest_from, repeated_from = (draw(st.integers(1, 4)) for _ in range(3))
    per = draw(pers)
    amounts = sorted(draw(st.lists(cents, min_size=3, max_size=3)))
    interval = draw(st.integers(1, 14))
    levels = tuple(
        Level(
            number,
            reached,
            draw(cents) / 20,
            Decimal(draw(st.integers(0, 60))),
            FixedFee(amounts[number - 1], per) if number >= fee_from else None,
            number >= interest_from,
            always_dun=number >= repeated_from,
        )
        for number, reached in enumerate(thresholds, start=1)
    )
    kept = st.sampled_from([AfterEvent.KEEP, AfterEvent.RECOMPUTE])
    terms = Interest(constant(Decimal(draw(st.integers(0, 20)))), DayCount.ACT_365, InterestRounding.TOTAL)
    return Ladder(
        levels=levels,
        escalation=draw(st.sampled_from(Escalation)),
        grace_days=draw(st.integers(0, 5)),
        interval_days=interval,
        tolerance={"EUR": draw(cents) / 100},
        on_event=OnEvent(draw(kept), draw(kept), draw(kept)),
        credits=draw(st.sampled_from(Credits)),
        interest=terms,
    )


@st.composite
def payable_items(draw: st.DrawFn, number: int) -> OpenItem:
    sent = draw(st.integers(0, 2))
    return OpenItem(
        invoice_id=f"I-{number}",
        due_date=day(draw(st.integers(-40, 0))),
        open_amount=draw(cents),
        currency="EUR",
        document_type=draw(st.sampled_from(["invoice", "invoice", "invoice", "credit_note", "fee"])),
        max_dunning_level=draw(st.none() | st.integers(0, 3)),
        dunning_level=sent,
        last_dunned_on=day(draw(st.integers(1, 40))) if sent else None,
        dunning_block=draw(st.none() | st.none() | st.none() | blocks),
        invoice_date=draw(st.none() | days),
    )


@settings(max_examples=200, deadline=None)
@given(rising_ladders(), st.data(), st.integers(20, 80).map(day))
def test_paying_more_never_raises_level_fees_or_interest(rungs: Ladder, data: st.DataObject, as_of: dt.date) -> None:
    items = tuple(data.draw(payable_items(number)) for number in range(data.draw(st.integers(1, 3))))
    less = Account("C-1", "EUR", items)
    index = data.draw(st.integers(0, len(items) - 1))
    paid_item = items[index]
    within_grace = (as_of - paid_item.due_date).days <= rungs.grace_days
    assume(not paid_item.is_credit and not within_grace and paid_item.dunning_block is None)
    amount = paid_item.open_amount * data.draw(st.sampled_from([25, 50, 100])) / 100
    on = data.draw(st.integers(0, (as_of - paid_item.due_date).days)) * dt.timedelta(days=-1) + as_of
    paid = replace(
        paid_item,
        open_amount=paid_item.open_amount - amount,
        partial_payments=(PartialPayment(on, amount),),
    )
    more = replace(less, items=(*items[:index], paid, *items[index + 1 :]))
    before, after = dun(rungs, less, as_of), dun(rungs, more, as_of)
    assert after.level <= before.level
    for claims in ("fees", "interest"):
        assert sum(c.amount for c in getattr(after, claims)) <= sum(c.amount for c in getattr(before, claims))


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
