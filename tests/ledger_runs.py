"""Runs of `writ facts` for its tests: two plain maps, a small ledger, and what came of a run."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.receivables import FactsReport, write_facts
from policies.diagnostics import Refused, to_json

DATED = """\
title: a dated ledger
columns:
  customer_id: Customer
  invoice_id: Invoice
  invoice_date: Date
  due_date: Due
  amount: Amount
  settled_date: Settled
currency: {fixed: USD}
"""

SNAPSHOT = """\
title: balances of one day
columns:
  customer_id: Customer
  invoice_id: Invoice
  invoice_date: Date
  due_date: Due
  amount: Amount
  open_amount: Balance
  settled_date: Settled
currency: {column: Currency}
snapshot_date: 2026-06-30
"""

HEADER = ["Customer", "Invoice", "Date", "Due", "Amount", "Settled"]


@dataclass(frozen=True)
class Run:
    """One run: its report, its documents by customer, its rejected rows."""

    report: FactsReport
    facts: dict[str, Any]
    rejected: list[dict[str, Any]]
    order: list[str]


def as_csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def run(
    tmp_path: Path,
    map_text: str,
    ledger: str | Path,
    as_of: str = "2026-06-30",
    customers: str | None = None,
) -> Run:
    (tmp_path / "map.yaml").write_text(map_text, encoding="utf-8")
    if isinstance(ledger, str):
        (tmp_path / "ledger.csv").write_text(ledger, encoding="utf-8")
        ledger = tmp_path / "ledger.csv"
    master = None
    if customers is not None:
        master = tmp_path / "customers.csv"
        master.write_text(customers, encoding="utf-8")
    out, rejected = io.StringIO(), io.StringIO()
    report = write_facts(ledger, tmp_path / "map.yaml", dt.date.fromisoformat(as_of), out, rejected, master)
    documents = [json.loads(line) for line in out.getvalue().splitlines()]
    assert all(document["as_of"] == as_of for document in documents)
    order = [document["facts"]["customer"]["customer_id"] for document in documents]
    facts = {document["facts"]["customer"]["customer_id"]: document["facts"] for document in documents}
    return Run(report, facts, [json.loads(line) for line in rejected.getvalue().splitlines()], order)


def refusal(tmp_path: Path, map_text: str, ledger: str = as_csv([HEADER]), as_of: str = "2026-06-30") -> list[Any]:
    with pytest.raises(Refused) as refused:
        run(tmp_path, map_text, ledger, as_of)
    return to_json(refused.value.diagnostics)


SNAPSHOT_HEADER = [*HEADER[:5], "Balance", "Settled", "Currency"]


LEDGER = as_csv(
    [
        HEADER,
        ["007", "0001", "2025-08-01", "2025-08-31", "100.00", "2025-08-21"],  # 10 days early
        ["007", "0002", "2025-10-01", "2025-10-31", "300.00", "2025-11-10"],  # 10 days late
        ["007", "0003", "2026-03-01", "2026-03-31", "600.00", "2026-04-30"],  # 30 days late
        ["007", "0004", "2026-04-01", "2026-05-01", "50.00", "2026-07-02"],  # open, 60 days overdue
        ["007", "0005", "2026-06-01", "2026-07-01", "70.50", ""],  # open, due tomorrow
        ["007", "0006", "2026-07-01", "2026-07-31", "999.00", ""],  # not yet written
        ["007", "0007", "2025-01-01", "2025-01-31", "40.00", "2025-06-30"],  # paid before the window
        ["012", "0001", "2026-07-01", "2026-07-31", "5.00", ""],  # a customer of tomorrow
    ]
)
