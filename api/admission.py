"""How many decisions may be under way at once, and that those of one idempotency key come one after another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from api.problems import RETRY_SECONDS, Problem

JOIN_SECONDS = 2.0
"""How long a request waits for another one with its key."""


@dataclass(slots=True)
class Admission:
    """Counts the decisions under way, or what else is; the event loop alone may use it."""

    most: int
    what: str = "decisions"
    under_way: int = 0

    @contextmanager
    def enter(self) -> Iterator[None]:
        """A place for one more. Raises Problem when all are taken: waiting longer would help nobody."""
        if self.under_way >= self.most:
            detail = f"{self.most} {self.what} are under way; nothing was done"
            raise Problem("overloaded", detail, headers={"Retry-After": str(RETRY_SECONDS)})
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1


@dataclass(slots=True)
class _Turns:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


@dataclass(slots=True)
class InProgress:
    """The keys of the requests under way in this process; the event loop alone may use it.

    A request with a key that is under way waits for the one before, and then finds its answer. Between processes the
    database decides, in the transaction of the record.
    """

    _turns: dict[bytes, _Turns] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(self, key_hash: bytes) -> AsyncIterator[None]:
        """The turn of this key. Raises Problem when the one before takes too long."""
        turns = self._turns.setdefault(key_hash, _Turns())
        turns.users += 1
        try:
            try:
                async with asyncio.timeout(JOIN_SECONDS):
                    await turns.lock.acquire()
            except TimeoutError:
                detail = "the request with this key that came before is still being decided"
                headers = {"Retry-After": str(RETRY_SECONDS)}
                raise Problem("idempotency_key_in_progress", detail, headers=headers) from None
            try:
                yield
            finally:
                turns.lock.release()
        finally:
            turns.users -= 1
            if not turns.users:
                del self._turns[key_hash]
