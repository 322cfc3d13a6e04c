"""Fees and interest booked as open items of their invoice: each letter of a year demands all of it, and none twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.decide import decide
from engine.dunning import DunningBlock, OpenItem
from engine.dunning.ladder import GroupBy, Ladder
from policies import load
from policies.ir import Bundle
from policies.source import decode
from tests.dunning_accounts import account, fixed, invoice, item, ladder, level, levels_assigned, on_day
from tests.ledger_steps import Facts, balance, carried_forward

ROOT = Path(__file__).resolve().parents[1]
YEAR = [dt.date(2026, 3, 1) + dt.timedelta(days=number) for number in range(365)]
APART = {GroupBy.LEVEL, GroupBy.INVOICE}


def one_invoice(bundle: Bundle) -> Facts:
    (standard,) = (case for case in bundle.tests if case.name == "class-standard")
    open_item = {"invoice_id": "INV-1", "document_type": "invoice", "due_date": "2026-03-20", "open_amount": "12000"}
    return {**standard.facts, "open_items": [open_item | {"currency": "USD"}]}


def year(paid_on: dt.date | None) -> Iterator[tuple[dt.date, Facts, dict[str, Any]]]:
    """Each notice of a year under the shipped policy, with the facts before it; what is decided is sent and booked."""
    bundle = load(decode("policies.yaml", (ROOT / "policies.yaml").read_bytes()))
    facts = one_invoice(bundle)
    for on in YEAR:
        if on == paid_on:
            kept = (entry for entry in facts["open_items"] if entry["invoice_id"] != "INV-1")
            facts = facts | {"open_items": [entry | {"principal_status": "paid"} for entry in kept]}
        decision = decide(bundle.policies["dunning"], facts, on)
        outcome = decision.to_json()["outcome"]
        if outcome["outcome"] == "notice":
            yield on, facts, outcome
        facts = carried_forward(bundle, facts, decision)


def test_a_year_of_one_invoice_demands_all_that_is_booked_and_sends_no_level_twice() -> None:
    found = list(year(None))
    assert [(on.isoformat(), outcome["level_name"], outcome["total_claim"]) for on, _, outcome in found] == [
        ("2026-03-25", "reminder", "12000"),
        ("2026-04-08", "first-dunning", "12071.22"),
        ("2026-04-24", "final-dunning", "12158.56"),
        ("2026-05-19", "collections", "12282.53"),
        ("2026-07-18", "legal", "12282.53"),
    ]
    for on, facts, outcome in found:
        assert all(end["outcome"] == "notice" for end in outcome["items"]), on
        added = Decimal(outcome["fees"]) + Decimal(outcome["interest"])
        assert Decimal(outcome["total_claim"]) == balance(facts) + added, on
        assert len(outcome["notices"]) == (outcome["level_name"] != "legal"), on


def test_when_the_invoice_is_paid_its_fees_and_interest_are_dunned_without_new_ones() -> None:
    paid_on = dt.date(2026, 4, 30)
    found = [(on, outcome) for on, _, outcome in year(paid_on) if on > paid_on]
    assert [(on.isoformat(), outcome["level_name"], outcome["total_claim"]) for on, outcome in found] == [
        ("2026-05-04", "reminder", "87.34"),
        ("2026-05-14", "first-dunning", "87.34"),
        ("2026-05-29", "final-dunning", "87.34"),
    ]
    assert all((outcome["fees"], outcome["interest"], outcome["principal"]) == ("0", "0", "0") for _, outcome in found)


def booked(amount: str = "40", invoice_id: str = "FEE", **facts: Any) -> OpenItem:
    return invoice(amount, invoice_id, **{"document_type": "fee", "for_invoice": "INV-1", **facts})


def rungs(*levels: Any, **settings: Any) -> Ladder:
    return ladder(levels=levels, **settings)


SENT: dict[str, Any] = {"dunning_level": 1, "last_dunned_on": dt.date(2026, 3, 7)}


def test_a_claim_calls_for_no_letter_while_its_invoice_stands_open() -> None:
    result = on_day(20, ladder(5, 30), account(invoice(**SENT), booked(due=-30)))
    assert result.skips == ("DN-SKP-09",)
    assert [entry.skips for entry in result.items] == [("DN-SKP-09",)] * 2


def test_a_claim_is_in_the_letter_of_its_invoice_at_its_level() -> None:
    interest = booked("3", "N", due=15, document_type="interest")
    owed = account(invoice(**SENT), invoice("70", "INV-2", due=12), booked(due=10), interest)
    for group_by in GroupBy:
        result = on_day(20, ladder(5, 14, group_by=group_by), owed)
        assert levels_assigned(result) == {"INV-1": 2, "INV-2": 1, "FEE": 2, "N": 2}
        letters = [sorted(named.invoice_id for named in letter.items) for letter in result.notices]
        assert letters == (
            [["FEE", "INV-1", "N"], ["INV-2"]] if group_by in APART else [["FEE", "INV-1", "INV-2", "N"]]
        )


def test_a_claim_meets_no_minimum_opens_no_gate_and_bears_no_fee() -> None:
    dear = rungs(level(1, 5), level(2, 14, min_amount=Decimal(120), fee=fixed("5")))
    result = on_day(20, dear, account(invoice(**SENT), booked(due=-30)))
    assert (result.outcome.value, result.fees) == ("skip", ())
    gated = ladder(5, min_days_in_arrears_account=30)
    assert "DN-SKP-11" in on_day(20, gated, account(invoice(), booked(due=-30))).skips


def test_a_claim_is_kept_out_with_its_invoice_by_its_own_block_and_until_it_is_due() -> None:
    blocked = DunningBlock("complaint")
    with_invoice = on_day(20, ladder(5), account(invoice(dunning_block=blocked), booked()))
    assert item(with_invoice, "FEE").skips == ("DN-SKP-05",)
    assert [entry.subject for entry in with_invoice.for_review] == ["INV-1"]
    owed = account(invoice(), booked(dunning_block=blocked), booked("3", "LATER", due=20))
    by_itself = on_day(20, ladder(5), owed)
    assert by_itself.total_claim == Decimal(100)
    assert [entry.skips for entry in by_itself.items] == [(), ("DN-SKP-05",), ("DN-SKP-01",)]


def test_an_invoice_within_the_tolerance_counts_as_paid() -> None:
    result = on_day(20, ladder(5, tolerance={"EUR": Decimal(5)}), account(invoice("4"), booked()))
    assert levels_assigned(result) == {"INV-1": 0, "FEE": 1}


def test_a_fee_dunned_by_itself_does_not_raise_the_fee_of_a_letter() -> None:
    costly = rungs(level(1, 5, fee=fixed("5")), level(2, 14, fee=fixed("50")))
    result = on_day(20, costly, account(invoice(), booked(due=-30, for_invoice=None, **SENT)))
    assert (result.level, [claim.amount for claim in result.fees]) == (2, [Decimal(5)])


# D22: under `group_by: level` and `invoice` what has had a level is in no letter of it again


def old_and_new() -> tuple[OpenItem, OpenItem]:
    return invoice("100", "OLD", **SENT), invoice("50", "NEW", due=10)


def test_d22_an_item_that_does_not_rise_is_in_no_letter_of_a_level_it_has_had() -> None:
    for group_by in GroupBy:
        result = on_day(17, ladder(5, 60, group_by=group_by), account(*old_and_new()))
        assert item(result, "OLD").skips == (("DN-SKP-09",) if group_by in APART else ())
        assert result.total_claim == Decimal(50 if group_by in APART else 150)


def test_d22_what_is_not_in_the_letter_again_is_listed_where_all_is() -> None:
    listing = rungs(level(1, 5, list_all_items=True), level(2, 60), group_by=GroupBy.LEVEL)
    (letter,) = on_day(17, listing, account(*old_and_new())).notices
    assert [[named.invoice_id for named in each] for each in (letter.items, letter.listed)] == [["NEW"], ["OLD"]]


def test_d22_a_level_that_is_always_dunned_is_sent_again_by_level_too() -> None:
    repeating = rungs(level(1, 5, always_dun=True), level(2, 60), group_by=GroupBy.LEVEL, interval_days=7)
    assert on_day(17, repeating, account(*old_and_new())).total_claim == Decimal(150)
