"""Tables written for people and programs: CSV that no spreadsheet takes for formulas, Parquet with typed columns."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from pathlib import Path
from typing import IO

from api.bulk.amounts import decimals_of, in_cents
from engine.decision import plain_decimal

FORMULA_SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"  # noqa: RUF001 (the full-width and small forms are meant)
"""What a formula begins with; the wide and small forms of Chinese and Japanese keyboards are taken for the same."""

FORMULA_STARTS = (*FORMULA_SIGNS, "\t", "\r", "\n")
"""A text cell that begins so is taken for a formula by spreadsheets; it gets an apostrophe in front."""

# Blanks of all kinds, control characters and marks that nobody sees: a spreadsheet may drop them before it looks.
_UNSEEN = r"\s\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff"
_FORMULA = re.compile(rf"[\t\r\n]|[{_UNSEEN}]*[{re.escape(FORMULA_SIGNS)}]")

NUMBER_DECIMALS = 10
"""Decimals of a Parquet column of plain numbers; a column of money has those of its currency."""

PARQUET_DIGITS = 38
PARQUET_DECIMAL = Context(prec=PARQUET_DIGITS, rounding=ROUND_HALF_EVEN)
"""Digits of Parquet's widest decimal, and arithmetic in them."""

PARQUET_GROUP = 10_000
"""Rows of a Parquet file that are held in memory at once: a cell may be long."""

Cell = str | int | Decimal | bool | dt.date | None
"""What stands in a cell; a `datetime`, which is a date to Python, is a moment in UTC."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `currency` is that of an amount."""

    name: str
    kind: type
    currency: str | None = None

    @property
    def decimals(self) -> int:
        """Decimals that the column has in Parquet, where it holds numbers."""
        return NUMBER_DECIMALS if self.currency is None else decimals_of(self.currency)


def starts_formula(text: str) -> bool:
    """Whether a spreadsheet might take a text cell for a formula."""
    return _FORMULA.match(text) is not None


def guarded(text: str) -> str:
    """Text that a spreadsheet shows as text."""
    return f"'{text}" if starts_formula(text) else text


class Csv:
    """CSV that no spreadsheet takes for a formula; numbers stay numbers, whole to their last digit.

    Lines end as RFC 4180 has it, which also makes Python's writer quote a cell with a lone carriage return in it:
    unquoted, it would end the row, and what follows would begin a cell.
    """

    def __init__(self, file: IO[str], columns: Sequence[Column]) -> None:
        self._rows = csv.writer(file, lineterminator="\r\n")
        self._columns = columns
        self._rows.writerow([column.name for column in columns])

    def write(self, cells: Sequence[Cell]) -> None:
        """Add one row."""
        self._rows.writerow([self._cell(column, cell) for column, cell in zip(self._columns, cells, strict=True)])

    def _cell(self, column: Column, cell: Cell) -> str:
        match cell:
            case str():
                return guarded(cell)
            case Decimal() | int() if column.currency is not None:
                return in_cents(Decimal(cell), column.currency)
            case _:
                return _text(cell)


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case Decimal():
            return plain_decimal(cell)
        case dt.datetime():
            return cell.isoformat(timespec="microseconds").replace("+00:00", "Z")
        case dt.date():
            return cell.isoformat()
        case _:
            return str(cell)


class Spool:
    """Cells on their way to Parquet, whose columns have the types that they are given, whatever the rows hold.

    A number that its column cannot hold in full is rounded half-even, or left empty where it is too large, and
    the column `exact` has it whole: `outcome.limit=0.125;outcome.ratio=…`. An empty text becomes an empty cell.
    """

    def __init__(self, file: IO[str], columns: Sequence[Column]) -> None:
        # Ended as in `Csv`, for the same reason: polars takes a lone carriage return that is not quoted for nothing.
        self._rows = csv.writer(file, lineterminator="\r\n")
        self._columns = columns

    def write(self, cells: Sequence[Cell]) -> None:
        """Add one row."""
        said: list[str] = []
        exact: list[str] = []
        for column, cell in zip(self._columns, cells, strict=True):
            if isinstance(cell, Decimal):
                held = _held(cell, column.decimals)
                said.append("" if held is None else format(held, "f"))
                if held != cell:
                    exact.append(f"{column.name}={plain_decimal(cell)}")
            else:
                said.append(cell if isinstance(cell, str) else _text(cell))
        self._rows.writerow([*said, ";".join(exact)])

    def to_parquet(self, cells: Path, target: Path) -> None:
        """The spooled cells as Parquet, streamed."""
        import polars as pl  # noqa: PLC0415 (heavy: only for Parquet)

        plain: dict[type, pl.DataType | type[pl.DataType]] = {
            int: pl.Int64,
            bool: pl.Boolean,
            dt.date: pl.Date,
            dt.datetime: pl.Datetime("us", "UTC"),
            str: pl.String,
        }
        schema: dict[str, pl.DataType | type[pl.DataType]] = {
            column.name: pl.Decimal(PARQUET_DIGITS, column.decimals) if column.kind is Decimal else plain[column.kind]
            for column in self._columns
        }
        schema["exact"] = pl.String
        if cells.stat().st_size == 0:
            pl.DataFrame(schema=schema).write_parquet(target)
            return
        rows = pl.scan_csv(cells, has_header=False, schema=schema)
        rows.sink_parquet(target, row_group_size=PARQUET_GROUP)


def _held(number: Decimal, decimals: int) -> Decimal | None:
    """The number with so many decimals; None when it has more digits before them than a Parquet decimal."""
    try:
        return number.quantize(Decimal(1).scaleb(-decimals), context=PARQUET_DECIMAL)
    except InvalidOperation:
        return None
