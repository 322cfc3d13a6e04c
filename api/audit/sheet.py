"""The log as a table for reading: CSV, Excel or Parquet, one row per entry. What proves it is the evidence pack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import assert_never

from api.audit.log import Log
from api.audit.pack import chunks
from api.audit.records import Catalogued, read_record
from api.audit.search import Query, span
from api.audit.sheet_files import Row, write_csv, write_parquet
from api.audit.sheet_rows import row_of
from api.bulk.writing import replacing

EXCEL_ROWS = 1_048_576 - 1
"""Entries that an Excel sheet holds: its rows but for the header."""


class Form(StrEnum):
    """The files that a table can be, told by their ending."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


class SheetError(Exception):
    """The table cannot be made as asked."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a table holds: the entries from `first` to before `end`, a row each."""

    first: int
    end: int
    form: Form
    path: Path


def form_of(out: Path) -> Form | None:
    """The form that a file's ending asks for; None when it asks for no table."""
    ending = out.suffix.lower().removeprefix(".")
    return next((form for form in Form if form.value == ending), None)


def export_sheet(audit: Log, query: Query, out: Path, *, principal: str, personal: bool) -> Sheet:
    """Write the entries of a time into a new file, its form by its ending; the export itself is recorded first.

    They are the entries that a pack of the same time has. With `personal`, personal data that was not erased stands
    where it stood. The file gets its name once every row is in it. Raises SheetError, FileRefused, OSError and
    AuditUnavailableError.
    """
    form = form_of(out)
    if form is None:
        raise SheetError(f"`{out.name}` is no table: name it .csv, .xlsx or .parquet")
    if out.exists():
        raise SheetError(f"`{out}` is there already")
    first, end = span(audit.store, query)
    if first == end:
        raise SheetError("the log has no entries of that time")
    if form is Form.XLSX and end - first > EXCEL_ROWS:
        told = f"{end - first:,} entries are too many for an Excel sheet, which holds {EXCEL_ROWS:,}"
        raise SheetError(f"{told}: take a shorter time (--from, --to), or name the file .csv or .parquet")
    with replacing(out) as part:
        # Only now that a file can be made there, and before anything is in it.
        content = {**query.to_json(), "form": form.value, "first": first, "end": end, "with_personal": personal}
        audit.enter("export", "exp", {**content, "principal": principal}, Catalogued(principal=principal))
        _write(form, part, _rows(audit, first, end, personal=personal))
    return Sheet(first, end, form, out)


def _write(form: Form, path: Path, rows: Iterator[Row]) -> None:
    match form:
        case Form.CSV:
            write_csv(path, rows)
        case Form.XLSX:
            from api.audit.sheet_xlsx import write_xlsx  # noqa: PLC0415 (heavy: only for Excel)

            write_xlsx(path, rows)
        case Form.PARQUET:
            write_parquet(path, rows)
        case _ as never:
            assert_never(never)


def _rows(audit: Log, first: int, end: int, *, personal: bool) -> Iterator[Row]:
    """The rows of the entries from `first` to before `end`, some read at a time."""
    seq = first
    for chunk in chunks(audit, first, end):
        there: dict[int, list[tuple[str, bytes]]] = {}
        if personal and chunk:
            for value in audit.store.personal_rows(chunk[0].seq, chunk[-1].seq + 1):
                there.setdefault(value.seq, []).append((value.pointer, value.value))
        for kept in chunk:
            if kept.seq != seq:
                break
            yield row_of(kept, read_record(kept.body, audit.store.part, there.get(seq, ())))
            seq += 1
    if seq != end:
        raise SheetError(f"entry {seq} is missing in the database: this is not the log it was")
