"""From when and for how many days an item is in arrears (domain D2, D3)."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import assert_never

from engine.dunning.account import OpenItem
from engine.dunning.ladder import ArrearsBasis, Ladder


def arrears_from(item: OpenItem, basis: ArrearsBasis) -> dt.date:
    """The date from which the item's days in arrears count; never before the original due date."""
    match basis:
        case ArrearsBasis.ORIGINAL_DUE:
            return item.due_date
        case ArrearsBasis.LAST_DEADLINE:
            return max(item.notice_deadline or item.due_date, item.due_date)
        case ArrearsBasis.LAST_NOTICE:
            return max(item.last_dunned_on or item.due_date, item.due_date)
        case ArrearsBasis.END_OF_MONTH:
            last = calendar.monthrange(item.due_date.year, item.due_date.month)[1]
            return item.due_date.replace(day=last)
        case _ as never:
            assert_never(never)


def days_in_arrears(item: OpenItem, ladder: Ladder, as_of: dt.date) -> int:
    """Days from the due date (or what `arrears_basis` names) to `as_of`; the day after it is 1 (domain D3)."""
    return (as_of - arrears_from(item, ladder.arrears_basis)).days


def past_grace(days: int, ladder: Ladder) -> bool:
    """Whether an item so many days in arrears may be dunned: never on the due date itself (domain D3)."""
    return days > ladder.grace_days


def days_for_level(days: int, ladder: Ladder) -> int:
    """The days a level is read from: all of them, or those after grace under `grace_mode: shift` (domain D3)."""
    return days - ladder.level_shift


def threshold_level(days: int, ladder: Ladder) -> int:
    """The highest level whose `min_days` are reached, 0 below the first (domain D6)."""
    counted = days_for_level(days, ladder)
    return max((level.number for level in ladder.levels if counted >= level.min_days), default=0)
