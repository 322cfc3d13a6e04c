"""FEEL's functions on dates, times and durations (DMN 1.5, 10.3.4.1 and 10.3.4.6-8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from engine.time_arithmetic import months_between, span_of
from policies.feel.temporal import read_date, read_date_time, read_duration, read_time, zone_at
from policies.feel.values import FEEL_DECIMAL, WEEKDAYS, YEAR_MONTHS, Duration, Value


def date_of(args: Sequence[Value]) -> Value:
    """`date(from)` of a text, date or date and time, or `date(year, month, day)`."""
    match args:
        case [str() as text]:
            return _or_null(lambda: read_date(text))
        case [dt.datetime() as moment]:
            return moment.date()
        case [dt.date() as day]:
            return day
        case [Decimal() as year, Decimal() as month, Decimal() as day]:
            return _or_null(lambda: dt.date(_whole(year), _whole(month), _whole(day)))
        case _:
            return None


def date_and_time(args: Sequence[Value]) -> Value:
    """`date and time(from)` of a text, or of a day and a time, whose zone it has."""
    match args:
        case [str() as text]:
            return _or_null(lambda: read_date_time(text))
        case [dt.date() as day, dt.time() as time]:
            return dt.datetime.combine(dt.date(day.year, day.month, day.day), time)
        case _:
            return None


def time_of(args: Sequence[Value]) -> Value:
    """`time(from)` of a text, time, date and time or date (UTC midnight), or `time(hour, minute, second, offset)`."""
    match args:
        case [str() as text]:
            return _or_null(lambda: read_time(text))
        case [dt.datetime() as moment]:
            return moment.timetz()
        case [dt.date()]:
            return dt.time(tzinfo=dt.UTC)
        case [dt.time() as time]:
            return time
        case [Decimal() as hour, Decimal() as minute, Decimal() as second]:
            return _or_null(lambda: _clock(hour, minute, second, None))
        case [Decimal() as hour, Decimal() as minute, Decimal() as second, (None | Duration(kind="days")) as offset]:
            return _or_null(lambda: _clock(hour, minute, second, offset))
        case _:
            return None


def _clock(hour: Decimal, minute: Decimal, second: Decimal, offset: Duration | None) -> dt.time:
    if not 0 <= second < 60:  # noqa: PLR2004 (a minute's seconds)
        msg = "no such second"
        raise ValueError(msg)
    micros = FEEL_DECIMAL.multiply(FEEL_DECIMAL.subtract(second, Decimal(int(second))), Decimal(1_000_000))
    zone = None if offset is None else zone_at(span_of(offset.amount))
    return dt.time(_whole(hour), _whole(minute), int(second), _whole(micros), zone)


def _whole(number: Decimal) -> int:
    """The number, when it is whole and small enough for a calendar; `ValueError` otherwise."""
    if abs(number) >= 1_000_000 or number != number.to_integral_value():  # noqa: PLR2004 (a second's microseconds)
        msg = "not a whole number of a calendar"
        raise ValueError(msg)
    return int(number)


def _or_null(make: Callable[[], Value]) -> Value:
    """What `make` gives; None where there is no such day, time or duration."""
    try:
        return make()
    except (ValueError, OverflowError):
        return None


def duration_of(args: Sequence[Value]) -> Value:
    """`duration(from)` of a text."""
    match args:
        case [str() as text]:
            return _or_null(lambda: read_duration(text))
        case _:
            return None


def years_and_months(args: Sequence[Value]) -> Value:
    """The whole months between two days, as a duration."""
    match args:
        case [dt.date() as start, dt.date() as end]:
            return months_between(_day(start), _day(end))
        case _:
            return None


def _day(day: dt.date) -> dt.date:
    return dt.date(day.year, day.month, day.day)


def _of_day(function: Callable[[dt.date], Value]) -> Callable[[Sequence[Value]], Value]:
    def of_day(args: Sequence[Value]) -> Value:
        match args:
            case [dt.date() as day]:
                return function(_day(day))
            case _:
                return None

    return of_day


TIME_FUNCTIONS: Mapping[str, Callable[[Sequence[Value]], Value]] = {
    "date": date_of,
    "date and time": date_and_time,
    "time": time_of,
    "duration": duration_of,
    "years and months duration": years_and_months,
    "day of week": _of_day(lambda day: WEEKDAYS[day.weekday()]),
    "day of year": _of_day(lambda day: Decimal(day.timetuple().tm_yday)),
    "week of year": _of_day(lambda day: Decimal(day.isocalendar().week)),
    "month of year": _of_day(lambda day: YEAR_MONTHS[day.month - 1]),
}
