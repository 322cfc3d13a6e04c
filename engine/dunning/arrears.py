"""From when and for how many days an item is in arrears, and which level those days reach (domain D2, D3, D6)."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import assert_never

from engine.dunning.ladder import COUNTED_AFRESH, ArrearsBasis, Ladder, Level
from engine.dunning.presented import Presented


def counted_from(entry: Presented, basis: ArrearsBasis) -> dt.date:
    """The date that a basis names; never before the due date."""
    match basis:
        case ArrearsBasis.ORIGINAL_DUE:
            return entry.due
        case ArrearsBasis.LAST_DEADLINE:
            return max(entry.item.notice_deadline or entry.due, entry.due)
        case ArrearsBasis.LAST_NOTICE:
            return max(entry.item.last_dunned_on or entry.due, entry.due)
        case ArrearsBasis.END_OF_MONTH:
            return end_of_month(entry.due)
        case _ as never:
            assert_never(never)


def end_of_month(day: dt.date) -> dt.date:
    """The last day of the month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def days_in_arrears(entry: Presented, ladder: Ladder, as_of: dt.date) -> int:
    """Days from the due date (or what `arrears_basis` names) to `as_of`; the day after it is 1 (domain D3)."""
    return (as_of - counted_from(entry, ladder.arrears_basis)).days


def past_grace(days: int, ladder: Ladder) -> bool:
    """Whether an item so many days in arrears may be dunned: never on the due date itself (domain D3)."""
    return days > ladder.grace_days


def reached_on(entry: Presented, level: Level, ladder: Ladder) -> dt.date | None:
    """The day on which the item's days reach the level; None when the calendar ends before it.

    Under `end_of_month` it is the last day of the month in which they do (OCA credit control).
    """
    days = dt.timedelta(days=level.min_days + ladder.level_shift)
    basis = ladder.basis(level)
    try:
        if basis is ArrearsBasis.END_OF_MONTH:
            return end_of_month(entry.due + days)
        return counted_from(entry, basis) + days
    except OverflowError:
        return None


def threshold_level(entry: Presented, ladder: Ladder, as_of: dt.date, sent: int) -> int:
    """The highest level that is reached with all those below it, 0 below the first (domain D6).

    A level already sent that counts from the notice before it stays reached: that notice is no longer the last.
    """
    reached = 0
    for level in ladder.levels:
        day = reached_on(entry, level, ladder)
        kept = level.number <= sent and ladder.basis(level) in COUNTED_AFRESH
        if not kept and (day is None or as_of < day):
            break
        reached = level.number
    return reached
