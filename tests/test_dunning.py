"""Dunning as Tryton, ERPNext and other third parties print it (shared/examples), run on the procedure itself."""

import datetime as dt
from decimal import Decimal

import pytest

from engine.dunning import (
    Account,
    DayCount,
    DunningBlock,
    Escalation,
    Interest,
    InterestRounding,
    Ladder,
    Level,
    OpenItem,
    Outcome,
    dun,
)
from engine.dunning.arrears import threshold_level
from engine.dunning.interest import accrue
from engine.dunning.levels import Minimums, stand
from engine.dunning.presented import present
from engine.dunning.rates import constant
from tests.dunning_accounts import account, day, fixed, invoice, item, ladder, level, levels_assigned, on_day, percent

THREE_LEVELS = ladder(5, 20, 40)
INTEREST = Interest(constant(Decimal(0)), DayCount.ACT_365, InterestRounding.TOTAL)


# Tryton: dunning (scenarios 1)


@pytest.mark.parametrize(("run_on", "sent", "assigned"), [(4, 0, 0), (5, 0, 1), (30, 0, 1), (30, 1, 2)])
def test_tryton_levels_step_up_one_by_one(run_on: int, sent: int, assigned: int) -> None:
    result = on_day(run_on, THREE_LEVELS, account(invoice(dunning_level=sent)))
    assert result.level == assigned
    assert result.notice is (assigned > 0)


def test_tryton_a_blocked_item_keeps_its_level() -> None:
    blocked = invoice(dunning_level=1, dunning_block=DunningBlock("claim open", day(10)))
    result = on_day(30, THREE_LEVELS, account(blocked))
    assert result.skips == ("DN-SKP-05",)
    assert item(result).recorded_level == 1


def test_tryton_a_paid_item_is_not_dunned() -> None:
    result = on_day(50, THREE_LEVELS, account(invoice("0", dunning_level=2)))
    assert (result.outcome, result.skips, result.next_evaluation) == (Outcome.SKIP, ("DN-SKP-08",), None)


def test_tryton_after_the_last_level_nothing_follows() -> None:
    single = ladder(0)
    assert on_day(1, single, account()).level == 1
    after = on_day(2, single, account(invoice(dunning_level=1, last_dunned_on=day(1))))
    assert (after.notice, after.skips, after.next_evaluation) == (False, ("DN-SKP-09",), None)


# Tryton: dunning fees (scenarios 2)


def test_tryton_a_percentage_fee_is_on_the_principal_not_on_earlier_fees() -> None:
    rungs = Ladder((level(1, 5, fee=fixed("10")), level(2, 10, fee=percent("15"))), Escalation.STEP)
    first = on_day(5, rungs, account(invoice("100")))
    assert first.total_claim == Decimal("110.00")
    earlier_fee = invoice("10", "FEE-1", due=5, document_type="fee")
    second = on_day(10, rungs, account(invoice("100", dunning_level=1), earlier_fee))
    assert [fee.amount for fee in second.fees] == [Decimal("15.00")]
    assert second.total_claim == Decimal("125.00")


# ERPNext: amounts and items (scenarios 4, 5)


@pytest.mark.parametrize(
    ("days", "rate", "fee", "interest", "total"),
    [(20, "0", "0", "0.00", "100.00"), (15, "10", "10", "0.41", "110.41")],
)
def test_erpnext_dunning_amounts(days: int, rate: str, fee: str, interest: str, total: str) -> None:
    terms = Interest(constant(Decimal(rate)), DayCount.ACT_365, InterestRounding.TOTAL)
    rungs = Ladder((level(1, 1, fee=fixed(fee), interest=True),), Escalation.STEP, interest=terms)
    result = on_day(days, rungs, account())
    assert sum(claim.amount for claim in result.interest) == Decimal(interest)
    assert result.total_claim == Decimal(total)


def test_erpnext_two_invoices_make_one_notice_in_their_order() -> None:
    result = on_day(6, ladder(1), account(invoice("100", "A"), invoice("300", "B")))
    assert list(levels_assigned(result).items()) == [("A", 1), ("B", 1)]


def test_erpnext_only_the_overdue_instalment_is_dunned() -> None:
    result = on_day(6, ladder(1), account(invoice("50", "I-1", due=5), invoice("50", "I-2", due=10)))
    assert levels_assigned(result) == {"I-1": 1, "I-2": 0}
    assert result.total_claim == Decimal(50)
    assert item(result, "I-2").skips == ("DN-SKP-01",)


def test_erpnext_every_item_settled_is_needed_not_the_last_one() -> None:
    result = on_day(9, ladder(1), account(invoice("100", "A"), invoice("0", "B")))
    assert levels_assigned(result) == {"A": 1, "B": 0}


def test_erpnext_interest_and_fee_stay_claimed_after_the_principal_is_paid() -> None:
    open_claims = account(
        invoice("0", "A"),
        invoice("10", "FEE-1", document_type="fee"),
        invoice("0.41", "INT-1", document_type="interest"),
    )
    rungs = Ladder((level(1, 5, fee=fixed("10"), interest=True),), Escalation.STEP, interest=INTEREST)
    result = on_day(15, rungs, open_claims)
    assert result.total_claim == Decimal("10.41")
    assert (result.fees, result.interest) == ((), ())


# Worked examples


def test_sap_the_day_after_the_due_date_is_day_1() -> None:
    owed = Account("C", "EUR", (OpenItem("I", dt.date(1997, 3, 12), Decimal(100), "EUR"),))
    result = dun(ladder(1), owed, dt.date(1997, 3, 13))
    assert (result.items[0].days_in_arrears, result.notice) == (1, True)


@pytest.mark.parametrize(("as_of", "selected"), [(14, False), (15, True)])
def test_sap_the_interval_of_14_days(as_of: int, selected: bool) -> None:
    items = (
        OpenItem("I", dt.date(2025, 1, 2), Decimal(100), "EUR", dunning_level=0, last_dunned_on=dt.date(2025, 3, 1)),
    )
    result = dun(ladder(1, interval_days=14), Account("C", "EUR", items), dt.date(2025, 3, as_of))
    assert result.notice is selected
    assert result.skips == (() if selected else ("DN-SKP-02",))


def test_sap_minimum_percentage_equality_passes() -> None:
    rungs = Ladder((level(1, 1, min_amount=Decimal("10.00"), min_pct=Decimal(10)),), Escalation.STEP)
    sums = Minimums(Decimal("100.00"), Decimal("1000.00"))
    assert sums.pct == 10
    assert stand(1, rungs, sums, "I") == (1, ())
    assert on_day(3, rungs, account(invoice("100", "A"), invoice("900", "B", due=30))).level == 1
    assert on_day(3, rungs, account(invoice("100", "A"), invoice("901", "B", due=30))).skips[-1] == "DN-SKP-04"


@pytest.mark.parametrize(("days", "expected"), [(14, 1), (31, 3), (50, 4), (1, 0), (2, 1), (44, 4), (43, 3)])
def test_sap_threshold_levels(days: int, expected: int) -> None:
    (entry,) = present(account(), ladder(2, 16, 30, 44), day(days))
    assert threshold_level(entry, ladder(2, 16, 30, 44), day(days), 0) == expected


def interest(
    principal: str, rate: str, *, due: dt.date, as_of: dt.date, basis: DayCount, rounding: InterestRounding
) -> Decimal:
    terms = Interest(constant(Decimal(rate)), basis, rounding)
    rungs = Ladder((Level(1, 1, interest=True),), Escalation.STEP, interest=terms)
    result = dun(rungs, Account("C", "EUR", (OpenItem("I", due, Decimal(principal), "EUR"),)), as_of)
    return sum((claim.amount for claim in result.interest), Decimal(0))


@pytest.mark.parametrize(("rounding", "expected"), [("total", "169.49"), ("per_day", "169.68")])
def test_uk_101_days_the_rounding_decides(rounding: str, expected: str) -> None:
    as_of = day(101)
    rounded = InterestRounding(rounding)
    found = interest("5000.00", "12.25", due=day(0), as_of=as_of, basis=DayCount.ACT_365, rounding=rounded)
    assert found == Decimal(expected)


def test_uk_interest_of_one_day_before_rounding() -> None:
    terms = Interest(constant(Decimal("11.75")), DayCount.ACT_365, InterestRounding.TOTAL)
    item = OpenItem("I", day(0), Decimal(10000), "GBP")
    (period,) = accrue(terms, item, item.open_amount, day(1), "GBP").periods
    assert round(period.interest, 4) == Decimal("3.2192")


@pytest.mark.parametrize(("basis", "days", "expected"), [("30/360", 210, "350.00"), ("act/365", 212, "348.49")])
def test_de_30_360_counts_both_end_days(basis: str, days: int, expected: str) -> None:
    due, as_of = dt.date(2015, 12, 31), dt.date(2016, 7, 30)
    terms = Interest(constant(Decimal(6)), DayCount(basis), InterestRounding.TOTAL)
    item = OpenItem("I", due, Decimal(10000), "EUR")
    (period,) = accrue(terms, item, item.open_amount, as_of, "EUR").periods
    assert period.days == days
    rounding = InterestRounding.TOTAL
    found = interest("10000", "6", due=due, as_of=as_of, basis=DayCount(basis), rounding=rounding)
    assert found == Decimal(expected)
