"""Comparisons stored with the revision they are of, whole, so that whoever approves it sees what would change.

The log has the SHA-256 of each; the comparison itself stands beside it, since it names customers and can be erased.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from api.audit.appending import Item, append
from api.audit.canonical import canonical
from api.audit.log import Log
from api.audit.packing import pack_alone, unpack_alone
from api.audit.records import Catalogued
from api.audit.store import Store, read_state
from api.audit.tables import comparison, comparison_subject
from engine.decision import Json


def keep(audit: Log, principal: str, revision: int, document: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Store a comparison of a revision and enter it into the log; its id. Raises AuditUnavailableError.

    `facts` are those of the movers that came from a file, by `ref`: with them each can be opened again.
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
        "differences": len(document["differences"]),
        "questions": replay["questions"],
        "changed": replay["changed"],
        "result_hash": hashlib.sha256(body).hexdigest(),
    }
    found = Catalogued(revision=revision, principal=principal)
    with audit.store.write() as connection:
        state = read_state(connection, lock=True)
        record = audit.make("comparison", "cmp", content, found)
        append(audit.store, connection, state, [Item.of(audit.store, record)])
        row = {"id": record.id, "revision": revision, "bundle_digest": digest, "seq": state.size}
        connection.execute(insert(comparison).values(**row, body=pack_alone(body)))
        subjects = {mover["subject"] for mover in replay["movers"] if mover["subject"] is not None}
        for subject in sorted(subjects):
            connection.execute(insert(comparison_subject).values(subject=subject, comparison=record.id))
    return record.id


def kept_of(store: Store, revision: int) -> Sequence[Mapping[str, Json]]:
    """The comparisons of a revision, the newest first: their ids, the text they are of, their entries."""
    wanted = select(comparison.c.id, comparison.c.bundle_digest, comparison.c.seq).where(
        comparison.c.revision == revision
    )
    with store.read() as connection:
        rows = connection.execute(wanted.order_by(comparison.c.seq.desc())).all()
    return [{"comparison_id": row.id, "bundle_digest": row.bundle_digest, "seq": row.seq} for row in rows]


def kept(store: Store, id_: str) -> dict[str, Any] | None:
    """A comparison by its id, with its movers' facts; None where there is none."""
    with store.read() as connection:
        body = connection.scalar(select(comparison.c.body).where(comparison.c.id == id_))
    if body is None:
        return None
    found: dict[str, Any] = orjson.loads(unpack_alone(body))
    return found


def forget_subject(connection: Connection, subject: str) -> int:
    """Take a customer out of every comparison that names them; how many did."""
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
    return len(rows)
