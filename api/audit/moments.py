"""Moments as the log has them, and the clock that says when it went back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

Clock = Callable[[], dt.datetime]
"""Gives the present moment, in UTC."""

_MICROSECOND = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def microseconds(moment: dt.datetime) -> int:
    """A moment as the tables have it: µs since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(microseconds_: int) -> dt.datetime:
    """The moment so many µs after 1970 began, in UTC."""
    return _EPOCH + microseconds_ * _MICROSECOND


@dataclass
class Moments:
    """The clock of a log's records: it says when it went back behind what was read or recorded earlier."""

    clock: Clock
    latest: dt.datetime
    _lock: Lock = field(default_factory=Lock)

    def read(self) -> tuple[dt.datetime, bool]:
        """The present moment, and whether it lies before an earlier one."""
        with self._lock:
            at = self.clock()
            back = at < self.latest
            self.latest = max(at, self.latest)
        return at, back
