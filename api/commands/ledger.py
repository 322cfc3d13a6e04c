"""`writ facts`: an invoice list turned into one decision request per customer."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import NoReturn, TextIO

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api.bulk.amounts import in_cents
from api.bulk.rows import FileRefused
from api.bulk.writing import replacing
from api.commands.consoles import stderr
from api.commands.terminal import REFUSED, fail, misused, write
from api.receivables import FactsReport, write_facts
from policies.diagnostics import Refused, render_text, visible

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""

CUSTOMERS_SHOWN = 10
"""Customers that a line of the summary names."""


def facts(ledger: Path, map_: Path, as_of: dt.date, out: Path, customers: Path | None, rejected: Path | None) -> None:
    """Write the facts documents, set rows that do not fit aside, and print what was done with the ledger."""
    rejected = rejected or rejected_beside(out)
    named = (ledger, map_, customers, out, rejected)
    check_distinct([path for path in named if path], "LEDGER, --map, --customers, --out and --rejected")
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description} {task.completed} rows"),
        TimeElapsedColumn(),
        console=stderr(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    try:
        with _text_file(out) as target, _text_file(rejected) as aside, progress:
            task = progress.add_task("read", total=None)
            report = write_facts(
                ledger, map_, as_of, target, aside, customers, lambda rows: progress.update(task, completed=rows)
            )
    except Refused as refused:
        sys.stderr.write(render_text(refused.diagnostics))
        raise typer.Exit(REFUSED) from None
    except FileRefused as refused_file:
        fail(str(refused_file), refused_file.help)
    except OSError as error:
        fail(f"cannot read {error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        stopped()
    write(_told(report, out, rejected))


def rejected_beside(out: Path) -> Path:
    """Where rejected rows go unless a file is named: `facts.jsonl` has `facts.jsonl.rejected.jsonl`.

    The whole name is kept, so that `lc.jsonl` and `lc.csv` made from it do not write the same file.
    """
    return out.with_name(f"{out.name}.rejected.jsonl")


def check_distinct(paths: Sequence[Path], names: str) -> None:
    """End with exit code 2 when two of the files that a command reads and writes are one."""
    if len({path.resolve() for path in paths}) < len(paths):
        misused(f"{names} must be different files")


def stopped() -> NoReturn:
    """End after Ctrl-C. True wherever files are written by `replacing`."""
    sys.stderr.write("stopped; nothing was written\n")
    raise typer.Exit(INTERRUPTED)


def counted(count: int, noun: str) -> str:
    """A number with its noun: `1 row`, `2 rows`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@contextmanager
def _text_file(path: Path) -> Iterator[TextIO]:
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        yield file


def _told(report: FactsReport, out: Path, rejected: Path) -> str:
    lines = [
        f"{counted(report.customers, 'customer')} → {out}",
        f"{counted(report.rows_read, 'row')} read, {report.rows_rejected} rejected → {rejected}",
        *(f"  {code}: {count}" for code, count in sorted(report.rejected.items())),
        *(f"  left out by the map, {why}: {count}" for why, count in sorted(report.skipped.items())),
        f"{counted(report.open_items, 'open item')}: {_sums(report.open_amount)}",
        f"{counted(report.open_credits, 'open credit')}: {_sums(report.credit_amount)}",
        f"{counted(report.settled, 'settled invoice')} in the payment history",
    ]
    if report.unknown:
        shown = ", ".join(report.unknown[:CUSTOMERS_SHOWN])
        more = len(report.unknown) - CUSTOMERS_SHOWN
        named = f"{shown} and {more} more" if more > 0 else shown
        who = counted(len(report.unknown), "customer")
        lines.append(f"facts left unknown for {who} with rows set aside: {named}")
    if report.nobodys:
        rows = counted(report.nobodys, "rejected row")
        lines.append(f"the customer of {rows} cannot be read: the figures of any customer may lack what stands there")
    if report.later:
        lines.append(f"dated after the day asked for: {counted(report.later, 'document')}")
    if report.undated_settlements:
        what = counted(report.undated_settlements, "settled invoice")
        lines.append(f"without a settlement date, counted nowhere: {what}")
    if report.given:
        lines.append(f"the map states for every customer: {', '.join(report.given)}")
    return "\n".join(visible(line) for line in lines)


def _sums(amounts: Mapping[str, Decimal]) -> str:
    sums = (f"{in_cents(amount, currency)} {currency}" for currency, amount in sorted(amounts.items()))
    return ", ".join(sums) or "none"
