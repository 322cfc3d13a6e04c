"""The facts document of one customer as of a day: what a decision request takes as `facts`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import reduce

from api.receivables.history import months_before, paid_invoices, payment_history
from api.receivables.items import Item
from api.receivables.map import LedgerMap
from api.receivables.money import fx_fact
from engine.decision import plain_decimal
from policies.feel.values import FEEL_DECIMAL

BUCKETS = (("d1_30", 30), ("d31_60", 60), ("d61_90", 90))
"""Ageing buckets by the last day of arrears in each; `d91_plus` follows, `current` is everything not yet overdue."""


def customer_facts(items: Sequence[Item], as_of: dt.date, map_: LedgerMap) -> dict[str, object]:
    """The facts of one customer from the documents known on that day (at least one), all in one currency."""
    known = sorted((item for item in items if item.known_on(as_of)), key=_by_date)
    still_open = [item for item in known if not item.settled_by(as_of)]
    facts: dict[str, object] = {
        "customer": customer_block(known[0].customer_id, known),
        "credit_account": _account(known, still_open, as_of, map_),
        "open_items": [_open_item(item, as_of, map_) for item in still_open],
        "ageing": _ageing([item for item in still_open if item.is_debit], as_of),
    }
    if map_.columns.settled_date is not None:
        facts["payment_history"] = payment_history(known, as_of, map_)
    if map_.lists_all and map_.columns.invoice_date is not None:
        facts["transactions"] = _transactions(known, as_of, map_.window_months)
    rates = {(item.rate.from_, item.rate.date): item.rate for item in known if item.rate is not None}
    if rates and map_.convert is not None:
        facts["fx"] = [fx_fact(rates[key], map_.convert) for key in sorted(rates)]
    return facts


def _by_date(item: Item) -> tuple[dt.date, int]:
    return (item.invoice_date or dt.date.min, item.row)


def customer_block(customer_id: str, known: Sequence[Item]) -> dict[str, object]:
    """Who the customer is: the newest of the documents known that states a name or a country gives it."""
    facts: dict[str, object] = {"customer_id": customer_id}
    for item in sorted(known, key=_by_date):
        facts |= _stated({"name": item.name, "country": item.country})
    return facts


def _stated(facts: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in facts.items() if value is not None}


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return reduce(FEEL_DECIMAL.add, amounts, Decimal(0))


def _account(known: Sequence[Item], still_open: Sequence[Item], as_of: dt.date, map_: LedgerMap) -> dict[str, object]:
    exposure: dict[str, object] = {
        "open_items": plain_decimal(_sum(item.open_on(as_of) for item in still_open if item.is_debit)),
    }
    if map_.has_credits:
        credits_ = _sum(item.open_on(as_of) for item in still_open if not item.is_debit)
        exposure["unapplied_credits"] = plain_decimal(credits_)
    exposure["as_of"] = as_of.isoformat()
    # A list of open documents shows no payment that was applied, so the last one in it need not be the last.
    paid = _last_payment(known, as_of) if map_.lists_all else {}
    return {"currency": known[0].currency, **paid, "exposure": exposure}


def _last_payment(known: Sequence[Item], as_of: dt.date) -> dict[str, object]:
    """The last day money came in, and how much came that day where the export tells.

    It tells where that day has payment rows and no paid invoice, or, in a dated ledger, paid invoices and no payment
    row: there an invoice is paid whole on its settlement day. With both, the payment may be that of the invoice.
    """
    debits = [item for item in known if item.is_debit]
    payments = [item for item in known if item.kind == "payment"]
    days = [day for item in debits for day in (item.settled_on, item.last_payment_on) if day and day <= as_of]
    days += [item.invoice_date for item in payments if item.invoice_date is not None]
    if not days:
        return {}
    last = max(days)
    facts: dict[str, object] = {"last_payment_date": last.isoformat()}
    paid = [item for item in debits if last in (item.settled_on, item.last_payment_on)]
    came_in = [item for item in payments if item.invoice_date == last]
    if not came_in and all(item.open_amount is None for item in paid):
        came_in, paid = paid, []
    if came_in and not paid:
        facts["last_payment_amount"] = plain_decimal(_sum(item.amount for item in came_in))
    return facts


def _open_item(item: Item, as_of: dt.date, map_: LedgerMap) -> dict[str, object]:
    disputed = _disputed(item, as_of, map_)
    reason = item.dispute_reason or (map_.disputed.reason if map_.disputed is not None else None)
    return _stated(
        {
            "invoice_id": item.invoice_id,
            "document_type": item.kind,
            "invoice_date": None if item.invoice_date is None else item.invoice_date.isoformat(),
            "due_date": item.due_date.isoformat(),
            "original_amount": plain_decimal(item.amount),
            "open_amount": plain_decimal(item.open_on(as_of)),
            "currency": item.currency,
            "disputed_amount": None if disputed is None else plain_decimal(disputed),
            "dispute_reason": None if disputed is None else reason,
            "order_id": item.order_id,
            "dunning_level": item.dunning_level,
            "last_dunned_on": None if item.last_dunned_on is None else item.last_dunned_on.isoformat(),
        }
    )


def _disputed(item: Item, as_of: dt.date, map_: LedgerMap) -> Decimal | None:
    since_invoice = map_.disputed is not None and map_.disputed.since == "invoice_date"
    return item.disputed_by(as_of, snapshot=map_.snapshot_date is not None, since_invoice=since_invoice)


def _ageing(debits: Sequence[Item], as_of: dt.date) -> dict[str, object]:
    """Open amounts by days in arrears; `oldest_days` is 0 when nothing is overdue and absent when nothing is open."""
    sums = dict.fromkeys(("current", *(name for name, _ in BUCKETS), "d91_plus"), Decimal(0))
    for item in debits:
        name = bucket(item.days_in_arrears(as_of))
        sums[name] = FEEL_DECIMAL.add(sums[name], item.open_on(as_of))
    facts: dict[str, object] = {name: plain_decimal(amount) for name, amount in sums.items()}
    facts["overdue"] = plain_decimal(_sum(amount for name, amount in sums.items() if name != "current"))
    if debits:
        facts["oldest_days"] = max(0, *(item.days_in_arrears(as_of) for item in debits))
    return facts


def bucket(days: int) -> str:
    """The ageing bucket of so many days in arrears; both ends of a bucket belong to it."""
    if days <= 0:
        return "current"
    return next((name for name, last in BUCKETS if days <= last), "d91_plus")


def _transactions(known: Sequence[Item], as_of: dt.date, months: int) -> dict[str, object]:
    """What was invoiced in the window; first and last invoice ever, up to that day. An order date is not known."""
    invoices = [item for item in known if item.kind == "invoice" and item.invoice_date is not None]
    days = [item.invoice_date for item in invoices if item.invoice_date is not None]
    start = months_before(as_of, months)
    recent = [item for item in invoices if item.invoice_date is not None and item.invoice_date > start]
    return _stated(
        {
            "window_months": months,
            "revenue": plain_decimal(_sum(item.amount for item in recent)),
            "invoice_count": len(recent),
            "first_invoice_date": min(days).isoformat() if days else None,
            "last_invoice_date": max(days).isoformat() if days else None,
        }
    )


def settled_in_window(items: Sequence[Item], as_of: dt.date, map_: LedgerMap) -> int:
    """How many invoices of the customer count in `payment_history`."""
    return len(paid_invoices(items, as_of, map_.window_months))
