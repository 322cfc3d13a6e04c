"""All that the certificate of one decision shows, gathered from the log."""

from __future__ import annotations

import orjson
from sqlalchemy import select

from api.audit.certificate.page import Certified
from api.audit.database import AuditUnavailableError
from api.audit.log import Log
from api.audit.store import Kept
from api.audit.tables import revision
from api.audit.tree import inclusion
from api.audit.verify import parse_note, verify_inclusion
from api.audit.whole import whole_record


def certified(audit: Log, kept: Kept) -> Certified:
    """The decision of an entry with its policy text and its proof. Raises AuditUnavailableError and KeyFileError."""
    store = audit.store
    record, gone = whole_record(store, kept)
    note = audit.publisher.publish()
    of = parse_note(note)
    path = inclusion(kept.seq, of.size, audit.nodes)
    if not verify_inclusion(kept.leaf, kept.seq, of.size, path, of.root):
        raise AuditUnavailableError(f"entry {kept.seq} is not in the tree of the checkpoint of {of.size} entries")
    with store.read() as connection:
        text = connection.execute(select(revision).where(revision.c.number == record["revision"])).one()
    entered = store.entries(text.seq, text.seq + 1)[0]
    said = orjson.loads(entered.body)
    return Certified(
        seq=kept.seq,
        leaf=kept.leaf,
        record=record,
        erased=gone,
        policy_text=text.text.decode(),
        revision={
            "number": text.number,
            "seq": text.seq,
            "at": said["at"],
            "bundle": said["bundle"],
            "bundle_digest": said["bundle_digest"],
        },
        approvals=(),
        inclusion=path,
        checkpoint=note,
        key=audit.verifier_keys()[0],
    )
