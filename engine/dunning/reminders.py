"""Reminders before the due date: no notice, no fee, no interest (domain D9)."""

from __future__ import annotations

import datetime as dt

from engine.dunning.account import OpenItem
from engine.dunning.ladder import Ladder, PreDueReminder


def due_reminder(item: OpenItem, ladder: Ladder, as_of: dt.date) -> PreDueReminder | None:
    """The reminder whose window holds `as_of`, up to the due date itself; of several, the one nearest to that date."""
    left = (item.due_date - as_of).days
    if left < 0:
        return None
    open_now = [reminder for reminder in ladder.pre_due if left <= -reminder.offset]
    return max(open_now, key=lambda reminder: reminder.offset, default=None)


def already_sent(item: OpenItem, reminder: PreDueReminder) -> bool:
    """Whether the item was reminded in this reminder's window: each is sent once per item and offset."""
    return item.reminded_on is not None and (item.due_date - item.reminded_on).days <= -reminder.offset
