"""The topics of worked examples: the policy that decides a topic, and how an example's figures become its facts.

A topic's policy is `tests/examples/<topic>.yaml`, its answer the outcome of the policy named for the topic's last word.
What only an author may write (a day count, a way to combine, bands) is put into the policy's text before it is loaded.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.decide import decide
from policies import load
from policies.ir import Policy
from policies.source import decode
from tests.example_accounts import ACCOUNTS
from tests.example_facts import (
    AS_OF,
    Asked,
    Given,
    Topic,
    Words,
    bands,
    choice,
    day_or,
    days_later,
    each_of,
    first_of,
    item,
    taken,
)
from tests.example_measures import MEASURES

FOLDER = Path(__file__).parent / "examples"

COMPENSATION = '{"< 1000": 40, "[1000..10000)": 70, ">= 10000": 100}'
"""The bands that stand in the policies of statutory interest and of compensation."""


def answers(topic: str, given: Mapping[str, Any], expect: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """The outcome for each of the decisions that an example asks, as JSON."""
    if topic not in TOPICS:
        known = ", ".join(TOPICS)
        msg = (
            f"no policy decides the topic `{topic}`: add tests/examples/{topic}.yaml and its facts here; known: {known}"
        )
        raise LookupError(msg)
    for figures in one_by_one(given, parallel_lists(topic, given, expect or {})):
        currency = None if deciding(topic) == "credit.converted" else figures.pop("currency", None)
        asked = TOPICS[topic].ask(figures)
        if figures:
            msg = f"the topic `{topic}` does not know what to make of {', '.join(figures)}"
            raise LookupError(msg)
        decision = decide(answering_policy(asked.topic or topic, asked.words, currency), asked.facts, asked.as_of)
        yield TOPICS[topic].answer(decision.to_json()["outcome"])


def one_by_one(given: Mapping[str, Any], parallel: Mapping[str, list[Any]]) -> Iterator[Given]:
    """The figures of each decision: parallel lists are taken apart."""
    if not parallel:
        yield dict(given)
        return
    for row in zip(*parallel.values(), strict=True):
        yield {**given, **dict(zip(parallel, row, strict=True))}


def parallel_lists(topic: str, given: Mapping[str, Any], expect: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The lists that hold one figure for each of several decisions: those as long as a list that is expected.

    Beside amounts (`amounts`) every list is one of theirs.
    """
    if "amounts" in given:
        return {}
    lengths = {len(each) for each in expect.values() if isinstance(each, list)}
    natural = TOPICS[topic].lists
    lists = {name: value for name, value in given.items() if isinstance(value, list) and name not in natural}
    return {name: value for name, value in lists.items() if len(value) in lengths and not isinstance(value[0], dict)}


def deciding(topic: str) -> str:
    """The topic whose policy decides this one."""
    return TOPICS[topic].decided_by or topic


def answering_policy(topic: str, words: Words = (), currency: str | None = None) -> Policy:
    """The policy that answers a topic's examples, with an example's words in place of those that stand in the file."""
    name = deciding(topic)
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    for stands, wanted in words:
        assert stands in text, f"{name}.yaml has no `{stands}`"
        text = text.replace(stands, wanted)
    if currency is not None:
        text = re.sub(r"(?m)^reporting_currency: .*$", f"reporting_currency: {currency}", text)
    return load(decode(f"{name}.yaml", text.encode())).policies[name.rpartition(".")[2].replace("_", "-")]


def grace(given: Given) -> Asked:
    as_of, due = as_of_and_due(given)
    mode = given.pop("grace_mode", None)
    words = (("grace_days: grace_days\n    credits", f"grace_days: grace_days\n    grace_mode: {mode}\n    credits"),)
    return Asked({"open_items": [item(due)], **taken(given, "grace_days")}, as_of, words if mode else ())


def as_of_and_due(given: Given) -> tuple[dt.date, dt.date]:
    """The day and the due date, or so many days after one."""
    due = day_or(given, "due_date", AS_OF)
    days = first_of(given, "days_in_arrears", "days_overdue", "days_late", default=0)
    return day_or(given, "as_of", due + dt.timedelta(days=int(days))), due


def interval(given: Given) -> Asked:
    """An item that is long overdue by the day of the last notice, so that only the interval can hold it back."""
    as_of = day_or(given, "as_of", AS_OF)
    case = taken(given, "last_notice_date")
    if "days_since_last_notice" in given:
        days = int(given.pop("days_since_last_notice"))
        case["last_notice_date"] = (as_of - dt.timedelta(days=days)).isoformat()
    known = [as_of, *(dt.date.fromisoformat(str(value)) for value in case.values() if value)]
    items = [item(min(known) - dt.timedelta(days=90))]
    return Asked({"open_items": items, "dunning_case": case, **taken(given, "interval_days")}, as_of)


def minimum(given: Given) -> Asked:
    """One level and its minimums, or the level of the days and those of each level up to it."""
    dunnable, total = Decimal(given.pop("dunnable")), Decimal(given.pop("total_open"))
    overdue = item(AS_OF - dt.timedelta(days=10), str(dunnable), "OVERDUE")
    not_due = item(AS_OF + dt.timedelta(days=10), str(total - dunnable), "NOT-DUE")
    facts = {"open_items": [overdue, not_due]}
    if (reached := first_of(given, "level", "threshold_level")) is None:
        return Asked({**facts, **taken(given, "min_amount", "min_pct")})
    amounts = each_of(given.pop("min_amount", ["0"] * reached))
    shares = each_of(given.pop("min_pct", ["0"] * reached))
    levels = ", ".join(
        f"{{level: level-{number}, min_days: {number}, min_amount: {amount}, min_pct: {share}}}"
        for number, (amount, share) in enumerate(zip(amounts, shares, strict=True), start=1)
        if number <= reached
    )
    stands = "{level: reminder, min_days: 1, min_amount: min_amount, min_pct: min_pct}"
    return Asked(facts, words=((stands, levels), ("escalation: step", "escalation: jump")))


def level(given: Given) -> Asked:
    as_of, due = as_of_and_due(given)
    words = tuple(choice(given, "escalation", "jump"))
    sent = taken(given, previous_level="dunning_level", max_level="max_dunning_level")
    return Asked({"open_items": [item(due, **sent)], **taken(given, "min_days", thresholds="min_days")}, as_of, words)


def overdue(given: Given) -> tuple[dt.date, dt.date]:
    """The due date and the last day of interest: from either of them, from the interest days, or from their number."""
    first, last = first_of(given, "first_interest_day", "from"), first_of(given, "last_interest_day", "to")
    if first is not None:
        return dt.date.fromisoformat(str(first)) - dt.timedelta(days=1), dt.date.fromisoformat(str(last))
    due = day_or(given, "due_date", AS_OF)
    days = first_of(given, "days", "days_late", "days_overdue", default=0)
    return due, day_or(given, "as_of", due + dt.timedelta(days=int(days)))


def debt(given: Given, due: dt.date, as_of: dt.date) -> tuple[dict[str, Any], dt.date]:
    """The principal, less what was paid of it on days after the due date; so much that its days alone are asked for.

    A debt paid in full bore its last interest on the day of the last payment: it is looked at on that day, before it.
    """
    paid = [
        {"date": str(each.get("date") or due + dt.timedelta(days=each["day"])), "amount": each["amount"]}
        for each in given.pop("payments", [])
    ]
    principal = first_of(given, "principal", "amount", "debt", "outstanding", default="100000.00")
    if paid and Decimal(principal) == sum(Decimal(each["amount"]) for each in paid):
        as_of = min(as_of, dt.date.fromisoformat(paid.pop()["date"]))
    left = Decimal(principal) - sum(Decimal(each["amount"]) for each in paid)
    return item(due, str(left), partial_payments=paid), as_of


LAWS = {
    "UK": ("late-payment.uk_rate(), fixing: at_start", "late-payment.uk_compensation(debt)", "GBP"),
    "DE": ("late-payment.de_rate(), fixing: floating_half_year", "late-payment.de_compensation(debt)", "EUR"),
    "AT": ("late-payment.at_rate(), fixing: floating_half_year", "late-payment.at_compensation(debt)", "EUR"),
    "EU": ("late-payment.eu_rate(), fixing: floating_half_year", "late-payment.eu_compensation(debt)", "EUR"),
}
"""Rate with its fixing, compensation and currency of each law in the library."""
OWN_RATE = (
    '"if rate != null then rate else (if reference_rate != null then reference_rate else reference_rates)'
    ' * (1 + uplift) + spread", fixing: at_start'
)


def rate_and_compensation(given: Given) -> Iterator[tuple[str, str]]:
    """The library's, where the example names a law alone; else the bands, the one amount, or none."""
    name = first_of(given, "jurisdiction", "scheme")
    if name is None:
        amount = first_of(given, "compensation", "fixed_compensation", default="0")
        yield COMPENSATION, bands(given.pop("compensation_bands", {"0": amount}))
    else:
        rate, compensation, currency = LAWS[{"GB": "UK"}.get(name, name)]
        yield OWN_RATE, rate
        yield f"bands: {COMPENSATION}", f"fixed: {compensation}"
        yield "reporting_currency: GBP\n", f"reporting_currency: {currency}\nuses: [late-payment]\n"


def statutory(given: Given) -> Asked:
    rates = given.pop("reference_rates", {})
    if "periods" in given:
        rates = rates_of_periods(given)
    due, as_of = overdue(given)
    daily = given.pop("rate_period", "year") == "day"
    words = (
        ("basis: act/365", "rate_period: day" if daily else f"basis: {given.pop('basis', 'act/365')}"),
        ("round: total", f"round: {given.pop('round', 'total')}"),
        *rate_and_compensation(given),
        *choice(given, "fixing", "at_start"),
        *dated_rates(rates),
    )
    facts = taken(given, "rate", "reference_rate", "spread", "uplift", "min_interest")
    owed, last_day = debt(given, due, as_of)
    return Asked({"open_items": [owed], **facts}, last_day, words)


def rates_of_periods(given: Given) -> dict[str, Any]:
    """Rates of periods that follow each other, by their days; the days of all of them are put with the figures."""
    rates, first = {}, days_later(1)
    for period in given.pop("periods"):
        rates[first.isoformat()] = period["rate"]
        first += dt.timedelta(days=int(period["days"]))
    given |= {"days": (first - days_later(1)).days, "fixing": "floating"}
    return rates


def dated_rates(rates: Mapping[str, Any] | list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """A table of reference rates by their first days, where the example has one."""
    by_day = {each["from"]: each["rate"] for each in rates} if isinstance(rates, list) else dict(rates)
    if by_day:
        rows = ", ".join(f"{{from: {first}, value: {by_day[first]}, source: the example}}" for first in sorted(by_day))
        stands = "[{from: 1900-01-01, value: 0, source: an example with a table of rates puts it here}]"
        yield stands, f"[{rows}]"


def compensation(given: Given) -> Asked:
    """Each debt by itself, those of `debts` together; without bands those that stand in the policy."""
    words = tuple((COMPENSATION, bands(given.pop(name))) for name in ["compensation_bands"] if name in given)
    charged = taken(given, already_charged="compensation_charged")
    debts = each_of(first_of(given, "debt", "debts", "principal", "amount"))
    items = [item(AS_OF, amount, f"INV-{number}", **charged) for number, amount in enumerate(debts)]
    return Asked({"open_items": items}, days_later(10), words)


def day_count(given: Given) -> Asked:
    """A debt bears interest from the day after it was due."""
    due, as_of = overdue(given)
    words = tuple(choice(given, "basis", "30/360"))
    owed, last_day = debt(given, due, as_of)
    return Asked({"rate": "10", "open_items": [owed], **taken(given, "rate")}, last_day, words)


def claims(given: Given) -> Asked:
    """The principal with the claims made on it so far; with a rate also the interest of its days."""
    names = {"outstanding": "invoice", "principal": "invoice", "interest": "interest", "fee": "fee", "fees": "fee"}
    amounts = [(name, each) for name in names if name in given for each in each_of(given.pop(name))]
    items = [
        item(AS_OF, amount, f"{name.upper()}-{number}", document_type=names[name])
        for number, (name, amount) in enumerate(amounts)
    ]
    return Asked({"open_items": items, **taken(given, "rate", "fee_pct")}, days_later(given.pop("days_overdue", 10)))


TOPICS: dict[str, Topic] = {
    "dunning.grace": Topic(grace),
    "dunning.interval": Topic(interval),
    "dunning.minimum": Topic(minimum),
    "dunning.level": Topic(level, frozenset({"min_days", "thresholds"})),
    "interest.statutory": Topic(statutory),
    "interest.compensation": Topic(compensation),
    "interest.day_count": Topic(day_count),
    "dunning.claims": Topic(claims),
    **MEASURES,
    **ACCOUNTS,
}

NEAR = {
    "interest.late_payment": "interest.statutory",
    "interest.simple": "interest.statutory",
    "interest.days": "interest.day_count",
    "dunning.compensation": "interest.compensation",
    "dunning.interest": "interest.statutory",
    "payment.dbt": "payment.days_beyond_terms",
    "ratio.altman_z": "ratio.distress_z",
    "ratio.z_score": "ratio.distress_z",
    "ratio.piotroski_f": "ratio.f_score",
    "supplier.points": "supplier.criterion",
    "supplier.rated": "supplier.criterion",
    "class.band": "score.rating",
    "class.churn": "value.churn",
}
"""Other names of a topic."""
TOPICS |= {near: replace(TOPICS[topic], decided_by=deciding(topic)) for near, topic in NEAR.items()}
