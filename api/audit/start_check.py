"""The check at the start: a database that is not the log it was is not opened.

It looks at the tree's right edge, the last entries and a spread of checkpoints, so that it is quick whatever the log's
size; every record is proved by `writ audit verify`.
"""

from __future__ import annotations

import logging

from sqlalchemy import select

from api.audit.checkpoint_file import CheckpointFile
from api.audit.database import AuditUnavailableError
from api.audit.keys import LoggedKey, logged_keys
from api.audit.nodes import Nodes
from api.audit.store import State, Store
from api.audit.tables import entry
from api.audit.tree import TILE, Frontier, root
from api.audit.verify import leaf_hash, parse_note, parse_vkey, verify_note

log = logging.getLogger("writ")


class RolledBackError(AuditUnavailableError):
    """The database is not the log that its checkpoints speak of: older, shorter, or another one."""


def check_log(store: Store, file: CheckpointFile) -> None:
    """Refuse a database whose tree, last entries and checkpoints do not agree.

    Raises RolledBackError, and AuditUnavailableError when a file cannot be read.
    """
    # Before the log's state: other nodes go on meanwhile, and a checkpoint of more entries would seem a rollback.
    newest, spread = store.latest_note(), file.spread()
    state = store.state()
    nodes = Nodes(store)
    try:
        _check_edge(store, state, nodes)
    except (LookupError, ValueError) as error:
        raise RolledBackError(f"the log's tree is damaged: {error}") from error
    keys = logged_keys(store)
    if newest is not None and not spread:
        log.warning("there are no checkpoints in `%s`: a database copied back would not be noticed", file.path)
    if newest is not None:
        _check_note(newest, "the last checkpoint in the database", state, nodes, keys)
    for number, note in enumerate(spread):
        which = "a" if number else "the last"
        _check_note(note, f"{which} checkpoint in `{file.path}`", state, nodes, keys, signed=number == 0)


def _check_edge(store: Store, state: State, nodes: Nodes) -> None:
    with store.read() as connection:
        last = connection.scalar(select(entry.c.seq).order_by(entry.c.seq.desc()).limit(1))
    entries = 0 if last is None else last + 1
    if not state.size <= entries <= store.state().size:  # the same, unless another node has just appended
        raise RolledBackError(f"the log has {entries} entries, but its tree {state.size}")
    first = state.size - state.size % TILE
    tail = store.entries(first, state.size)
    if len(tail) != state.size - first:
        there = {kept.seq for kept in tail}
        missing = next(seq for seq in range(first, state.size) if seq not in there)
        raise RolledBackError(f"entry {missing} is missing")
    if Frontier.of_nodes(state.size, nodes) != state.frontier:
        raise RolledBackError("the log's right edge is not the one of its tree")
    for kept in tail:
        if leaf_hash(kept.body) != kept.leaf:
            raise RolledBackError(f"entry {kept.seq} does not have the bytes its leaf hash was made of")


def _check_note(
    note: str, which: str, state: State, nodes: Nodes, keys: tuple[LoggedKey, ...], *, signed: bool = True
) -> None:
    """Refuse a checkpoint that this log does not continue; its signature is looked at where `signed` says so."""
    try:
        said = parse_note(note)
        valid = [parse_vkey(key.public) for key in keys if key.may_sign(said.size)]
        by_us = not signed or verify_note(said, valid)
    except ValueError as error:
        raise RolledBackError(f"{which} cannot be read: {error}") from error
    if said.origin != state.origin:
        raise RolledBackError(f"{which} is of another log, `{said.origin}`; this is `{state.origin}`")
    if not by_us:
        raise RolledBackError(f"{which} is not signed with the key that the log had then")
    if said.size > state.size:
        raise RolledBackError(f"the log was rolled back: {state.size:,} < {said.size:,}, the size of {which}")
    if root(said.size, nodes) != said.root:
        raise RolledBackError(f"the log is not the one that {which}, of size {said.size:,}, was signed for")
