"""Simple interest on an overdue item, split where a part was paid and where the rate changes (domain D16, D17)."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise
from typing import assert_never

from engine.dunning.account import ZERO, DunningBlock, OpenItem
from engine.dunning.amounts import to_minor_units
from engine.dunning.charge_terms import DayCount, Interest, InterestRounding
from engine.dunning.rates import Span, spans

_DAY = dt.timedelta(days=1)
_LAST_DAY_OF_30_360 = 30


@dataclass(frozen=True, slots=True)
class Period:
    """Days with one outstanding amount and one rate, both ends included; the rate is that of the day `span.source`."""

    first: dt.date
    last: dt.date
    days: int
    outstanding: Decimal
    rate: Decimal
    span: Span
    interest: Decimal


@dataclass(frozen=True, slots=True)
class Below:
    """A rate that is lower than the legal minimum, from that day on."""

    day: dt.date
    rate: Decimal
    minimum: Decimal


@dataclass(frozen=True, slots=True)
class Accrual:
    """The interest on one item: by periods, or not at all where `unknown` names days without a rate.

    `below` is the first day under the legal minimum, `unchecked` the first day for which that is not known.
    """

    periods: tuple[Period, ...] = ()
    unknown: tuple[Span, ...] = ()
    below: Below | None = None
    unchecked: Span | None = None


def day_count(first: dt.date, last: dt.date, basis: DayCount | None) -> int:
    """Interest days from `first` to `last`, both included; `30/360` reads day 31 as 30 (domain D16)."""
    after = first - _DAY
    match basis:
        case DayCount.ACT_365 | DayCount.ACT_366 | DayCount.ACT_360 | None:
            return (last - after).days
        case DayCount.THIRTY_360:
            months = 12 * (last.year - after.year) + last.month - after.month
            return 30 * months + min(last.day, _LAST_DAY_OF_30_360) - min(after.day, _LAST_DAY_OF_30_360)
        case _ as never:
            assert_never(never)


def rate_days(basis: DayCount | None) -> Decimal:
    """The days that the rate is for: those of a year under the day count, one for a daily rate."""
    match basis:
        case None:
            return Decimal(1)
        case DayCount.ACT_365:
            return Decimal(365)
        case DayCount.ACT_366:
            return Decimal(366)
        case DayCount.ACT_360 | DayCount.THIRTY_360:
            return Decimal(360)
        case _ as never:
            assert_never(never)


def accrue(terms: Interest, item: OpenItem, outstanding: Decimal, as_of: dt.date, currency: str) -> Accrual:
    """The interest from the day after the original due date to `as_of` (domain D16).

    `outstanding` is what is left today; a payment lowers it from the day after, so each earlier period adds the
    payments made since. Days of a block that stops interest bear none.
    """
    if as_of <= item.due_date:
        return Accrual()
    first = item.due_date + _DAY
    rates = spans(terms.rates, terms.fixing, first, as_of, as_of)
    stopped = tuple(_stopped(item.interest_stopped, first, as_of))
    runs = [(*run, span) for run, span in _runs(item, rates, stopped, as_of) if not _within(run[0], stopped)]
    unknown = tuple(span for _, _, span in runs if span.stage.percent is None)
    if unknown:
        return Accrual(unknown=unknown)
    counted = (run for run in runs if day_count(run[0], run[1], terms.basis) > 0)
    paid_from = _paid_from(item)
    periods = tuple(_period(terms, outstanding + paid_from(run[1]), run, currency) for run in counted)
    return Accrual(periods, (), *_against_minimum(terms, periods, first, as_of))


def _stopped(blocks: Iterable[DunningBlock], first: dt.date, last: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """The days of blocks that stop interest, within those from `first` to `last`."""
    for block in blocks:
        start, end = max(block.valid_from or first, first), min(block.valid_to or last, last)
        if start <= end:
            yield start, end


def _within(day: dt.date, intervals: Iterable[tuple[dt.date, dt.date]]) -> bool:
    return any(start <= day <= end for start, end in intervals)


def _runs(
    item: OpenItem, rates: tuple[Span, ...], stopped: tuple[tuple[dt.date, dt.date], ...], as_of: dt.date
) -> Iterator[tuple[tuple[dt.date, dt.date], Span]]:
    """The days between payments, changes of rate and stops, with the span that each lies in."""
    before = item.due_date
    ends = {payment.date for payment in item.partial_payments}
    ends |= {span.first - _DAY for span in rates}
    ends |= {day for start, end in stopped for day in (start - _DAY, end)}
    edges = [before, *sorted(day for day in ends if before < day < as_of), as_of]
    for after, last in pairwise(edges):
        first = after + _DAY
        yield (first, last), next(span for span in rates if first <= span.last)


def _paid_from(item: OpenItem) -> Callable[[dt.date], Decimal]:
    """What was paid of the item on a day and since."""
    payments = sorted(item.partial_payments, key=lambda payment: payment.date)
    since = list(accumulate((payment.amount for payment in reversed(payments)), initial=ZERO))[::-1]

    def paid_from(day: dt.date) -> Decimal:
        return since[bisect_left(payments, day, key=lambda payment: payment.date)]

    return paid_from


def _period(terms: Interest, owed: Decimal, run: tuple[dt.date, dt.date, Span], currency: str) -> Period:
    first, last, span = run
    days = day_count(first, last, terms.basis)
    rate = max(span.stage.percent or ZERO, ZERO)
    of_the_rate = owed * rate / 100
    match terms.round:
        case InterestRounding.PER_DAY:
            interest = to_minor_units(of_the_rate / rate_days(terms.basis), currency) * days
        case InterestRounding.PER_PERIOD:
            interest = to_minor_units(of_the_rate * days / rate_days(terms.basis), currency)
        case InterestRounding.TOTAL:
            interest = of_the_rate * days / rate_days(terms.basis)
        case _ as never:
            assert_never(never)
    return Period(first, last, days, owed, rate, span, interest)


def _against_minimum(
    terms: Interest, periods: tuple[Period, ...], first: dt.date, as_of: dt.date
) -> tuple[Below | None, Span | None]:
    """The first day whose rate is below the legal minimum, and the first for which that is not known (domain D17)."""
    if terms.legal_minimum is None or not periods:
        return None, None
    lowest = spans(terms.legal_minimum, terms.fixing, first, as_of, as_of)
    pairs = [
        (max(period.first, span.first), period, span)
        for period in periods
        for span in lowest
        if span.first <= period.last and period.first <= span.last
    ]
    below = (
        Below(day, period.rate, span.stage.percent)
        for day, period, span in pairs
        if span.stage.percent is not None and period.rate < span.stage.percent
    )
    return next(below, None), next((span for _, _, span in pairs if span.stage.percent is None), None)
