"""Simple interest on an overdue item, split where a part of it was paid (domain D16)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from engine.dunning.account import ZERO, PartialPayment
from engine.dunning.amounts import to_minor_units
from engine.dunning.ladder import DayCount, Interest, InterestRounding

_LAST_DAY_OF_30_360 = 30


@dataclass(frozen=True, slots=True)
class Period:
    """Days with one outstanding amount; the first is the day after `after`, the last is `until`."""

    after: dt.date
    until: dt.date
    days: int
    outstanding: Decimal
    interest: Decimal


def day_count(after: dt.date, until: dt.date, basis: DayCount) -> int:
    """Interest days from the day after `after` to `until`; `30/360` reads day 31 as 30 (domain D16)."""
    match basis:
        case DayCount.ACT_365 | DayCount.ACT_366 | DayCount.ACT_360:
            return (until - after).days
        case DayCount.THIRTY_360:
            months = 12 * (until.year - after.year) + until.month - after.month
            return 30 * months + min(until.day, _LAST_DAY_OF_30_360) - min(after.day, _LAST_DAY_OF_30_360)
        case _ as never:
            assert_never(never)


def year_days(basis: DayCount) -> Decimal:
    """The days of a year under the day count."""
    match basis:
        case DayCount.ACT_365:
            return Decimal(365)
        case DayCount.ACT_366:
            return Decimal(366)
        case DayCount.ACT_360 | DayCount.THIRTY_360:
            return Decimal(360)
        case _ as never:
            assert_never(never)


def interest_periods(
    terms: Interest,
    *,
    outstanding: Decimal,
    due_date: dt.date,
    as_of: dt.date,
    payments: tuple[PartialPayment, ...],
    currency: str,
) -> tuple[Period, ...]:
    """`outstanding * rate / 100 * days / basis` for each period between the due date and `as_of` (domain D16).

    `outstanding` is what is left today; a payment on a day lowers it from the day after, so each earlier period adds
    the payments made since. Amounts are rounded here under `per_day` and `per_period`, and not under `total`.
    """
    rate = max(terms.rate, ZERO)
    edges = sorted({payment.date for payment in payments if due_date < payment.date < as_of})
    periods = []
    for after, until in zip([due_date, *edges], [*edges, as_of], strict=True):
        days = day_count(after, until, terms.basis)
        if days <= 0:
            continue
        owed = outstanding + sum((payment.amount for payment in payments if payment.date >= until), ZERO)
        year = owed * rate / 100
        match terms.round:
            case InterestRounding.PER_DAY:
                interest = to_minor_units(year / year_days(terms.basis), currency) * days
            case InterestRounding.PER_PERIOD:
                interest = to_minor_units(year * days / year_days(terms.basis), currency)
            case InterestRounding.TOTAL:
                interest = year * days / year_days(terms.basis)
            case _ as never:
                assert_never(never)
        periods.append(Period(after, until, days, owed, interest))
    return tuple(periods)
