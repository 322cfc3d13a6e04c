"""What of each open item may be dunned: after credits, tolerance, blocks, disputes and promises (D10 to D14)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.dunning.account import ZERO, Account, OpenItem
from engine.dunning.findings import Finding
from engine.dunning.ladder import Credits, Ladder
from policies.feel.values import Value


@dataclass(frozen=True, slots=True)
class Dunnable:
    """An item with the amount that may be dunned of it; `findings` say why nothing may be.

    `open_amount` is what is open after netted credits. `outside` says that it takes no part at all, whatever the day;
    `counted` whether it is in the sums of domain D7.
    """

    item: OpenItem
    open_amount: Decimal
    amount: Decimal
    outside: bool
    counted: bool
    findings: tuple[Finding, ...]


def balance(account: Account) -> Decimal:
    """Debits less credits in the account's currency, whatever becomes of the credits (domain D13)."""
    amounts = (
        -abs(item.open_amount) if item.is_credit else item.open_amount
        for item in account.items
        if item.currency == account.currency
    )
    return sum(amounts, ZERO)


def dunnable_items(account: Account, ladder: Ladder, as_of: dt.date) -> tuple[Dunnable, ...]:
    """Every item of the account, in its order, with what may be dunned of it."""
    netted = _netted(account, ladder) if ladder.credits is Credits.NET else {}
    return tuple(
        _dunnable(item, account.currency, ladder.tolerance, netted.get(item.invoice_id, ZERO), as_of)
        for item in account.items
    )


def _netted(account: Account, ladder: Ladder) -> Mapping[str, Decimal]:
    """How much of the credits reduces each debit: the oldest first (domain D13)."""
    own = [item for item in account.items if item.currency == account.currency]
    left = sum((abs(item.open_amount) for item in own if item.is_credit), ZERO)
    debits = [item for item in own if not item.is_credit and item.open_amount > ladder.tolerance]
    taken: dict[str, Decimal] = {}
    for item in sorted(debits, key=lambda debit: (debit.due_date, debit.invoice_id)):
        taken[item.invoice_id] = min(left, item.open_amount)
        left -= taken[item.invoice_id]
    return taken


def _dunnable(item: OpenItem, currency: str, tolerance: Decimal, netted: Decimal, as_of: dt.date) -> Dunnable:
    outside = _outside(item, currency, tolerance)
    if outside is not None:
        return Dunnable(item, item.open_amount, ZERO, outside=True, counted=False, findings=(outside,))
    block = item.dunning_block if item.dunning_block is not None and item.dunning_block.active(as_of) else None
    disputed = item.disputed_amount or ZERO
    promised = _promised(item, as_of)
    amount = max(item.open_amount - netted - disputed - promised, ZERO)
    findings = list(_held_back(item, netted, disputed, promised)) if amount == 0 else []
    if block is not None:
        observed: dict[str, Value] = {"reason": block.reason, "valid_to": block.valid_to}
        note = "blocked until someone lifts it: the block has no end" if block.valid_to is None else None
        findings.append(Finding("DN-SKP-05", "D10", item.invoice_id, observed, note=note))
    left = item.open_amount - netted
    return Dunnable(item, left, amount, outside=False, counted=block is None, findings=tuple(findings))


def _outside(item: OpenItem, currency: str, tolerance: Decimal) -> Finding | None:
    """Why the item takes no part at all, if it does not."""
    observed: dict[str, Value]
    if item.currency != currency:
        observed = {"currency": item.currency, "account_currency": currency}
        return Finding("DT-MIS-05", "C21", item.invoice_id, observed)
    if item.is_credit or item.open_amount == 0:
        observed = {"document_type": item.document_type, "open_amount": item.open_amount}
        return Finding("DN-SKP-08", "D13", item.invoice_id, observed)
    if item.open_amount <= tolerance:
        observed = {"open_amount": item.open_amount, "tolerance": tolerance}
        return Finding("DN-SKP-03", "D14", item.invoice_id, observed)
    return None


def _promised(item: OpenItem, as_of: dt.date) -> Decimal:
    promise = item.promise_to_pay
    if promise is None or not promise.running(as_of):
        return ZERO
    return item.open_amount if promise.amount is None else promise.amount


def _held_back(item: OpenItem, netted: Decimal, disputed: Decimal, promised: Decimal) -> Iterator[Finding]:
    """Everything that together leaves nothing of the item to dun."""
    opened = {"open_amount": item.open_amount}
    if disputed > 0:
        yield Finding("DN-SKP-06", "D11", item.invoice_id, {**opened, "disputed_amount": disputed})
    if promised > 0 and item.promise_to_pay is not None:
        observed = {**opened, "promised": promised, "until": item.promise_to_pay.date}
        yield Finding("DN-SKP-07", "D11", item.invoice_id, observed)
    if netted > 0:
        yield Finding("DN-SKP-08", "D13", item.invoice_id, {**opened, "credits": netted})
