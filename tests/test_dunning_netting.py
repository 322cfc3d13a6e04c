"""Netted credits over time: what they were netted from bore interest until they were there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.dunning_accounts import account, day, invoice, on_day
from tests.test_dunning_charges import bearing


@pytest.mark.parametrize(
    ("credit", "split"),
    [
        ({"invoice_date": day(10), "due": 25}, [(10, "1000"), (20, "600")]),
        ({"due": 25}, [(25, "1000"), (5, "600")]),
        ({"document_type": "payment", "due": -5}, [(30, "600")]),
        ({"document_type": "invoice", "amount": "-400", "invoice_date": day(10)}, [(30, "600")]),
        ({"invoice_date": day(40)}, [(30, "1000")]),
    ],
)
def test_d13_what_is_netted_bore_interest_until_the_credit_was_there(
    credit: dict[str, Any], split: list[tuple[int, str]]
) -> None:
    note = invoice(**{"amount": "400", "invoice_id": "CN", "document_type": "credit_note", **credit})
    result = on_day(30, bearing("36.5"), account(invoice("1000"), note))
    assert result.principal == Decimal(600)
    assert [(period.days, period.outstanding) for period in result.interest[0].periods] == [
        (days, Decimal(amount)) for days, amount in split
    ]


def test_d13_the_earliest_credits_are_netted_first_and_a_rest_from_the_next_item() -> None:
    late, early = (
        invoice("150", name, document_type="credit_note", invoice_date=day(on)) for name, on in (("L", 20), ("E", 10))
    )
    owed = account(invoice("1000", "B", due=1), invoice("200", "A"), late, early)
    (claim,) = on_day(30, bearing("36.5"), owed).interest
    assert claim.invoice_id == "B"
    assert [(period.last, period.outstanding) for period in claim.periods] == [
        (day(20), Decimal(1000)), (day(30), Decimal(900)),
    ]  # fmt: skip
