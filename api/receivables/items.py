"""A document of the ledger, and what of it stood open or was settled or disputed on a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from api.receivables.map import Rate

Kind = Literal["invoice", "credit_note", "payment", "fee", "interest"]
DEBITS: frozenset[Kind] = frozenset({"invoice", "fee", "interest"})
"""What the customer owes; the other kinds are credits, written as positive amounts."""


@dataclass(frozen=True, slots=True)
class Item:
    """One document of the ledger, in the currency of account. None is unknown.

    `open_amount` is the balance on the day of the snapshot; it is unknown in a dated ledger, where a document is open
    in whole until its `settled_on`.
    """

    row: int
    customer_id: str
    invoice_id: str
    kind: Kind
    invoice_date: dt.date | None
    due_date: dt.date
    amount: Decimal
    open_amount: Decimal | None
    currency: str
    settled_on: dt.date | None
    last_payment_on: dt.date | None
    disputed: bool | None
    disputed_amount: Decimal | None
    dispute_reason: str | None
    disputed_on: dt.date | None
    dispute_resolved_on: dt.date | None
    order_id: str | None
    dunning_level: int | None
    last_dunned_on: dt.date | None
    name: str | None
    country: str | None
    rate: Rate | None

    @property
    def is_debit(self) -> bool:
        """Whether the customer owes it."""
        return self.kind in DEBITS

    def known_on(self, day: dt.date) -> bool:
        """Whether the document existed on that day; one without a date is in the snapshot, so it did."""
        return self.invoice_date is None or self.invoice_date <= day

    def settled_by(self, day: dt.date) -> bool:
        """Whether nothing of it was open any more at the end of that day."""
        if self.open_amount is not None:
            return self.open_amount == 0
        return self.settled_on is not None and self.settled_on <= day

    def open_on(self, day: dt.date) -> Decimal:
        """What was open at the end of that day."""
        if self.settled_by(day):
            return Decimal(0)
        return self.amount if self.open_amount is None else self.open_amount

    def disputed_by(self, day: dt.date, *, snapshot: bool, since_invoice: bool) -> Decimal | None:
        """What of the open amount was disputed at the end of that day; None when nothing was, or it is not known.

        A dispute counts when it was raised by that day and not resolved by it. Without a date it
        counts in a snapshot, which is of that day, and where the map says that it stood from the invoice date.
        """
        if self.dispute_resolved_on is not None and self.dispute_resolved_on <= day:
            return None
        raised = self.disputed_on <= day if self.disputed_on is not None else snapshot or since_invoice
        if not raised or self.disputed is False:
            return None
        if self.disputed_amount is not None:
            return self.disputed_amount or None
        return (self.open_on(day) or None) if self.disputed or self.disputed_on is not None else None

    def days_in_arrears(self, day: dt.date) -> int:
        """`day - due_date` (D3): 0 on the due date itself, negative before it."""
        return (day - self.due_date).days
