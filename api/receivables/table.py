"""Reading CSV, Excel and Parquet as rows of cells, one at a time, without a binary float on the way."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, assert_never
from zipfile import BadZipFile

from api.receivables.map import Table

Cell = str | Decimal | dt.date | None
"""Text as it stands, or a typed cell of Excel or Parquet: a number as its shortest decimal, a date, nothing."""

CHUNK_BYTES = 1 << 20
"""Bytes of a text file held at once when looking for the one that its encoding does not have."""

PARQUET_ROWS = 50_000
"""Rows of a Parquet file held at once."""


class UnreadableTableError(Exception):
    """The file is no table of a kind that is read here; the message says why, `help` what to do where that helps."""

    def __init__(self, message: str, help_: str | None = None) -> None:
        super().__init__(message)
        self.help = help_


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in a CSV file, its row in a sheet, or its place in a Parquet file (header = 1)."""

    number: int
    cells: tuple[Cell, ...]

    @property
    def blank(self) -> bool:
        """Whether every cell is empty."""
        return all(cell is None or cell == "" for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Rows:
    """An open table: its header, and its rows to be read once."""

    header: tuple[str, ...]
    rows: Iterator[Row]


@contextmanager
def open_table(path: Path, how: Table) -> Iterator[Rows]:
    """The table of one file. Raises `UnreadableTableError`."""
    match path.suffix.lower():
        case ".csv" | ".tsv" | ".txt":
            with path.open(encoding=how.encoding, newline="") as stream:
                yield _headed(_text_rows(stream, how, path), how)
        case ".xlsx" | ".xlsm":
            sheet = _headed(_sheet_rows(path, how), how)
            yield Rows(sheet.header, _as_wide_as(len(sheet.header), sheet.rows))
        case ".parquet":
            yield _parquet(path)
        case suffix:
            raise UnreadableTableError(
                f"`{path.name}` ends in `{suffix}`: export it as .csv, .tsv, .txt, .xlsx or .parquet"
            )


def _headed(rows: Iterator[Row], how: Table) -> Rows:
    for _ in range(how.skip_lines):
        next(rows, None)
    first = next(rows, None)
    if first is None:
        raise UnreadableTableError("there is no header row")
    return Rows(tuple(str(cell or "").strip() for cell in first.cells), rows)


def _as_wide_as(width: int, rows: Iterator[Row]) -> Iterator[Row]:
    """A sheet stores no empty cells at the end of a row: give them back."""
    for row in rows:
        yield Row(row.number, row.cells + (None,) * (width - len(row.cells)))


def _text_rows(stream: Iterable[str], how: Table, path: Path) -> Iterator[Row]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else how.delimiter
    reader = csv.reader(stream, delimiter=delimiter)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise UnreadableTableError(f"line {line} of `{path.name}` is no CSV: {error}") from error
        except UnicodeDecodeError:
            raise _not_decoded(path, how.encoding) from None
        if cells is None:
            return
        yield Row(line, tuple(cells))
        line = reader.line_num + 1


def _not_decoded(path: Path, encoding: str) -> UnreadableTableError:
    """Which byte the encoding does not have: found by reading again, as a stream tells no place in the file."""
    utf8 = codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}
    decoder = codecs.getincrementaldecoder("utf-8" if utf8 else encoding)()
    start, place = 0, 0
    with path.open("rb") as file:
        while not place:
            chunk = file.read(CHUNK_BYTES)
            before = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                place = start - before + error.start + 1
            start += len(chunk)
            if not chunk:
                break
    if utf8:
        mend = "if it was saved by Excel in China, write `table: {encoding: gb18030}` in the map"
        return UnreadableTableError(f"`{path.name}` is not UTF-8 at byte {place}", mend)
    mend = "write the file's own encoding under `table` in the map"
    return UnreadableTableError(f"`{path.name}` is not {encoding} at byte {place}", mend)


def _sheet_rows(path: Path, how: Table) -> Iterator[Row]:
    from openpyxl import load_workbook  # noqa: PLC0415 (heavy, and only Excel files need it)

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError) as error:
        raise UnreadableTableError(f"`{path.name}` is no Excel workbook: {error}") from error
    try:
        if how.sheet is not None and how.sheet not in book.sheetnames:
            names = ", ".join(f"`{name}`" for name in book.sheetnames)
            raise UnreadableTableError(f"`{path.name}` has no sheet `{how.sheet}`; it has {names}")
        sheet = book[how.sheet] if how.sheet is not None else book.worksheets[0]
        for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
            cells = [_cell(value) for value in values]
            while cells and cells[-1] is None:
                cells.pop()
            yield Row(number, tuple(cells))
    finally:
        book.close()


def _parquet(path: Path) -> Rows:
    import polars as pl  # noqa: PLC0415 (heavy, and only Parquet files need it)

    frame = pl.scan_parquet(path)
    try:
        header = tuple(frame.collect_schema().names())
    except pl.exceptions.PolarsError as error:
        raise UnreadableTableError(f"`{path.name}` is no Parquet file: {error}") from error

    def rows() -> Iterator[Row]:
        start = 0
        while True:
            batch = frame.slice(start, PARQUET_ROWS).collect()
            for place, values in enumerate(batch.iter_rows(), start + 2):
                yield Row(place, tuple(_cell(value) for value in values))
            start += batch.height
            if batch.height < PARQUET_ROWS:
                return

    return Rows(header, rows())


def _cell(value: Any) -> Cell:
    match value:
        case None | str() | Decimal():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return Decimal(value)
        case float():
            # The shortest decimal that reads back as this float is what the spreadsheet shows and meant.
            return Decimal(repr(value))
        case dt.datetime():
            return value.date() if value.time() == dt.time() else value.isoformat(sep=" ")
        case dt.date():
            return value
        case _:
            return str(value)


def cell_text(cell: Cell) -> str:
    """A cell as text, trimmed: a whole number without `.0` (Excel knows no other kind), a date as ISO text."""
    match cell:
        case None:
            return ""
        case str():
            return cell.strip()
        case Decimal():
            return str(int(cell)) if cell.is_finite() and cell == cell.to_integral_value() else format(cell, "f")
        case dt.date():
            return cell.isoformat()
        case _ as never:
            assert_never(never)
