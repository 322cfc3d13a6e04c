"""The one writer: it takes whatever is queued, commits it in one transaction, and only then lets the answers go.

While one commit is being synced the next batch forms (group commit); there is no timer. Whoever waits is answered with
its entry, or with why there is none: a decision without a record is not a decision.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from api.audit.appending import Item, Key, append
from api.audit.database import AuditBrokenError, AuditUnavailableError, KeyReusedError
from api.audit.records import Record
from api.audit.store import Kept, Store, read_state

log = logging.getLogger("writ")

LARGEST_BATCH = 256

_PAUSE = 0.02
"""Seconds before a batch that met another process's lock, or a lost connection, is tried again."""

Observe = Callable[[int, float], None]
"""Told of each commit: entries in it, seconds it took."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    item: Item
    deadline: float
    done: Future[Kept]


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
        """Queue a record; the future has its entry once that is synced.

        It raises KeyReusedError, or AuditUnavailableError at the latest soon after `deadline` (`time.monotonic()`).
        """
        waiting = _Waiting(Item.of(self.store, record, key), deadline, Future())
        with self._wake:
            if self._closing:
                raise AuditUnavailableError("the service is stopping")
            self._queue.append(waiting)
            self._wake.notify()
        return waiting.done

    def append(self, record: Record, key: Key | None = None, deadline: float | None = None) -> Kept:
        """Queue a record and wait for its entry. Raises as the future of `submit`."""
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
            late = [one for one in batch if one.deadline <= time.monotonic() + _PAUSE]
            _fail(late, error)
            left = [one for one in batch if one not in late]
            if left:
                time.sleep(_PAUSE)
            return left
        except Exception as error:
            # A record that cannot be stored must not take the others with it.
            log.exception("a batch of %s could not be stored", len(batch))
            if len(batch) > 1:
                for one in batch:
                    self._try([one])
            else:
                _fail(batch, error)
        else:
            self._observe(
                sum(isinstance(one, Kept) and not one.replayed for one in results), time.monotonic() - started
            )
            for one, result in zip(batch, results, strict=True):
                _answer(one, result)
        return []

    def _commit(self, batch: Sequence[_Waiting]) -> list[Kept | KeyReusedError]:
        with self.store.write(min(one.deadline for one in batch)) as connection:
            state = read_state(connection, lock=True)
            if state.size < self._seen:
                raise AuditBrokenError(f"the log went back from {self._seen} to {state.size} entries")
            results = append(self.store, connection, state, [one.item for one in batch])
        self._seen = max(self._seen, state.size, *(one.seq + 1 for one in results if isinstance(one, Kept)))
        return results


def _answer(waiting: _Waiting, result: Kept | KeyReusedError) -> None:
    if isinstance(result, Kept):
        waiting.done.set_result(result)
    else:
        waiting.done.set_exception(result)


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for one in batch:
        one.done.set_exception(error)
