"""What auditors look for: entries by subject, policy, outcome, reason, time, revision and caller, paged and counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import orjson
from sqlalchemy import Select, func, select

from api.audit.moments import microseconds, moment_of
from api.audit.records import timestamp
from api.audit.store import Store
from api.audit.tables import OTHERS, catalogue, entry, reason
from api.audit.verify import leaf_hash
from engine.decision import Json

PAGE, LARGEST_PAGE = 50, 1000
"""Entries on a page: unless asked otherwise, and at most."""

GROUPS = ("kind", "policy", "outcome", "revision", "principal", "subject", "reason")
"""By what entries can be counted."""


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for; None is anything. `since` is the first moment wanted, `until` the first one not wanted."""

    kind: str | None = None
    policy: str | None = None
    outcome: str | None = None
    revision: int | None = None
    principal: str | None = None
    subject: str | None = None
    reason: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def to_json(self) -> dict[str, Json]:
        """What is asked, without what is not."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: timestamp(value) if isinstance(value, dt.datetime) else value
            for name, value in given.items()
            if value is not None
        }


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that was looked for: its number and id, and what it is found by."""

    seq: int
    id: str
    kind: str
    at: str
    policy: str | None
    outcome: str | None
    revision: int | None
    principal: str | None
    subject: str | None
    reasons: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """The entry as JSON; what it does not have is null."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {"reasons": list(self.reasons)}


def page(store: Store, query: Query, before: int | None = None, limit: int = PAGE) -> list[Found]:
    """The newest entries that were looked for, those below number `before` only. Raises AuditUnavailableError.

    Entries are added above: a page below a number never changes.
    """
    wanted = _narrowed(select(catalogue, entry.c.id).join(entry, entry.c.seq == catalogue.c.seq), query)
    if before is not None:
        wanted = wanted.where(catalogue.c.seq < before)
    with store.read() as connection:
        rows = connection.execute(wanted.order_by(catalogue.c.seq.desc()).limit(limit)).all()
        seqs = [row.seq for row in rows]
        codes = connection.execute(select(reason).where(reason.c.seq.in_(seqs)).order_by(reason.c.code)).all()
    given: dict[int, list[str]] = {}
    for one in codes:
        given.setdefault(one.seq, []).append(one.code)
    return [
        Found(
            row.seq,
            row.id,
            row.kind,
            timestamp(moment_of(row.at)),
            row.policy,
            row.outcome,
            row.revision,
            row.principal,
            row.subject,
            tuple(given.get(row.seq, ())),
        )
        for row in rows
    ]


def every(store: Store, query: Query) -> Iterator[Found]:
    """All entries that were looked for, the newest first, read a page at a time."""
    before = None
    while found := page(store, query, before, LARGEST_PAGE):
        yield from found
        before = found[-1].seq


def counts(store: Store, query: Query, by: str, limit: int = LARGEST_PAGE) -> list[tuple[str | int | None, int]]:
    """How many entries there are for each value of one of `GROUPS`, the most first, so many values at most.

    An entry with several reasons is counted for each of them.
    """
    column = reason.c.code if by == "reason" else catalogue.c[by]
    number = func.count()
    wanted = select(column, number)
    if by == "reason":
        wanted = wanted.select_from(catalogue).join(reason, reason.c.seq == catalogue.c.seq)
    wanted = _narrowed(wanted, query).group_by(column).order_by(number.desc(), column).limit(limit)
    with store.read() as connection:
        return [(value, count) for value, count in connection.execute(wanted).all()]


def span(store: Store, query: Query) -> tuple[int, int]:
    """The first number, and the one after the last, of the entries in a query's time: (0, 0) when there are none.

    Numbers between that lie outside the time, since a clock went back, are within the span. Where the time is open, the
    span goes to the end of the log itself: entries that somebody took out of the catalogue come along.
    """
    wanted = _narrowed(select(func.min(catalogue.c.seq), func.max(catalogue.c.seq)), query)
    with store.read() as connection:
        first, last = connection.execute(wanted).one()
    if first is None:
        return 0, 0
    size = store.state().size
    first, end = 0 if query.since is None else first, size if query.until is None else last + 1
    # By the records' own words: the catalogue is no evidence, and who can write into it could narrow a time.
    while first > 0 and _within(store, first - 1, query):
        first -= 1
    while end < size and _within(store, end, query):
        end += 1
    return first, end


def _within(store: Store, seq: int, query: Query) -> bool:
    """Whether an entry's record says that it is of the query's time; one that is gone or altered is taken for it."""
    kept = store.entry(seq)
    if kept is None or leaf_hash(kept.body) != kept.leaf:
        return True
    try:
        at = dt.datetime.fromisoformat(orjson.loads(kept.body)["at"])
    except (ValueError, LookupError, TypeError):
        return True
    return (query.since is None or query.since <= at) and (query.until is None or at < query.until)


def uncatalogued(store: Store, first: int, end: int) -> int | None:
    """An entry that the catalogue lacks from the one before `first` up to `end` itself, if it lacks one.

    The catalogue is no evidence: who takes an entry out of it could keep that out of an export bounded in time.
    """
    low, high = max(0, first - 1), min(end + 1, store.state().size)
    if (first, end) == (0, high):
        return None  # the whole log: nothing was found by the catalogue
    within = select(catalogue.c.seq).where(catalogue.c.seq >= low, catalogue.c.seq < high)
    with store.read() as connection:
        if connection.scalar(select(func.count()).select_from(within.subquery())) == high - low:
            return None
        there = set(connection.scalars(within))
    return next(seq for seq in range(low, high) if seq not in there)


def _narrowed(wanted: Select[Any], query: Query) -> Select[Any]:
    plain: Mapping[str, object] = {
        name: getattr(query, name) for name in ("kind", "policy", "outcome", "revision", "principal", "subject")
    }
    for name, value in plain.items():
        if value is not None:
            wanted = wanted.where(catalogue.c[name] == value)
    if query.kind is None and (query.policy or query.outcome or query.subject or query.reason):
        wanted = wanted.where(catalogue.c.kind != "test")  # a trial is never among what was decided
    if query.kind not in (None, "decision"):
        wanted = wanted.where(OTHERS)  # said again in the index's own words, so that it is used
    if query.reason is not None:
        wanted = wanted.where(catalogue.c.seq.in_(select(reason.c.seq).where(reason.c.code == query.reason)))
    if query.since is not None:
        wanted = wanted.where(catalogue.c.at >= microseconds(query.since))
    if query.until is not None:
        wanted = wanted.where(catalogue.c.at < microseconds(query.until))
    return wanted
