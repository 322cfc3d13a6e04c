"""When an item is due and what becomes of its level, as checked: events, business days, default terms, tolerance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from policies.ir import Expression

AfterEvent = Literal["recompute", "keep", "reset"]
"""What becomes of the level sent: what stands on today's facts at most, as it was, or none (domain D8)."""
Basis = Literal["original_due", "last_deadline", "end_of_month", "last_notice"]
"""The date from which days are counted (domain D2)."""


@dataclass(frozen=True, slots=True)
class OnEvent:
    """What each event does to the level sent."""

    partial_payment: AfterEvent
    credit_note: AfterEvent
    due_date_change: AfterEvent


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """The closed days, of each week (0 is Monday) and by date, and the dates worked on a weekend."""

    weekend: tuple[int, ...]
    holidays: Expression | None
    working_days: Expression | None


@dataclass(frozen=True, slots=True)
class DefaultTerms:
    """Days until an item without agreed terms is due; the most that agreed terms may come to unseen."""

    days: Expression
    longest: Expression | None


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The amount in one currency that an item, or the account, may leave open."""

    currency: str
    amount: Expression
