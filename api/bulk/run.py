"""A whole bulk run: every row of the input is either decided or set aside, and the totals say so."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from api.bulk.deciding import Decided, Job, Rejected, decide_rows
from api.bulk.reading import open_rows
from api.bulk.result import Columns
from api.bulk.rows import Format, format_of
from api.bulk.writing import open_rejected, open_writer
from policies.ir import Bundle

Progress = Callable[[int, int], None]
"""Told after each row: how far the input has been read, and its whole size."""

MAX_APART = 100
"""Outcomes or facts counted apart: more would tell nobody anything, and memory must not grow with the rows."""

OTHERS = "(others)"
"""What those past `MAX_APART` are counted under together."""


@dataclass(slots=True)
class Totals:
    """What a run did. `read` is always `decided` and `rejected` together; `outcomes` counts the decided ones.

    `missing` counts, for each fact, the rows whose decision has its absence as a reason; `undated` the decided rows
    that stated no `as_of`.
    """

    read: int = 0
    rejected: int = 0
    undated: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)

    def count(self, decided: Decided) -> None:
        """One more decided row."""
        self.undated += not decided.dated
        _count(self.outcomes, decided.total)
        for fact in decided.missing:
            _count(self.missing, fact)

    @property
    def decided(self) -> int:
        """Rows with a decision."""
        return self.outcomes.total()


def _count(counter: Counter[str], what: str) -> None:
    counter[what if what in counter or len(counter) < MAX_APART else OTHERS] += 1


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a run; each is told its format by its ending, the rejected rows are always JSON lines."""

    rows: Path
    results: Path
    rejected: Path


def run(
    bundle: Bundle, policy: str, files: Files, as_of: dt.date, workers: int = 1, progress: Progress | None = None
) -> Totals:
    """Decide every row of `files.rows` by one policy; a row that states no `as_of` is decided as of `as_of`.

    Nothing stands under the results' name before the last row is written. Raises `FileRefused` when a file cannot be
    used; a row that cannot be decided is never an error of the run: it is set aside with all its misfits.
    """
    found = bundle.policies[policy]
    format_ = format_of(files.results)
    job = Job(bundle.source, policy, as_of, "document" if format_ is Format.JSONL else "table")
    totals = Totals()
    with ExitStack() as stack:
        rows = stack.enter_context(open_rows(files.rows, found.facts))
        # Left in reverse order: results, which may take long to finish as Parquet, before any file takes its name.
        rejected = stack.enter_context(open_rejected(files.rejected))
        results = stack.enter_context(open_writer(files.results, format_, Columns(found)))
        for verdict in decide_rows(rows.rows, job, found, workers):
            totals.read += 1
            match verdict:
                case Decided():
                    results.write(verdict.written)
                    totals.count(verdict)
                case Rejected():
                    rejected.write(verdict)
                    totals.rejected += 1
                case _ as never:
                    assert_never(never)
            if progress:
                progress(verdict.done, rows.total)
    return totals
