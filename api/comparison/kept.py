"""Comparisons stored with the revision they are of, whole, so that whoever approves it sees what would change.

The log has the SHA-256 of each; the comparison itself stands beside it, since it names customers and can be erased.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from api.audit.appending import Item, append
from api.audit.canonical import canonical
from api.audit.database import AuditUnavailableError
from api.audit.log import Log
from api.audit.packing import pack_alone, unpack_alone
from api.audit.records import Catalogued, timestamp
from api.audit.store import Store, read_state
from api.audit.tables import catalogue, comparison, comparison_subject
from api.audit.whole import whole_record
from engine.decision import Json

USUAL = 1_000
"""Recorded decisions compared unless another number is named."""


class ErasedMeanwhileError(Exception):
    """Personal data was erased while a comparison was made of it: it is to be made anew."""


@dataclass(frozen=True, slots=True)
class Basis:
    """On what a comparison was made: so many recorded decisions, of a time if one is named.

    `size` is the log's at its beginning: what is erased after that may be in it.
    """

    recorded: int
    since: dt.datetime | None
    until: dt.datetime | None
    size: int

    def to_json(self) -> dict[str, Json]:
        """What was asked for."""
        times = {
            name: None if at is None else timestamp(at) for name, at in (("since", self.since), ("until", self.until))
        }
        return {"recorded": self.recorded, **times}


def keep(
    audit: Log, principal: str, revision: int, document: Mapping[str, Any], facts: Mapping[str, Any], basis: Basis
) -> str:
    """Store a comparison of a revision and enter it into the log; its id.

    `facts` are those of the movers that came from a file, by `ref`: with them each can be opened again. Raises
    AuditUnavailableError and ErasedMeanwhileError.
    """
    said = {"document": document, "facts": facts}
    body = canonical(said)
    digest = document["new"]["digest"]
    replay = document["replay"]
    content = {
        "principal": principal,
        "revision": revision,
        "bundle_digest": digest,
        "against_revision": document["old"]["revision"],
        "against_digest": document["old"]["digest"],
        "asked": basis.to_json(),
        "differences": len(document["differences"]),
        "questions": replay["questions"],
        "changed": replay["changed"],
        "result_hash": hashlib.sha256(body).hexdigest(),
    }
    found = Catalogued(revision=revision, principal=principal)
    with audit.store.write() as connection:
        state = read_state(connection, lock=True)
        erased = select(catalogue.c.seq).where(catalogue.c.kind == "erasure", catalogue.c.seq >= basis.size)
        if connection.scalar(erased.limit(1)) is not None:
            raise ErasedMeanwhileError
        record = audit.make("comparison", "cmp", content, found)
        append(audit.store, connection, state, [Item.of(audit.store, record)])
        row = {"id": record.id, "revision": revision, "bundle_digest": digest, "seq": state.size}
        connection.execute(insert(comparison).values(**row, body=pack_alone(body)))
        subjects = {mover["subject"] for mover in replay["movers"] if mover["subject"] is not None}
        for subject in sorted(subjects):
            connection.execute(insert(comparison_subject).values(subject=subject, comparison=record.id))
    return record.id


_LINE = ("bundle_digest", "against_revision", "against_digest", "asked", "questions", "changed")


def kept_of(store: Store, revision: int) -> Sequence[Mapping[str, Any]]:
    """The comparisons of a revision, the newest first: of which text, with which, on what, and how many changed."""
    wanted = select(comparison.c.id, comparison.c.seq).where(comparison.c.revision == revision)
    with store.read() as connection:
        rows = connection.execute(wanted.order_by(comparison.c.seq.desc())).all()
    records = [(row, _record(store, row.id, row.seq)) for row in rows]
    return [
        {"comparison_id": row.id, **{name: record[name] for name in _LINE}, "at": record["at"], "seq": row.seq}
        for row, record in records
    ]


def kept(store: Store, id_: str) -> dict[str, Any] | None:
    """A comparison by its id, with its movers' facts; None where there is none.

    Raises AuditUnavailableError where it is not the one of its entry, nor an erasure says that it was changed since.
    """
    with store.read() as connection:
        row = connection.execute(
            select(comparison.c.seq, comparison.c.body).where(comparison.c.id == id_)
        ).one_or_none()
    if row is None:
        return None
    body = unpack_alone(row.body)
    if hashlib.sha256(body).hexdigest() != _record(store, id_, row.seq)["result_hash"] and not _erased(
        store, id_, row.seq
    ):
        raise AuditUnavailableError(f"the comparison `{id_}` is not the one of its entry {row.seq}")
    found: dict[str, Any] = orjson.loads(body)
    return found


def _record(store: Store, id_: str, seq: int) -> Mapping[str, Any]:
    entry = store.entry(seq)
    record = {} if entry is None else whole_record(store, entry)[0]
    if record.get("id") != id_:
        raise AuditUnavailableError(f"entry {seq} is not the comparison `{id_}`")
    return record


def _erased(store: Store, id_: str, seq: int) -> bool:
    """Whether an erasure since has taken somebody out of it."""
    wanted = select(catalogue.c.seq).where(catalogue.c.kind == "erasure", catalogue.c.seq > seq)
    with store.read() as connection:
        seqs = list(connection.scalars(wanted))
    entries = (store.entry(one) for one in seqs)
    return any(id_ in whole_record(store, entry)[0].get("comparisons", ()) for entry in entries if entry is not None)


def forget_subject(connection: Connection, subject: str) -> list[str]:
    """Take a customer out of every comparison that names them; the ids of those that did."""
    named = select(comparison.c.id, comparison.c.body).join(
        comparison_subject, comparison_subject.c.comparison == comparison.c.id
    )
    rows = connection.execute(named.where(comparison_subject.c.subject == subject)).all()
    for row in rows:
        said = orjson.loads(unpack_alone(row.body))
        for mover in said["document"]["replay"]["movers"]:
            if mover["subject"] == subject:
                said["facts"].pop(mover["ref"], None)
                mover["subject"] = None
        said["document"]["erased"] = True
        body = pack_alone(canonical(said))
        connection.execute(update(comparison).where(comparison.c.id == row.id).values(body=body))
        connection.execute(
            comparison_subject.delete().where(
                comparison_subject.c.comparison == row.id, comparison_subject.c.subject == subject
            )
        )
    return sorted(row.id for row in rows)
