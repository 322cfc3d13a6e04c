"""What makes values the same: a key that two values share exactly when FEEL's `=` is true of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable
from decimal import Decimal
from typing import assert_never

from engine.time_arithmetic import measured
from policies.feel.values import Duration, Range, Value


def identity(value: Value) -> Hashable:
    """The key, so that many values can be told apart without comparing each with each (DMN 1.5, table 42)."""
    match value:
        case None:
            return None
        case bool() | Decimal() | str():
            return type(value), value
        case Duration(kind=kind, amount=amount):
            return Duration, kind, amount
        case dt.datetime():
            return dt.datetime, *measured(value)
        case dt.date():
            return dt.date, *measured(value)
        case dt.time():
            return dt.time, *measured(value)
        case list():
            return list, *map(identity, value)
        case dict():
            return dict, frozenset((name, identity(item)) for name, item in value.items())
        case Range(low=low, high=high, low_closed=low_closed, high_closed=high_closed):
            return Range, identity(low), identity(high), low_closed, high_closed
        case _ as never:
            assert_never(never)
