"""Reading dates, times, date-times and durations from FEEL's texts, which are those of ISO 8601 (DMN 1.5, 10.3.2.3).

Strict: a year has four digits and lies in 1-9999, a second lies in 0-59, a fraction of a second has at most six digits,
an offset is at most 14 hours, a zone is one of the IANA database. Every reader raises `ValueError` whose text is the
message for the author.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from decimal import Decimal
from functools import cache

from policies.feel.values import LONGEST_DURATION, Duration, Temporal

_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?(?P<zone>Z|[+-].*|@.*)?",
)
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?")
_MONTHS = re.compile(r"(-?)P(?:([0-9]+)Y)?(?:([0-9]+)M)?")
_DAYS = re.compile(r"(-?)P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]*)?)S)?)?")

_LONGEST_TEXT = 40
_FRACTION_DIGITS = 6
_FURTHEST_OFFSET = dt.timedelta(hours=14)


def read_date(text: str) -> dt.date:
    """`2026-01-31` as a date; `ValueError` for any other form and for a day that is not in the calendar."""
    match = _DATE.fullmatch(text)
    if match is None:
        msg = f"`{text}` is not a date, as in `2026-01-31`"
        raise ValueError(msg)
    try:
        return dt.date(*map(int, match.groups()))
    except ValueError:
        msg = f"`{text}`: no such date"
        raise ValueError(msg) from None


def read_time(text: str) -> dt.time:
    """`10:30:00`, `10:30:00.25`, `10:30:00Z`, `10:30:00+02:00` or `10:30:00@Europe/Berlin` as a time of day."""
    match = _TIME.fullmatch(text)
    if match is None:
        msg = f"`{text}` is not a time, as in `10:30:00`"
        raise ValueError(msg)
    fraction = match["fraction"] or ""
    if len(fraction) > _FRACTION_DIGITS:
        msg = f"`{text}`: more than {_FRACTION_DIGITS} digits after the second's point"
        raise ValueError(msg)
    zone = read_zone(match["zone"]) if match["zone"] else None
    micros = int(fraction.ljust(_FRACTION_DIGITS, "0"))
    try:
        return dt.time(int(match["hour"]), int(match["minute"]), int(match["second"]), micros, zone)
    except ValueError:
        msg = f"`{text}`: no such time"
        raise ValueError(msg) from None


def read_zone(text: str) -> dt.tzinfo:
    """`Z`, `+02:00` or `@Europe/Berlin` as a zone; `Z` and `+00:00` are both UTC."""
    if text == "Z":
        return dt.UTC
    if text.startswith("@"):
        if text[1:] not in _zone_names():
            msg = f"`{text[1:]}` is not a time zone, as in `Europe/Berlin`"
            raise ValueError(msg)
        return zoneinfo.ZoneInfo(text[1:])
    match = _OFFSET.fullmatch(text)
    if match is None or int(match[3]) > 59 or int(match[4] or 0) > 59:  # noqa: PLR2004 (the last minute and second)
        msg = f"`{text}` is not an offset, as in `+02:00`"
        raise ValueError(msg)
    offset = dt.timedelta(hours=int(match[2]), minutes=int(match[3]), seconds=int(match[4] or 0))
    return zone_at(-offset if match[1] == "-" else offset)


def zone_at(offset: dt.timedelta) -> dt.tzinfo:
    """The zone with that fixed offset; `ValueError` beyond 14 hours."""
    if abs(offset) > _FURTHEST_OFFSET:
        msg = "an offset is at most 14 hours"
        raise ValueError(msg)
    return dt.timezone(offset) if offset else dt.UTC


@cache
def _zone_names() -> frozenset[str]:
    # `localtime` is the machine's own zone: a policy must not depend on the machine.
    return frozenset(zoneinfo.available_timezones() - {"localtime"})


def read_date_time(text: str) -> dt.datetime:
    """`2026-01-31T10:30:00`, with or without zone, as a date and time; a date alone is its midnight."""
    day, separator, time = text.partition("T")
    return dt.datetime.combine(read_date(day), read_time(time) if separator else dt.time())


def read_duration(text: str) -> Duration:
    """`P1Y6M` or `P3DT4H` as a duration; months and days do not mix in one."""
    if len(text) > _LONGEST_TEXT:
        msg = f"a duration of more than {_LONGEST_TEXT} characters"
        raise ValueError(msg)
    months, days = _MONTHS.fullmatch(text), _DAYS.fullmatch(text)
    if months is not None and not text.endswith("P"):
        duration = Duration("months", _signed(months[1], Decimal(int(months[2] or 0) * 12 + int(months[3] or 0))))
    elif days is not None and not text.endswith(("P", "T")):
        whole = int(days[2] or 0) * 86400 + int(days[3] or 0) * 3600 + int(days[4] or 0) * 60
        duration = Duration("days", _signed(days[1], Decimal(whole) + Decimal(days[5] or 0)))
    else:
        msg = f"`{text}` is not a duration, as in `P30D`, `PT12H` or `P1Y6M`; months and days do not mix"
        raise ValueError(msg)
    if abs(duration.amount) > LONGEST_DURATION:
        msg = f"`{text}` is longer than any duration can be"
        raise ValueError(msg)
    return duration


def _signed(sign: str, amount: Decimal) -> Decimal:
    return -amount if sign and amount else amount


def read_temporal(text: str) -> Temporal:
    """The value of `@"text"`: whichever of the four the text is written as."""
    if "P" in text[:2]:
        return read_duration(text)
    if ":" not in text and "T" not in text:
        return read_date(text)
    return read_date_time(text) if "T" in text.partition("@")[0] else read_time(text)
