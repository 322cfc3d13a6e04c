"""Questions made of decisions that were recorded: what was asked then is asked of two texts now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from api.audit.log import Log
from api.audit.moments import microseconds
from api.audit.recorded import decisions_of_log
from api.audit.tables import catalogue
from api.revisions import goes_on
from engine.comparing import Question
from engine.decision import Json
from policies.ir import Bundle

MOST = 100_000
"""Decisions compared at once, at most."""


@dataclass(slots=True)
class Taken:
    """Which recorded decisions were asked again: those of the log's entries from `first` to before `end`.

    `erased` ones are left out, since what they were decided on is not known any more; `damaged` ones likewise.
    """

    first: int
    end: int
    read: int = 0
    erased: int = 0
    damaged: int = 0

    def to_json(self) -> dict[str, Json]:
        """The counts as JSON."""
        return {
            "first": self.first,
            "end": self.end,
            "read": self.read,
            "erased": self.erased,
            "damaged": self.damaged,
        }


def last_decisions(audit: Log, count: int, since: dt.datetime | None = None, until: dt.datetime | None = None) -> Taken:
    """Where the last so many decisions of a time stand. Raises AuditUnavailableError."""
    wanted = select(catalogue.c.seq).where(catalogue.c.kind == "decision")
    if since is not None:
        wanted = wanted.where(catalogue.c.at >= microseconds(since))
    if until is not None:
        wanted = wanted.where(catalogue.c.at < microseconds(until))
    with audit.store.read() as connection:
        seqs = list(connection.scalars(wanted.order_by(catalogue.c.seq.desc()).limit(min(count, MOST))))
    return Taken(seqs[-1], seqs[0] + 1) if seqs else Taken(0, 0)


def recorded_questions(audit: Log, taken: Taken, old: Bundle, new: Bundle) -> Iterator[Question]:
    """The questions of these decisions, in their order; `taken` counts along."""
    for one in decisions_of_log(audit, taken.first, taken.end):
        if one.wrong is not None:
            taken.damaged += 1
            continue
        taken.read += 1
        if one.missing:
            taken.erased += 1
            continue
        yield question_of(one.record, old, new)


def question_of(record: Mapping[str, Any], old: Bundle, new: Bundle) -> Question:
    """What a recorded decision asked; a dunning case that goes on by the text it began with is `pinned`."""
    decision = record["decision"]
    policies = (text.policies.get(decision["policy"]) for text in (old, new))
    return Question(
        ref=record["id"],
        policy=decision["policy"],
        facts=record["facts"],
        as_of=dt.date.fromisoformat(decision["as_of"]),
        subject=record.get("subject"),
        pinned=goes_on(policies, record["facts"]),
    )
