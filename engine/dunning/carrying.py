"""An account as it stands after a notice or reminder, if nothing is paid: what the caller books when it sends them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from engine.dunning.account import ZERO, Account, OpenItem
from engine.dunning.amounts import total
from engine.dunning.notice import ItemResult, Outcome, Result


def carried_forward(account: Account, result: Result, as_of: dt.date) -> Account:
    """The account after what was sent on `as_of`: levels, deadlines, days of notices and reminders, charges made once.

    Fees and interest claimed are receivables of their own with due dates that nobody knows yet: they are not added to
    the open items, so that a later notice shows only what it adds itself. Legal steps begin without a letter, and
    count as sent (domain D20).
    """
    ends = {end.invoice_id: end for end in result.items if end.outcome is not Outcome.SKIP}
    account = replace(account, items=_items(account.items, ends, result, as_of))
    if all(end.outcome is not Outcome.NOTICE for end in ends.values()):
        return account
    charged = total((account.case.interest_charged or ZERO, *(claim.amount for claim in result.interest)))
    case = replace(account.case, last_notice_date=as_of, interest_charged=charged, legal_since=result.legal_since)
    return replace(account, case=case)


def _items(
    items: tuple[OpenItem, ...], ends: Mapping[str, ItemResult], result: Result, as_of: dt.date
) -> tuple[OpenItem, ...]:
    compensated = {claim.invoice_id for claim in result.fees if claim.kind == "compensation"}
    letters = (letter for letter in result.notices if letter.offset is None)
    deadlines = {item.invoice_id: letter.deadline for letter in letters for item in letter.items}
    return tuple(
        _item(item, ends.get(item.invoice_id), deadlines, as_of, compensated=item.invoice_id in compensated)
        for item in items
    )


def _item(
    item: OpenItem,
    end: ItemResult | None,
    deadlines: Mapping[str, dt.date | None],
    as_of: dt.date,
    *,
    compensated: bool,
) -> OpenItem:
    """The item after what was sent of it; a notice that sets no deadline leaves the earlier one."""
    if end is None:
        return item
    if end.outcome is Outcome.REMINDER:
        return replace(item, reminded_on=as_of)
    return replace(
        item,
        dunning_level=end.recorded_level,
        last_dunned_on=as_of,
        notice_deadline=deadlines.get(item.invoice_id) or item.notice_deadline,
        compensation_charged=compensated or item.compensation_charged,
    )
