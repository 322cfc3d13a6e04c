"""Whether the record of acts is whole: each in the log's tree and none left out, or a revoked key would open again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import orjson

from api.audit.database import AuditUnavailableError
from api.audit.log import Log
from api.audit.nodes import Nodes
from api.audit.store import Kept, State
from api.audit.tree import inclusion
from api.audit.verify import verify_inclusion
from api.governance.acts import WORDS

AT_ONCE = 500
"""Entries read at a time."""

MARGIN = dt.timedelta(seconds=10)
"""How long after an act a decision may still have been made without it, by a node that had not looked."""


def check_in_tree(nodes: Nodes, kept: Kept, state: State) -> None:
    """Whether an entry is the one that the log's tree has there. Raises AuditUnavailableError."""
    path = inclusion(kept.seq, state.size, nodes)
    if not verify_inclusion(kept.leaf, kept.seq, state.size, path, state.frontier.root()):
        detail = f"entry {kept.seq}, an act, is not the one in the log's tree: the record was altered, or is damaged"
        raise AuditUnavailableError(detail)


def check_none_left_out(audit: Log, acts: int, seqs: Collection[int]) -> None:
    """Whether the acts known, `acts` in number and at `seqs`, are all that the log has.

    An act before a decision is among those that the decision counts; the entries after the last decision are looked at
    one by one, and those shortly before it too. Raises AuditUnavailableError.
    """
    end, newest = audit.store.state().size, None
    while end > 0:
        first = max(0, end - AT_ONCE)
        for kept in reversed(audit.store.entries(first, end)):
            record = orjson.loads(kept.body)
            if record["kind"] in WORDS and kept.seq not in seqs:
                raise AuditUnavailableError(f"entry {kept.seq} is an act that the record of acts does not have")
            if record.get("acts", 0) > acts:
                detail = f"entry {kept.seq} was decided after {record['acts']} acts, of which {acts} are recorded"
                raise AuditUnavailableError(detail)
            at = dt.datetime.fromisoformat(record["at"])
            newest = at if newest is None and "acts" in record else newest
            if newest is not None and at < newest - MARGIN:
                return
        end = first
