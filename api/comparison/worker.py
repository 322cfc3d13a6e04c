"""A process beside the service in which texts are compared, so that live decisions never wait for a comparison."""

from __future__ import annotations

import itertools
import multiprocessing
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any

from engine.comparing import MOVERS, Comparison, Question
from engine.decision import Json
from policies import load
from policies.ir import Bundle
from policies.source import decode

CHUNK = 100
"""Questions handed over at once."""

_OPEN: dict[int, Comparison] = {}
"""The comparisons under way, in the worker's process alone."""


class ComparisonLostError(Exception):
    """The worker's process died; what it had counted is gone. It is started anew for the next comparison."""


class Worker:
    """One process that compares, started when first needed. Safe to use from several threads."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def open(self, old: Bundle, new: Bundle, movers: int = MOVERS) -> Running:
        """Begin a comparison. Raises ComparisonLostError."""
        number = next(self._numbers)
        pool = self._started()
        running = Running(self, pool, number)
        running.call(_begin, number, old.source.text, new.source.text, movers)
        return running

    def compare(self, old: Bundle, new: Bundle, questions: Iterable[Question]) -> dict[str, Json]:
        """Ask both texts all questions; the counts as JSON. Raises ComparisonLostError."""
        running = self.open(old, new)
        try:
            asked = iter(questions)
            while some := list(islice(asked, CHUNK)):
                running.add(some)
            return running.result()
        finally:
            running.close()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)

    def lost(self, pool: ProcessPoolExecutor) -> None:
        """Forget a pool whose process died."""
        with self._lock:
            if self._pool is pool:
                self._pool = None
        pool.shutdown(wait=False, cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                # Spawned, not forked: a fork would take the service's threads' locks along.
                self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
            return self._pool


class Running:
    """A comparison under way in the worker's process."""

    def __init__(self, worker: Worker, pool: ProcessPoolExecutor, number: int) -> None:
        self._worker = worker
        self._pool = pool
        self._number = number

    def add(self, questions: Sequence[Question]) -> None:
        """Ask both texts some more questions. Raises ComparisonLostError."""
        self.call(_add, self._number, list(questions))

    def result(self) -> dict[str, Json]:
        """The counts so far, as JSON. Raises ComparisonLostError."""
        found: dict[str, Json] = self.call(_result, self._number)
        return found

    def close(self) -> None:
        """Forget it."""
        try:
            self.call(_end, self._number)
        except ComparisonLostError:
            return

    def call(self, do: Any, *given: Any) -> Any:
        """Have the worker do something. Raises ComparisonLostError."""
        try:
            return self._pool.submit(do, *given).result()
        except (BrokenProcessPool, RuntimeError) as error:
            self._worker.lost(self._pool)
            raise ComparisonLostError("the comparison was lost: its process ended") from error


def _begin(number: int, old: str, new: str, movers: int) -> None:
    texts = [load(decode("policies.yaml", text.encode())) for text in (old, new)]
    _OPEN[number] = Comparison(texts[0], texts[1], movers)


def _add(number: int, questions: Sequence[Question]) -> None:
    for question in questions:
        _OPEN[number].add(question)


def _result(number: int) -> dict[str, Json]:
    return _OPEN[number].to_json()


def _end(number: int) -> None:
    _OPEN.pop(number, None)
