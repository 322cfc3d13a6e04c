"""A table of the log written as CSV or Parquet, row by row.

Amounts may have 34 digits, and no form may lose one. CSV has the digits. Parquet has typed columns, `decimal(38, 10)`,
since the sums of a column are what such a file is for; a number that does not fit is rounded or left out there, and the
column `exact` has it whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from api.audit.sheet_rows import COLUMNS
from api.table_files import Cell, Csv, Spool

Row = Sequence[Cell]
"""The cells of an entry under `COLUMNS`."""

CSV_ENCODING = "utf-8-sig"
"""With a byte-order mark: without one Excel takes CSV for the system's own encoding, GBK in China, and garbles names.

The results of `writ run` have none: programs read those, and some would take the mark for a part of the first name.
"""


def write_csv(path: Path, rows: Iterator[Row]) -> None:
    """The rows as CSV."""
    with path.open("w", encoding=CSV_ENCODING, newline="") as file:
        table = Csv(file, COLUMNS)
        for row in rows:
            table.write(row)


def write_parquet(path: Path, rows: Iterator[Row]) -> None:
    """The rows as Parquet; they pass through a file beside it."""
    cells = path.with_suffix(".cells")
    with cells.open("w", encoding="utf-8", newline="") as file:
        spool = Spool(file, COLUMNS)
        for row in rows:
            spool.write(row)
    spool.to_parquet(cells, path)
