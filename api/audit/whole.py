"""An entry's record read whole, and only if every byte of it is what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.audit.database import AuditUnavailableError
from api.audit.personal import commitment, put_back
from api.audit.records import erased, read_record
from api.audit.store import Kept, Store
from api.audit.verify import leaf_hash
from engine.decision import Json


def whole_record(store: Store, kept: Kept, rows: Sequence[Any] | None = None) -> tuple[dict[str, Json], frozenset[str]]:
    """The record with what stands beside it, and the pointers of what was erased.

    `rows` are those of its personal data where they have been read already. Raises AuditUnavailableError when the
    entry, a part or a personal value is not the one its hash was made of.
    """
    if leaf_hash(kept.body) != kept.leaf:
        raise AuditUnavailableError(f"entry {kept.seq} does not have the bytes its leaf hash was made of")
    if rows is None:
        rows = store.personal_rows(kept.seq, kept.seq + 1) if b'"personal' in kept.body else ()
    record = read_record(kept.body, store.part)
    hashes = record.get("personal", {})
    for row in rows:
        if hashes.get(row.pointer) != commitment(row.salt, row.value).hex():
            raise AuditUnavailableError(f"the personal value {row.pointer} of entry {kept.seq} is not the one recorded")
    there = [(row.pointer, row.value) for row in rows]
    put_back(record, there)
    return record, erased(record, there)
