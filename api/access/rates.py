"""How often each caller may ask: a token bucket for every name, exact and bounded in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from threading import Lock
from typing import Final

MAX_NAMES: Final = 100_000

_SECOND: Final = 1_000_000_000
"""In nanoseconds, to which the clock is rounded."""

_FREED: Final = MAX_NAMES // 100
"""How many names give way at once when none is idle: looking through all of them must be rare."""


class Buckets:
    """A bucket for each name that holds `burst` requests and is filled at `per_minute`; at first it is full.

    Within any t seconds at most burst + per_minute · t / 60 requests are allowed, and who keeps to the rate is never
    refused. `burst` is a minute's worth unless given. `clock` answers seconds that never go back. Thread-safe.

    A bucket is kept as the one moment at which it is full again (the generic cell rate algorithm, ITU-T I.371), in
    whole units of 1 / per_minute nanoseconds, in which a request costs a minute's nanoseconds: nothing is rounded.
    """

    def __init__(self, per_minute: int, burst: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        burst = per_minute if burst is None else burst
        if per_minute < 1 or burst < 1:
            raise ValueError(f"a rate of `{per_minute}` a minute with a burst of `{burst}`: both must be at least 1")
        self._per_minute = per_minute
        self._cost = 60 * _SECOND
        self._slack = (burst - 1) * self._cost
        self._clock = clock
        self._full_at: dict[str, int] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, name: str) -> float:
        """0.0 when `name` may ask now, which is then counted; else the seconds until it may, and nothing is counted."""
        with self._lock:
            now = round(self._clock() * _SECOND) * self._per_minute
            full_at = self._full_at.pop(name, None)
            if full_at is None:
                self._make_room(now)
                full_at = now
            early = full_at - self._slack - now
            if early <= 0:
                full_at = max(full_at, now) + self._cost
            # The dictionary's order is that of the last requests.
            self._full_at[name] = full_at
        if early <= 0:
            return 0.0
        nanoseconds = -(-early // self._per_minute)
        return nanoseconds / _SECOND

    def _make_room(self, now: int) -> None:
        """Drop the buckets that are full, which are as good as new ones; when that is not enough, the oldest too."""
        if len(self._full_at) < MAX_NAMES:
            return
        self._full_at = {name: full_at for name, full_at in self._full_at.items() if full_at > now}
        surplus = len(self._full_at) - (MAX_NAMES - _FREED)
        for name in list(islice(self._full_at, max(surplus, 0))):
            del self._full_at[name]
