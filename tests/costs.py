"""What a piece of work costs the processor, whatever else the machine does meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds(work: Callable[[], object], runs: int = 1) -> float:
    """The processor time of the cheapest of these runs: a garbage collection falls into one of several, not all."""
    return min(_once(work) for _ in range(runs))


def _once(work: Callable[[], object]) -> float:
    start = time.process_time()  # of this process alone: what others do beside it is not its cost
    work()
    return time.process_time() - start
