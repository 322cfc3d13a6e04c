"""What `writ facts` did with a ledger: counts and sums, for people and for tests."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(slots=True)
class FactsReport:
    """Counts of one run. `rows_read` = documents + `lines` + `skipped` + `blank` + `rejected` rows.

    `unknown` are the customers with a row set aside: what the ledger would state of them is left out, and `withheld`
    counts their documents that did fit and are known on the day. `nobodys` counts rejected rows of the ledger whose
    customer cannot be read: any customer's figures may lack them.

    `rejected` counts rows by the code of their first reason; `skipped` what the map leaves out (`Status: Draft`);
    `lines` further lines of a document already read; `later` documents dated after the day asked for; `settled`
    invoices that count in `payment_history`; `undated_settlements` settled ones that do not, for want of a date.
    `rounded` and `converted` count amounts. `given` names the facts that the map states for every customer.
    """

    rows_read: int = 0
    blank: int = 0
    lines: int = 0
    later: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    customers: int = 0
    customers_unknown: int = 0
    unknown: tuple[str, ...] = ()
    withheld: int = 0
    nobodys: int = 0
    open_items: int = 0
    open_amount: dict[str, Decimal] = field(default_factory=dict)
    open_credits: int = 0
    credit_amount: dict[str, Decimal] = field(default_factory=dict)
    settled: int = 0
    undated_settlements: int = 0
    rounded: int = 0
    converted: int = 0
    given: tuple[str, ...] = ()

    @property
    def rows_rejected(self) -> int:
        """All rejected rows, of the ledger and of the customer master."""
        return self.rejected.total()
