"""What of each open item may be dunned: after credits, tolerance, blocks, disputes and promises (D10 to D14)."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.dunning.account import CREDIT_TYPES, ZERO, Account, OpenItem, PartialPayment
from engine.dunning.amounts import total
from engine.dunning.findings import Finding
from engine.dunning.ladder import Credits, Ladder
from engine.dunning.presented import Presented
from engine.dunning.standing import missing_for_standing
from policies.feel.values import Value


@dataclass(frozen=True, slots=True)
class Dunnable:
    """An item with the amount that may be dunned of it; `findings` say why nothing may be.

    `open_amount` is what is open after netted credits, `credits` are those. `outside` says that it takes no part at
    all, whatever the day; `counted` whether it is in the sums of domain D7. `goes_with` is the invoice that a fee or
    interest was charged for, while that stands open: what calls for a notice is the invoice (domain D19).
    """

    presented: Presented
    open_amount: Decimal
    amount: Decimal
    outside: bool
    counted: bool
    findings: tuple[Finding, ...]
    credits: tuple[PartialPayment, ...] = ()
    goes_with: str | None = None

    @property
    def item(self) -> OpenItem:
        """The item, in the account's currency."""
        return self.presented.item


def dunnable_items(
    items: tuple[Presented, ...], account: Account, ladder: Ladder, as_of: dt.date
) -> tuple[Dunnable, ...]:
    """Every item of the account, in its order, with what may be dunned of it."""
    netted = _netted(items) if ladder.credits is Credits.NET else {}
    last = account.case.last_notice_date
    found = []
    for each in items:
        unknown = missing_for_standing(each.item, ladder.on_event, last, as_of) if each.outside is None else ()
        paths = tuple(account.item_path(each.index, name) for name in unknown)
        undated = (Finding("DT-MIS-01", "D8", each.item.invoice_id, missing=paths),) if paths else ()
        found.append(_dunnable(each, netted.get(each.item.invoice_id, ()), undated, as_of))
    invoices = {entry.item.invoice_id for entry in found if entry.item.is_principal and _stands_open(entry)}
    return tuple(_with_invoice(entry, invoices) for entry in found)


def _stands_open(entry: Dunnable) -> bool:
    """Whether something is owed of it, credits netted: what is within the tolerance counts as paid."""
    return entry.open_amount > 0 and (entry.presented.unconverted or not entry.outside)


def _with_invoice(entry: Dunnable, invoices: set[str]) -> Dunnable:
    """A fee or interest of an invoice that stands open goes with it: what its own level would ask for is no matter."""
    item = entry.item
    if entry.outside or not item.is_claim or item.for_invoice not in invoices:
        return entry
    findings = tuple(finding for finding in entry.findings if finding.code != "DT-MIS-01")
    return replace(entry, findings=findings, goes_with=item.for_invoice)


def _netted(items: tuple[Presented, ...]) -> Mapping[str, tuple[PartialPayment, ...]]:
    """What of the credits reduces each debit: the oldest debit first, and by the earliest credits (domain D13)."""
    open_credits = [each.item for each in items if each.in_balance and each.item.is_credit and each.item.open_amount]
    left = deque(sorted((_credited_on(credit), abs(credit.open_amount), credit.invoice_id) for credit in open_credits))
    debits = [each.item for each in items if each.outside is None]
    taken: dict[str, tuple[PartialPayment, ...]] = {}
    for item in sorted(debits, key=lambda debit: (debit.due_date, debit.invoice_id)):
        wanted, parts = item.open_amount, []
        while wanted > 0 and left:
            on, amount, number = left.popleft()
            part = min(amount, wanted)
            parts.append(PartialPayment(on, part, number))
            wanted -= part
            if amount > part:
                left.appendleft((on, amount - part, number))
        taken[item.invoice_id] = tuple(parts)
    return taken


def _credited_on(credit: OpenItem) -> dt.date:
    """The day from which a credit counts; of an overpaid document, whose payments nobody dates, it counts always."""
    if credit.document_type not in CREDIT_TYPES:
        return dt.date.min
    return credit.invoice_date or credit.due_date


def _dunnable(
    presented: Presented, credited: tuple[PartialPayment, ...], undated: tuple[Finding, ...], as_of: dt.date
) -> Dunnable:
    item = presented.item
    netted = total(credit.amount for credit in credited)
    if presented.outside is not None:
        return Dunnable(presented, item.open_amount, ZERO, outside=True, counted=False, findings=(presented.outside,))
    block = item.dunning_block if item.dunning_block is not None and item.dunning_block.active(as_of) else None
    disputed = item.disputed_amount or ZERO
    promised = _promised(item, as_of)
    amount = max(item.open_amount - netted - disputed - promised, ZERO)
    findings = list(_held_back(item, netted, disputed, promised)) if amount == 0 else []
    if block is not None:
        observed: dict[str, Value] = {"reason": block.reason, "valid_to": block.valid_to}
        if block.set_by is not None:
            observed["set_by"] = block.set_by
        findings.append(Finding("DN-SKP-05", "D10", item.invoice_id, observed))
    if presented.missing:
        findings.append(Finding("DT-MIS-01", _rule_of(presented.missing), item.invoice_id, missing=presented.missing))
    findings += undated
    return Dunnable(
        presented=presented,
        open_amount=item.open_amount - netted,
        amount=amount,
        outside=False,
        counted=block is None,
        findings=tuple(findings),
        credits=credited,
    )


def _rule_of(missing: tuple[str, ...]) -> str:
    """The rule that asks for the first of these facts."""
    name = missing[0].rpartition(".")[2]
    return {"last_dunned_on": "D2", "principal_status": "D19"}.get(name, "D18")


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
