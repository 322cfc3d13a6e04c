"""Each open item as the procedure looks at it: due on an open day, in the account's currency, or out altogether."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.dunning.account import ZERO, Account, DunningBlock, ExchangeRate, OpenItem
from engine.dunning.conversion import Conversion, convert, rate_for
from engine.dunning.due_dates import DueDate, Remark, due_date
from engine.dunning.due_terms import OnCredit, ToleranceScope
from engine.dunning.findings import Finding
from engine.dunning.ladder import ArrearsBasis, Ladder
from policies.feel.values import Value

_FALLEN = frozenset({"DN-SKP-13", "DN-SKP-14"})
"""Why a claim is no longer one: it is waived, or it fell with its invoice."""


@dataclass(frozen=True, slots=True)
class Presented:
    """One item. `item` has the due date from which interest runs, `due` the open day from which arrears count.

    `outside` says why it takes no part at all, whatever the day; `missing` are the facts without which it cannot be
    dunned; `remarks` are for a person to see; `moved_to` is `due` where the facts state another day.
    """

    index: int
    item: OpenItem
    due: dt.date
    conversion: Conversion | None = None
    outside: Finding | None = None
    missing: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    moved_to: dt.date | None = None

    @property
    def in_balance(self) -> bool:
        """Whether its amount is part of the account's balance: it is owed, and what it is worth is known."""
        return not self.fallen and not self.unconverted

    @property
    def unconverted(self) -> bool:
        """Whether its amount is in a currency for which there is no rate."""
        return self.outside is not None and self.outside.code == "DT-MIS-05"

    @property
    def fallen(self) -> bool:
        """Whether it is a fee or interest that nobody owes any more (domain D19)."""
        return self.outside is not None and self.outside.code in _FALLEN

    @property
    def cancelled(self) -> bool:
        """Whether it is a fee or interest that falls with its credited invoice (domain D19)."""
        return self.outside is not None and self.outside.code == "DN-SKP-14"


def present(account: Account, ladder: Ladder, as_of: dt.date) -> tuple[Presented, ...]:
    """Every item of the account, in its order."""
    principals = {item.invoice_id: item.open_amount for item in account.items if item.is_principal}
    foreign = {item.currency for item in account.items} - {account.currency}
    rates = {currency: rate_for(account, currency, as_of) for currency in foreign}
    return tuple(
        _present(index, account, ladder, principals, rates.get(item.currency), as_of)
        for index, item in enumerate(account.items)
    )


def balance(items: tuple[Presented, ...]) -> Decimal:
    """Debits less credits in the account's currency, whatever becomes of the credits (domain D13)."""
    amounts = (
        -abs(each.item.open_amount) if each.item.is_credit else each.item.open_amount
        for each in items
        if each.in_balance
    )
    return sum(amounts, ZERO)


def _present(
    index: int,
    account: Account,
    ladder: Ladder,
    principals: dict[str, Decimal],
    rate: ExchangeRate | None,
    as_of: dt.date,
) -> Presented:
    item = account.items[index]
    due = due_date(item, ladder.default_terms)
    own = replace(item, due_date=due.on, interest_stopped=_interest_stopped(account, item))
    conversion = None
    if rate is not None:
        own, conversion = convert(own, rate)
    follows = ladder.on_credit is OnCredit.CANCEL and _status_unknown(item, principals)
    missing = [*due.missing, *(["principal_status"] if follows else []), *_unsaid(item, ladder)]
    open_day = ladder.business_days.open_day(due.on)
    return Presented(
        index=index,
        item=own,
        due=open_day,
        conversion=conversion,
        outside=_outside(item, own, account, ladder, as_of),
        missing=tuple(account.item_path(index, name) for name in dict.fromkeys(missing)),
        remarks=tuple(_remarks(item, due)),
        moved_to=None if open_day == item.due_date else open_day,
    )


def _remarks(item: OpenItem, due: DueDate) -> Iterator[Remark]:
    if due.remark is not None:
        yield due.remark
    if item.invoice_date is not None and item.invoice_date > due.on and not item.is_credit:
        figures = {"invoiced": item.invoice_date.isoformat(), "due": due.on.isoformat()}
        yield Remark("invoiced_after_due", figures)


def _interest_stopped(account: Account, item: OpenItem) -> tuple[DunningBlock, ...]:
    blocks = (item.dunning_block, account.case.blocked)
    return tuple(block for block in blocks if block is not None and block.stops_interest)


def _status_unknown(item: OpenItem, principals: dict[str, Decimal]) -> bool:
    """Whether nobody knows what became of the invoice that a claim was made for; one still open stands in the items."""
    if not item.is_claim or item.for_invoice is None or item.principal_status is not None:
        return False
    return principals.get(item.for_invoice, ZERO) <= 0


def _unsaid(item: OpenItem, ladder: Ladder) -> list[str]:
    """What is needed of the last notice and not said: its level, its day or its deadline where days count from it."""
    if item.dunning_level is None and (item.last_dunned_on is not None or item.notice_deadline is not None):
        return ["dunning_level"]
    if item.level_sent == 0:
        return []
    counted = {ladder.arrears_basis, *(ladder.basis(level) for level in ladder.levels[item.level_sent :])}
    unsaid = []
    if ArrearsBasis.LAST_NOTICE in counted and item.last_dunned_on is None:
        unsaid.append("last_dunned_on")
    if ArrearsBasis.LAST_DEADLINE in counted and item.notice_deadline is None and _gave_a_deadline(item, ladder):
        unsaid.append("notice_deadline")
    return unsaid


def _gave_a_deadline(item: OpenItem, ladder: Ladder) -> bool:
    sent = ladder.levels[: item.level_sent]
    return bool(sent) and sent[-1].payment_days is not None


def _outside(item: OpenItem, own: OpenItem, account: Account, ladder: Ladder, as_of: dt.date) -> Finding | None:
    """Why the item takes no part at all, if it does not; `own` is the item in the account's currency."""
    observed: dict[str, Value]
    if item.waived_by is not None and (item.waived_on is None or item.waived_on <= as_of):
        observed = {"waived_by": item.waived_by, "waived_reason": item.waived_reason, "waived_on": item.waived_on}
        return Finding("DN-SKP-13", "D19", item.invoice_id, observed)
    if item.is_claim and item.principal_status == "credited" and ladder.on_credit is OnCredit.CANCEL:
        return Finding("DN-SKP-14", "D19", item.invoice_id, {"for_invoice": item.for_invoice})
    if own.currency != account.currency:
        observed = {"currency": own.currency, "account_currency": account.currency}
        return Finding("DT-MIS-05", "C21", item.invoice_id, observed)
    if own.is_credit or own.open_amount == 0:
        observed = {"document_type": own.document_type, "open_amount": own.open_amount}
        return Finding("DN-SKP-08", "D13", item.invoice_id, observed)
    tested, tolerance = _tolerance(item, own, ladder)
    if ladder.tolerance_scope is ToleranceScope.ITEM and tested <= tolerance:
        return Finding("DN-SKP-03", "D14", item.invoice_id, {"open_amount": tested, "tolerance": tolerance})
    return None


def _tolerance(item: OpenItem, own: OpenItem, ladder: Ladder) -> tuple[Decimal, Decimal]:
    """What is held against which tolerance: its own currency's where that is listed, else converted (domain D14)."""
    if item.currency in ladder.tolerance:
        return item.open_amount, ladder.tolerance[item.currency]
    return own.open_amount, ladder.tolerance.get(own.currency, ZERO)
