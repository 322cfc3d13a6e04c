"""What FEEL's operators do on values (DMN 1.5, 10.3.2 and tables 42-59).

Total: a mismatch, a division by zero or a result outside the calendar is None (unknown), never an exception. A truth
value is never a number. Decimals have 34 digits, rounded half-even.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, DecimalException

from engine import time_arithmetic
from policies.feel.syntax import ComparisonOp
from policies.feel.values import FEEL_DECIMAL, LONGEST_DURATION, Duration, Range, Value

_Moment = dt.date | dt.datetime | dt.time


def add(left: Value, right: Value) -> Value:
    """`left + right`: numbers, texts joined, durations of one kind, a date or time and a duration."""
    match left, right:
        case Decimal(), Decimal():
            return _decimal(FEEL_DECIMAL.add, left, right)
        case str(), str():
            return left + right
        case Duration(), Duration() if left.kind == right.kind:
            return _duration(left.kind, _decimal(FEEL_DECIMAL.add, left.amount, right.amount))
        case ((dt.date() | dt.time()), Duration()):
            return time_arithmetic.shift(left, right)
        case Duration(), (dt.date() | dt.time()):
            return time_arithmetic.shift(right, left)
        case _:
            return None


def subtract(left: Value, right: Value) -> Value:
    """`left - right`: numbers, durations, a duration from a date or time; two dates or times give days and time."""
    match left, right:
        case Decimal(), Decimal():
            return _decimal(FEEL_DECIMAL.subtract, left, right)
        case ((dt.date() | dt.time()), (dt.date() | dt.time())):
            return time_arithmetic.between(left, right)
        case _, Duration():
            return add(left, negate(right))
        case _:
            return None


def multiply(left: Value, right: Value) -> Value:
    """`left * right`: numbers, or a duration and a number; months are cut to whole ones."""
    match left, right:
        case Decimal(), Decimal():
            return _decimal(FEEL_DECIMAL.multiply, left, right)
        case (Duration(), Decimal()):
            return _duration(left.kind, _decimal(FEEL_DECIMAL.multiply, left.amount, right))
        case (Decimal(), Duration()):
            return multiply(right, left)
        case _:
            return None


def divide(left: Value, right: Value) -> Value:
    """`left / right`: numbers, a duration and a number, or two durations of one kind; None when `right` is zero."""
    match left, right:
        case Decimal(), Decimal():
            return _decimal(FEEL_DECIMAL.divide, left, right) if right else None
        case Duration(), Decimal():
            return _duration(left.kind, _decimal(FEEL_DECIMAL.divide, left.amount, right)) if right else None
        case Duration(), Duration() if left.kind == right.kind:
            return divide(left.amount, right.amount)
        case _:
            return None


def negate(value: Value) -> Value:
    """`-value` of a number or a duration."""
    match value:
        case Decimal():
            return _decimal(FEEL_DECIMAL.subtract, Decimal(0), value)
        case Duration():
            return _duration(value.kind, _decimal(FEEL_DECIMAL.subtract, Decimal(0), value.amount))
        case _:
            return None


def _decimal(operation: Callable[[Decimal, Decimal], Decimal], left: Decimal, right: Decimal) -> Decimal | None:
    try:
        return operation(left, right)
    except DecimalException:
        return None


def _duration(kind: str, amount: Decimal | None) -> Duration | None:
    if amount is None or abs(amount) > LONGEST_DURATION:
        return None
    return Duration("days", amount) if kind == "days" else Duration("months", amount.to_integral_value("ROUND_DOWN"))


def equal(left: Value, right: Value) -> bool | None:
    """FEEL's `=`: null equals null and nothing else; None for values of two kinds (DMN 1.5, table 42)."""
    match left, right:
        case (None, _) | (_, None):
            return left is right
        case (bool(), bool()) | (Decimal(), Decimal()) | (str(), str()):
            return bool(left == right)
        case (Duration(), Duration()):
            return left.amount == right.amount if left.kind == right.kind else None
        case ((dt.date() | dt.time()), (dt.date() | dt.time())):
            return _same_moment(left, right)
        case (list(), list()):
            return len(left) == len(right) and _all_equal(zip(left, right, strict=True))
        case (dict(), dict()):
            return left.keys() == right.keys() and _all_equal((left[key], right[key]) for key in left)
        case (Range(), Range()):
            if (left.low_closed, left.high_closed) != (right.low_closed, right.high_closed):
                return False
            return _all_equal([(left.low, right.low), (left.high, right.high)])
        case _:
            return None


def _all_equal(pairs: Iterable[tuple[Value, Value]]) -> bool | None:
    result: bool | None = True
    for left, right in pairs:
        result = logical_and(result, equal(left, right))
    return result


def _same_moment(left: _Moment, right: _Moment) -> bool | None:
    """Two kinds do not compare; with a zone and without are two different moments."""
    if _moment_kind(left) is not _moment_kind(right):
        return None
    return time_arithmetic.order(left, right) == 0


def _moment_kind(moment: _Moment) -> type:
    return next(kind for kind in (dt.datetime, dt.date, dt.time) if isinstance(moment, kind))


def compare(left: Value, op: ComparisonOp, right: Value) -> bool | None:
    """`left op right`; None (unknown) when the two have no order, be it that one is null or that the kinds differ."""
    if op in {"=", "!="}:
        same = equal(left, right)
        return same if op == "=" else logical_not(same)
    order = _order(left, right)
    if order is None:
        return None
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[op]


def _order(left: Value, right: Value) -> int | None:
    match left, right:
        case (Decimal(), Decimal()) | (str(), str()):
            return int(left > right) - int(left < right)
        case (Duration(), Duration()):
            return _order(left.amount, right.amount) if left.kind == right.kind else None
        case ((dt.date() | dt.time()), (dt.date() | dt.time())):
            return time_arithmetic.order(left, right)
        case _:
            return None


def logical_and(left: Value, right: Value) -> bool | None:
    """Three-valued `and`: false beats unknown (DMN 1.5, table 50)."""
    if left is False or right is False:
        return False
    return True if left is True and right is True else None


def logical_or(left: Value, right: Value) -> bool | None:
    """Three-valued `or`: true beats unknown."""
    if left is True or right is True:
        return True
    return False if left is False and right is False else None


def logical_not(value: Value) -> bool | None:
    """Three-valued `not`: unknown stays unknown."""
    return not value if isinstance(value, bool) else None


def between(value: Value, low: Value, high: Value) -> bool | None:
    """`value between low and high`, both ends included."""
    return logical_and(compare(value, ">=", low), compare(value, "<=", high))


def in_range(value: Value, within: Range) -> bool | None:
    """Whether the value lies in the range; an end that is None is open. None for a null value."""
    if value is None:
        return None
    above = within.low is None or compare(value, ">=" if within.low_closed else ">", within.low)
    below = within.high is None or compare(value, "<=" if within.high_closed else "<", within.high)
    return logical_and(above, below)


def property_of(value: Value, name: str) -> Value:
    """`value.name` of a date, time, duration or range (DMN 1.5, table 65); None when it has no such part."""
    match value:
        case dt.datetime():
            part = _part_of_day(value, name)
            return _part_of_clock(value, name) if part is None else part
        case dt.date():
            return _part_of_day(value, name)
        case dt.time():
            return _part_of_clock(value, name)
        case Duration():
            return _part_of_duration(value, name)
        case Range():
            parts = {
                "start": value.low,
                "end": value.high,
                "start included": value.low_closed,
                "end included": value.high_closed,
            }
            return parts.get(name)
        case _:
            return None


def _part_of_day(day: dt.date, name: str) -> Value:
    parts = {"year": day.year, "month": day.month, "day": day.day, "weekday": day.isoweekday()}
    return Decimal(parts[name]) if name in parts else None


def _part_of_clock(time: dt.time | dt.datetime, name: str) -> Value:
    match name:
        case "hour":
            return Decimal(time.hour)
        case "minute":
            return Decimal(time.minute)
        case "second":
            return Decimal(time.second) + Decimal(time.microsecond).scaleb(-6)
        case "time offset":
            offset = time.utcoffset()
            return None if offset is None else Duration("days", time_arithmetic.seconds_of(offset))
        case "timezone":
            return time.tzinfo.key if isinstance(time.tzinfo, zoneinfo.ZoneInfo) else None
        case _:
            return None


def _part_of_duration(duration: Duration, name: str) -> Value:
    """One part of the duration in its normal form; every part has the duration's sign."""
    units = _DURATION_PARTS[duration.kind]
    if name not in units:
        return None
    whole, unit = units[name]
    # Decimal's remainder has the dividend's sign, as the parts of a negative duration must.
    rest = FEEL_DECIMAL.remainder(duration.amount, whole) if whole else duration.amount
    part = rest if name == "seconds" else FEEL_DECIMAL.divide_int(rest, unit)
    return FEEL_DECIMAL.add(part, Decimal(0))


_DURATION_PARTS: Mapping[str, Mapping[str, tuple[Decimal | None, Decimal]]] = {
    "months": {"years": (None, Decimal(12)), "months": (Decimal(12), Decimal(1))},
    "days": {
        "days": (None, Decimal(86400)),
        "hours": (Decimal(86400), Decimal(3600)),
        "minutes": (Decimal(3600), Decimal(60)),
        "seconds": (Decimal(60), Decimal(1)),
    },
}
"""For each part: the next larger unit that it counts within, and its own size, in months or seconds."""
