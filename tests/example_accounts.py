"""The topics of one account: its exposure, its limit and orders, and what dunning makes of its open items."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from tests.example_facts import (
    AS_OF,
    Asked,
    Given,
    Topic,
    choice,
    day_or,
    days_later,
    each_of,
    first_of,
    item,
    taken,
)


def limit(given: Given) -> Asked:
    """A rating caps the limit only where the example says at which amount."""
    rating, caps = given.pop("rating", None), given.pop("rating_caps", {})
    facts = {"rating_cap": caps[rating]} if rating in caps else {}
    facts |= taken(given, references="reference_credits", revenue="turnover", equity="tangible_net_worth")
    facts |= given.pop("caps", {})
    methods = given.pop("methods", {})
    words = (
        *choice(given, "combine", "min"),
        *(("below: zero", f"below: {each}") for each in [given.pop("below_floor", None)] if each),
        *written_methods(methods),
    )
    return Asked(facts | {name: given.pop(name) for name in list(given)}, words=words)


def written_methods(methods: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The result of each method as an amount in the text, where the example gives no more."""
    known = {
        "need": 'need: {is: "if need = null then monthly_sales * terms_days / 30 else need"',
        "pct_tangible_net_worth": "pct_tangible_net_worth: {is: tangible_net_worth * pct_tangible_net_worth / 100",
        "pct_working_capital": "pct_working_capital: {is: working_capital * pct_working_capital / 100",
        "pct_turnover": "pct_turnover: {is: turnover * pct_turnover / 100",
    }
    for name, amount in methods.items():
        yield known[name], f"{name}: {{is: {amount}"


CHAIN = {"sales_order": "order", "delivery_note": "delivery", "billing_document": "billing", "invoice": "open_item"}
"""The documents that one order moves through, and the stage of each."""
APART = {"outstanding": "open_item", "receivable": "open_item", "open_items": "open_item", "receivables": "open_item"}
APART |= {"open_orders": "order", "open_deliveries": "delivery", "unbilled": "billing"}
"""Sums of documents that have nothing to do with that order."""


def exposure(given: Given) -> Asked:
    """The documents of one order, of which each has moved on into the next, and what else is owed or on its way."""
    chain = [(CHAIN[name], Decimal(given.pop(name))) for name in CHAIN if name in given]
    moved = [min(amount, further) for (_, amount), (_, further) in pairwise(chain)]
    documents: list[dict[str, Any]] = [
        {"order_id": "ORDER-1", "stage": stage, "amount": str(amount), "moved_amount": str(into)}
        for (stage, amount), into in zip(chain, [*moved, Decimal(0)], strict=False)
    ]
    for name in [each for each in APART if each in given]:
        documents += [
            {"stage": APART[name], **(each if isinstance(each, dict) else {"amount": each})}
            for each in each_of(given.pop(name))
        ]
    documents += given.pop("documents", [])
    names = {"limit": "limit_set", "credit_limit": "limit_set", "unlimited": "unlimited_agreed"}
    names |= {"new_amount": "order_amount", "included_in_exposure": "order_included_in_exposure"}
    names |= {"exposure": "exposure_given", "unapplied_credits": "credits", "allowed_credits": "credits"}
    facts = taken(given, "bills_of_exchange", "credits", "order_amount", "horizon_days", "secured", **names)
    return Asked({"documents": documents, **facts}, day_or(given, "as_of", AS_OF))


def order(given: Given) -> Asked:
    """One order, with what may lift the limit or end a release; a group by its members, or by their exposures."""
    as_of = day_or(given, "as_of", AS_OF)
    names = {"limit": "limit_set", "exposure": "exposure_now", "order_amount": "amount", "new_amount": "amount"}
    names |= {"pct": "security_pct", "prepaid_amount": "prepaid", "goods_shipped": "shipped"}
    names |= {"threshold_pct": "utilisation_threshold_pct", "previous_pct": "utilisation_before_pct"}
    names |= {"valid_from": "limit_valid_from", "valid_to": "limit_valid_to", "security_valid_to": "security_valid_to"}
    plain = ("amount", "prepaid", "collateral", "insured", "included_in_exposure", "released_amount", "tolerance_pct")
    facts = taken(given, *plain, "changed", "release_valid_to", "group_limit", **names)
    members = given.pop("members", None)
    if members is not None:
        named = members.items() if isinstance(members, dict) else enumerate(members)
        facts["members"] = [member(str(name), each) for name, each in named]
    if "group_exposure" in given:
        facts["members"] = [member("GROUP", given.pop("group_exposure"))]
    if "members" in facts or "group_limit" in facts:
        facts["in_group"] = True
    words = (
        *choice(given, "over_limit", "decline", before="      "),
        *choice(given, "expired", "treat_as_zero"),
        *choice(given, "none_set", "refer", before="      "),
    )
    return Asked(facts, as_of, words)


def member(name: str, each: Any) -> dict[str, Any]:
    return {"customer_id": name, **(each if isinstance(each, dict) else {"exposure": each})}


def security(given: Given) -> Asked:
    """`valid_to` is that of the security."""
    rename(given, valid_to="security_valid_to")
    return order(given)


def release(given: Given) -> Asked:
    """An order beyond its limit, so that only the release lets it pass; `valid_to` is that of the release."""
    rename(given, valid_to="release_valid_to")
    given.setdefault("limit", "0")
    return order(given)


def rename(given: Given, **names: str) -> None:
    for name, wanted in names.items():
        if name in given:
            given[wanted] = given.pop(name)


def statement(given: Given) -> Asked:
    as_of = day_or(given, "as_of", AS_OF)
    facts = taken(given, "period_end", "max_age_days", "audited", "audit_required", "tolerance", "amount", "months")
    facts |= taken(given, "total_assets", "total_liabilities", "shareholders_equity", "current_assets")
    return Asked(facts | taken(given, "current_liabilities", working_capital="supplied_working_capital"), as_of)


def checks(given: Given) -> Asked:
    """Open items as records, with a due date or their days; or `days` and `amounts` side by side."""
    as_of = day_or(given, "as_of", AS_OF)
    records = first_of(given, "open_items", "items", default=None)
    if records is None and "days_in_arrears" in given:
        days = each_of(given.pop("days_in_arrears"))
        amounts = given.pop("amounts", None) or ["100.00"] * len(days)
        records = [{"days": each, "open_amount": amount} for each, amount in zip(days, amounts, strict=True)]
    facts = taken(given, "amount", "max_document_value", "max_oldest_days", "min_age", "max_pct", "min_amount")
    facts |= taken(given, "min_pct", "max_level", "payment_index", "min_index", "last_payment_date", "max_days")
    facts |= taken(given, "next_review_date")
    if records is not None:
        facts["open_items"] = [open_item(each, as_of, number) for number, each in enumerate(records)]
    return Asked(facts, as_of)


def open_item(record: Mapping[str, Any], as_of: dt.date, number: int = 0) -> dict[str, Any]:
    """A record with its due date, or the days it is in arrears."""
    figures = dict(record)
    if "due_date" not in figures:
        days = first_of(figures, "days", "days_in_arrears", default=10)
        figures["due_date"] = (as_of - dt.timedelta(days=days)).isoformat()
    if "amount" in figures:
        figures["open_amount"] = figures.pop("amount")
    return {"invoice_id": f"INV-{number}", "open_amount": "100.00", **figures}


def conversion(given: Given) -> Asked:
    rates = first_of(given, "rates", default=None)
    facts = taken(given, "amount", "currency", "wanted", to="wanted", **{"from": "currency"})
    if rates is None:
        rate = given.pop("rate", None)
        rates = [] if rate is None else [{"from": facts["currency"], "to": facts["wanted"], "rate": rate}]
    kept = [{name: each[name] for name in ("from", "to", "rate")} for each in rates]
    return Asked({**facts, "rates": kept})


def account(given: Given) -> Asked:
    """An account of one item, unless `open_items` or `debits` and `credits` say otherwise."""
    words = tuple(account_words(given))
    as_of = day_or(given, "as_of", days_later(int(given.pop("days_in_arrears", 10))))
    due = day_or(given, "due_date", AS_OF)
    facts: dict[str, Any] = taken(given, "tolerance", "min_days_in_arrears")
    min_days = given.pop("min_days", None)
    for number, days in enumerate(each_of([1] if min_days is None else min_days), start=1):
        facts[f"days_{number}"] = days
    own = {"previous_level": "dunning_level", "max_level": "max_dunning_level", "disputed": "disputed_amount"}
    own |= {"promise": "promise_to_pay", "block": "dunning_block"}
    plain = ("dunning_level", "max_dunning_level", "disputed_amount", "promise_to_pay", "dunning_block")
    dates = ("last_dunned_on", "invoice_date", "received_on", "delivered_on")
    more = taken(given, *plain, *dates, "terms_agreed", "events", **own)
    if event := given.pop("event", None):
        level_before = taken(given, "level_before")
        more["events"] = [{"event": event, "date": as_of.isoformat(), **level_before}]
        more.setdefault("last_dunned_on", AS_OF.isoformat())
    records = given.pop("open_items", None)
    if records is None:
        amounts = first_of(given, "open_amount", "dunnable", "principal", "amount", "debits", default="100.00")
        records = [item(due, amount, f"INV-{number}", **more) for number, amount in enumerate(each_of(amounts))]
    else:
        records = [open_item(each, as_of, number) for number, each in enumerate(records)]
    for number, amount in enumerate(each_of(given.pop("credits", []))):
        records.append(item(due, amount, f"CREDIT-{number}", document_type="credit_note"))
    facts |= taken(given, term_days="term_days", longest_term="longest_term")
    return Asked({"open_items": records, **facts}, as_of, words)


def account_words(given: Given) -> Iterator[tuple[str, str]]:
    """What only an author may write: escalation, credits, the fee, and what an event does to the level sent."""
    yield from choice(given, "escalation", "jump")
    if isinstance(given.get("tolerance"), dict):
        listed = ", ".join(f"{currency}: {amount}" for currency, amount in given.pop("tolerance").items())
        yield "tolerance: tolerance", f"tolerance: {{{listed}}}"
    if mode := given.pop("credit_mode", None):
        yield "credits: net", f"credits: {mode}"
    if event := given.pop("on_event", None):
        yield (
            "{partial_payment: keep, credit_note: keep, due_date_change: keep}",
            (f"{{partial_payment: {event}, credit_note: {event}, due_date_change: {event}}}"),
        )
    if fee := fee_text(given):
        yield "{fixed: 0, per: notice}", fee


def fee_text(given: Given) -> str:
    cap = f", cap: {given.pop('cap')}" if "cap" in given else ""
    for name, key in (("fee_pct", "percent"), ("fee", "fixed"), ("fixed", "fixed"), ("percent", "percent")):
        if name in given:
            return f"{{{key}: {given.pop(name)}{cap}, per: {given.pop('per', 'notice')}}}"
    return ""


OPEN = frozenset({"min_days", "debits", "credits", "days_in_arrears", "amounts"})
ACCOUNT = Topic(account, frozenset({"min_days", "debits", "credits"}), decided_by="dunning.account")
DUNNED = ("promise", "dispute", "block", "key", "credits", "tolerance", "event", "fee", "default_terms", "gate")
ORDER = Topic(order, frozenset({"members"}), decided_by="credit.order")
CHECKS = Topic(checks, OPEN, decided_by="credit.checks")

ACCOUNTS: dict[str, Topic] = {
    "credit.limit": Topic(limit, frozenset({"references", "reference_credits"})),
    "credit.exposure": Topic(exposure),
    "credit.order": Topic(order, frozenset({"members"})),
    **dict.fromkeys(("credit.group", "credit.validity", "credit.utilisation", "credit.outcome"), ORDER),
    "credit.security": Topic(security, decided_by="credit.order"),
    "credit.release": Topic(release, decided_by="credit.order"),
    "credit.statement": Topic(statement),
    "credit.checks": Topic(checks, OPEN),
    **dict.fromkeys(("credit.check", "credit.overdue"), CHECKS),
    "credit.converted": Topic(conversion),
    "credit.conversion": Topic(conversion, decided_by="credit.converted"),
    "dunning.account": Topic(account, frozenset({"min_days", "debits", "credits"})),
    **{f"dunning.{word}": ACCOUNT for word in (*DUNNED, "reminder")},
}
