"""Arithmetic and order of dates, times and durations (DMN 1.5, tables 55-59); None outside the calendar."""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import Decimal

from policies.feel.values import FEEL_DECIMAL, Duration

_DAY_SECONDS = 86400
_MICROS = -6


def seconds_of(span: dt.timedelta) -> Decimal:
    """A span of time in seconds, exactly."""
    whole = Decimal(span.days * _DAY_SECONDS + span.seconds)
    return whole + Decimal(span.microseconds).scaleb(_MICROS) if span.microseconds else whole


def span_of(seconds: Decimal) -> dt.timedelta:
    """Seconds as a span, to the nearest microsecond; `OverflowError` beyond a thousand million days."""
    return dt.timedelta(microseconds=int(seconds.scaleb(-_MICROS, FEEL_DECIMAL).to_integral_value()))


def shift(moment: dt.date | dt.datetime | dt.time, by: Duration) -> dt.date | dt.datetime | dt.time | None:
    """`moment + by`. A date and time with a zone moves in absolute time by days, in local time by months.

    A date moved by days and time is the date of its midnight so moved; a time of day turns round at midnight.
    """
    try:
        match moment:
            case dt.datetime() if by.kind == "days":
                return _moved(moment, span_of(by.amount))
            case dt.datetime():
                day = _month_shift(moment.date(), int(by.amount))
                return dt.datetime.combine(day, moment.timetz())
            case dt.date() if by.kind == "days":
                return (dt.datetime.combine(moment, dt.time()) + span_of(by.amount)).date()
            case dt.date():
                return _month_shift(moment, int(by.amount))
            case _ if by.kind == "days":
                anchor = dt.datetime.combine(dt.date(2000, 1, 1), moment.replace(tzinfo=None))
                return (
                    (anchor + span_of(FEEL_DECIMAL.remainder(by.amount, Decimal(_DAY_SECONDS))))
                    .time()
                    .replace(tzinfo=moment.tzinfo)
                )
            case _:
                return None
    except (OverflowError, ValueError):
        return None


def _moved(moment: dt.datetime, span: dt.timedelta) -> dt.datetime:
    if moment.tzinfo is None:
        return moment + span
    return (moment.astimezone(dt.UTC) + span).astimezone(moment.tzinfo)


def _month_shift(day: dt.date, months: int) -> dt.date:
    """The same day of the month so many months on, or the month's last day when it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not dt.MINYEAR <= year <= dt.MAXYEAR:
        msg = "outside the calendar"
        raise ValueError(msg)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def between(later: dt.date | dt.datetime | dt.time, earlier: dt.date | dt.datetime | dt.time) -> Duration | None:
    """`later - earlier` in days and time; a date beside a date and time is its midnight in UTC."""
    if isinstance(later, dt.date) and isinstance(earlier, dt.date):
        mixed = isinstance(later, dt.datetime) != isinstance(earlier, dt.datetime)
        ends = _instant(later, utc=mixed), _instant(earlier, utc=mixed)
    elif isinstance(later, dt.time) and isinstance(earlier, dt.time):
        ends = _instant_of_day(later), _instant_of_day(earlier)
    else:
        return None
    (zone, left), (other, right) = ends
    return Duration("days", left - right) if zone == other else None


def order(left: dt.date | dt.datetime | dt.time, right: dt.date | dt.datetime | dt.time) -> int | None:
    """-1, 0 or 1; None for two kinds, and for one with a zone beside one without."""
    if isinstance(left, dt.datetime) != isinstance(right, dt.datetime):
        return None
    difference = between(left, right)
    if difference is None:
        return None
    return (difference.amount > 0) - (difference.amount < 0)


def measured(moment: dt.date | dt.datetime | dt.time) -> tuple[str, Decimal]:
    """What moments of its kind are measured by, and in seconds how far along it lies: alike for the same moments."""
    return _instant_of_day(moment) if isinstance(moment, dt.time) else _instant(moment, utc=False)


def months_between(start: dt.date, end: dt.date) -> Duration:
    """The whole months from `start` to `end`, negative when `end` is earlier (DMN 1.5, 10.3.4.8)."""
    if start > end:
        return Duration("months", -months_between(end, start).amount)
    months = (end.year - start.year) * 12 + end.month - start.month
    return Duration("months", Decimal(months - (end.day < start.day)))


def _instant(moment: dt.date, *, utc: bool) -> tuple[str, Decimal]:
    """What it is measured by, and the seconds since the calendar's first day; no time zone can overflow it."""
    if not isinstance(moment, dt.datetime):
        return "absolute" if utc else "local", Decimal(moment.toordinal() - 1) * _DAY_SECONDS
    offset = moment.utcoffset()
    local = seconds_of(moment.replace(tzinfo=None) - dt.datetime.min)  # noqa: DTZ901 (a local count on both sides)
    return ("local", local) if offset is None else ("absolute", local - seconds_of(offset))


def _instant_of_day(time: dt.time) -> tuple[str, Decimal]:
    """As `_instant` for a time of day; a named zone's offset depends on the day, so the zone itself is the measure."""
    local = Decimal(time.hour * 3600 + time.minute * 60 + time.second) + Decimal(time.microsecond).scaleb(_MICROS)
    if time.tzinfo is None:
        return "local", local
    offset = time.utcoffset()
    return (str(time.tzinfo), local) if offset is None else ("absolute", local - seconds_of(offset))
