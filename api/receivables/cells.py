"""What a cell says: a date, an amount, an id, yes or no. Each returns the value or raises `Unfit` with the reason."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from api.receivables.map import Amounts
from api.receivables.table import Cell, cell_text

SHOWN = 40
"""Characters of a cell that a message shows."""


class Unfit(Exception):  # noqa: N818 (a word of this package: the cell does not fit its column)
    """A cell that does not say what its column should: a stable code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def read_date(cell: Cell, pattern: str) -> dt.date | None:
    """A day; None when the cell is empty."""
    if isinstance(cell, dt.date):
        return cell
    text = cell_text(cell)
    if not text:
        return None
    try:
        return _day(text, pattern)
    except ValueError:
        raise Unfit("date", f"`{shown(text)}` is no date of the form `{pattern}`") from None


@lru_cache(maxsize=8192)
def _day(text: str, pattern: str) -> dt.date:
    """The day; a ledger names the same few over and over, and `strptime` takes a third of reading it."""
    return dt.datetime.strptime(text, pattern).date()  # noqa: DTZ007 (a date has no zone)


def read_amount(cell: Cell, how: Amounts) -> Decimal | None:
    """An exact decimal, signed, not rounded; None when the cell is empty."""
    if isinstance(cell, Decimal):
        if not cell.is_finite():
            raise Unfit("amount", f"`{cell}` is no amount")
        return cell
    text = cell_text(cell)
    if not text:
        return None
    # The minus stands before the currency symbol or behind it.
    bare = _without_symbol(text, how)
    negative = bare.startswith("-")
    bare = _without_symbol(bare.removeprefix("-").strip(), how)
    whole = r"[0-9]+"
    if how.thousands:
        whole = rf"(?:[0-9]{{1,3}}(?:{re.escape(how.thousands)}[0-9]{{3}})+|[0-9]+)"
    if not re.fullmatch(rf"{whole}(?:{re.escape(how.decimal)}[0-9]+)?", bare):
        raise Unfit("amount", f"`{shown(text)}` is no amount (decimal sign `{how.decimal}`{_grouping(how)})")
    if how.thousands:
        bare = bare.replace(how.thousands, "")
    amount = Decimal(bare.replace(how.decimal, "."))
    return -amount if negative and amount else amount


def _without_symbol(text: str, how: Amounts) -> str:
    """The text without a currency symbol before or after it."""
    for symbol in how.symbols:
        text = text.removeprefix(symbol).removesuffix(symbol).strip()
    return text


def _grouping(how: Amounts) -> str:
    return f", thousands sign `{how.thousands}`" if how.thousands else ", no thousands sign"


def read_id(cell: Cell, form: Literal["text", "strip_decimal"]) -> str | None:
    """An id as text, leading zeros and all; None when the cell is empty."""
    text = cell_text(cell)
    if form == "strip_decimal" and re.fullmatch(r"[0-9]+\.0+", text):
        text = text.partition(".")[0]
    return text or None


def read_text(cell: Cell) -> str | None:
    """Text; None when the cell is empty."""
    return cell_text(cell) or None


def read_whole(cell: Cell) -> int | None:
    """A whole number, zero or more; None when the cell is empty."""
    text = cell_text(cell)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Unfit("number", f"`{shown(text)}` is no whole number")
    return int(text)


def read_yes_no(cell: Cell, yes: Sequence[str], no: Sequence[str]) -> bool | None:
    """Yes or no as the map spells them; None when the cell is empty and the map does not say what empty means."""
    text = cell_text(cell)
    if text in yes:
        return True
    if text in no:
        return False
    if not text:
        return None
    raise Unfit("value", f"`{shown(text)}` is neither {_either(yes)} nor {_either(no)}")


def _either(values: Sequence[str]) -> str:
    return " or ".join(f"`{value}`" for value in values)


def shown(text: str) -> str:
    """A cell's text for a message, shortened."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
