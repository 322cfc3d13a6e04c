"""The topics of worked examples: the policy that decides a topic, and how an example's figures become its facts.

A topic's policy is `tests/examples/<topic>.yaml`, its answer the outcome of the policy named for the topic's last word.
What only an author may write (a day count, a way to combine, bands) is put into the policy's text before it is loaded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine.decide import decide
from policies import load
from policies.ir import Policy
from policies.source import decode

FOLDER = Path(__file__).parent / "examples"
AS_OF = dt.date(2026, 1, 1)
"""The day of a decision that no day enters."""

COMPENSATION = '{"< 1000": 40, "[1000..10000)": 70, ">= 10000": 100}'
"""The bands that stand in the policies of statutory interest and of compensation."""

Given = dict[str, Any]
"""An example's figures; a topic takes out what it reads, and what is left over is not understood."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The facts and the day of one decision, and the words put into the policy's text: (as it stands, as wanted)."""

    facts: dict[str, Any]
    as_of: dt.date = AS_OF
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """How a topic's figures become a decision.

    `lists` names the figures that are lists by nature; any other list holds one figure for each of several decisions.
    Beside amounts (`amounts`) every list is one of theirs.
    """

    ask: Callable[[Given], Asked]
    lists: frozenset[str] = frozenset()
    answer: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda outcome: outcome)


def answers(topic: str, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The outcome for each of the decisions that an example asks, as JSON."""
    if topic not in TOPICS:
        known = ", ".join(TOPICS)
        msg = (
            f"no policy decides the topic `{topic}`: add tests/examples/{topic}.yaml and its facts here; known: {known}"
        )
        raise LookupError(msg)
    for figures in one_by_one(given, TOPICS[topic].lists):
        asked = TOPICS[topic].ask(figures)
        if figures:
            msg = f"the topic `{topic}` does not know what to make of {', '.join(figures)}"
            raise LookupError(msg)
        decision = decide(answering_policy(topic, asked.words), asked.facts, asked.as_of)
        yield TOPICS[topic].answer(decision.to_json()["outcome"])


def one_by_one(given: Mapping[str, Any], lists: frozenset[str]) -> Iterator[Given]:
    """The figures of each decision: parallel lists are taken apart."""
    parallel = parallel_lists(given, lists)
    if not parallel:
        yield dict(given)
        return
    for row in zip(*parallel.values(), strict=True):
        yield {**given, **dict(zip(parallel, row, strict=True))}


def parallel_lists(given: Mapping[str, Any], lists: frozenset[str]) -> dict[str, list[Any]]:
    if "amounts" in given:
        return {}
    return {name: value for name, value in given.items() if isinstance(value, list) and name not in lists}


def answering_policy(topic: str, words: tuple[tuple[str, str], ...] = ()) -> Policy:
    """The policy that answers a topic's examples, with an example's words in place of those that stand in the file."""
    text = (FOLDER / f"{topic}.yaml").read_text(encoding="utf-8")
    for stands, wanted in words:
        assert stands in text, f"{topic}.yaml has no `{stands}`"
        text = text.replace(stands, wanted)
    return load(decode(f"{topic}.yaml", text.encode())).policies[topic.rpartition(".")[2].replace("_", "-")]


def item(due_date: dt.date, open_amount: Any = "100.00", invoice_id: str = "INV-1", **more: Any) -> dict[str, Any]:
    return {"invoice_id": invoice_id, "due_date": due_date.isoformat(), "open_amount": open_amount, **more}


def taken(given: Given, *names: str, **renamed: str) -> dict[str, Any]:
    """Those of the figures that were given, under their own names or those of the facts."""
    wanted = {**{name: name for name in names}, **renamed}
    return {fact: given.pop(name) for name, fact in wanted.items() if name in given}


def day(given: Given, name: str) -> dt.date:
    return dt.date.fromisoformat(str(given.pop(name)))


def days_later(days: int) -> dt.date:
    return AS_OF + dt.timedelta(days=days)


def grace(given: Given) -> Asked:
    items = [item(day(given, "due_date"))]
    return Asked({"open_items": items, **taken(given, "grace_days")}, day(given, "as_of"))


def interval(given: Given) -> Asked:
    """An item that is long overdue by the day of the last notice, so that only the interval can hold it back."""
    as_of = day(given, "as_of")
    case = taken(given, "last_notice_date")
    known = [as_of, *(dt.date.fromisoformat(str(value)) for value in case.values() if value)]
    items = [item(min(known) - dt.timedelta(days=90))]
    return Asked({"open_items": items, "dunning_case": case, **taken(given, "interval_days")}, as_of)


def minimum(given: Given) -> Asked:
    dunnable, total = Decimal(given.pop("dunnable")), Decimal(given.pop("total_open"))
    overdue = item(AS_OF - dt.timedelta(days=10), str(dunnable), "OVERDUE")
    not_due = item(AS_OF + dt.timedelta(days=10), str(total - dunnable), "NOT-DUE")
    return Asked({"open_items": [overdue, not_due], **taken(given, "min_amount", "min_pct")})


def level(given: Given) -> Asked:
    as_of = days_later(given.pop("days_in_arrears"))
    words = (("escalation: jump", f"escalation: {given.pop('escalation', 'jump')}"),)
    sent = taken(given, previous_level="dunning_level")
    return Asked({"open_items": [item(AS_OF, **sent)], **taken(given, "min_days")}, as_of, words)


def days_beyond_terms(given: Given) -> Asked:
    paid = zip(given.pop("amounts"), given.pop("days"), strict=True)
    return Asked({"payments_made": [{"amount": amount, "days": days} for amount, days in paid]})


def dso(given: Given) -> Asked:
    sales = given.pop("sales")
    facts = {"sales": sales if isinstance(sales, list) else [sales]}
    return Asked({**facts, **taken(given, "receivables", "days")})


def limit(given: Given) -> Asked:
    """A rating caps the limit only where the example says at which amount."""
    rating, caps = given.pop("rating", None), given.pop("rating_caps", {})
    facts = {"rating_cap": caps[rating]} if rating in caps else {}
    facts |= taken(given, references="reference_credits")
    words = (("combine: min", f"combine: {given.pop('combine', 'min')}"),)
    return Asked(facts | {name: given.pop(name) for name in list(given)}, words=words)


def bands(amounts: Mapping[str, Any]) -> str:
    """Amounts by lower edge as a policy's bands: `{"< 50": 5, ">= 50": 10}`; a single one holds for anything."""
    by_edge = {Decimal(edge): amount for edge, amount in amounts.items()}
    edges = sorted(by_edge)
    tests = ["-"]
    if len(edges) > 1:
        tests = [f"< {edges[1]}", *(f"[{low}..{high})" for low, high in pairwise(edges[1:])), f">= {edges[-1]}"]
    return "{" + ", ".join(f'"{test}": {by_edge[edge]}' for test, edge in zip(tests, edges, strict=True)) + "}"


def overdue(given: Given) -> tuple[dt.date, dt.date]:
    """The due date and the last day of interest: from either of them, from the interest days, or from their number."""
    if "first_interest_day" in given:
        return day(given, "first_interest_day") - dt.timedelta(days=1), day(given, "last_interest_day")
    due = day(given, "due_date") if "due_date" in given else AS_OF
    return due, day(given, "as_of") if "as_of" in given else due + dt.timedelta(days=given.pop("days"))


def debt(given: Given, due: dt.date) -> dict[str, Any]:
    """The principal, less what was paid of it on days after the due date."""
    paid = [
        {"date": str(each.get("date") or due + dt.timedelta(days=each["day"])), "amount": each["amount"]}
        for each in given.pop("payments", [])
    ]
    left = Decimal(given.pop("principal")) - sum(Decimal(each["amount"]) for each in paid)
    return item(due, str(left), partial_payments=paid)


def statutory(given: Given) -> Asked:
    due, as_of = overdue(given)
    daily = given.pop("rate_period", "year") == "day"
    words = (
        ("basis: act/365", "rate_period: day" if daily else f"basis: {given.pop('basis', 'act/365')}"),
        ("round: total", f"round: {given.pop('round', 'total')}"),
        ("fixing: at_start", f"fixing: {given.pop('fixing', 'at_start')}"),
        (COMPENSATION, bands(given.pop("compensation_bands", {"0": "0"}))),
        *dated_rates(given.pop("reference_rates", {})),
    )
    return Asked({"open_items": [debt(given, due)], **taken(given, "rate", "reference_rate", "spread")}, as_of, words)


def dated_rates(rates: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A table of reference rates by their first days, where the example has one."""
    if rates:
        rows = ", ".join(f"{{from: {first}, value: {rates[first]}, source: the example}}" for first in sorted(rates))
        stands = "[{from: 1900-01-01, value: 0, source: an example with a table of rates puts it here}]"
        yield stands, f"[{rows}]"


def compensation(given: Given) -> Asked:
    words = ((COMPENSATION, bands(given.pop("compensation_bands"))),)
    return Asked({"open_items": [item(AS_OF, given.pop("debt"))]}, days_later(10), words)


def day_count(given: Given) -> Asked:
    """A debt bears interest from the day after it was due."""
    due, as_of = overdue(given)
    words = (("basis: 30/360", f"basis: {given.pop('basis')}"),)
    return Asked({"open_items": [debt(given, due)], **taken(given, "rate")}, as_of, words)


def band(given: Given) -> Asked:
    """Ranges are read by their lower edges, the last with its upper edge: `1-50, 50-100` is [1..50) and [50..100]."""
    printed = {
        text.split("-")[0]: (text.split("-")[1], points) for text, points in given.pop("points_by_range").items()
    }
    lowest, highest = min(printed, key=Decimal), max((upper for upper, _ in printed.values()), key=Decimal)
    words = (
        ("{type: number, min: 1, max: 100}", f"{{type: number, min: {lowest}, max: {highest}}}"),
        ('{"< 50": 5, ">= 50": 10}', bands({lower: points for lower, (_, points) in printed.items()})),
    )
    return Asked(taken(given, "value", "weight_pct"), words=words)


def distress_z(given: Given) -> Asked:
    names = [f"x{number}{end}" for number in range(1, 6) for end in ("", "_weight")]
    weights = {f"x{number}_weight": weight for number, weight in enumerate(given.pop("weights", []), start=1)}
    return Asked(weights | taken(given, "model", "constant", "distress_below", "safe_above", *names))


def index(given: Given) -> Asked:
    """Payment experiences, each in the words of the key or by its days beyond terms; without amounts it is one."""
    days = given.pop("days_beyond_terms")
    amounts = given.pop("amounts", ["1"])
    each = days if isinstance(days, list) else [days]
    experiences = [experience(one, amount) for one, amount in zip(each, amounts, strict=True)]
    return Asked({"experiences": experiences, **taken(given, "minimum")})


def experience(days: int | str, amount: Any) -> dict[str, Any]:
    manners = {"anticipates": "anticipates", "discount": "discount", "takes_discount": "discount"}
    if days in manners:
        return {"amount": amount, "days": 0, "manner": manners[str(days)]}
    assert days == "prompt" or not isinstance(days, str), f"`{days}` is no manner of paying"
    return {"amount": amount, "days": 0 if isinstance(days, str) else days}


def clv(given: Given) -> Asked:
    return Asked(taken(given, "convention", "retention_spend", m="margin", r="retention_ratio", d="discount_ratio"))


def score(given: Given) -> Asked:
    weights = given.pop("weights")
    suppliers = [
        {
            "supplier_id": supplier,
            "criteria": [{"points": each, "weight": by} for each, by in zip(points, weights, strict=True)],
        }
        for supplier, points in given.pop("points").items()
    ]
    return Asked({"rated": suppliers})


def scores_by_supplier(outcome: dict[str, Any]) -> dict[str, Any]:
    """The suppliers' scores by their names."""
    return {"score": {each["supplier_id"]: each["score"] for each in outcome["scores"]}, "rank": outcome["rank"]}


def claims(given: Given) -> Asked:
    """The principal with the claims made on it so far; with a rate also the interest of its days."""
    names = {"outstanding": "invoice", "interest": "interest", "fee": "fee"}
    amounts = [(name, given.pop(name)) for name in names if name in given]
    items = [item(AS_OF, amount, name.upper(), document_type=names[name]) for name, amount in amounts]
    return Asked({"open_items": items, **taken(given, "rate")}, days_later(given.pop("days_overdue", 10)))


CHAIN = {"sales_order": "order", "delivery_note": "delivery", "billing_document": "billing"}
"""The documents that one order moves through, and the stage of each."""
APART = {"outstanding": "open_item", "receivable": "open_item", "open_items": "open_item"}
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
    documents += [{"stage": APART[name], "amount": given.pop(name)} for name in APART if name in given]
    names = {"limit": "limit_set", "unlimited": "unlimited_agreed", "new_amount": "order_amount"}
    names["included_in_exposure"] = "order_included_in_exposure"
    return Asked({"documents": documents, **taken(given, "bills_of_exchange", "credits", "order_amount", **names)})


TOPICS: dict[str, Topic] = {
    "dunning.grace": Topic(grace),
    "dunning.interval": Topic(interval),
    "dunning.minimum": Topic(minimum),
    "dunning.level": Topic(level, frozenset({"min_days"})),
    "interest.statutory": Topic(statutory, frozenset({"payments"})),
    "interest.compensation": Topic(compensation),
    "interest.day_count": Topic(day_count, frozenset({"payments"})),
    "ratio.distress_z": Topic(distress_z, frozenset({"weights"})),
    "payment.days_beyond_terms": Topic(days_beyond_terms, frozenset({"amounts", "days"})),
    "payment.dso": Topic(dso, frozenset({"sales"})),
    "credit.limit": Topic(limit, frozenset({"references", "reference_credits"})),
    "score.band": Topic(band),
    "payment.index": Topic(index),
    "value.clv": Topic(clv),
    "supplier.score": Topic(score, frozenset({"weights"}), scores_by_supplier),
    "dunning.claims": Topic(claims),
    "credit.exposure": Topic(exposure),
}
