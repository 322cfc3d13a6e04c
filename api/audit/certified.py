"""All that the certificate of one decision shows, gathered from the log."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from api.audit.certificate.page import Certified
from api.audit.database import AuditUnavailableError
from api.audit.log import Log
from api.audit.records import timestamp
from api.audit.store import Kept, Store
from api.audit.tables import override
from api.audit.tree import inclusion
from api.audit.verify import parse_note, verify_inclusion
from api.audit.whole import whole_record
from api.governance.governed import Governed
from api.governance.revision import Revision
from engine.decision import Json


def certified(audit: Log, governed: Governed, kept: Kept) -> Certified:
    """The decision of an entry with its policy text and its proof. Raises AuditUnavailableError and KeyFileError."""
    store = audit.store
    record, gone = whole_record(store, kept)
    note = audit.publisher.publish()
    of = parse_note(note)
    path = inclusion(kept.seq, of.size, audit.nodes)
    if not verify_inclusion(kept.leaf, kept.seq, of.size, path, of.root):
        raise AuditUnavailableError(f"entry {kept.seq} is not in the tree of the checkpoint of {of.size} entries")
    revision = governed.revisions.get(record["revision"])
    text = store.bundle_text(record["bundle_digest"])
    if revision is None or revision.activated is None or text is None or revision.digest != record["bundle_digest"]:
        raise AuditUnavailableError(f"the record does not say how revision {record['revision']} came into force")
    in_force = revision.activated
    return Certified(
        seq=kept.seq,
        leaf=kept.leaf,
        record=record,
        erased=gone,
        policy_text=text.decode(),
        revision={
            "number": revision.number,
            "seq": in_force.seq,
            "at": timestamp(in_force.at),
            "bundle": revision.bundle,
            "bundle_digest": revision.digest,
        },
        approvals=tuple(_approvals(revision)),
        overrides=tuple(_overrides(store, str(record["id"]))),
        inclusion=path,
        checkpoint=note,
        key=audit.verifier_keys()[0],
    )


def _overrides(store: Store, decision: str) -> Iterator[dict[str, Json]]:
    """What persons decided otherwise, in the order it was recorded."""
    with store.read() as connection:
        rows = connection.execute(
            select(override).where(override.c.decision == decision).order_by(override.c.seq)
        ).all()
    for row in rows:
        kept = store.entry(row.seq)
        given = {} if kept is None else whole_record(store, kept)[0]
        if (given.get("id"), given.get("decision")) != (row.id, decision):
            raise AuditUnavailableError(f"entry {row.seq} is not the override `{row.id}`")
        yield {**given, "by": given["principal"], "seq": row.seq, "ended": row.ended}


def _approvals(revision: Revision) -> Iterator[dict[str, Json]]:
    """Who stood for exactly this text, and of an emergency who confirmed it."""
    yield from (one.to_json() for one in revision.approvals if revision.holds(one))
    for act in revision.history:
        if act.word == "confirmed":
            yield {"by": act.principal, "at": timestamp(act.at), "seq": act.seq}
