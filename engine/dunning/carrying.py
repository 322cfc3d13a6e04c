"""An account as it stands after a notice or reminder, if nothing is paid: what the caller books when it sends them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.dunning.account import ZERO, Account, OpenItem
from engine.dunning.charged import charged_before
from engine.dunning.ladder import Ladder
from engine.dunning.notice import ItemResult, Outcome, Result


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a notice set and claimed, by invoice."""

    on: dt.date
    deadlines: Mapping[str, dt.date | None]
    compensated: frozenset[str]
    interest: Mapping[str, Decimal]


def carried_forward(ladder: Ladder, account: Account, result: Result, as_of: dt.date) -> Account:
    """The account after what was sent on `as_of`: levels, deadlines, days of notices and reminders, charges made.

    Fees and interest claimed are receivables of their own with due dates that nobody knows yet: they are not added to
    the open items, so that a later notice shows only what it adds itself. Legal steps begin without a letter, and
    count as sent (domain D20). Interest whose earlier charges are unknown stays so.
    """
    ends = {end.invoice_id: end for end in result.items if end.outcome is not Outcome.SKIP}
    letters = (letter for letter in result.notices if letter.offset is None)
    sent = _Sent(
        on=as_of,
        deadlines={item.invoice_id: letter.deadline for letter in letters for item in letter.items},
        compensated=frozenset(
            claim.invoice_id for claim in result.fees if claim.kind == "compensation" and claim.invoice_id
        ),
        interest={claim.invoice_id: claim.amount for claim in result.interest},
    )
    items = tuple(_item(item, ends.get(item.invoice_id), ladder, sent) for item in account.items)
    account = replace(account, items=items)
    if all(end.outcome is not Outcome.NOTICE for end in ends.values()):
        return account
    return replace(account, case=replace(account.case, last_notice_date=as_of, legal_since=result.legal_since))


def _item(item: OpenItem, end: ItemResult | None, ladder: Ladder, sent: _Sent) -> OpenItem:
    """The item after what was sent of it; a notice that sets no deadline leaves the earlier one."""
    if end is None:
        return item
    if end.outcome is Outcome.REMINDER:
        return replace(item, reminded_on=sent.on)
    before = charged_before(item, ladder)
    return replace(
        item,
        dunning_level=end.recorded_level,
        last_dunned_on=sent.on,
        notice_deadline=sent.deadlines.get(item.invoice_id) or item.notice_deadline,
        compensation_charged=item.invoice_id in sent.compensated or item.compensation_charged,
        interest_charged=None if before is None else before + sent.interest.get(item.invoice_id, ZERO),
    )
