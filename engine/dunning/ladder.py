"""The ladder of a dunning procedure: its levels, gates and charges, as plain values (domain D2 to D21)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from policies.ir import Texts


class ArrearsBasis(StrEnum):
    """The date from which the days in arrears count (domain D2)."""

    ORIGINAL_DUE = "original_due"
    LAST_DEADLINE = "last_deadline"
    END_OF_MONTH = "end_of_month"
    LAST_NOTICE = "last_notice"


class GraceMode(StrEnum):
    """Whether grace only gates an item, or also shifts the days its level is read from (domain D3)."""

    GATE = "gate"
    SHIFT = "shift"


class Escalation(StrEnum):
    """How far an item may rise in one notice (domain D6)."""

    STEP = "step"
    JUMP = "jump"
    SKIP_FORWARD = "skip_forward"


class Credits(StrEnum):
    """What becomes of unapplied cash and credit notes (domain D13)."""

    NET = "net"
    LIST = "list"
    IGNORE = "ignore"


class DayCount(StrEnum):
    """How interest days are counted and what a year has of them (domain D16)."""

    ACT_365 = "act/365"
    ACT_366 = "act/366"
    ACT_360 = "act/360"
    THIRTY_360 = "30/360"


class InterestRounding(StrEnum):
    """The one point at which interest is rounded to the currency's minor units (domain D16)."""

    PER_DAY = "per_day"
    PER_PERIOD = "per_period"
    TOTAL = "total"


class Effect(StrEnum):
    """What a level does to the account besides writing to it (domain D21)."""

    HOLD_ORDERS = "hold_orders"
    SET_PAYMENT_TERMS = "set_payment_terms"
    CREDIT_STOP = "credit_stop"
    ASSIGN_COLLECTOR = "assign_collector"
    TO_AGENCY = "to_agency"


@dataclass(frozen=True, slots=True)
class FixedFee:
    """An amount for the notice, or for each invoice that rises with it."""

    amount: Decimal
    per: Literal["notice", "invoice"]


@dataclass(frozen=True, slots=True)
class PercentFee:
    """A percentage of the principal; `cap` bounds each fee claimed, and equals it at most."""

    percent: Decimal
    per: Literal["notice", "invoice"]
    cap: Decimal | None = None


Fee = FixedFee | PercentFee


@dataclass(frozen=True, slots=True)
class Action:
    """A message to send: by `channel`, or by `fallback` when the account cannot be reached by it."""

    channel: str
    template: str
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class SideEffect:
    """An effect on the account, what it sets (`value`, such as the terms), and what lifts it again."""

    effect: Effect
    release_when: Texts
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """One level: reached at `min_days` in arrears, and standing only at its minimum amount and percentage."""

    number: int
    min_days: int
    min_amount: Decimal = Decimal(0)
    min_pct: Decimal = Decimal(0)
    fee: Fee | None = None
    interest: bool = False
    actions: tuple[Action, ...] = ()
    side_effects: tuple[SideEffect, ...] = ()


@dataclass(frozen=True, slots=True)
class PreDueReminder:
    """A reminder before the due date: `offset` days (negative) from it. No fee, no interest, no notice (domain D9)."""

    offset: int
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Interest:
    """Simple interest: `rate` in percent a year. Less than `min_interest` in a notice is not charged (domain D16)."""

    rate: Decimal
    basis: DayCount
    round: InterestRounding
    min_interest: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Ladder:
    """A dunning procedure. Days are whole calendar days; `tolerance` is in the account's currency.

    Levels are numbered 1, 2, 3 … with thresholds strictly increasing: `ladder_faults` says where they are not.
    """

    levels: tuple[Level, ...]
    escalation: Escalation
    grace_days: int = 0
    grace_mode: GraceMode = GraceMode.GATE
    arrears_basis: ArrearsBasis = ArrearsBasis.ORIGINAL_DUE
    interval_days: int = 0
    min_days_in_arrears_account: int = 0
    tolerance: Decimal = Decimal(0)
    credits: Credits = Credits.NET
    interest: Interest | None = None
    pre_due: tuple[PreDueReminder, ...] = ()

    def level(self, number: int) -> Level:
        """The level of that number, counted from 1."""
        return self.levels[number - 1]

    @property
    def level_shift(self) -> int:
        """The days that grace takes from the days a level is read from."""
        return self.grace_days if self.grace_mode is GraceMode.SHIFT else 0


def ladder_faults(ladder: Ladder) -> tuple[tuple[str, str], ...]:
    """What makes the ladder unusable: pairs of (place such as `levels[2].min_days`, what is wrong with it)."""
    faults: list[tuple[str, str]] = []
    if not ladder.levels:
        faults.append(("levels", "a ladder needs at least one level"))
    days_and_tolerance = ("grace_days", "interval_days", "min_days_in_arrears_account", "tolerance")
    faults += [(name, f"`{name}` may not be negative") for name in days_and_tolerance if getattr(ladder, name) < 0]
    if ladder.interest is not None and ladder.interest.min_interest < 0:
        faults.append(("interest.min_interest", "`min_interest` may not be negative"))
    for index, reminder in enumerate(ladder.pre_due):
        if reminder.offset >= 0:
            faults.append((f"pre_due[{index}].offset", "a reminder before the due date needs a negative offset"))
    reached = None
    for index, level in enumerate(ladder.levels):
        faults += [(f"levels[{index}].{place}", words) for place, words in _level_faults(level, index, reached)]
        reached = level.min_days
    return tuple(faults)


def _level_faults(level: Level, index: int, reached: int | None) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    if level.number != index + 1:
        faults.append(("number", f"levels are numbered from 1 without a gap: this one is {index + 1}"))
    if level.min_days < 0:
        faults.append(("min_days", "a level cannot be reached before the due date; that is what a reminder is for"))
    if reached is not None and level.min_days <= reached:
        faults.append(("min_days", f"level {index + 1} must come later than level {index} ({reached} days)"))
    minimums = {"min_amount": level.min_amount, "min_pct": level.min_pct}
    faults += [(name, f"`{name}` may not be negative") for name, value in minimums.items() if value < 0]
    match level.fee:
        case FixedFee(amount=amount) if amount < 0:
            faults.append(("fee", "a fee may not be negative"))
        case PercentFee(percent=percent, cap=cap) if percent < 0 or (cap is not None and cap < 0):
            faults.append(("fee", "a fee and its cap may not be negative"))
        case _:
            pass
    return faults
