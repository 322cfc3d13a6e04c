"""Text to typed values: bad-inputs.md rows 10-18, 21-23 and 52-57."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.currencies import minor_units
from policies.diagnostics import Code
from policies.scalars import ScalarProblem, boolean_of, date_of, decimal_of, integer_of
from tests.costs import seconds


def problem(read: Callable[[str], object], text: str) -> ScalarProblem:
    with pytest.raises(ScalarProblem) as raised:
        read(text)
    return raised.value


@pytest.mark.parametrize(
    ("row", "text", "code", "said"),
    [
        (12, "1:30", Code.NOT_A_NUMBER, "not a plain decimal"),
        (13, "0123", Code.LEADING_ZERO, "leading zero"),
        (14, "1_000", Code.UNDERSCORE_IN_NUMBER, "underscore in number"),
        (15, "1e3", Code.EXPONENT_IN_NUMBER, "exponent not allowed"),
        (17, ".nan", Code.NOT_FINITE, "not a finite number"),
        (17, "-.inf", Code.NOT_FINITE, "not a finite number"),
        (21, "9" * 100_000, Code.NUMBER_TOO_LONG, "longer than 40 digits"),
        (22, "0x" + "f" * 400_000, Code.NUMBER_TOO_LONG, "longer than 40 digits"),
        (23, ":".join(["59"] * 20_000), Code.NUMBER_TOO_LONG, "longer than 40 digits"),
        (52, "1e1000000", Code.EXPONENT_IN_NUMBER, "exponent not allowed"),
        (53, "1e99999999", Code.EXPONENT_IN_NUMBER, "exponent not allowed"),
        (54, "1e100000000", Code.EXPONENT_IN_NUMBER, "exponent not allowed"),
        (55, "sNaN", Code.NOT_FINITE, "not a finite number"),
        (55, "Infinity", Code.NOT_FINITE, "not a finite number"),
        (56, "\uff11\uff12\uff13", Code.NOT_A_NUMBER, "not a plain decimal"),
        (56, "١٢٣", Code.NOT_A_NUMBER, "not a plain decimal"),
        (57, " 12\n", Code.NOT_A_NUMBER, "not a plain decimal"),
        (57, "+1", Code.NOT_A_NUMBER, "not a plain decimal"),
        (57, "1.", Code.NOT_A_NUMBER, "not a plain decimal"),
        (57, ".5", Code.NOT_A_NUMBER, "not a plain decimal"),
        (57, "", Code.NOT_A_NUMBER, "not a plain decimal"),
    ],
)
def test_what_is_no_plain_decimal_is_refused_at_once(row: int, text: str, code: Code, said: str) -> None:
    found = problem(decimal_of, text)
    assert (found.code, said in found.message) == (code, True), row
    assert len(found.message) < 200
    assert seconds(lambda: problem(decimal_of, text), runs=3) < 0.1


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("1e3", "write 1000"),
        ("1.5E-2", "write 0.015"),
        ("1_000", "write 1000"),
        ("0123", "put it in quotes if it is an identifier, or write 123"),
        ("-007.5", "put it in quotes if it is an identifier, or write -7.5"),
        ("00", "put it in quotes if it is an identifier, or write 0"),
        ("1,000.50", "write it without separators between the thousands, with a point for decimals: 1234.5"),
        ("5%", "write the number without %"),
        ("\uff11\uff12", "only the digits 0-9 are read"),
    ],
)
def test_the_mend_is_told(text: str, mend: str) -> None:
    assert problem(decimal_of, text).help == mend


@pytest.mark.parametrize("text", ["0", "-1", "0.5", "12345678901234567.89", "9" * 40, "0." + "1" * 39, "100.00"])
def test_row_16_a_plain_decimal_is_exact(text: str) -> None:
    assert str(decimal_of(text)) == text


@pytest.mark.parametrize(("text", "value"), [("-0", "0"), ("-0.00", "0.00")])
def test_row_55_minus_zero_is_zero(text: str, value: str) -> None:
    assert str(decimal_of(text)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=6))
def test_every_decimal_written_out_is_read_back(value: Decimal) -> None:
    assert decimal_of(format(value, "f")) == value


@given(st.text(max_size=60))
def test_any_text_is_a_decimal_or_a_problem(text: str) -> None:
    try:
        value = decimal_of(text)
    except ScalarProblem as raised:
        found = raised
    else:
        assert value.is_finite()
        return
    assert found.message


def test_whole_numbers() -> None:
    assert integer_of("12") == 12
    assert problem(integer_of, "1.0").help == "write 1"
    assert problem(integer_of, "1.5").code is Code.NOT_WHOLE


@pytest.mark.parametrize("text", ["yes", "no", "on", "off", "NO"])
def test_row_11_yes_is_text(text: str) -> None:
    found = problem(boolean_of, text)
    assert (found.code, found.message) == (Code.NOT_TRUE_OR_FALSE, f"`{text}` is text")
    assert found.help == "write true or false"


def test_true_and_false_are_written_just_so() -> None:
    assert (boolean_of("true"), boolean_of("false")) == (True, False)
    assert problem(boolean_of, "True").code is Code.NOT_TRUE_OR_FALSE


def test_row_18_a_day_the_calendar_does_not_have() -> None:
    found = problem(date_of, "2026-02-30")
    assert (found.code, found.message) == (Code.NO_SUCH_DATE, "no such date: 2026-02-30")


@pytest.mark.parametrize(
    "text", ["30.06.2026", "2026-6-30", "10000-01-01", "2026-06-30T00:00:00Z", "\uff12026-06-30", ""]
)
def test_a_date_is_written_one_way(text: str) -> None:
    assert problem(date_of, text).code is Code.NOT_A_DATE


@given(st.dates())
def test_every_day_is_read_back(day: dt.date) -> None:
    assert date_of(day.isoformat()) == day


@pytest.mark.parametrize(("code", "units"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("CNY", 2), ("XYZ", None)])
def test_minor_units(code: str, units: int | None) -> None:
    assert minor_units(code) == units
