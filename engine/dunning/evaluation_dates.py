"""When the result of an account can change next, if nothing is paid (domain D26)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress

from engine.dunning.account import Account, DunningBlock
from engine.dunning.arrears import counted_from, reached_on
from engine.dunning.gates import legal_steps_run
from engine.dunning.ladder import Ladder
from engine.dunning.presented import Presented, present


def next_evaluation(account: Account, ladder: Ladder, as_of: dt.date, *, notice: bool) -> dt.date | None:
    """The earliest date after `as_of` on which any gate opens or shuts; None when nothing open can change by time.

    Dates come from the due dates and the case, never from the day of a run; only a notice sent now counts from
    `as_of`. Under a carve-out, legal steps or the pin to another version time alone changes nothing.
    """
    items = present(account, ladder, as_of)
    debits = [each for each in items if each.outside is None]
    left_alone = account.carve_outs or account.case.pin.elsewhere(ladder.procedure)
    if left_alone or legal_steps_run(account, items, ladder, as_of):
        return None
    foreign = {each.item.currency for each in items} - {account.currency}
    converted = {each.conversion.currency for each in items if each.conversion is not None}
    rates = {rate.date for rate in account.rates if rate.source_currency in foreign | converted}
    if not debits and max(rates, default=as_of) <= as_of:
        return None
    dates = {*_account_dates(account, ladder), *rates}
    if notice:
        dates.update(_after(as_of, max(ladder.interval_days, 1)))
    for entry in debits:
        dates.update(_item_dates(entry, ladder))
    return min((date for date in dates if date > as_of), default=None)


def _account_dates(account: Account, ladder: Ladder) -> Iterator[dt.date]:
    last = account.last_notice_date
    if last is not None:
        yield last
        yield from _after(last, ladder.interval_days)
    if account.case.legal_since is not None:
        yield account.case.legal_since
    yield from _block_dates(account.case.blocked)


def _item_dates(entry: Presented, ladder: Ladder) -> Iterator[dt.date]:
    item = entry.item
    for reminder in ladder.pre_due:
        yield from _after(entry.due, reminder.offset)
    if ladder.pre_due or item.is_claim:
        yield from _after(entry.due, 1)
    start = counted_from(entry, ladder.arrears_basis)
    yield from _after(start, ladder.grace_days + 1)
    if ladder.min_days_in_arrears_account > 0:
        yield from _after(start, ladder.min_days_in_arrears_account)
    for level in ladder.levels:
        day = reached_on(entry, level, ladder)
        if day is not None:
            yield day
    yield from (event.date for event in item.events)
    yield from (payment.date for payment in item.partial_payments)
    if item.waived_by is not None and item.waived_on is not None:
        yield item.waived_on
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
