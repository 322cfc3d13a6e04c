"""Checkpoints: the log's signed size and root, each second when it grew, in the database and in a file outside it.

The file is the log's memory beyond its database: a database copied back from yesterday does not start against it.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import insert, select

from api.audit.database import AuditUnavailableError
from api.audit.moments import Clock
from api.audit.nodes import Nodes
from api.audit.signing import Signer
from api.audit.store import State, Store, read_state
from api.audit.tables import checkpoint, entry
from api.audit.tree import TILE, Frontier, root
from api.audit.verify import Checkpoint, leaf_hash, parse_note, parse_vkey, verify_note

log = logging.getLogger("writ")

EVERY_SECONDS = 1.0


class RolledBackError(AuditUnavailableError):
    """The database is not the log that its checkpoints speak of: older, shorter, or another one."""


class CheckpointFile:
    """The checkpoints outside the database: one JSON line a checkpoint, only ever appended to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, note: str) -> None:
        """Add a checkpoint and sync it. Raises OSError."""
        line = json.dumps({"note": note}, ensure_ascii=False).encode() + b"\n"
        with self.path.open("a+b") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    line = b"\n" + line  # a line that a crash or a full disk cut short must not swallow this one
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def latest(self) -> str | None:
        """The newest checkpoint; a last line that a crash cut short does not count. Raises OSError."""
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 8192))
            lines = file.read().split(b"\n")[:-1]
        for line in reversed(lines):
            try:
                return str(json.loads(line)["note"])
            except (ValueError, LookupError, TypeError):
                continue
        return None


class Publisher:
    """Signs a checkpoint each second when the log has grown. Its state: the thread, and what it signed last."""

    def __init__(self, store: Store, signer: Callable[[], Signer], file: CheckpointFile, clock: Clock) -> None:
        self.store = store
        self.latest: Checkpoint | None = _newest(store, file)
        self._signer = signer
        self._file = file
        self._clock = clock
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="writ-checkpoints", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def close(self) -> None:
        """Publish once more if the log has grown, then end."""
        if self._thread.ident is not None:
            self._stop.set()
            self._thread.join()
            self._try()

    def publish(self) -> str:
        """The checkpoint of the log as it stands, signed now unless there is one. Raises AuditUnavailableError."""
        with self._lock:
            state = self.store.state()
            if self.latest is not None and self.latest.size == state.size:
                note = self.store.latest_note()
                if note is not None:
                    return note
            with self.store.write() as connection:
                # Under the log's lock, so that the sizes and times of all nodes' checkpoints are in one order.
                state = read_state(connection, lock=True)
                there = connection.scalar(select(checkpoint.c.note).order_by(checkpoint.c.size.desc()).limit(1))
                earlier = [one for one in (self.latest, None if there is None else parse_note(there)) if one]
                if any(one.size > state.size for one in earlier):
                    # Never sign a second history: what was signed before is not in this database any more.
                    raise self.store.fail(f"the log went back to {state.size} entries from a checkpoint of more")
                if there is not None and earlier[-1].size == state.size:
                    note = str(there)  # another node has signed this size
                else:
                    at = max([self._clock(), *map(checkpoint_time, earlier)])
                    note = self._signer().sign(state.size, state.frontier.root(), at)
                    connection.execute(insert(checkpoint).values(size=state.size, note=note))
            try:
                self._file.append(note)
            except OSError as error:
                raise AuditUnavailableError(
                    f"cannot write the checkpoints `{self._file.path}`: {error.strerror}"
                ) from error
            self.latest = parse_note(note)
            return note

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            self._try()

    def _try(self) -> None:
        try:
            self.publish()
        except AuditUnavailableError as error:
            log.warning("no checkpoint was published: %s", error)


def checkpoint_time(of: Checkpoint) -> dt.datetime:
    """When a checkpoint says it was signed; the beginning of time for one that does not say."""
    said = next((line for line in of.extensions if line.startswith("time ")), None)
    return dt.datetime.min.replace(tzinfo=dt.UTC) if said is None else dt.datetime.fromisoformat(said[5:])


def check_log(store: Store, file: CheckpointFile, keys: tuple[str, ...]) -> None:
    """Refuse a database that is not the log it was: its tree, its last entries and its last checkpoints must agree.

    Raises RolledBackError, and AuditUnavailableError when a file cannot be read.
    """
    try:
        # Before the log's state: other nodes go on meanwhile, and a checkpoint of more entries would seem a rollback.
        notes = {"the database": store.latest_note(), f"`{file.path}`": file.latest()}
    except OSError as error:
        raise AuditUnavailableError(f"cannot read the checkpoints `{file.path}`: {error.strerror}") from error
    state = store.state()
    nodes = Nodes(store)
    try:
        _check_edge(store, state, nodes)
    except (LookupError, ValueError) as error:
        raise RolledBackError(f"the log's tree is damaged: {error}") from error
    for where, note in notes.items():
        if note is not None:
            _check_note(note, where, state, nodes, keys)


def _check_edge(store: Store, state: State, nodes: Nodes) -> None:
    with store.read() as connection:
        last = connection.scalar(select(entry.c.seq).order_by(entry.c.seq.desc()).limit(1))
    entries = 0 if last is None else last + 1
    if not state.size <= entries <= store.state().size:  # the same, unless another node has just appended
        raise RolledBackError(f"the log has {entries} entries, but its tree {state.size}")
    if Frontier.of_nodes(state.size, nodes) != state.frontier:
        raise RolledBackError("the log's right edge is not the one of its tree")
    for kept in store.entries(state.size - state.size % TILE, state.size):
        if leaf_hash(kept.body) != kept.leaf:
            raise RolledBackError(f"entry {kept.seq} does not have the bytes its leaf hash was made of")


def _check_note(note: str, where: str, state: State, nodes: Nodes, keys: tuple[str, ...]) -> None:
    try:
        said = parse_note(note)
        signed = verify_note(said, [parse_vkey(key) for key in keys])
    except ValueError as error:
        raise RolledBackError(f"the last checkpoint in {where} cannot be read: {error}") from error
    if said.origin != state.origin:
        raise RolledBackError(
            f"the last checkpoint in {where} is of another log, `{said.origin}`; this is `{state.origin}`"
        )
    if not signed:
        raise RolledBackError(f"the last checkpoint in {where} is not signed with the log's key")
    if said.size > state.size:
        raise RolledBackError(f"the log was rolled back: {state.size:,} < {said.size:,}, the checkpoint in {where}")
    if root(said.size, nodes) != said.root:
        raise RolledBackError(
            f"the log is not the one that the checkpoint of size {said.size:,} in {where} was signed for"
        )


def _newest(store: Store, file: CheckpointFile) -> Checkpoint | None:
    notes = [parse_note(note) for note in (store.latest_note(), file.latest()) if note is not None]
    return max(notes, key=lambda one: one.size, default=None)
