"""Checks what decides when an item is due and what becomes of its level (domain D2, D8, D14, D18, D19)."""

from __future__ import annotations

from typing import Literal

from policies.desk import Desk
from policies.diagnostics import Code
from policies.kinds.due_terms import BusinessDays, DefaultTerms, OnEvent, Tolerance
from policies.kinds.due_terms_part import BusinessDaysPart, DefaultTermsPart, OnEventPart
from policies.kinds.ladder import AccountPaths
from policies.kinds.ladder_figures import needed
from policies.kinds.ladder_part import DunningPart
from policies.types import ContextOf, Date, ListOf, Money, Number

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ORIGIN_DATES = ("invoice_date", "received_on", "delivered_on")
"""The days that default terms may count from."""


def item_type(account: AccountPaths) -> ContextOf | None:
    """The declared record of an open item, where it is one."""
    listed = account.items.type
    return listed.item if isinstance(listed, ListOf) and isinstance(listed.item, ContextOf) else None


def check_on_event(part: OnEventPart) -> OnEvent:
    """What each event does."""
    return OnEvent(part.partial_payment, part.credit_note, part.due_date_change)


def check_business_days(part: BusinessDaysPart | None, desk: Desk) -> BusinessDays | None:
    """The business days; a week without an open day would never let anything be due."""
    if part is None:
        return None
    weekend = tuple(sorted({WEEKDAYS.index(word) for word in part.weekend}))
    if len(weekend) == len(WEEKDAYS):
        desk.error(Code.DUNNING, "a week has at least one open day", part.span("weekend"), "leave out the open days")
    dates = ListOf(Date())
    return BusinessDays(weekend, desk.optional(part.holidays, dates), desk.optional(part.working_days, dates))


def check_default_terms(part: DefaultTermsPart | None, item: ContextOf | None, desk: Desk) -> DefaultTerms | None:
    """The default terms; the items must be able to say that none were agreed, and from which day to count."""
    if part is None:
        return None
    if item is not None and item.field("terms_agreed") is None:
        said = "the items do not say `terms_agreed`, so nothing falls under default terms"
        desk.error(Code.DUNNING, said, part.span("days"), "declare `terms_agreed: boolean` in the items")
    if item is not None and all(item.field(name) is None for name in ORIGIN_DATES):
        said = "the items have no date that default terms could count from"
        mend = "declare one of " + ", ".join(ORIGIN_DATES) + " in the items"
        desk.error(Code.DUNNING, said, part.span("days"), mend)
    longest = None if part.longest is None else needed(part.longest, Number("days"), desk)
    return DefaultTerms(needed(part.days, Number("days"), desk), longest)


def check_tolerance(part: DunningPart, desk: Desk) -> tuple[Tolerance, ...]:
    """The tolerance of each currency; a plain amount is in the account's."""
    found = []
    for key, amount in part.tolerance.items():
        currency = key or desk.currency
        found.append(Tolerance(currency, needed(amount, Money(currency), desk)))
    listed = {tolerance.currency for tolerance in found}
    if part.tolerance_scope == "account" and desk.currency not in listed:
        said = f"an account is held against its tolerance in {desk.currency}, and there is none"
        desk.error(Code.DUNNING, said, part.span("tolerance_scope"), f"add {desk.currency} to `tolerance`")
    return tuple(found)


def check_on_credit(part: DunningPart, item: ContextOf | None, desk: Desk) -> Literal["keep", "cancel"]:
    """What becomes of a credited invoice's fees and interest; it must be stated where items tell of one (D19)."""
    if item is None:
        return part.on_credit or "keep"
    told = item.field("principal_status") is not None
    if told and part.on_credit is None:
        said = "the items say `principal_status`, but not what becomes of fees and interest when it is credited"
        desk.error(Code.MISSING_KEY, said, part.span("account"), "add `on_credit: keep` or `on_credit: cancel`")
    elif part.on_credit is not None and not told:
        said = "`on_credit` does nothing: the items do not say `principal_status`"
        desk.warn(Code.DUNNING, said, part.key_span("on_credit"), "declare `principal_status` in the items")
    return part.on_credit or "keep"
