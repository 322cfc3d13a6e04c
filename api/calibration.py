"""Breakpoints of a portfolio: the values that cut the customers, ordered by a named value of a policy, into parts.

The k-th of `parts - 1` breakpoints is the value at place ceil(k * n / parts), counted from 0, of the n known values in
ascending order: a value that was observed, never one between two. A band has its lower breakpoint and not its upper one
(domain K3), so that without ties k parts of the customers lie below the k-th breakpoint.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import heapq
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import IO, Literal

import engine
from api.bulk.reading import open_rows
from engine.decision import Fault, Step
from policies.ir import Policy

RUN = 100_000
"""Values held in memory at a time: the bound on memory, whatever the length of the portfolio."""

NAMED = 10
"""Rows that are named, of those set aside or without a value."""

MAX_APART = 100
"""Missing facts counted apart."""

Ties = Literal["refuse", "raise"]
"""A breakpoint that is no larger than the one before: refused, or raised to the next larger value observed."""


class Ascending:
    """Values of any number, given back in ascending order; beyond `RUN` of them they wait in sorted temporary files."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._runs: list[IO[str]] = []
        self._held: list[Decimal] = []
        self.count = 0

    def add(self, value: Decimal) -> None:
        """One more value."""
        self.count += 1
        self._held.append(value)
        if len(self._held) == RUN:
            run = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 (the stack closes it)
            self._stack.callback(run.close)
            run.writelines(f"{held}\n" for held in sorted(self._held))
            self._runs.append(run)
            self._held = []

    def __iter__(self) -> Iterator[Decimal]:
        return heapq.merge(*map(_values_of, self._runs), sorted(self._held))


def _values_of(run: IO[str]) -> Iterator[Decimal]:
    run.seek(0)
    return (Decimal(line) for line in run)


@dataclass(frozen=True, slots=True)
class Tie:
    """A breakpoint (counted from 1) that fell on a value no larger than the one before it, or than every value."""

    number: int
    value: Decimal


@dataclass(frozen=True, slots=True)
class Cut:
    """The breakpoints, the customers in each band between them, and the ties met on the way.

    `complete` is false when ties were refused, or there are not enough different values to raise them.
    """

    breakpoints: tuple[Decimal, ...]
    bands: tuple[int, ...]
    ties: tuple[Tie, ...]
    complete: bool


@dataclass(slots=True)
class Observed:
    """What a portfolio says of one named value: the known values, and of the unknown ones which rows and why."""

    name: str
    values: Ascending
    unknown: int = 0
    unknown_lines: list[int] = field(default_factory=list)
    missing: Counter[str] = field(default_factory=Counter)

    def note(self, line: int, step: Step) -> None:
        """The value of one row, as the trace has it."""
        if isinstance(step.value, Decimal):
            self.values.add(step.value)
            return
        self.unknown += 1
        if len(self.unknown_lines) < NAMED:
            self.unknown_lines.append(line)
        for why in (*step.missing, *step.undefined):
            self.missing[why if why in self.missing or len(self.missing) < MAX_APART else "(others)"] += 1


@dataclass(slots=True)
class Portfolio:
    """A file of facts, gone through once. `read` counts its rows, `rejected` those no decision can be made on."""

    sha256: str
    observed: tuple[Observed, ...]
    read: int = 0
    rejected: int = 0
    rejected_lines: list[int] = field(default_factory=list)


def observe(policy: Policy, names: Sequence[str], facts: Path, as_of: dt.date, stack: ExitStack) -> Portfolio:
    """The values that the policy's named values have for each row of facts, all as of one day.

    Rows that do not fit are left out and counted. Raises `FileRefused` when the file cannot be used at all. The values
    live in temporary files that `stack` closes.
    """
    found = Portfolio(_sha256(facts), tuple(Observed(name, Ascending(stack)) for name in names))
    rows = stack.enter_context(open_rows(facts, policy.facts)).rows
    for row in rows:
        found.read += 1
        try:
            trace = () if row.misfits else engine.decide(policy, row.facts, as_of).trace
        except Fault:
            trace = ()
        steps = {step.name: step for step in trace if step.part == "let"}
        if not steps:
            found.rejected += 1
            if len(found.rejected_lines) < NAMED:
                found.rejected_lines.append(row.line)
            continue
        for observed in found.observed:
            observed.note(row.line, steps[observed.name])
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cut(values: Ascending, parts: int, ties: Ties) -> Cut:
    """The breakpoints that cut the values into so many parts; no value at all gives none."""
    breakpoints, met = _breakpoints(_groups(values), values.count, parts, ties)
    complete = len(breakpoints) == parts - 1
    return Cut(tuple(breakpoints), _bands(_groups(values), breakpoints) if complete else (), tuple(met), complete)


def _groups(values: Iterable[Decimal]) -> Iterator[tuple[Decimal, int]]:
    """Each value once, ascending, with how often it occurs."""
    return ((value, sum(1 for _ in same)) for value, same in groupby(values))


def _breakpoints(
    groups: Iterable[tuple[Decimal, int]], count: int, parts: int, ties: Ties
) -> tuple[list[Decimal], list[Tie]]:
    places = [-(-number * count // parts) for number in range(1, parts)]
    taken: list[Decimal] = []
    met: dict[int, Tie] = {}
    last: Decimal | None = None
    number, below = 0, 0
    for value, often in groups:
        last = value if last is None else last  # below the first breakpoint somebody must lie
        below += often
        while number < len(places) and places[number] < below:
            if value > last:
                taken.append(value)
                last = value
            else:
                met.setdefault(number, Tie(number + 1, value))
                if ties == "raise":
                    break  # it waits for the next larger value
            number += 1
    return taken, list(met.values())


def _bands(groups: Iterable[tuple[Decimal, int]], breakpoints: Sequence[Decimal]) -> tuple[int, ...]:
    bands = [0] * (len(breakpoints) + 1)
    number = 0
    for value, often in groups:
        while number < len(breakpoints) and breakpoints[number] <= value:
            number += 1
        bands[number] += often
    return tuple(bands)
