"""From text to a number, a truth value or a date: the one reading of scalars, for YAML and for text in JSON.

Each function checks the text against a narrow grammar before anything is computed, so a hostile number costs nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from policies.diagnostics import Code, quote

MAX_DIGITS = 40

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_DIGITS_OF_ANY_KIND = re.compile(r"[-+]?[0-9][0-9a-fA-FxXoO_:.,]*")
"""Decimal, hexadecimal, octal, base 60, grouped: what some reader of YAML takes for a number."""

_LEADING_ZERO = re.compile(r"-?0[0-9]+(\.[0-9]+)?")
_UNDERSCORE = re.compile(r"[-+]?[0-9]+(_[0-9]+)+(\.[0-9_]+)?")
_EXPONENT = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+")
_NOT_FINITE = re.compile(r"[-+]?(\.inf|inf|infinity|\.nan|s?nan)", re.IGNORECASE)
_GROUPED = re.compile(r"-?[0-9]{1,3}([ ,'\u2019.\u00a0][0-9]{3})+([.,][0-9]+)?")
_LONGEST_WRITTEN_OUT = 20
"""An exponent up to this size is written out in the help; a larger one is a slip or an attack."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YES_NO = frozenset({"yes", "no", "on", "off", "y", "n"})


class ScalarProblem(ValueError):  # noqa: N818 (it becomes a diagnostic or a misfit; nobody sees it as an error)
    """The text is not such a value: what is wrong, and the mend where there is one."""

    def __init__(self, code: Code, message: str, mend: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = mend


def decimal_of(text: str) -> Decimal:
    """A decimal written `-?digits[.digits]`: digits 0-9 only, at most 40, no leading zero; `-0` is 0.

    Raises ScalarProblem.
    """
    if _DIGITS_OF_ANY_KIND.fullmatch(text) and sum(character.isalnum() for character in text) > MAX_DIGITS:
        raise ScalarProblem(Code.NUMBER_TOO_LONG, f"number longer than {MAX_DIGITS} digits")
    if _NUMBER.fullmatch(text):
        return Decimal(text if text.strip("-0.") else text.removeprefix("-"))
    raise _not_plain(text)


def _not_plain(text: str) -> ScalarProblem:
    shown = quote(text)
    if _LEADING_ZERO.fullmatch(text):
        plain = text.replace("-", "").lstrip("0")
        mend = f"put it in quotes if it is an identifier, or write {'-' * text.startswith('-')}{_with_zero(plain)}"
        return ScalarProblem(Code.LEADING_ZERO, f"leading zero in {shown}", mend)
    if _UNDERSCORE.fullmatch(text):
        return ScalarProblem(
            Code.UNDERSCORE_IN_NUMBER, f"underscore in number {shown}", f"write {text.replace('_', '')}"
        )
    if _EXPONENT.fullmatch(text):
        return ScalarProblem(Code.EXPONENT_IN_NUMBER, f"exponent not allowed in {shown}", _written_out(text))
    if _NOT_FINITE.fullmatch(text):
        return ScalarProblem(Code.NOT_FINITE, f"{shown} is not a finite number")
    mend = "write digits, with a point for decimals: 1234.5"
    if _GROUPED.fullmatch(text):
        mend = "write it without separators between the thousands, with a point for decimals: 1234.5"
    elif text.endswith("%"):
        mend = "write the number without %"
    elif any(character.isdigit() and not character.isascii() for character in text):
        mend = "only the digits 0-9 are read"
    elif text.startswith("+") or text != text.strip():
        mend = "only -?digits[.digits] is read, without + and blanks"
    return ScalarProblem(Code.NOT_A_NUMBER, f"{shown} is not a plain decimal number", mend)


def _with_zero(digits: str) -> str:
    return digits if digits[:1].isdigit() else f"0{digits}"


def _written_out(text: str) -> str:
    """The help for a number with an exponent: the same number without it, when that is short."""
    power = re.split("[eE]", text)[1]
    if len(power) > 3 or abs(int(power)) > _LONGEST_WRITTEN_OUT:  # noqa: PLR2004 (a sign and two digits)
        return "write the digits out"
    written = format(Decimal(text), "f")
    return f"write {written}"


def integer_of(text: str) -> int:
    """A whole number, as decimal_of without a fraction. Raises ScalarProblem."""
    value = decimal_of(text)
    if "." in text:
        mend = f"write {text.partition('.')[0]}" if value == int(value) else None
        raise ScalarProblem(Code.NOT_WHOLE, f"{quote(text)} is not a whole number", mend)
    return int(value)


def boolean_of(text: str) -> bool:
    """True or false, written just so. Raises ScalarProblem."""
    match text:
        case "true":
            return True
        case "false":
            return False
    what = "is text" if text.lower() in _YES_NO else "is not true or false"
    raise ScalarProblem(Code.NOT_TRUE_OR_FALSE, f"{quote(text)} {what}", "write true or false")


def date_of(text: str) -> dt.date:
    """A day of the calendar, written YYYY-MM-DD. Raises ScalarProblem."""
    if not _DATE.fullmatch(text):
        raise ScalarProblem(Code.NOT_A_DATE, f"{quote(text)} is not a date", "write YYYY-MM-DD")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        mend = "the year must be 0001 to 9999" if text.startswith("0000") else None
        raise ScalarProblem(Code.NO_SUCH_DATE, f"no such date: {text}", mend) from None
