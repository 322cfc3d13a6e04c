"""`writ run`: one policy over a whole file, with progress, totals by outcome and the rejected rows aside."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from api.bulk.rows import FileRefused
from api.bulk.run import Files, Totals, run
from api.commands import policy_file
from api.commands.consoles import stderr, stdout
from api.commands.decision import today
from api.commands.ledger import check_distinct, counted, rejected_beside, stopped
from api.commands.terminal import fail, write_json
from policies.diagnostics import visible

MISSING_SHOWN = 3
"""Missing facts that the summary names, the most frequent first."""

STEPS = 500
"""How often a progress bar moves between its two ends."""


def run_portfolio(
    policy: str,
    rows: Path,
    out: Path,
    *,
    policies: Path,
    as_of: dt.date | None,
    rejected: Path | None,
    workers: int,
    as_json: bool,
) -> None:
    """Decide every row of `rows` into `out` and print the totals; rejected rows are no failure of the command."""
    files = Files(rows, out, rejected or rejected_beside(out))
    named = (files.rows, files.results, files.rejected, policies)
    check_distinct(named, "--in, --out, --rejected and --policies")
    bundle = policy_file.load(policies)
    policy_file.find(bundle, policy)
    as_of = as_of or today()
    try:
        with _Bar() as bar:
            totals = run(bundle, policy, files, as_of, workers, bar.move)
    except FileRefused as refused:
        fail(str(refused), refused.help)
    except KeyboardInterrupt:
        stopped()
    if as_json:
        counts = {"read": totals.read, "decided": totals.decided, "rejected": totals.rejected}
        outcomes, missing = (dict(sorted(counter.items())) for counter in (totals.outcomes, totals.missing))
        write_json({**counts, "outcomes": outcomes, "missing": missing})
    else:
        _print(totals, policy, files, as_of)


def _print(totals: Totals, policy: str, files: Files, as_of: dt.date) -> None:
    title = f"{policy}: {counted(totals.read, 'row')} read, {totals.decided} decided, {totals.rejected} rejected"
    console = stdout()
    console.print(Text(title, "bold"))
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right")
    for outcome, count in sorted(totals.outcomes.items(), key=lambda pair: (-pair[1], pair[0])):
        table.add_row(Text(f"  {visible(outcome)}"), str(count), f"{100 * count / totals.decided:.1f} %")
    console.print(table)
    if totals.missing:
        often = sorted(totals.missing.items(), key=lambda pair: (-pair[1], pair[0]))[:MISSING_SHOWN]
        told = ", ".join(f"{fact} ({counted(count, 'row')})" for fact, count in often)
        console.print(Text(visible(f"most often missing: {told}")), soft_wrap=True)
    if totals.undated:
        whose = "its" if totals.undated == 1 else "their"
        without = f"{counted(totals.undated, 'row')} without an `as_of` of {whose} own"
        console.print(Text(f"{without}: decided as of {as_of.isoformat()}"))
    results, rejected = visible(str(files.results)), visible(str(files.rejected))
    console.print(Text(f"results: {results}   rejected rows: {rejected}   (nothing is recorded)"), soft_wrap=True)


class _Bar:
    """The progress bar on stderr; silent where that is no terminal."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("deciding"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rows]} rows"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=stderr(),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task("rows", total=None, rows=0)
        self._rows = 0
        self._next = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def move(self, done: int, total: int) -> None:
        """One more row was decided or rejected; `done` of `total` of the input has been read."""
        self._rows += 1
        if done >= self._next:
            self._next = done + total // STEPS
            self._progress.update(self._task, completed=done, total=total, rows=self._rows)
