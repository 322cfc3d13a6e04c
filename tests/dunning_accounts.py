"""Accounts and ladders as the dunning tests write them: days counted from one due date, amounts as text."""

import datetime as dt
from decimal import Decimal
from typing import Any, Literal

from engine.dunning import Account, DunningCase, Escalation, FixedFee, Ladder, Level, OpenItem, PercentFee, Result, dun
from engine.dunning.notice import ItemResult

DAY_0 = dt.date(2026, 3, 2)
"""The due date of an item unless a test says otherwise."""


def day(number: int) -> dt.date:
    return DAY_0 + dt.timedelta(days=number)


def invoice(amount: str = "100", invoice_id: str = "INV-1", *, due: int = 0, **facts: Any) -> OpenItem:
    return OpenItem(invoice_id, day(due), Decimal(amount), **{"currency": "EUR", **facts})


def account(*items: OpenItem, **case: Any) -> Account:
    return Account("C-1", "EUR", items or (invoice(),), DunningCase(**case))


def ladder(*min_days: int, escalation: Escalation = Escalation.STEP, **settings: Any) -> Ladder:
    levels = tuple(Level(number, days) for number, days in enumerate(min_days, start=1))
    return Ladder(**{"levels": levels, "escalation": escalation, **settings})


def level(number: int, min_days: int, **settings: Any) -> Level:
    return Level(number, min_days, **settings)


def fixed(amount: str, per: Literal["notice", "invoice"] = "notice") -> FixedFee:
    return FixedFee(Decimal(amount), per)


def percent(amount: str, per: Literal["notice", "invoice"] = "notice", cap: str | None = None) -> PercentFee:
    return PercentFee(Decimal(amount), per, None if cap is None else Decimal(cap))


def item(result: Result, invoice_id: str = "INV-1") -> ItemResult:
    return next(entry for entry in result.items if entry.invoice_id == invoice_id)


def levels_assigned(result: Result) -> dict[str, int]:
    return {entry.invoice_id: entry.assigned_level for entry in result.items}


def on_day(number: int, rungs: Ladder, owed: Account) -> Result:
    return dun(rungs, owed, day(number))
