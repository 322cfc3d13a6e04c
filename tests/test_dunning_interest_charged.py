"""What earlier notices charged in interest is each item's own: never another's, never charged twice, never guessed."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dunning import (
    Account,
    DayCount,
    Escalation,
    Interest,
    InterestRounding,
    Ladder,
    Level,
    OpenItem,
    Outcome,
    dun,
)
from engine.dunning.account import ZERO, Event
from engine.dunning.amounts import to_minor_units
from engine.dunning.interest import accrue
from engine.dunning.ladder import GroupBy
from engine.dunning.notice import ItemResult
from engine.dunning.rates import constant
from tests.dunning_accounts import account, day, invoice, level, on_day
from tests.test_dunning_charges import bearing


def test_d19_what_one_invoice_was_charged_is_never_taken_off_another() -> None:
    older = invoice("1000", "OLD", due=-5, interest_charged=Decimal(12), dunning_level=1)
    found = on_day(10, bearing("36.5"), account(older, invoice("1000", "NEW"), invoice("10", "ANEW"))).interest
    assert [(claim.invoice_id, claim.accrued, claim.already_charged, claim.amount) for claim in found] == [
        ("OLD", Decimal(15), Decimal(12), Decimal(3)),
        ("ANEW", Decimal("0.10"), ZERO, Decimal("0.10")),
        ("NEW", Decimal(10), ZERO, Decimal(10)),
    ]


def test_what_an_item_was_charged_is_not_0_when_nobody_says_so() -> None:
    told, untold = (invoice("1000", number, dunning_level=1, interest_charged=charged)
                    for number, charged in (("TOLD", ZERO), ("UNTOLD", None)))  # fmt: skip
    new = invoice("1000", "NEW")
    result = on_day(10, bearing("36.5"), account(told, untold, new))
    assert {claim.invoice_id: claim.amount for claim in result.interest} == {"TOLD": 10, "NEW": 10}
    [finding] = [finding for finding in result.findings if finding.code == "DT-MIS-01"]
    assert (finding.subject, finding.missing) == ("UNTOLD", ("open_items[1].interest_charged",))
    assert [(line.subject, line.code) for line in result.for_review] == [("UNTOLD", "interest_not_known")]
    assert {name.invoice_id for notice in result.notices for name in notice.items} == {"TOLD", "UNTOLD", "NEW"}


@pytest.mark.parametrize(
    ("sent", "level_before", "known"), [(0, None, True), (1, None, True), (2, None, False), (1, 2, False)]
)
def test_nothing_was_charged_before_a_level_that_bears_interest(
    sent: int, level_before: int | None, known: bool
) -> None:
    terms = bearing("36.5").interest
    rungs = Ladder((level(1, 1), level(2, 2, interest=True), level(3, 3, interest=True)), Escalation.JUMP,
                   interest=terms)  # fmt: skip
    events = () if level_before is None else (Event("payment_reversed", day(-9), level_before),)
    item = invoice("1000", dunning_level=sent, last_dunned_on=day(-1), events=events)
    assert bool(on_day(10, rungs, account(item)).interest) is known
    shown = replace(rungs, interest=replace(terms, claimed=False)) if terms else rungs
    assert on_day(10, shown, account(item)).not_claimed


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(1, 900_000), st.integers(-40, 60)), min_size=1, max_size=3),
    st.lists(st.booleans(), min_size=2, max_size=4).filter(any),
    st.sampled_from(GroupBy),
    st.sampled_from(Escalation),
    st.integers(0, 30).map(Decimal),
    st.sampled_from(DayCount),
    st.integers(3, 20),
)
def test_over_a_year_of_notices_each_item_is_charged_what_accrued_on_it_and_no_more(
    owed: list[tuple[int, int]], bearing: list[bool], group_by: GroupBy, escalation: Escalation, rate: Decimal,
    basis: DayCount, interval: int,
) -> None:  # fmt: skip
    levels = tuple(
        Level(number, 15 * number, interest=bears, always_dun=number == len(bearing))
        for number, bears in enumerate(bearing, start=1)
    )
    terms = Interest(constant(rate), basis, InterestRounding.TOTAL)
    rungs = Ladder(levels, escalation, interval_days=interval, interest=terms, group_by=group_by)
    items = tuple(
        OpenItem(f"I-{number}", day(due), Decimal(amount) / 100, "EUR") for number, (amount, due) in enumerate(owed)
    )
    books, claimed = Account("C-1", "EUR", items), dict.fromkeys((item.invoice_id for item in items), ZERO)
    for number in range(0, 366, 5):
        result = dun(rungs, books, day(number))
        for claim in result.interest:
            assert claim.already_charged == claimed[claim.invoice_id]
            claimed[claim.invoice_id] += claim.amount
            assert claim.accrued == claimed[claim.invoice_id]
        for item, end in zip(items, result.items, strict=True):
            accrual = accrue(terms, item, item.open_amount, day(number), "EUR")
            accrued = to_minor_units(sum((period.interest for period in accrual.periods), ZERO), "EUR")
            assert claimed[item.invoice_id] <= accrued
            if end.outcome is Outcome.NOTICE and levels[end.assigned_level - 1].interest:
                assert claimed[item.invoice_id] == accrued
        if result.notice:
            assert sum((letter.interest for letter in result.notices), ZERO) == sum(c.amount for c in result.interest)
            books = replace(
                books,
                items=tuple(
                    booked(*pair, claimed, day(number)) for pair in zip(books.items, result.items, strict=True)
                ),
            )


def booked(item: OpenItem, end: ItemResult, claimed: dict[str, Decimal], on: dt.date) -> OpenItem:
    """The item as a caller books a notice: its level, and all that was claimed on it."""
    if end.outcome is not Outcome.NOTICE:
        return item
    charged = claimed[item.invoice_id]
    return replace(item, dunning_level=end.recorded_level, last_dunned_on=on, interest_charged=charged)
