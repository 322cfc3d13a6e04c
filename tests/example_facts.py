"""What the figures of a worked example become: the facts and the day of a decision, and words for the policy's text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

AS_OF = dt.date(2026, 1, 1)
"""The day of a decision that no day enters."""

Given = dict[str, Any]
"""An example's figures; a topic takes out what it reads, and what is left over is not understood."""

Words = tuple[tuple[str, str], ...]
"""Changes of a policy's text: (as it stands, as wanted)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The facts and the day of one decision, the words put into the policy's text, and the topic if another decides."""

    facts: dict[str, Any]
    as_of: dt.date = AS_OF
    words: Words = ()
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """How a topic's figures become a decision.

    `lists` names the figures that are lists by nature; any other list of plain values, as long as one that is expected,
    holds one figure for each of several decisions. `decided_by` names the topic whose policy decides, where it is
    another one.
    """

    ask: Callable[[Given], Asked]
    lists: frozenset[str] = frozenset()
    answer: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda outcome: outcome)
    decided_by: str = ""


def taken(given: Given, *names: str, **renamed: str) -> dict[str, Any]:
    """Those of the figures that were given, under their own names or those of the facts."""
    wanted = {**{name: name for name in names}, **renamed}
    return {fact: given.pop(name) for name, fact in wanted.items() if name in given}


def first_of(given: Given, *names: str, default: Any = None) -> Any:
    """The figure that goes by one of several names."""
    for name in names:
        if name in given:
            return given.pop(name)
    return default


def day(given: Given, name: str) -> dt.date:
    return dt.date.fromisoformat(str(given.pop(name)))


def day_or(given: Given, name: str, otherwise: dt.date) -> dt.date:
    return day(given, name) if name in given else otherwise


def days_later(days: int) -> dt.date:
    return AS_OF + dt.timedelta(days=int(days))


def days_between(due_date: Any, paid_on: Any) -> int:
    return (dt.date.fromisoformat(str(paid_on)) - dt.date.fromisoformat(str(due_date))).days


def item(due_date: dt.date, open_amount: Any = "100.00", invoice_id: str = "INV-1", **more: Any) -> dict[str, Any]:
    return {"invoice_id": invoice_id, "due_date": due_date.isoformat(), "open_amount": open_amount, **more}


def each_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def bands(values: Mapping[str, Any]) -> str:
    """Values by lower edge as a policy's bands: `{"< 50": 5, ">= 50": 10}`; a single one holds for anything."""
    by_edge = {Decimal(edge): value for edge, value in values.items()}
    edges = sorted(by_edge)
    tests = ["-"]
    if len(edges) > 1:
        tests = [f"< {edges[1]}", *(f"[{low}..{high})" for low, high in pairwise(edges[1:])), f">= {edges[-1]}"]
    return "{" + ", ".join(f'"{test}": {by_edge[edge]}' for test, edge in zip(tests, edges, strict=True)) + "}"


def choice(given: Given, name: str, stands: str, before: str = "") -> Iterator[tuple[str, str]]:
    """The word for a choice that only an author may make, where the example makes it."""
    if name in given:
        yield f"{before}{name}: {stands}", f"{before}{name}: {given.pop(name)}"
