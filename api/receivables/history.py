"""How a customer has paid: the figures of `payment_history` over the invoices settled in a window (K13)."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from api.receivables.items import Item
from api.receivables.map import LedgerMap, Trend
from engine.decision import plain_decimal
from policies.feel.values import FEEL_DECIMAL


@dataclass(frozen=True, slots=True)
class Paid:
    """One invoice settled in the window: the day, and how many days after its due date (early: negative)."""

    item: Item
    on: dt.date

    @property
    def days_late(self) -> int:
        """Days beyond terms, signed."""
        return (self.on - self.item.due_date).days


def months_before(day: dt.date, months: int) -> dt.date:
    """The same day so many months earlier, or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def paid_invoices(items: Sequence[Item], as_of: dt.date, months: int) -> list[Paid]:
    """The invoices settled after `as_of` less so many months and not after `as_of`, in order of settlement."""
    start = months_before(as_of, months)
    paid = [
        Paid(item, item.settled_on)
        for item in items
        if item.kind == "invoice"
        and item.settled_on is not None
        and start < item.settled_on <= as_of
        and item.settled_by(as_of)
    ]
    return sorted(paid, key=lambda one: (one.on, one.item.row))


def payment_history(items: Sequence[Item], as_of: dt.date, map_: LedgerMap) -> dict[str, object]:
    """The block `payment_history`: counts as integers, amounts, days and shares as decimals in text."""
    paid = paid_invoices(items, as_of, map_.window_months)
    late = [one.days_late for one in paid if one.days_late > 0]
    facts: dict[str, object] = {
        "window_months": map_.window_months,
        "invoices_paid": len(paid),
        "amount_paid": plain_decimal(_amount(paid)),
    }
    if paid:
        facts |= _means(paid)
        facts |= {"max_days_late": max(late, default=0), "late_count": len(late)}
    if map_.tells_disputes:
        facts["disputes_count"] = sum(_was_disputed(one) for one in paid)
    trend = _trend(paid, as_of, map_.window_months, map_.trend)
    if trend is not None:
        facts["trend"] = trend
    return facts


def _means(paid: Sequence[Paid]) -> dict[str, object]:
    count, amount = Decimal(len(paid)), _amount(paid)
    on_time = [one for one in paid if one.days_late <= 0]
    facts: dict[str, object] = {
        "avg_days_beyond_terms": _share(Decimal(sum(one.days_late for one in paid)), count),
        "on_time_ratio": _share(Decimal(len(on_time)), count),
    }
    if amount > 0:
        facts["weighted_dbt"] = plain_decimal(_weighted_dbt(paid))
        facts["on_time_amount_ratio"] = _share(_amount(on_time), amount)
    days = [(one.on - one.item.invoice_date).days for one in paid if one.item.invoice_date is not None]
    if len(days) == len(paid):
        facts["avg_days_to_pay"] = _share(Decimal(sum(days)), count)
    return facts


def _amount(paid: Sequence[Paid]) -> Decimal:
    return reduce(FEEL_DECIMAL.add, (one.item.amount for one in paid), Decimal(0))


def _share(part: Decimal, whole: Decimal) -> str:
    return plain_decimal(FEEL_DECIMAL.divide(part, whole))


def _weighted_dbt(paid: Sequence[Paid]) -> Decimal:
    """`sum(amount * days) / sum(amount)`, signed (K13)."""
    weighted = (FEEL_DECIMAL.multiply(one.item.amount, Decimal(one.days_late)) for one in paid)
    return FEEL_DECIMAL.divide(reduce(FEEL_DECIMAL.add, weighted, Decimal(0)), _amount(paid))


def _was_disputed(one: Paid) -> bool:
    """Whether it was ever disputed up to its settlement; a flag without a date on a settled invoice stood before it."""
    item = one.item
    if item.disputed is False:
        return False
    if item.disputed_on is not None:
        return item.disputed_on <= one.on
    return bool(item.disputed) or bool(item.disputed_amount)


def _trend(paid: Sequence[Paid], as_of: dt.date, months: int, how: Trend) -> str | None:
    """The later half of the window against the earlier; None when a half has too few invoices or no amount."""
    middle = months_before(as_of, months // 2)
    halves = [one for one in paid if one.on <= middle], [one for one in paid if one.on > middle]
    if any(len(half) < how.min_invoices or _amount(half) == 0 for half in halves):
        return None
    change = FEEL_DECIMAL.subtract(_weighted_dbt(halves[1]), _weighted_dbt(halves[0]))
    if change > how.tolerance_days:
        return "worsening"
    return "improving" if change < -how.tolerance_days else "stable"
