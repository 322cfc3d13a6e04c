"""An account to be dunned: its open items and what is known of its dunning case, as plain values (domain 4.6, 4.7)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from engine.dunning.pinning import Pin

DocumentType = Literal["invoice", "credit_note", "payment", "fee", "interest"]
EventKind = Literal["partial_payment", "credit_note", "due_date_change", "payment_reversed"]
CREDIT_TYPES: frozenset[str] = frozenset({"credit_note", "payment"})
CLAIM_TYPES: frozenset[str] = frozenset({"fee", "interest"})
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class DunningBlock:
    """Why and when an item or account is not dunned, both days included; an absent end is open (domain D10).

    Interest keeps running on its days unless it `stops_interest`.
    """

    reason: str | None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    set_by: str | None = None
    stops_interest: bool = False

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
    """A payment that `open_amount` already reflects; the interest of the days before it does not (domain D16).

    A part of a credit that is netted is one too: `number` is then that credit's.
    """

    date: dt.date
    amount: Decimal
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an item; `level_before` is the level a payment now taken back had changed (D8)."""

    event: EventKind
    date: dt.date
    level_before: int | None = None


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One open document. Amounts are positive, also those of credits; `dunning_level` absent means none was sent.

    `reminded_on` is the day of the last reminder before the due date, which is no notice (domain D9). `for_invoice`
    is the invoice that a fee or interest was charged for, `principal_status` what became of it (domain D19).
    `interest_charged` is what earlier notices claimed on the item, in the account's currency.
    `interest_stopped` are the blocks, the account's among them, on whose days the item bears no interest: it is set
    when the account is presented (`engine.dunning.presented`), not by the caller.
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
    dunning_recipient: str | None = None
    events: tuple[Event, ...] = ()
    invoice_date: dt.date | None = None
    received_on: dt.date | None = None
    delivered_on: dt.date | None = None
    terms_agreed: bool | None = None
    for_invoice: str | None = None
    principal_status: Literal["open", "paid", "credited"] | None = None
    waived_by: str | None = None
    waived_reason: str | None = None
    waived_on: dt.date | None = None
    compensation_charged: bool | None = None
    interest_charged: Decimal | None = None
    interest_stopped: tuple[DunningBlock, ...] = ()

    @property
    def is_credit(self) -> bool:
        """Whether the item is owed to the customer, not by it: a credit by type, or an overpaid document."""
        return self.document_type in CREDIT_TYPES or self.open_amount < 0

    @property
    def is_principal(self) -> bool:
        """Whether percentages and interest apply: never to earlier fees and interest (domain D15, D16)."""
        return self.document_type == "invoice"

    @property
    def is_claim(self) -> bool:
        """Whether the item is a fee or interest that an earlier notice charged (domain D19)."""
        return self.document_type in CLAIM_TYPES

    @property
    def level_sent(self) -> int:
        """The level last sent; none known is none sent."""
        return self.dunning_level or 0


@dataclass(frozen=True, slots=True)
class DunningCase:
    """The account's running case.

    `pin` is the version it runs by, `last_notice_key` the key of the notice last sent (domain D23, D24). `holds` are
    the effects in force; `recipient_blocked` keeps letters to the account's own recipient back (domain D21, D22).
    """

    last_notice_date: dt.date | None = None
    blocked: DunningBlock | None = None
    legal_since: dt.date | None = None
    pin: Pin = field(default_factory=Pin)
    last_notice_key: str | None = None
    holds: tuple[str, ...] = ()
    recipient_blocked: bool = False


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """What one unit of `source_currency` is in `currency`, from a day on, and who says so (domain C21)."""

    source_currency: str
    currency: str
    rate: Decimal
    date: dt.date
    source: str


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
    recipient: str | None = None
    items_pointer: str = "/open_items"
    case_pointer: str = "/dunning_case"
    rates: tuple[ExchangeRate, ...] = ()
    rates_pointer: str = "/rates"

    @property
    def addressee(self) -> str:
        """Who its letters go to, but for items that name another recipient: the account itself, or one in its place."""
        return self.recipient or self.account_id

    @property
    def last_notice_date(self) -> dt.date | None:
        """The day of the last notice: of the case, or the latest any item knows of."""
        days = [self.case.last_notice_date, *(item.last_dunned_on for item in self.items)]
        return max((day for day in days if day is not None), default=None)

    def item_path(self, index: int, name: str) -> str:
        """The dotted path of a fact of the item at that place, as reasons name it."""
        return f"{self.items_pointer.removeprefix('/').replace('/', '.')}[{index}].{name}"

    @property
    def undated(self) -> tuple[str, ...]:
        """The facts missing to know the last notice: days of items that were sent one, when the case tells none."""
        if self.case.last_notice_date is not None:
            return ()
        return tuple(
            self.item_path(number, "last_dunned_on")
            for number, item in enumerate(self.items)
            if item.level_sent > 0 and item.last_dunned_on is None
        )
