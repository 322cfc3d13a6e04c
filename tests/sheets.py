"""Tables of the log for their tests: made-up decisions in a log, and tables of it made and read back."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl

from api.audit.log import Log
from api.audit.records import make_record
from api.audit.search import Query
from api.audit.sheet import Form, export_sheet
from api.audit.sheet_rows import COLUMNS
from api.audit.store import Kept
from api.identities import new_id
from tests.recorded_logs import NOON

FORMS = ("csv", "xlsx", "parquet")
NAMES = [column.name for column in COLUMNS]
DAY_ONE = Query(until=NOON + dt.timedelta(hours=12))
"""Before the clock of `log_in` begins: what is exported does not count."""


def put(audit: Log, kind: str | None, outcome: Mapping[str, Any], **said: Any) -> Kept:
    """A made-up decision, as the engine would have recorded it; `said` is of the record or the decision."""
    at, _ = audit.moments.read()
    content: dict[str, Any] = {name: said.pop(name) for name in ("subject", "principal") if name in said}
    decision = {"policy": "p", "kind": kind, "policy_digest": "0" * 64, "as_of": "2026-03-01", "reasons": [], **said}
    record = make_record("decision", new_id("dec", at), at, {**content, "decision": {**decision, "outcome": outcome}})
    return audit.writer.append(record)


def table(
    audit: Log, folder: Path, form: str, query: Query = DAY_ONE, *, personal: bool = False
) -> list[dict[str, Any]]:
    """A table made and read back; an empty cell is None."""
    path = folder / f"t{len(list(folder.iterdir()))}.{form}"
    done = export_sheet(audit, query, path, principal="tests", personal=personal)
    assert (done.path, done.form) == (path, Form(form))
    return read(path)


def read(path: Path) -> list[dict[str, Any]]:
    rows: list[list[Any]]
    match path.suffix:
        case ".csv":
            assert path.read_bytes().startswith(b"\xef\xbb\xbfseq,at,kind")
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = [[cell or None for cell in row] for row in csv.reader(file, strict=True)]
        case ".xlsx":
            book = openpyxl.load_workbook(path, read_only=True)
            rows = [[cell.value for cell in row] for row in book["log"]]
            book.close()
        case _:
            frame = pl.read_parquet(path)
            rows = [frame.columns, *map(list, frame.rows())]
    assert rows[0][: len(NAMES)] == NAMES
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
