"""Fees, interest and claims of their own (domain D15, D16, D19) at their edges."""

from decimal import Decimal

import pytest

from engine.dunning import (
    Account,
    DayCount,
    DunningCase,
    Escalation,
    Interest,
    InterestRounding,
    Ladder,
    PartialPayment,
)
from tests.dunning_accounts import account, day, fixed, invoice, level, on_day, percent


@pytest.mark.parametrize(
    ("fee", "amounts"),
    [
        (fixed("5"), ["5"]), (fixed("5", "invoice"), ["5", "5"]), (fixed("0"), []),
        (percent("1.5"), ["4.50"]), (percent("1.5", "invoice"), ["1.50", "3.00"]), (percent("0"), []),
        (percent("1.5", "notice", "4.50"), ["4.50"]), (percent("1.5", "notice", "4.49"), ["4.49"]),
        (percent("1.5", "invoice", "2"), ["1.50", "2"]), (percent("0.0051", "notice"), ["0.02"]),
    ],
)  # fmt: skip
def test_d15_fees_by_notice_or_invoice_capped_and_rounded_once(fee: object, amounts: list[str]) -> None:
    rungs = Ladder((level(1, 1, fee=fee),), Escalation.STEP)
    result = on_day(10, rungs, account(invoice("100", "A"), invoice("200", "B")))
    assert [claim.amount for claim in result.fees] == [Decimal(amount) for amount in amounts]
    assert result.total_claim == 300 + sum(claim.amount for claim in result.fees)


def test_d15_an_invoice_fee_is_not_charged_again_for_the_level_already_sent() -> None:
    rungs = Ladder((level(1, 1, fee=fixed("5", "invoice")),), Escalation.STEP)
    result = on_day(10, rungs, account(invoice("100", "A", dunning_level=1), invoice("200", "B")))
    assert [claim.invoice_id for claim in result.fees] == ["B"]


def bearing(rate: str, basis: str = "act/365", rounding: str = "total", minimum: str = "0") -> Ladder:
    terms = Interest(Decimal(rate), DayCount(basis), InterestRounding(rounding), Decimal(minimum))
    return Ladder((level(1, 1, interest=True),), Escalation.STEP, interest=terms)


def test_d16_interest_is_split_at_part_payments_and_a_payment_counts_from_the_day_after() -> None:
    paid = invoice("600", partial_payments=(PartialPayment(day(10), Decimal(400)),))
    (claim,) = on_day(30, bearing("36.5"), account(paid)).interest
    assert [(period.days, period.outstanding) for period in claim.periods] == [(10, Decimal(1000)), (20, Decimal(600))]
    assert claim.amount == Decimal("22.00")
    assert (claim.rate, claim.basis, claim.round) == (Decimal("36.5"), DayCount.ACT_365, InterestRounding.TOTAL)


@pytest.mark.parametrize(
    ("basis", "days", "interest"),
    [("act/365", 10, "10.00"), ("act/366", 10, "9.97"), ("act/360", 10, "10.14"), ("30/360", 12, "12.17")],
)
def test_d16_each_day_count(basis: str, days: int, interest: str) -> None:
    # Ten days over the end of February, which 30/360 counts as twelve.
    (claim,) = on_day(0, bearing("36.5", basis), account(invoice("1000", due=-10))).interest
    assert (claim.periods[0].days, claim.amount) == (days, Decimal(interest))


def test_d16_the_point_of_rounding_decides() -> None:
    parts = tuple(PartialPayment(day(on), Decimal(1)) for on in (10, 20))
    found = {
        rounding: on_day(
            30, bearing("10", rounding=rounding), account(invoice("98", partial_payments=parts))
        ).total_claim
        for rounding in InterestRounding
    }
    # a day: 0.0274, 0.0271, 0.0268 -> 0.03 each; a period: 0.274, 0.271, 0.268 -> 0.27 each; all of it: 0.8137
    assert found == {
        InterestRounding.PER_DAY: Decimal("98.90"),
        InterestRounding.PER_PERIOD: Decimal("98.81"),
        InterestRounding.TOTAL: Decimal("98.81"),
    }


@pytest.mark.parametrize(("minimum", "charged"), [("10", True), ("10.01", False)])
def test_d16_interest_below_the_minimum_is_not_charged(minimum: str, charged: bool) -> None:
    assert bool(on_day(10, bearing("36.5", minimum=minimum), account(invoice("1000"))).interest) is charged


def test_d16_a_negative_rate_is_no_interest_and_fees_bear_none() -> None:
    assert on_day(10, bearing("-1"), account(invoice("1000"))).interest == ()
    fee = invoice("10", "F", document_type="fee")
    claims = on_day(10, bearing("36.5"), account(invoice("1000"), fee)).interest
    assert [claim.invoice_id for claim in claims] == ["INV-1"]


def test_d19_fees_and_interest_are_claims_of_their_own_and_nothing_is_claimed_twice() -> None:
    rungs = Ladder((level(1, 1, fee=fixed("5"), interest=True),), Escalation.STEP, interest=bearing("36.5").interest)
    result = on_day(10, rungs, account(invoice("1000"), interest_charged=Decimal(4)))
    assert [claim.claim_id for claim in result.fees] == [f"fee:C-1:{day(10)}:1"]
    assert [(c.claim_id, c.accrued, c.amount) for c in result.interest] == [
        (f"interest:INV-1:{day(10)}", Decimal(10), Decimal(6))
    ]
    assert (result.principal, result.total_claim) == (Decimal(1000), Decimal(1011))


def test_amounts_round_to_what_the_currency_counts_in() -> None:
    rungs = Ladder((level(1, 1, fee=percent("1.5")),), Escalation.STEP)
    yen = Account("C", "JPY", (invoice("100", currency="JPY"),), DunningCase())
    assert [fee.amount for fee in on_day(5, rungs, yen).fees] == [2]
