"""A table of the log written as an Excel file, row by row: text is text whatever it looks like, numbers are numbers.

A number that has more digits than Excel computes with is text, so that none is lost. Times are in UTC: Excel has no
zones.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

from api.audit.sheet_files import Row
from api.audit.sheet_rows import COLUMNS
from api.table_files import Cell, starts_formula
from engine.decision import plain_decimal

if TYPE_CHECKING:
    from openpyxl.cell import Cell as ExcelCell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

LONGEST = 32_767
"""UTF-16 code units that a cell holds; Excel calls a file with more in one damaged."""

DIGITS = 15
"""Digits that Excel computes with; it turns further ones into zeros."""

FIRST_DAY = dt.date(1900, 3, 1)
"""Before it Excel has a 29 February 1900, and before that year nothing."""

_MOMENT, _DAY = "yyyy-mm-dd hh:mm:ss.000", "yyyy-mm-dd"
_WIDTHS = {dt.datetime: 24, dt.date: 12, Decimal: 14}
"""Characters; a moment that is wider than its column is shown as `####`."""

# What XML cannot hold, or changes when it is read, and what looks like Excel's own spelling for it: `_x000D_`.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def write_xlsx(path: Path, rows: Iterator[Row]) -> None:
    """The rows as the only sheet of an Excel file. No cell is a formula."""
    book = Workbook(write_only=True)
    sheet: WriteOnlyWorksheet = book.create_sheet("log")
    sheet.freeze_panes = "A2"
    for number, column in enumerate(COLUMNS, start=1):
        if column.kind in _WIDTHS:
            letter = get_column_letter(number)
            sheet.column_dimensions[letter].width = _WIDTHS[column.kind]  # type: ignore[attr-defined] # stubs lack it
    try:
        sheet.append([_text(sheet, column.name) for column in COLUMNS])
        for row in rows:
            sheet.append([_cell(sheet, cell) for cell in row])
    finally:
        sheet.close()
    book.save(path)


def _cell(sheet: WriteOnlyWorksheet, cell: Cell) -> ExcelCell | int | bool | Decimal | None:
    match cell:
        case str():
            return _text(sheet, cell)
        case dt.datetime():
            return _formatted(sheet, cell.replace(tzinfo=None), _MOMENT)
        case dt.date() if cell >= FIRST_DAY:
            return _formatted(sheet, dt.datetime.combine(cell, dt.time()), _DAY)
        case dt.date():
            return _text(sheet, cell.isoformat())
        case Decimal() if _digits(cell) > DIGITS:
            return _text(sheet, plain_decimal(cell))
        case _:
            return cell


def _digits(number: Decimal) -> int:
    """Digits from the first to the last that is not zero."""
    return len(plain_decimal(number).lstrip("-").replace(".", "").strip("0"))


def _formatted(sheet: WriteOnlyWorksheet, moment: dt.datetime, format_: str) -> ExcelCell:
    made = WriteOnlyCell(sheet, moment)
    made.number_format = format_
    return made


def _text(sheet: WriteOnlyWorksheet, text: str) -> ExcelCell:
    """A cell that is text whatever stands in it.

    One that looks like a formula also has Excel's mark for what was typed with an apostrophe before it: else it would
    become a formula when somebody edits the cell and leaves it.
    """
    made = WriteOnlyCell(sheet, excel_text(text))
    made.data_type = "s"  # openpyxl makes `f` of `=1`, and `e` of `#N/A`
    if starts_formula(text):
        made.quotePrefix = True
    return made


def excel_text(text: str) -> str:
    """Text as an Excel file has it: odd characters spelt as Excel does, `_x0007_`, and what is too long for a cell cut.

    The cut says how much there was, and where it is whole.
    """
    spelt = _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    units = spelt.encode("utf-16-le")
    if len(units) <= 2 * LONGEST:
        return spelt
    mark = f" … [cut: {len(text):,} characters; whole in .csv and .parquet]"
    return units[: 2 * (LONGEST - len(mark))].decode("utf-16-le", "ignore") + mark
