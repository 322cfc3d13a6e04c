"""Questions made of decision requests: which policies of two texts each row of facts can be asked of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.bulk.rows import Row
from api.recording import subject_of
from api.request import Request, misfit_json, read_request
from api.revisions import goes_on
from engine.comparing import Question
from engine.decision import Json
from engine.facts_schema import facts_schema
from policies.ir import Bundle, Policy

FIRST = 20
"""Rows that are named, of those set aside or asked of no policy."""


@dataclass(slots=True)
class Asked:
    """What became of the rows that questions were made of: nothing of them is dropped without being counted.

    `name` stands before the line in a question's `ref`. `as_of` is the day of the `undated` rows, which state none.
    `rejected` rows are no requests; `unasked` ones have the facts of no policy.
    """

    name: str
    as_of: dt.date
    read: int = 0
    rejected: int = 0
    unasked: int = 0
    undated: int = 0
    first_rejected: list[Json] = field(default_factory=list)
    first_unasked: list[int] = field(default_factory=list)

    def ref(self, line: int) -> str:
        """What the questions of a row are known by: `facts.jsonl:3`."""
        return f"{self.name}:{line}"

    def to_json(self) -> dict[str, Json]:
        """The counts as JSON, with the first rows that were rejected and why."""
        return {
            "name": self.name,
            "read": self.read,
            "rejected": self.rejected,
            "first_rejected": self.first_rejected,
            "unasked": self.unasked,
            "first_unasked": self.first_unasked,
            "undated": self.undated,
            "as_of": self.as_of.isoformat(),
        }


def rows_of(documents: Iterable[Any]) -> Iterator[Row]:
    """Requests as JSON documents, `{"facts": …, "as_of"?}`, as rows numbered from 1."""
    for line, document in enumerate(documents, start=1):
        request = read_request(document)
        if isinstance(request, Request):
            yield Row(line, document, request.facts, request.as_of)
        else:
            yield Row(line, document, {}, misfits=request)


def questions(
    old: Bundle, new: Bundle, rows: Iterable[Row], asked: Asked, policies: Sequence[str] = ()
) -> Iterator[Question]:
    """What each row is asked: `policies` where they are named, else every policy of both texts whose facts it has.

    A row has a policy's facts when it has all that either text requires: what only one of them can decide is a finding.
    `asked` counts along.
    """
    shared = policies or [name for name in new.policies if name in old.policies]
    takers = [_Taker.of(name, old.policies.get(name), new.policies.get(name)) for name in shared]
    for row in rows:
        asked.read += 1
        if row.misfits:
            asked.rejected += 1
            if len(asked.first_rejected) < FIRST:
                misfits = [misfit_json(misfit) for misfit in row.misfits]
                asked.first_rejected.append({"line": row.line, "misfits": misfits})
            continue
        able = [taker for taker in takers if policies or taker.takes(row.facts)]
        if not able:
            asked.unasked += 1
            if len(asked.first_unasked) < FIRST:
                asked.first_unasked.append(row.line)
            continue
        asked.undated += row.as_of is None
        ref, as_of = asked.ref(row.line), row.as_of or asked.as_of
        yield from (taker.question(ref, row.facts, as_of) for taker in able)


@dataclass(frozen=True, slots=True)
class _Taker:
    """A policy as both texts have it, and the facts that each of them requires."""

    name: str
    old: Policy | None
    new: Policy | None
    required: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, name: str, old: Policy | None, new: Policy | None) -> _Taker:
        schemas = [facts_schema(policy.facts, policy.reads) for policy in (old, new) if policy is not None]
        return cls(name, old, new, tuple(frozenset(schema["required"]) for schema in schemas))

    def takes(self, facts: Mapping[str, Any]) -> bool:
        return any(required <= facts.keys() for required in self.required)

    def question(self, ref: str, facts: Mapping[str, Any], as_of: dt.date) -> Question:
        policy = self.new or self.old
        subject = None if policy is None else subject_of(policy.facts, facts)[1]
        return Question(ref, self.name, facts, as_of, subject, pinned=goes_on((self.old, self.new), facts))
