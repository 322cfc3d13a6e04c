"""The terms by which an item is due and its level kept: events, business days, default terms (domain D2, D8, D18)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from engine.dunning.account import EventKind


class AfterEvent(StrEnum):
    """What becomes of the level sent after an event (domain D8)."""

    RECOMPUTE = "recompute"
    KEEP = "keep"
    RESET = "reset"


class ToleranceScope(StrEnum):
    """Whether each item is held against the tolerance, or the account's balance (domain D14)."""

    ITEM = "item"
    ACCOUNT = "account"


class OnCredit(StrEnum):
    """What becomes of fees and interest when their invoice is credited in full (domain D19)."""

    KEEP = "keep"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class OnEvent:
    """What each event after an item's last notice does to the level sent (domain D8)."""

    partial_payment: AfterEvent = AfterEvent.KEEP
    credit_note: AfterEvent = AfterEvent.KEEP
    due_date_change: AfterEvent = AfterEvent.KEEP

    def after(self, event: EventKind) -> AfterEvent:
        """What that event does; a payment taken back undoes what a payment did."""
        match event:
            case "partial_payment" | "payment_reversed":
                return self.partial_payment
            case "credit_note":
                return self.credit_note
            case "due_date_change":
                return self.due_date_change
            case _ as never:
                assert_never(never)


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """Which days are open: not those of the `weekend` (0 is Monday; not all seven) unless worked, nor `holidays`."""

    weekend: frozenset[int] = frozenset()
    holidays: frozenset[dt.date] = frozenset()
    working_days: frozenset[dt.date] = frozenset()

    def open_day(self, day: dt.date) -> dt.date:
        """The day itself when it is open, else the next one that is."""
        while day in self.holidays or (day.weekday() in self.weekend and day not in self.working_days):
            day += dt.timedelta(days=1)
        return day


@dataclass(frozen=True, slots=True)
class DefaultTerms:
    """Days until an item without agreed terms is due; agreed terms of more than `longest` go to a person (D18)."""

    days: int
    longest: int | None = None
