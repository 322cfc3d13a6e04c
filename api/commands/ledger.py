"""`writ facts`: an invoice list turned into one decision request per customer."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TextIO

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api.bulk.rows import FileRefused
from api.bulk.writing import replacing
from api.commands.consoles import stderr
from api.commands.terminal import REFUSED, fail, write
from api.receivables import FactsReport, write_facts
from engine.decision import plain_decimal
from policies.diagnostics import Refused, render_text


def facts(ledger: Path, map_: Path, as_of: dt.date, out: Path, customers: Path | None, rejected: Path | None) -> None:
    """Write the facts documents, set rows that do not fit aside, and print what was done with the ledger."""
    rejected = rejected or rejected_beside(out)
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
    write(_told(report, out, rejected))


def rejected_beside(out: Path) -> Path:
    """Where rejected rows go unless a file is named: `facts.jsonl` has `facts.rejected.jsonl`."""
    return out.with_suffix(".rejected.jsonl")


@contextmanager
def _text_file(path: Path) -> Iterator[TextIO]:
    with replacing(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        yield file


def _told(report: FactsReport, out: Path, rejected: Path) -> str:
    lines = [
        f"{report.customers} customers → {out}",
        f"{report.rows_read} rows read, {report.rows_rejected} rejected → {rejected}",
        *(f"  {code}: {count}" for code, count in sorted(report.rejected.items())),
        *(f"  left out by the map, {why}: {count}" for why, count in sorted(report.skipped.items())),
        f"{report.open_items} open items: {_sums(report.open_amount)}",
        f"{report.open_credits} open credits: {_sums(report.credit_amount)}",
        f"{report.settled} settled invoices in the payment history",
    ]
    if report.later:
        lines.append(f"{report.later} documents are dated after the day asked for")
    if report.undated_settlements:
        lines.append(f"{report.undated_settlements} settled invoices have no settlement date and count nowhere")
    if report.given:
        lines.append(f"the map states for every customer: {', '.join(report.given)}")
    return "\n".join(lines)


def _sums(amounts: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{plain_decimal(amount)} {currency}" for currency, amount in sorted(amounts.items())) or "none"
