"""When the result of an account can change next, if nothing is paid (domain D26)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress

from engine.dunning.account import Account, DunningBlock, OpenItem
from engine.dunning.arrears import arrears_from
from engine.dunning.ladder import Ladder


def next_evaluation(account: Account, ladder: Ladder, as_of: dt.date, *, notice: bool) -> dt.date | None:
    """The earliest date after `as_of` on which any gate opens or shuts; None when nothing open can change by time.

    Dates come from the due dates and the case, never from the day of a run; only a notice sent now counts from
    `as_of`. Under a carve-out or legal steps time alone changes nothing.
    """
    debits = [
        item
        for item in account.items
        if item.currency == account.currency and not item.is_credit and item.open_amount > ladder.tolerance
    ]
    legal_since = account.case.legal_since
    if not debits or account.carve_outs or (legal_since is not None and as_of >= legal_since):
        return None
    dates = set(_account_dates(account, ladder))
    if notice:
        dates.update(_after(as_of, max(ladder.interval_days, 1)))
    for item in debits:
        dates.update(_item_dates(item, ladder))
    return min((date for date in dates if date > as_of), default=None)


def _account_dates(account: Account, ladder: Ladder) -> Iterator[dt.date]:
    last = account.last_notice_date
    if last is not None:
        yield last
        yield from _after(last, ladder.interval_days)
    if account.case.legal_since is not None:
        yield account.case.legal_since
    yield from _block_dates(account.case.blocked)


def _item_dates(item: OpenItem, ladder: Ladder) -> Iterator[dt.date]:
    for reminder in ladder.pre_due:
        yield from _after(item.due_date, reminder.offset)
    if ladder.pre_due:
        yield from _after(item.due_date, 1)
    start = arrears_from(item, ladder.arrears_basis)
    yield from _after(start, ladder.grace_days + 1)
    yield from _after(start, ladder.min_days_in_arrears_account)
    for level in ladder.levels:
        yield from _after(start, level.min_days + ladder.level_shift)
    yield from _block_dates(item.dunning_block)
    if item.promise_to_pay is not None and item.promise_to_pay.status == "open":
        yield from _after(item.promise_to_pay.date, 1)


def _block_dates(block: DunningBlock | None) -> Iterator[dt.date]:
    if block is None:
        return
    if block.valid_from is not None:
        yield block.valid_from
    if block.valid_to is not None:
        yield from _after(block.valid_to, 1)


def _after(day: dt.date, days: int) -> Iterator[dt.date]:
    """The day so many days later, unless the calendar ends before it (a block `until 9999-12-31`)."""
    with suppress(OverflowError):
        yield day + dt.timedelta(days=days)
