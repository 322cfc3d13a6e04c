"""FEEL values that Python has no type for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Literal

FEEL_DECIMAL = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144)
"""FEEL's number: IEEE 754 decimal128 (DMN 1.5, 10.3.2.3.1): 34 digits, half-even, below 10 to the 6145th."""


@dataclass(frozen=True, slots=True, order=False)
class Duration:
    """One of FEEL's two durations: `kind` says which, `amount` is seconds (`days`) or whole months (`months`)."""

    kind: Literal["days", "months"]
    amount: Decimal


LONGEST_DURATION = Decimal(10**18)
"""In seconds or months: far outside the calendar, and small enough that no arithmetic on it is slow."""


@dataclass(frozen=True, slots=True)
class Range:
    """An interval as a value; a `None` end is open-ended."""

    low: Value
    high: Value
    low_closed: bool
    high_closed: bool


Value = Any
"""A FEEL value: None, bool, Decimal, str, date, datetime, time, Duration, Range, list[Value] or dict[str, Value]."""

Temporal = dt.date | dt.datetime | dt.time | Duration

LEAST_SCALE, MOST_SCALE = -6111, 6176
"""The scales a FEEL number may be rounded to (DMN 1.5, 10.3.4.5)."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
YEAR_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def is_pattern(text: str) -> bool:
    """Whether `text`, taken as a regular expression, would mean something else than itself."""
    return any(character in "\\.^$*+?()[]{}|" for character in text)
