"""From a row of the export to a document of the ledger, or to everything that is wrong with the row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from api.receivables.cells import Unfit, read_amount, read_date, read_id, read_text, read_whole, read_yes_no, shown
from api.receivables.items import DEBITS, Item, Kind
from api.receivables.map import LedgerMap, Rate
from api.receivables.money import Money
from api.receivables.table import Cell, Row, cell_text
from policies.currencies import minor_units

T = TypeVar("T")

KINDS: tuple[Kind, ...] = ("invoice", "credit_note", "payment", "fee", "interest")


@dataclass(frozen=True, slots=True)
class NoItem:
    """A row that is no document: the customer it names, where that can be read, and all that is wrong with it."""

    customer_id: str | None
    reasons: tuple[Unfit, ...]


class RowReader:
    """Reads the rows of one table by one map."""

    def __init__(self, map_: LedgerMap, header: tuple[str, ...], money: Money) -> None:
        self.map = map_
        self.money = money
        self._width = len(header)
        self._place = {name: place for place, name in enumerate(header)}

    def skipped(self, row: Row) -> str | None:
        """Why the map leaves this row out (`Status: Draft`), or None when it does not."""
        for column, values in self.map.skip.items():
            place = self._place[column]
            text = cell_text(row.cells[place]) if place < len(row.cells) else ""
            if text in values:
                return f"{column}: {text or '(empty)'}"
        return None

    def read(self, row: Row) -> Item | NoItem:
        """The document of the row, or everything that is wrong with it."""
        if len(row.cells) != self._width:
            # No cell of such a row is sure to stand under its own column, the customer's id neither.
            unfit = Unfit("cells", f"the row has {len(row.cells)} cells, the header has {self._width}")
            return NoItem(None, (unfit,))
        return _RowOnce(self.map, self.money, self._place, row).item()


class _RowOnce:
    """The reading of one row: every cell is read, every reason kept."""

    def __init__(self, map_: LedgerMap, money: Money, place: dict[str, int], row: Row) -> None:
        self.map = map_
        self.money = money
        self._place = place
        self._row = row
        self._unfit: list[Unfit] = []

    def item(self) -> Item | NoItem:
        """The document, or the reasons against it."""
        map_, columns = self.map, self.map.columns
        currency = self._currency()
        rate = None if currency is None else self._try("currency", lambda: self.money.rate(currency))
        amount, open_amount, kind = self._amounts(currency, rate)
        customer_id = self._need("customer_id", lambda cell: read_id(cell, map_.ids.customer_id))
        invoice_id = self._need("invoice_id", lambda cell: read_id(cell, map_.ids.invoice_id))
        dated = self._need if map_.snapshot_date is None else self._take
        invoice_date = dated("invoice_date", self._date("invoice_date"))
        if kind in DEBITS or columns.invoice_date is None:
            due_date = self._need("due_date", self._date("due_date"))
        else:
            # A credit is never due: without a date of its own it can be used from the day it was written.
            due_date = self._take("due_date", self._date("due_date")) or invoice_date
            if due_date is None:
                self._unfit.append(Unfit("missing", "`due_date` and `invoice_date` are empty"))
        disputed = self._take("disputed_amount", lambda cell: read_amount(cell, map_.amounts))
        settled_on = self._take("settled_date", self._date("settled_date"))
        last_payment_on = self._take("last_payment_date", self._date("last_payment_date"))
        flag = self._disputed()
        disputed_amount = self._money("disputed_amount", disputed, "invoice", currency, rate)
        disputed_on = self._take("disputed_on", self._date("disputed_on"))
        dispute_resolved_on = self._take("dispute_resolved_on", self._date("dispute_resolved_on"))
        dunning_level = self._take("dunning_level", read_whole)
        last_dunned_on = self._take("last_dunned_on", self._date("last_dunned_on"))
        if self._unfit or currency is None or customer_id is None or invoice_id is None:
            return NoItem(customer_id, tuple(self._unfit))
        if due_date is None or amount is None:
            return NoItem(customer_id, tuple(self._unfit))
        item = Item(
            row=self._row.number,
            customer_id=customer_id,
            invoice_id=invoice_id,
            kind=kind,
            invoice_date=invoice_date,
            due_date=due_date,
            amount=amount,
            open_amount=open_amount,
            currency=currency if rate is None or map_.convert is None else map_.convert.to,
            settled_on=settled_on,
            last_payment_on=last_payment_on,
            disputed=flag,
            disputed_amount=disputed_amount,
            dispute_reason=self._take("dispute_reason", read_text),
            disputed_on=disputed_on,
            dispute_resolved_on=dispute_resolved_on,
            order_id=self._take("order_id", lambda cell: read_id(cell, map_.ids.order_id)),
            dunning_level=dunning_level,
            last_dunned_on=last_dunned_on,
            name=self._take("name", read_text),
            country=self._take("country", read_text),
            rate=rate,
        )
        return self._consistent(item)

    def _amounts(self, currency: str | None, rate: Rate | None) -> tuple[Decimal | None, Decimal | None, Kind]:
        """Amount, balance and kind. The balance, where there is one, tells a credit by its sign.

        Reports leave the invoiced amount of a credit empty or 0: then the credit is what is left of it.
        """
        map_ = self.map
        balance = None
        if map_.columns.open_amount is not None:
            balance = self._need("open_amount", lambda cell: read_amount(cell, map_.amounts))
        before = len(self._unfit)
        written = self._take("amount", lambda cell: read_amount(cell, map_.amounts))
        kind = self._kind(written if balance is None else balance)
        if not written and balance is not None and kind not in DEBITS:
            written = balance
        if written is None and len(self._unfit) == before:
            self._unfit.append(Unfit("missing", "`amount` is empty"))
        amount = self._money("amount", written, kind, currency, rate)
        return amount, self._money("open_amount", balance, kind, currency, rate), kind

    def _consistent(self, item: Item) -> Item | NoItem:
        """A balance may not exceed the amount, nor a dispute the balance (D11); no settlement after the snapshot."""
        if item.open_amount is not None and item.open_amount > item.amount:
            text = f"`open_amount` {item.open_amount} is more than `amount` {item.amount}"
            self._unfit.append(Unfit("balance", text))
        most = item.amount if item.open_amount is None else item.open_amount
        if item.disputed_amount is not None and item.disputed_amount > most:
            text = f"`disputed_amount` {item.disputed_amount} is more than what is open, {most}"
            self._unfit.append(Unfit("dispute", text))
        snapshot = self.map.snapshot_date
        if snapshot is not None and item.settled_on is not None and item.settled_on > snapshot:
            text = f"`settled_date` {item.settled_on} is after the snapshot of {snapshot}"
            self._unfit.append(Unfit("after-snapshot", text))
        return NoItem(item.customer_id, tuple(self._unfit)) if self._unfit else item

    def _cell(self, column: str | None) -> Cell:
        return None if column is None else self._row.cells[self._place[column]]

    def _try(self, role: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except Unfit as unfit:
            self._unfit.append(Unfit(unfit.code, f"`{role}`: {unfit.message}"))
            return None

    def _take(self, role: str, read: Callable[[Cell], T | None]) -> T | None:
        cell = self._cell(getattr(self.map.columns, role))
        return self._try(role, lambda: read(cell))

    def _need(self, role: str, read: Callable[[Cell], T | None]) -> T | None:
        before = len(self._unfit)
        value = self._take(role, read)
        if value is None and len(self._unfit) == before:
            self._unfit.append(Unfit("missing", f"`{role}` is empty"))
        return value

    def _date(self, role: str) -> Callable[[Cell], dt.date | None]:
        return lambda cell: read_date(cell, self.map.dates.pattern(role))

    def _money(
        self, role: str, written: Decimal | None, kind: Kind, currency: str | None, rate: Rate | None
    ) -> Decimal | None:
        if written is None or currency is None:
            return None
        negative = kind not in DEBITS and self.map.amounts.credits == "negative"
        amount = -written if negative and written else written
        if amount < 0:
            self._unfit.append(Unfit("sign", f"`{role}`: {written} is {self._sign(role, kind, negative)}"))
            return None
        return self._try(role, lambda: self.money.convert(self.money.settle(amount, currency), rate))

    def _sign(self, role: str, kind: Kind, negative: bool) -> str:
        """The sign that an amount may not have, and what to write in the map where the row is right."""
        if negative:
            return f"positive on a `{kind}`: take `credits: negative` out of `amounts` if credits have no minus"
        if kind not in DEBITS:
            return f"negative on a `{kind}`: write `amounts: {{credits: negative}}` if credits have a minus"
        if role == "disputed_amount":
            return "negative: what is disputed of a document is 0 or more"
        if self.map.amounts.credits == "positive" and kind == "invoice":
            return (
                "negative: write `amounts: {credits: negative}` if a minus marks a credit, or name the rows that are "
                "credits under `documents`"
            )
        if kind == "invoice":
            return "negative, and its balance is not: the row is neither an invoice nor a credit"
        return f"negative on a `{kind}`: name the rows that are credits under `documents` as `credit_note` or `payment`"

    def _kind(self, written: Decimal | None) -> Kind:
        documents = self.map.documents
        kind: Kind = "invoice"
        if documents is not None:
            text = cell_text(self._cell(documents.column))
            named = next((each for each in KINDS if text in getattr(documents, each)), None)
            if named is None:
                message = f"`documents` names no kind for `{shown(text)}` in `{documents.column}`"
                self._unfit.append(Unfit("kind", message))
                return kind
            kind = named
        if kind == "invoice" and self.map.amounts.credits == "negative" and written is not None and written < 0:
            return "credit_note"
        return kind

    def _currency(self) -> str | None:
        said = self.map.currency
        if said.fixed is not None:
            return said.fixed
        text = cell_text(self._cell(said.column))
        code = said.names.get(text, text)
        if minor_units(code) is not None:
            return code
        message = f"`currency`: `{shown(text)}` is no currency code of ISO 4217" if text else "`currency` is empty"
        self._unfit.append(Unfit("currency", message))
        return None

    def _disputed(self) -> bool | None:
        said = self.map.disputed
        if said is None:
            return None
        return self._try("disputed", lambda: read_yes_no(self._cell(said.column), said.yes, said.no))
