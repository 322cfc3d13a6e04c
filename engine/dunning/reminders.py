"""Reminders before the due date: no notice, no fee, no interest (domain D9)."""

from __future__ import annotations

import datetime as dt

from engine.dunning.ladder import Ladder, PreDueReminder
from engine.dunning.presented import Presented


def due_reminder(entry: Presented, ladder: Ladder, as_of: dt.date) -> PreDueReminder | None:
    """The reminder whose window holds `as_of`, up to the due date itself; of several, the one nearest to that date."""
    left = (entry.due - as_of).days
    if left < 0:
        return None
    open_now = [reminder for reminder in ladder.pre_due if left <= -reminder.offset]
    return max(open_now, key=lambda reminder: reminder.offset, default=None)


def already_sent(entry: Presented, reminder: PreDueReminder) -> bool:
    """Whether the item was reminded in this reminder's window: each is sent once per item and offset."""
    reminded_on = entry.item.reminded_on
    return reminded_on is not None and (entry.due - reminded_on).days <= -reminder.offset
