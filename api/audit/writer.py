"""The one writer: it takes whatever is queued, commits it in one transaction, and only then lets the answers go.

While one commit is being synced the next batch forms (group commit); there is no timer. Whoever waits is answered with
its entry, or with why there is none: a decision without a record is not a decision.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass

from api.audit.appending import Item, Key, append
from api.audit.database import AuditBrokenError, AuditUnavailableError, KeyReusedError
from api.audit.records import Record
from api.audit.store import Kept, Store, read_state

log = logging.getLogger("writ")

LARGEST_BATCH = 256

_PAUSE = 0.02
"""Seconds before a batch is tried again that met something passing."""

Observe = Callable[[int, float], None]
"""Told of each commit: entries in it, seconds it took."""


Done = Future[Kept] | asyncio.Future[Kept]
"""Who waits for an entry: a thread, or a task of an event loop."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    item: Item
    deadline: float
    done: Done


class Writer:
    """Appends records from any number of threads. Its state: what is queued, and how large it has seen the log."""

    def __init__(self, store: Store, observe: Observe = lambda _entries, _seconds: None) -> None:
        self.store = store
        self._observe = observe
        self._queue: deque[_Waiting] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._seen = store.state().size
        self._thread = threading.Thread(target=self._run, name="writ-writer", daemon=True)
        self._thread.start()

    @property
    def queued(self) -> int:
        """Records that wait for their turn."""
        return len(self._queue)

    def submit(self, record: Record, key: Key | None, deadline: float) -> Future[Kept]:
        """Queue a record for a thread; the future is as `done` of `queue`."""
        done: Future[Kept] = Future()
        self.queue(record, key, deadline, done)
        return done

    def queue(self, record: Record, key: Key | None, deadline: float, done: Done) -> None:
        """Queue a record; `done` gets its entry once that is synced.

        Or it gets KeyReusedError, or AuditUnavailableError at the latest soon after `deadline` (`time.monotonic()`).
        """
        waiting = _Waiting(Item.of(self.store, record, key), deadline, done)
        with self._wake:
            if self._closing:
                raise AuditUnavailableError("the service is stopping")
            self._queue.append(waiting)
            self._wake.notify()

    def append(self, record: Record, key: Key | None = None, deadline: float | None = None) -> Kept:
        """Queue a record and wait for its entry. Raises what `done` of `queue` would get."""
        return self.submit(record, key, time.monotonic() + self.store.wait if deadline is None else deadline).result()

    def close(self) -> None:
        """Commit what is queued, then end."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._take():
            pending = batch
            while pending:
                pending = self._try(pending)

    def _take(self) -> list[_Waiting]:
        with self._wake:
            while not self._queue and not self._closing:
                self._wake.wait()
            return [self._queue.popleft() for _ in range(min(len(self._queue), LARGEST_BATCH))]

    def _try(self, batch: Sequence[_Waiting]) -> list[_Waiting]:
        """Commit a batch; what is left to be tried again, because something passing stood in the way."""
        started = time.monotonic()
        try:
            results = self._commit(batch)
        except AuditBrokenError as error:
            _fail(batch, self.store.fail(str(error)))
        except AuditUnavailableError as error:
            if not error.passing and len(batch) > 1:
                return self._one_by_one(batch)
            late = [one for one in batch if not error.passing or one.deadline <= time.monotonic() + _PAUSE]
            _fail(late, error)
            left = [one for one in batch if one not in late]
            if left:
                time.sleep(_PAUSE)
            return left
        except Exception as error:
            log.exception("a batch of %s could not be stored", len(batch))
            if len(batch) > 1:
                return self._one_by_one(batch)
            _fail(batch, error)
        else:
            self._observe(
                sum(isinstance(one, Kept) and not one.replayed for one in results), time.monotonic() - started
            )
            _answer([(one.done, result) for one, result in zip(batch, results, strict=True)])
        return []

    def _one_by_one(self, batch: Sequence[_Waiting]) -> list[_Waiting]:
        """As `_try`: a record that cannot be stored must not take the others with it."""
        return [left for one in batch for left in self._try([one])]

    def _commit(self, batch: Sequence[_Waiting]) -> list[Kept | KeyReusedError]:
        with self.store.write(min(one.deadline for one in batch)) as connection:
            state = read_state(connection, lock=True)
            if state.size < self._seen:
                raise AuditBrokenError(f"the log went back from {self._seen} to {state.size} entries")
            results = append(self.store, connection, state, [one.item for one in batch])
        self._seen = max(self._seen, state.size, *(one.seq + 1 for one in results if isinstance(one, Kept)))
        return results


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    _answer([(one.done, error) for one in batch])


def _answer(results: Sequence[tuple[Done, Kept | Exception]]) -> None:
    """Wake who waits; an event loop once for all its tasks, since each waking costs as much as an entry."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[Done, Kept | Exception]]] = {}
    for done, result in results:
        if isinstance(done, asyncio.Future):
            loops.setdefault(done.get_loop(), []).append((done, result))
        else:
            _settle([(done, result)])
    for loop, some in loops.items():
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, some)


def _settle(results: Sequence[tuple[Done, Kept | Exception]]) -> None:
    for done, result in results:
        with suppress(InvalidStateError, asyncio.InvalidStateError):  # who waited has left
            if isinstance(result, Exception):
                done.set_exception(result)
            else:
                done.set_result(result)
