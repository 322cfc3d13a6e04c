"""Rates of interest over time: what a rate is from which day on, and which day's rate holds for a span (domain D17)."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from policies.feel.values import Value

_DAY = dt.timedelta(days=1)
_JULY = 7


class Fixing(StrEnum):
    """Which day's rate holds for a day of interest (domain D17)."""

    AS_OF = "as_of"
    AT_START = "at_start"
    FLOATING = "floating"
    FLOATING_HALF_YEAR = "floating_half_year"


@dataclass(frozen=True, slots=True)
class Stage:
    """A rate in percent, and what it was read from.

    Without one, `absent` names parameters that have no value on those days, `missing` facts, `undefined` anything else.
    """

    percent: Decimal | None
    absent: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    read: Mapping[str, Value] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Schedule:
    """A rate over time, worked out when it is asked for: `of` gives the stage that starts on one of the `changes`.

    The days of change stand in order; the first is the beginning of the calendar.
    """

    changes: tuple[dt.date, ...]
    of: Callable[[dt.date], Stage]
    known: dict[dt.date, Stage] = field(default_factory=dict)

    def on(self, day: dt.date) -> Stage:
        """The stage in force on a day; the day of a change has the new rate."""
        start = self.changes[bisect_right(self.changes, day) - 1]
        if start not in self.known:
            self.known[start] = self.of(start)
        return self.known[start]


def constant(percent: Decimal) -> Schedule:
    """A rate that never changes."""
    return Schedule((dt.date.min,), lambda _: Stage(percent))


@dataclass(frozen=True, slots=True)
class Span:
    """Days of one rate, both ends included: that of the day `source`."""

    first: dt.date
    last: dt.date
    source: dt.date
    stage: Stage

    @property
    def missing(self) -> tuple[str, ...]:
        """What is missing for its rate: facts, and parameters with the day they are missing for."""
        return (*(f"{name} on {self.source}" for name in self.stage.absent), *self.stage.missing)


def spans(schedule: Schedule, fixing: Fixing | None, first: dt.date, last: dt.date, as_of: dt.date) -> tuple[Span, ...]:
    """The days from `first` to `last` by their rates; neighbours of the same known rate are one span.

    Without a fixing the rate is that of each day, which is the same on every day that has one.
    """
    match fixing:
        case Fixing.AS_OF:
            found = [Span(first, last, as_of, schedule.on(as_of))]
        case Fixing.AT_START:
            found = [Span(first, last, first, schedule.on(first))]
        case Fixing.FLOATING | None:
            changes = (day for day in schedule.changes if first < day <= last)
            found = [Span(day, until, day, schedule.on(day)) for day, until in _runs(first, last, changes)]
        case Fixing.FLOATING_HALF_YEAR:
            changes = (day for change in schedule.changes for day in _half_year_from(change) if first < day <= last)
            found = [
                Span(day, until, source, schedule.on(source))
                for day, until in _runs(first, last, changes)
                for source in [half_year_of(day)]
            ]
    return tuple(_joined(found))


def half_year_of(day: dt.date) -> dt.date:
    """The 1 January or 1 July on or before a day."""
    return dt.date(day.year, 1 if day.month < _JULY else _JULY, 1)


def _half_year_from(day: dt.date) -> Iterator[dt.date]:
    """The 1 January or 1 July on or after a day, unless the calendar ends before it."""
    start = half_year_of(day)
    if start == day:
        yield day
    elif start.month == 1:
        yield dt.date(day.year, _JULY, 1)
    elif day.year < dt.date.max.year:
        yield dt.date(day.year + 1, 1, 1)


def _runs(first: dt.date, last: dt.date, changes: Iterator[dt.date]) -> Iterator[tuple[dt.date, dt.date]]:
    starts = [first, *sorted(set(changes))]
    yield from zip(starts, [*(start - _DAY for start in starts[1:]), last], strict=True)


def _joined(found: list[Span]) -> Iterator[Span]:
    """Spans whose rate is the same are one: a figure published anew without a change is no change of rate."""
    kept = found[0]
    for span in found[1:]:
        if kept.stage.percent is not None and span.stage.percent == kept.stage.percent:
            kept = replace(kept, last=span.last)
        else:
            yield kept
            kept = span
    yield kept
