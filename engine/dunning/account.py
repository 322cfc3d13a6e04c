"""An account to be dunned: its open items and what is known of its dunning case, as plain values (domain 4.6, 4.7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from engine.decision import Fault, Misfit

DocumentType = Literal["invoice", "credit_note", "payment", "fee", "interest"]
CREDIT_TYPES: frozenset[str] = frozenset({"credit_note", "payment"})
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class DunningBlock:
    """Why and when an item or account is not dunned, both days included; an absent end is open (domain D10)."""

    reason: str | None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    def active(self, as_of: dt.date) -> bool:
        """Whether the block holds on that day."""
        return (self.valid_from is None or self.valid_from <= as_of) and (
            self.valid_to is None or as_of <= self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise to pay by a day; without an amount it covers the whole item (domain D11)."""

    date: dt.date
    amount: Decimal | None = None
    status: Literal["open", "kept", "broken"] = "open"

    def running(self, as_of: dt.date) -> bool:
        """Whether the promise still holds the item back on that day."""
        return self.status == "open" and as_of <= self.date

    def broken(self, as_of: dt.date) -> bool:
        """Whether the promise was broken by that day: said so, or still open after its date."""
        return self.status == "broken" or (self.status == "open" and as_of > self.date)


@dataclass(frozen=True, slots=True)
class PartialPayment:
    """A payment that `open_amount` already reflects; the interest of the days before it does not (domain D16)."""

    date: dt.date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One open document. Amounts are positive, also those of credits; `dunning_level` absent means none was sent.

    `reminded_on` is the day of the last reminder before the due date, which is no notice (domain D9).
    """

    invoice_id: str
    due_date: dt.date
    open_amount: Decimal
    currency: str
    document_type: DocumentType = "invoice"
    disputed_amount: Decimal | None = None
    dunning_block: DunningBlock | None = None
    max_dunning_level: int | None = None
    dunning_level: int | None = None
    last_dunned_on: dt.date | None = None
    notice_deadline: dt.date | None = None
    reminded_on: dt.date | None = None
    partial_payments: tuple[PartialPayment, ...] = ()
    promise_to_pay: Promise | None = None

    @property
    def is_credit(self) -> bool:
        """Whether the item is owed to the customer, not by it: a credit by type, or an overpaid document."""
        return self.document_type in CREDIT_TYPES or self.open_amount < 0

    @property
    def is_principal(self) -> bool:
        """Whether percentages and interest apply: never to earlier fees and interest (domain D15, D16)."""
        return self.document_type == "invoice"

    @property
    def level_sent(self) -> int:
        """The level last sent; none known is none sent."""
        return self.dunning_level or 0


@dataclass(frozen=True, slots=True)
class DunningCase:
    """The account's running case. `interest_charged` is what its earlier notices already claimed."""

    last_notice_date: dt.date | None = None
    blocked: DunningBlock | None = None
    legal_since: dt.date | None = None
    interest_charged: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CarveOut:
    """What keeps the account out of the ladder, with its reason code; `missing` when that is unknown (domain D25)."""

    name: str
    code: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """One customer's open items in one currency. `channels` are the ways it can be reached, if that is known.

    The pointers (RFC 6901) say where items and case stand in the facts, for what is wrong in them.
    """

    account_id: str
    currency: str
    items: tuple[OpenItem, ...]
    case: DunningCase = DunningCase()
    channels: tuple[str, ...] | None = None
    carve_outs: tuple[CarveOut, ...] = ()
    items_pointer: str = "/open_items"
    case_pointer: str = "/dunning_case"

    @property
    def last_notice_date(self) -> dt.date | None:
        """The day of the last notice: of the case, or the latest any item knows of."""
        days = [self.case.last_notice_date, *(item.last_dunned_on for item in self.items)]
        return max((day for day in days if day is not None), default=None)

    @property
    def undated(self) -> tuple[str, ...]:
        """The facts missing to know the last notice: days of items that were sent one, when the case tells none."""
        if self.case.last_notice_date is not None:
            return ()
        items = self.items_pointer.removeprefix("/").replace("/", ".")
        return tuple(
            f"{items}[{number}].last_dunned_on"
            for number, item in enumerate(self.items)
            if item.level_sent > 0 and item.last_dunned_on is None
        )


def refuse_misfits(account: Account) -> None:
    """Raise Fault with everything in the account that cannot be (input errors of domain D10, D11, D12)."""
    misfits = tuple(_misfits(account))
    if misfits:
        raise Fault(misfits)


def _misfits(account: Account) -> Iterator[Misfit]:
    yield from _block_misfits(account.case.blocked, f"{account.case_pointer}/blocked")
    seen: dict[str, int] = {}
    for index, item in enumerate(account.items):
        place = f"{account.items_pointer}/{index}"
        if item.invoice_id in seen:
            first = seen[item.invoice_id]
            yield Misfit(
                "fact_repeated",
                f"{place}/invoice_id",
                f"item `{item.invoice_id}` stands twice, first as item {first}",
                "send each open item once",
            )
        seen.setdefault(item.invoice_id, index)
        yield from _item_misfits(item, place)


def _item_misfits(item: OpenItem, place: str) -> Iterator[Misfit]:
    yield from _block_misfits(item.dunning_block, f"{place}/dunning_block")
    disputed = item.disputed_amount
    if disputed is not None and disputed < 0:
        yield Misfit("fact_range", f"{place}/disputed_amount", "a disputed amount may not be negative")
    elif disputed is not None and disputed > item.open_amount.copy_abs():
        yield Misfit(
            "fact_conflict",
            f"{place}/disputed_amount",
            f"{disputed} is disputed of `{item.invoice_id}`, but only {item.open_amount.copy_abs()} is open",
            "send at most the open amount as disputed",
        )
    if item.promise_to_pay is not None and (item.promise_to_pay.amount or ZERO) < 0:
        yield Misfit("fact_range", f"{place}/promise_to_pay/amount", "a promised amount may not be negative")
    for index, payment in enumerate(item.partial_payments):
        if payment.amount < 0:
            yield Misfit("fact_range", f"{place}/partial_payments/{index}/amount", "a payment may not be negative")
    for name in ("dunning_level", "max_dunning_level"):
        if (getattr(item, name) or 0) < 0:
            yield Misfit("fact_range", f"{place}/{name}", "a level may not be negative", "send 0 for none")


def _block_misfits(block: DunningBlock | None, place: str) -> Iterator[Misfit]:
    if block is None:
        return
    if not (block.reason or "").strip():
        yield Misfit("fact_missing", f"{place}/reason", "a dunning block needs its reason")
    if block.valid_from is not None and block.valid_to is not None and block.valid_from > block.valid_to:
        yield Misfit(
            "fact_conflict",
            f"{place}/valid_to",
            f"the block ends on {block.valid_to}, before it starts on {block.valid_from}",
        )
