"""Erases the personal data of one subject. The records stay, and so does every proof; what was erased is null."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, update

from api.audit.appending import Item, append
from api.audit.log import Log
from api.audit.records import Catalogued
from api.audit.store import read_state
from api.audit.tables import catalogue, personal
from api.comparison.kept import forget_subject

_AT_ONCE = 500
"""Numbers named in one statement."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Records about the subject, values erased in them, comparisons that named it, and the entry that says so."""

    records: int
    values: int
    comparisons: int
    seq: int | None


def erase(audit: Log, subject: str, *, principal: str, reason: str) -> Erased:
    """Delete all personal data of the records about a subject, enter that into the log, and clean the files.

    The entry names the records by their numbers and the `reason` as given, never the subject. Raises
    AuditUnavailableError; when that says that the files could not be cleaned, the next erasure cleans them.
    """
    with audit.store.write() as connection:
        state = read_state(connection, lock=True)
        about = list(connection.scalars(select(catalogue.c.seq).where(catalogue.c.subject == subject)))
        with_values = _with_values(connection, about)
        comparisons = forget_subject(connection, subject)
        if with_values or comparisons:
            content: dict[str, Any] = {"principal": principal, "reason": reason, "entries": sorted(with_values)}
            content |= {"comparisons": comparisons} if comparisons else {}
            record = audit.make("erasure", "ers", content, Catalogued(principal=principal))
            append(audit.store, connection, state, [Item.of(audit.store, record)])
        values = sum(_delete(connection, some) for some in _some(sorted(with_values)))
    # Also when there was nothing to delete: the same erasure may have been kept from cleaning the files before.
    audit.store.forget()
    return Erased(len(about), values, len(comparisons), state.size if with_values or comparisons else None)


def _with_values(connection: Connection, seqs: list[int]) -> set[int]:
    found: set[int] = set()
    for some in _some(seqs):
        found.update(connection.scalars(select(personal.c.seq).where(personal.c.seq.in_(some))))
    return found


def _delete(connection: Connection, seqs: list[int]) -> int:
    """Delete the values of some records; where whom they are about is one of them, they cannot be found by it."""
    named = select(personal.c.seq).where(personal.c.seq.in_(seqs), personal.c.pointer == "/subject")
    connection.execute(update(catalogue).where(catalogue.c.seq.in_(named)).values(subject=None))
    return connection.execute(delete(personal).where(personal.c.seq.in_(seqs))).rowcount


def _some(seqs: list[int]) -> list[list[int]]:
    return [seqs[start : start + _AT_ONCE] for start in range(0, len(seqs), _AT_ONCE)]
