"""Checkpoints: the log's signed size and root, each second when it grew, in the database and in a file outside it."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy import Connection, insert, select

from api.audit.checkpoint_file import CheckpointFile
from api.audit.database import AuditUnavailableError
from api.audit.keys import logged_keys
from api.audit.moments import Clock
from api.audit.nodes import Nodes
from api.audit.signing import KeyFileError, Signer
from api.audit.store import State, Store, read_state
from api.audit.tables import checkpoint
from api.audit.tree import Frontier, root
from api.audit.verify import Checkpoint, parse_note

log = logging.getLogger("writ")

EVERY_SECONDS = 1.0


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
        """The checkpoint of the log as it stands, signed now unless there is one.

        However many ask at once, each is answered within the store's `wait`. Raises AuditUnavailableError.
        """
        deadline = time.monotonic() + self.store.wait
        if not self._lock.acquire(timeout=self.store.wait):
            raise AuditUnavailableError("the database was busy for too long", passing=True)
        try:
            if self.latest is not None and self.latest.size == self.store.state().size:
                note = self.store.latest_note()
                if note is not None:
                    return note
            with self.store.write(deadline) as connection:
                # Under the log's lock, so that the sizes and times of all nodes' checkpoints are in one order.
                note = self._sign(connection, read_state(connection, lock=True))
            self._file.append(note)
            self.latest = parse_note(note)
            return note
        finally:
            self._lock.release()

    def _sign(self, connection: Connection, state: State) -> str:
        there = connection.scalar(select(checkpoint.c.note).order_by(checkpoint.c.size.desc()).limit(1))
        earlier = [] if self.latest is None else [self.latest]
        try:
            earlier += [] if there is None else [parse_note(there)]
        except ValueError as error:
            raise self.store.fail(f"the last checkpoint in the database cannot be read: {error}") from error
        self._refuse_another_history(state, earlier)
        if there is not None and earlier[-1].size == state.size:
            return str(there)  # another node has signed this size
        signer = self._signer()
        if signer.public != logged_keys(self.store)[0].public:
            raise KeyFileError("the log has another signing key by now: copy its file to this node")
        at = max([self._clock(), *map(checkpoint_time, earlier)])
        note = signer.sign(state.size, state.frontier.root(), at)
        connection.execute(insert(checkpoint).values(size=state.size, note=note))
        return note

    def _refuse_another_history(self, state: State, earlier: list[Checkpoint]) -> None:
        """Never sign what does not continue that which was signed: somebody has written into the database."""
        nodes = Nodes(self.store)
        for one in earlier:
            if one.size > state.size:
                raise self.store.fail(f"the log went back to {state.size} entries from a checkpoint of {one.size}")
            if root(one.size, nodes) != one.root:
                raise self.store.fail(f"the log is not the one that the checkpoint of {one.size} was signed for")
        if Frontier.of_nodes(state.size, nodes) != state.frontier:
            raise self.store.fail("the log's right edge is not the one of its tree")

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            self._try()

    def _try(self) -> None:
        try:
            self.publish()
        except AuditUnavailableError as error:
            log.warning("no checkpoint was published: %s", error)
        except Exception:
            log.exception("no checkpoint was published")  # the next second tries again


def checkpoint_time(of: Checkpoint) -> dt.datetime:
    """When a checkpoint says it was signed; the beginning of time for one that does not say."""
    said = next((line for line in of.extensions if line.startswith("time ")), None)
    return dt.datetime.min.replace(tzinfo=dt.UTC) if said is None else dt.datetime.fromisoformat(said[5:])


def _newest(store: Store, file: CheckpointFile) -> Checkpoint | None:
    notes = [parse_note(note) for note in (store.latest_note(), file.latest()) if note is not None]
    return max(notes, key=lambda one: one.size, default=None)
