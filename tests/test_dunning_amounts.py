"""What an item is worth to the procedure: tolerance, rates, waivers, credited invoices (domain C21, D14, D19)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engine.decision import Fault
from engine.dunning import Account, DunningBlock, Interest, InterestRounding, Ladder, OpenItem, PartialPayment, Promise
from engine.dunning.account import ExchangeRate
from engine.dunning.charge_terms import DayCount
from engine.dunning.due_terms import OnCredit, ToleranceScope
from engine.dunning.ladder import Escalation
from engine.dunning.rates import constant
from tests.dunning_accounts import account, day, invoice, item, ladder, level, on_day


def rate(amount: str, on: int = 0, *, of: str = "USD", into: str = "EUR") -> ExchangeRate:
    return ExchangeRate(of, into, Decimal(amount), day(on), "central bank")


def abroad(owed: Account, *rates: ExchangeRate) -> Account:
    return replace(owed, rates=rates)


# Tolerance


@pytest.mark.parametrize(
    ("currency", "amount", "noticed"),
    [("EUR", "5", False), ("EUR", "5.01", True), ("USD", "8", False), ("USD", "8.01", True), ("GBP", "0.01", True)],
)
def test_each_currency_has_its_own_tolerance_and_one_not_listed_has_none(
    currency: str, amount: str, noticed: bool
) -> None:
    rungs = ladder(1, tolerance={"EUR": Decimal(5), "USD": Decimal(8)})
    owed = Account("C", currency, (invoice(amount, currency=currency),))
    assert on_day(5, rungs, owed).skips == (() if noticed else ("DN-SKP-03",))


@pytest.mark.parametrize(("amount", "noticed"), [("10", False), ("10.01", True)])
def test_a_converted_item_is_held_against_the_accounts_tolerance(amount: str, noticed: bool) -> None:
    owed = abroad(account(invoice(amount, "A", currency="GBP"), invoice("50", "B")), rate("0.5", of="GBP"))
    result = on_day(5, ladder(1, tolerance={"EUR": Decimal(5)}), owed)
    assert bool(item(result, "A").assigned_level) is noticed


@pytest.mark.parametrize(("credit", "noticed"), [("0", True), ("3.99", True), ("4", False), ("5", False)])
def test_the_tolerance_of_an_account_is_held_against_its_balance(credit: str, noticed: bool) -> None:
    rungs = ladder(1, tolerance={"EUR": Decimal(5)}, tolerance_scope=ToleranceScope.ACCOUNT)
    items = (invoice("4", "A"), invoice("5", "B"), invoice(credit, "CN", document_type="credit_note"))
    result = on_day(5, rungs, account(*items))
    assert result.notice is noticed
    assert ("DN-SKP-03" in result.skips) is not noticed


# Exchange rates


def test_an_item_abroad_is_converted_and_its_own_amount_stays_visible() -> None:
    owed = abroad(account(invoice("100"), invoice("33.33", "U", currency="USD")), rate("0.925"))
    result = on_day(5, ladder(1), owed)
    assert (item(result, "U").dunnable, result.total_claim) == (Decimal("30.83"), Decimal("130.83"))
    conversion = item(result, "U").conversion
    assert conversion is not None
    assert (conversion.currency, conversion.amount, conversion.rate.source) == ("USD", Decimal("33.33"), "central bank")
    (step,) = [step for step in result.trace if step.name == "U"]
    assert (step.read["rate"], step.read["rate_date"], step.read["rate_source"]) == (
        Decimal("0.925"), day(0), "central bank",
    )  # fmt: skip


def test_every_amount_of_an_item_is_converted() -> None:
    foreign = invoice(
        "100", currency="USD", disputed_amount=Decimal(20), promise_to_pay=Promise(day(30), Decimal(10)),
        partial_payments=(PartialPayment(day(2), Decimal(40)),),
    )  # fmt: skip
    terms = Interest(constant(Decimal(10)), DayCount.ACT_365, InterestRounding.TOTAL)
    rungs = Ladder((level(1, 1, interest=True),), Escalation.STEP, interest=terms)
    result = on_day(10, rungs, abroad(account(foreign), rate("0.5")))
    assert result.principal == Decimal(35)
    (claim,) = result.interest
    assert [period.outstanding for period in claim.periods] == [Decimal(55), Decimal(35)]


@pytest.mark.parametrize(("days", "worth"), [(4, "90"), (5, "80"), (9, "80")])
def test_the_latest_rate_that_is_not_in_the_future_is_taken(days: int, worth: str) -> None:
    owed = abroad(account(invoice("100", currency="USD")), rate("0.7", 10), rate("0.8", 5), rate("0.9", 0))
    result = on_day(days, ladder(1, interval_days=30), owed)
    assert result.total_claim == Decimal(worth)
    assert result.next_evaluation == day(5 if days < 5 else 10)


def test_a_rate_the_other_way_round_is_no_rate() -> None:
    owed = abroad(account(invoice("100", currency="USD")), rate("1.1", of="EUR", into="USD"))
    assert on_day(5, ladder(1), owed).skips == ("DT-MIS-05",)


@pytest.mark.parametrize(
    ("rates", "pointer"),
    [((rate("0"),), "/rates/0/rate"), ((rate("-1"),), "/rates/0/rate"), ((rate("1"), rate("2")), "/rates/1/rate")],
)
def test_rates_that_cannot_be_are_input_errors(rates: tuple[ExchangeRate, ...], pointer: str) -> None:
    with pytest.raises(Fault) as fault:
        on_day(5, ladder(1), abroad(account(), *rates))
    assert [misfit.pointer for misfit in fault.value.misfits] == [pointer]


def test_with_a_debt_not_converted_no_balance_is_said_to_be_a_credit() -> None:
    foreign = invoice("5000", "ABROAD", currency="USD")
    note = invoice("100", "CN", document_type="credit_note")
    for scope in ToleranceScope:
        result = on_day(5, ladder(1, tolerance_scope=scope), account(foreign, invoice("50"), note))
        assert item(result).skips == ("DT-MIS-05", "DN-SKP-08")  # the credit pays all of that item
        assert [entry.subject for entry in result.for_review] == ["ABROAD"]
        assert on_day(5, ladder(1, tolerance_scope=scope), account(foreign)).skips == ("DT-MIS-05",)


def test_credits_abroad_are_netted_at_their_rate() -> None:
    note = invoice("100", "CN", document_type="credit_note", currency="USD")
    assert on_day(5, ladder(1), abroad(account(invoice("100"), note), rate("0.4"))).total_claim == Decimal(60)


# Claims of earlier notices


def claim(amount: str = "10", invoice_id: str = "FEE", **facts: Any) -> OpenItem:
    return invoice(amount, invoice_id, **{"document_type": "fee", **facts})


WAIVED = {"waived_by": "M. Lin", "waived_reason": "long-standing customer"}


def test_a_waived_fee_is_left_out_by_name_and_out_of_every_sum() -> None:
    rungs = Ladder((level(1, 1, min_pct=Decimal(100)),), Escalation.STEP)
    result = on_day(5, rungs, account(invoice("100"), claim(**WAIVED)))
    assert (result.total_claim, item(result, "FEE").skips) == (Decimal(100), ("DN-SKP-13",))
    assert on_day(5, ladder(1), account(claim(**WAIVED))).skips == ("DN-SKP-08", "DN-SKP-13")


@pytest.mark.parametrize(("on", "claimed"), [(4, "110"), (5, "110"), (6, "100"), (9, "100")])
def test_a_waiver_counts_from_its_day(on: int, claimed: str) -> None:
    owed = account(invoice("100"), claim(**WAIVED, waived_on=day(6)))
    result = on_day(on, ladder(1), owed)
    assert result.total_claim == Decimal(claimed)
    assert on < 6 or result.next_evaluation != day(6)


@pytest.mark.parametrize(
    ("facts", "pointers"),
    [
        ({"waived_by": "M. Lin"}, ["waived_reason"]),
        ({"waived_reason": "kind"}, ["waived_by"]),
        ({"waived_on": day(1)}, ["waived_by", "waived_reason"]),
        ({**WAIVED, "document_type": "invoice"}, ["waived_by"]),
        ({**WAIVED, "waived_by": " "}, ["waived_by"]),
    ],
)
def test_a_waiver_needs_a_person_and_a_reason_and_something_to_waive(
    facts: dict[str, Any], pointers: list[str]
) -> None:
    with pytest.raises(Fault) as fault:
        on_day(5, ladder(1), account(claim(**facts)))
    assert [misfit.pointer for misfit in fault.value.misfits] == [f"/open_items/0/{name}" for name in pointers]


@pytest.mark.parametrize("status", ["open", "paid"])
@pytest.mark.parametrize("choice", OnCredit)
def test_fees_and_interest_stay_claimed_when_their_principal_is_paid(status: str, choice: OnCredit) -> None:
    """ERPNext #58220, #58227: the fee vanished with the principal."""
    owed = account(
        claim(for_invoice="I-1", principal_status=status),
        claim("0.41", "INT", document_type="interest", for_invoice="I-1", principal_status=status),
    )
    result = on_day(5, ladder(1, on_credit=choice), owed)
    assert (result.total_claim, result.cancelled_claims) == (Decimal("10.41"), ())


@pytest.mark.parametrize(
    ("choice", "claimed", "fallen"), [(OnCredit.KEEP, "110", []), (OnCredit.CANCEL, "100", ["FEE"])]
)
def test_claims_of_a_credited_invoice_follow_what_is_stated(choice: OnCredit, claimed: str, fallen: list[str]) -> None:
    owed = account(invoice("100"), claim(for_invoice="I-1", principal_status="credited"))
    result = on_day(5, ladder(1, on_credit=choice), owed)
    assert result.total_claim == Decimal(claimed)
    assert [entry.invoice_id for entry in result.cancelled_claims] == fallen
    assert item(result, "FEE").skips == (("DN-SKP-14",) if fallen else ())


@pytest.mark.parametrize(
    ("for_invoice", "choice", "known"),
    [("I-1", OnCredit.CANCEL, False), ("I-1", OnCredit.KEEP, True), ("INV-1", OnCredit.CANCEL, True),
     (None, OnCredit.CANCEL, True)],
)  # fmt: skip
def test_what_became_of_an_invoice_is_not_guessed(for_invoice: str | None, choice: OnCredit, known: bool) -> None:
    result = on_day(5, ladder(1, on_credit=choice), account(invoice("100"), claim(for_invoice=for_invoice)))
    assert item(result, "FEE").skips == (() if known else ("DT-MIS-01",))


# Blocks that stop interest


@pytest.mark.parametrize(("stops", "whose", "days"), [(False, "item", 10), (True, "item", 6), (True, "account", 6)])
def test_interest_runs_through_a_block_unless_the_block_says_otherwise(stops: bool, whose: str, days: int) -> None:
    block = DunningBlock("claim", day(3), day(6), set_by="J. Doe", stops_interest=stops)
    owed = account(blocked=block) if whose == "account" else account(invoice(dunning_block=block))
    terms = Interest(constant(Decimal("36.5")), DayCount.ACT_365, InterestRounding.TOTAL)
    rungs = Ladder((level(1, 1, interest=True),), Escalation.STEP, interest=terms)
    (charged,) = on_day(10, rungs, owed).interest
    assert charged.amount == Decimal("0.10") * days


def test_who_set_a_block_is_told() -> None:
    blocked = invoice(dunning_block=DunningBlock("claim", set_by="J. Doe"))
    (finding,) = on_day(5, ladder(1), account(blocked)).findings
    assert finding.observed["set_by"] == "J. Doe"
