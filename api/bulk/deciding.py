"""Rows decided in chunks, in this process or in several, always handed back in the order they were read."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

import engine
import policies
from api.bulk.result import Columns, Line, Shape, missing_facts, totals_key
from api.bulk.rows import Row
from api.request import in_request
from engine.decision import Fault, Misfit
from policies.ir import Policy
from policies.source import Source

CHUNK = 250
"""Rows that travel together to a worker and back."""

AHEAD = 3
"""Chunks read ahead per worker: the bound on memory, whatever the length of the file."""


@dataclass(frozen=True, slots=True)
class Job:
    """What every row of a run has in common; a worker process is given it once."""

    source: Source
    policy: str
    as_of: dt.date
    shape: Shape


@dataclass(frozen=True, slots=True)
class Decided:
    """A row with its decision, already in the shape it is written in, and what it counts towards in the totals.

    `missing` are the facts whose absence is a reason; `dated` says whether the row stated its own `as_of`.
    """

    line: int
    done: int
    written: Line
    total: str
    missing: tuple[str, ...]
    dated: bool


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not decided: what the file said, and everything that kept it from being decided."""

    line: int
    done: int
    raw: Any
    misfits: tuple[Misfit, ...]


Verdict = Decided | Rejected


def decide_rows(rows: Iterable[Row], job: Job, policy: Policy, workers: int) -> Iterator[Verdict]:
    """One verdict per row, in order. `workers` processes share the work when there is more than one."""
    if workers == 1:
        columns = Columns(policy)
        for row in rows:
            yield _decide(row, job, policy, columns)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=_Worker.start, initargs=(job,)) as pool:
        try:
            for verdicts in _in_order(_chunks(rows), lambda chunk: _submit(pool, chunk), workers * AHEAD):
                yield from verdicts
        finally:
            # After Ctrl-C or a refused file, what was read ahead need not be decided any more.
            pool.shutdown(wait=False, cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, chunk: list[Row]) -> Future[list[Verdict]]:
    """Hand a chunk over, which may start a worker: one born with Ctrl-C held back leaves it to whoever started the run.

    Ctrl-C reaches every process of the terminal's group, and a worker would answer it with a traceback.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(_Worker.decide, chunk)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _in_order(
    chunks: Iterator[list[Row]], submit: Callable[[list[Row]], Future[list[Verdict]]], ahead: int
) -> Iterator[list[Verdict]]:
    waiting: deque[Future[list[Verdict]]] = deque(map(submit, islice(chunks, ahead)))
    while waiting:
        verdicts = waiting.popleft().result()
        waiting.extend(map(submit, islice(chunks, 1)))
        yield verdicts


class _Worker:
    """A worker process's own copy of the policy, loaded once from its text."""

    job: Job
    policy: Policy
    columns: Columns

    @classmethod
    def start(cls, job: Job) -> None:
        cls.job = job
        cls.policy = policies.load(job.source).policies[job.policy]
        cls.columns = Columns(cls.policy)

    @classmethod
    def decide(cls, chunk: list[Row]) -> list[Verdict]:
        return [_decide(row, cls.job, cls.policy, cls.columns) for row in chunk]


def _decide(row: Row, job: Job, policy: Policy, columns: Columns) -> Verdict:
    if row.misfits:
        return Rejected(row.line, row.done, row.raw, row.misfits)
    try:
        decision = engine.decide(policy, row.facts, row.as_of or job.as_of)
    except Fault as fault:
        return Rejected(row.line, row.done, row.raw, in_request(fault.misfits))
    written = columns.write(job.shape, row, decision)
    return Decided(row.line, row.done, written, totals_key(decision), missing_facts(decision), row.as_of is not None)
