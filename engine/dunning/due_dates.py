"""When an item is due: as stated, or by default terms; and on an open day (domain D2, D18)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from engine.dunning.account import OpenItem
from engine.dunning.due_terms import DefaultTerms


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person has to see about a due date: a code of `policies.kinds.review`, with its figures."""

    code: str
    figures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DueDate:
    """The due date; the facts that are missing to know it; what a person has to see about it."""

    on: dt.date
    missing: tuple[str, ...] = ()
    remark: Remark | None = None


def due_date(item: OpenItem, terms: DefaultTerms | None) -> DueDate:
    """The item's due date, from which statutory interest runs.

    Without agreed terms it is `terms.days` after the later of invoice (or its receipt) and delivery; of the two the
    one that is known (domain D18). Fees and interest claimed, and credits, are due as stated.
    """
    if terms is None or not item.is_principal:
        return DueDate(item.due_date)
    invoiced = max((day for day in (item.invoice_date, item.received_on) if day is not None), default=None)
    origins = [day for day in (invoiced, item.delivered_on) if day is not None]
    if item.terms_agreed is None:
        return DueDate(item.due_date, missing=("terms_agreed",))
    if item.terms_agreed:
        agreed = (item.due_date - max(origins)).days if origins else None
        long = agreed is not None and terms.longest is not None and agreed > terms.longest
        remark = Remark("terms_too_long", {"days": str(agreed), "longest": str(terms.longest)}) if long else None
        return DueDate(item.due_date, remark=remark)
    if not origins:
        return DueDate(item.due_date, missing=("invoice_date", "delivered_on"))
    absent = "invoice_date" if invoiced is None else "delivered_on" if item.delivered_on is None else None
    remark = None if absent is None else Remark("term_counted_without", {"fact": absent})
    return DueDate(max(origins) + dt.timedelta(days=terms.days), remark=remark)
