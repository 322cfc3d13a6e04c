"""Letters with what they claim, name and send: what goes out, and to whom (domain D12, D20, D21, D22)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.decision import Fault, Misfit
from engine.dunning.account import ZERO, Account
from engine.dunning.amounts import total
from engine.dunning.considered import Considered
from engine.dunning.dunnable import Dunnable
from engine.dunning.ladder import Credits, Ladder
from engine.dunning.letters import Letter, recipient_of
from engine.dunning.notice import Deduction, FeeClaim, InterestClaim, NamedItem, Notice
from engine.dunning.verdict import Verdict

MOST_LISTED = 100_000
"""Items that the letters of one decision may list together: each letter of many could list all the others'."""


_Listable = Mapping[tuple[str, bool], Sequence[NamedItem]]
"""What letters may list, by recipient and by whether they list all that is open; the oldest first."""


@dataclass(frozen=True, slots=True)
class _Post:
    """What the letters of a day are made from: fees and compensation by letter, interest by invoice.

    `capped` are items that their dunning key holds down, `listable` those that a letter may list without asking.
    """

    ladder: Ladder
    account: Account
    as_of: dt.date
    fees: Mapping[str, Sequence[FeeClaim]]
    interest: Mapping[str, Decimal]
    capped: frozenset[str]
    listable: _Listable


def notices(
    verdict: Verdict,
    ladder: Ladder,
    account: Account,
    as_of: dt.date,
    fees: Mapping[str, Sequence[FeeClaim]],
    interest: Iterable[InterestClaim],
) -> tuple[Notice, ...]:
    """What goes out: the letters of the notice, the strictest first, then the reminders before the due date.

    `fees` are the claims by the key of their letter. Nothing of a notice goes out with which legal steps begin
    (domain D20). Raises Fault where the letters would list more than `MOST_LISTED` items.
    """
    charged = {claim.invoice_id: claim.amount for claim in interest}
    post = _Post(ladder, account, as_of, fees, charged, verdict.capped, _listable(verdict, ladder, account, as_of))
    sent, listed = [], 0
    for letter in (*(() if verdict.at_law else verdict.letters), *verdict.reminders):
        sent.append(_notice(letter, post))
        listed += len(sent[-1].listed)
        if listed > MOST_LISTED:
            said = f"the letters for these facts list more than {MOST_LISTED} items"
            raise Fault((Misfit("too_much_work", account.items_pointer, said, "send fewer open items in one request"),))
    return tuple(sent)


def _notice(letter: Letter, post: _Post) -> Notice:
    account, reminder = post.account, letter.reminder
    level = post.ladder.level(letter.level) if reminder is None else None
    open_amount = total(item.entry.amount for item in letter.items)
    principal = total(item.entry.amount for item in letter.items if item.entry.item.is_principal)
    claims = post.fees.get(letter.key, ())
    fees = total(claim.amount for claim in claims)
    interest = total(post.interest.get(item.invoice_id, ZERO) for item in letter.items) if level is not None else ZERO
    inside = {item.invoice_id for item in letter.items}
    listable = () if level is None else post.listable.get((letter.recipient, level.list_all_items), ())
    days = None if level is None else level.payment_days
    return Notice(
        recipient=letter.recipient,
        level=letter.level,
        offset=None if reminder is None else reminder.offset,
        items=tuple(_named(item, item.entry.amount, post.as_of) for item in letter.items),
        listed=tuple(item for item in listable if item.invoice_id not in inside),
        capped=tuple(item.invoice_id for item in letter.items if item.invoice_id in post.capped),
        currency=account.currency,
        open_amount=open_amount,
        principal=ZERO if level is None else principal,
        fees=fees,
        compensation=total(claim.amount for claim in claims if claim.kind == "compensation"),
        interest=interest,
        total_claim=ZERO if level is None else total((open_amount, fees, interest)),
        deadline=None if days is None else post.ladder.business_days.open_day(post.as_of + dt.timedelta(days=days)),
        messages=letter.messages,
    )


def _named(item: Considered, amount: Decimal, as_of: dt.date) -> NamedItem:
    entry, due = item.entry, item.entry.presented.due
    return NamedItem(
        invoice_id=item.invoice_id,
        document_type=entry.item.document_type,
        due_date=entry.item.due_date,
        days=(as_of - due).days,
        currency=entry.item.currency,
        amount=amount,
        conversion=entry.presented.conversion,
        deductions=() if entry.item.is_credit else tuple(_deductions(entry, amount)),
        moved_to=None if due == entry.item.due_date else due,
    )


def _deductions(entry: Dunnable, amount: Decimal) -> Iterator[Deduction]:
    """What leads from the open amount of a debit to the amount a letter names: credits first, then what is kept out."""
    item = entry.item
    credited = total(credit.amount for credit in entry.credits)
    if credited:
        numbers = (credit.number for credit in entry.credits if credit.number is not None)
        yield Deduction("credits", credited, tuple(dict.fromkeys(numbers)))
    left = item.open_amount - credited - amount
    disputed = min(item.disputed_amount or ZERO, left)
    if disputed > 0:
        yield Deduction("disputed", disputed)
    if item.promise_to_pay is not None and left > disputed:
        yield Deduction("promised", left - disputed, until=item.promise_to_pay.date)


def _listable(verdict: Verdict, ladder: Ladder, account: Account, as_of: dt.date) -> _Listable:
    """What letters may list without asking for it, the oldest first: what is waived or has fallen is not open.

    Every letter lists credits, where the policy lists them, and what its dunning key keeps out of every notice
    (domain D12, D13); a level that lists all has all that is open (domain D20), in whatever currency.
    """
    found: dict[tuple[str, bool], list[NamedItem]] = {}
    for item in sorted(verdict.items, key=lambda each: (each.entry.presented.due, each.invoice_id)):
        document = item.entry.item
        owed = item.entry.presented.in_balance or document.currency != account.currency
        amount = -abs(document.open_amount) if document.is_credit else item.entry.open_amount
        if not owed or amount == 0 or (document.is_credit and ladder.credits is not Credits.LIST):
            continue
        named = _named(item, amount, as_of)
        recipient = recipient_of(item, account)
        found.setdefault((recipient, True), []).append(named)
        if document.is_credit or document.max_dunning_level == 0:
            found.setdefault((recipient, False), []).append(named)
    return found
