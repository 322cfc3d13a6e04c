"""Result rows written as JSONL, CSV or Parquet: streamed into a file beside the target, put in its place when whole."""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any, Protocol, assert_never

import orjson

from api.bulk.amounts import in_cents
from api.bulk.deciding import Rejected
from api.bulk.result import Cell, Column, Columns, Line
from api.bulk.rows import FileRefused, Format
from api.request import misfit_json
from engine.decision import plain_decimal

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A text cell that begins so is taken for a formula by spreadsheets; it gets an apostrophe in front."""

PARQUET_DIGITS = 38
PARQUET_DECIMAL = Context(prec=PARQUET_DIGITS, rounding=ROUND_HALF_EVEN)
"""Digits of Parquet's widest decimal, and arithmetic in them."""


class Writer(Protocol):
    """Takes result rows in order."""

    def write(self, line: Line) -> None:
        """Add one row."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path in a passing folder beside `path`; its file takes the place of `path` when the block ends well."""
    try:
        room = tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise FileRefused(path, f"cannot be written: {error.strerror}") from error
    with room as folder:
        part = Path(folder) / path.name
        yield part
        part.replace(path)


@contextmanager
def open_writer(path: Path, format_: Format, columns: Columns) -> Iterator[Writer]:
    """A writer for one format; the file stands under its name only once every row is in it."""
    with replacing(path) as part:
        match format_:
            case Format.JSONL:
                with part.open("wb") as file:
                    yield JsonLines(file)
            case Format.CSV:
                with part.open("w", encoding="utf-8", newline="") as file:
                    yield Csv(file, columns)
            case Format.PARQUET:
                cells = part.with_suffix(".cells")
                with cells.open("w", encoding="utf-8", newline="") as file:
                    spool = Spool(file, columns)
                    yield spool
                spool.to_parquet(cells, part)
            case _ as never:
                assert_never(never)


class JsonLines:
    """JSON lines as the workers made them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, line: Line) -> None:
        """Add one row."""
        assert isinstance(line, bytes)  # noqa: S101 (the writer and its lines are made together)
        self._file.write(line)


class Csv:
    """CSV that no spreadsheet takes for a formula; numbers stay numbers, whole to their last digit."""

    def __init__(self, file: IO[str], columns: Columns) -> None:
        self._rows = csv.writer(file, lineterminator="\n")
        self._columns = columns.all
        self._rows.writerow([column.name for column in self._columns])

    def write(self, line: Line) -> None:
        """Add one row."""
        self._rows.writerow([self._cell(column, cell) for column, cell in zip(self._columns, line, strict=True)])

    def _cell(self, column: Column, cell: Cell) -> str:
        match cell:
            case str():
                return guarded(cell)
            case Decimal() | int() if column.currency is not None:
                return in_cents(Decimal(cell), column.currency)
            case _:
                return _text(cell)


def guarded(text: str) -> str:
    """Text that a spreadsheet shows as text."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _text(cell: Cell | int) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case Decimal():
            return plain_decimal(cell)
        case dt.date():
            return cell.isoformat()
        case _:
            return str(cell)


class Spool:
    """Cells on their way to Parquet, whose columns have the types that the policy gives them, whatever the rows hold.

    A number that its column cannot hold in full is rounded half-even, or left empty where it is too large, and
    the column `exact` has it whole: `outcome.limit=0.125;outcome.ratio=…`.
    """

    def __init__(self, file: IO[str], columns: Columns) -> None:
        self._rows = csv.writer(file, lineterminator="\n")
        self._columns = columns.all

    def write(self, line: Line) -> None:
        """Add one row."""
        cells: list[str] = []
        exact: list[str] = []
        for column, cell in zip(self._columns, line, strict=True):
            if isinstance(cell, Decimal):
                held = _held(cell, column.decimals)
                cells.append("" if held is None else format(held, "f"))
                if held != cell:
                    exact.append(f"{column.name}={plain_decimal(cell)}")
            else:
                cells.append(cell if isinstance(cell, str) else _text(cell))
        self._rows.writerow([*cells, ";".join(exact)])

    def to_parquet(self, cells: Path, target: Path) -> None:
        """The spooled cells as Parquet, streamed."""
        import polars as pl  # noqa: PLC0415 (heavy: only for Parquet)

        plain = {int: pl.Int64, bool: pl.Boolean, dt.date: pl.Date, str: pl.String}
        schema = {
            column.name: pl.Decimal(PARQUET_DIGITS, column.decimals) if column.kind is Decimal else plain[column.kind]
            for column in self._columns
        }
        schema["exact"] = pl.String
        if cells.stat().st_size == 0:
            pl.DataFrame(schema=schema).write_parquet(target)
            return
        pl.scan_csv(cells, has_header=False, schema=schema).sink_parquet(target)


def _held(number: Decimal, decimals: int) -> Decimal | None:
    """The number with so many decimals; None when it has more digits before them than a Parquet decimal."""
    try:
        return number.quantize(Decimal(1).scaleb(-decimals), context=PARQUET_DECIMAL)
    except InvalidOperation:
        return None


@contextmanager
def open_rejected(path: Path) -> Iterator[RejectedRows]:
    """The file of rejected rows: always written, empty when every row was decided."""
    with replacing(path) as part, part.open("wb") as file:
        yield RejectedRows(file)


class RejectedRows:
    """One JSON line per rejected row: its line, the row as it was, and everything that kept it from being decided."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, rejected: Rejected) -> None:
        """Add one row."""
        body = {
            "line": rejected.line,
            "row": rejected.raw,
            "misfits": [misfit_json(misfit) for misfit in rejected.misfits],
        }
        self._file.write(orjson.dumps(body, default=_exact) + b"\n")


def _exact(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain_decimal(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
