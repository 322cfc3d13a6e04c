"""FEEL's operators and functions: exact on values, and total on anything."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import operators
from engine.functions import FUNCTION_NAMES, call
from policies.feel.builtins import BUILTINS
from policies.feel.parser import parse_expression
from policies.feel.values import Range, Value
from tests.feel_values import AS_OF, anything, value_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(1, 2, 3)", "6"),
        ("sum([1, 2, 3])", "6"),
        ("sum([])", "null"),
        ("sum([1, null])", "null"),
        ("count([])", "0"),
        ("count(null)", "null"),
        ("count([null, [1, 2]])", "2"),
        ("min([])", "null"),
        ('max(@"2026-01-01", @"2026-02-01")', '@"2026-02-01"'),
        ("median([6, 1, 2, 3])", "2.5"),
        ("mean(1, 2, 4)", "2.333333333333333333333333333333333"),
        ("mode([6, 3, 9, 6, 3])", "[3, 6]"),
        ("decimal(1234.565, 2)", "1234.56"),
        ("decimal(1234.565, -2)", "1200"),
        ("round half up(2.5, 0)", "3"),
        ("round half up(-2.5, 0)", "-3"),
        ("round half down(2.5, 0)", "2"),
        ("round up(1249, -2)", "1300"),
        ("round up(9999999999999999999999999999999999, -1)", "10000000000000000000000000000000000"),
        ("round down(-1.126, 2)", "-1.12"),
        ("round down(1, 6177)", "null"),
        ("floor(-1.5)", "-2"),
        ("ceiling(1.51, 1)", "1.6"),
        ("modulo(-10.1, 4.5)", "3.4"),
        ("modulo(1, 0)", "null"),
        ("1 / 0", "null"),
        ("1 / 3", "0.3333333333333333333333333333333333"),
        ("true + 1", "null"),
        ('"a" + "b"', '"ab"'),
        ('"a" + 1', "null"),
        ('string length("a\\U01F40Eb")', "3"),
        ('substring("foobar", -2, 1)', '"a"'),
        ('substring("foobar", 0)', "null"),
        ('substring("foobar", 3)', '"obar"'),
        ('substring before("foobar", "bar")', '"foo"'),
        ('substring before("foobar", "x")', '""'),
        ('substring after("foobar", "ob")', '"ar"'),
        ('split("a;b;;c", ";")', '["a", "b", "", "c"]'),
        ('split("a.b", ".")', "null"),
        ('string join(["a", null, "b"], ", ")', '"a, b"'),
        ('number("1,000.5", ",", ".")', "1000.5"),
        ('number("1.000,5", ".", ",")', "1000.5"),
        ('number("1e3")', "null"),
        ('number("\\uFF11\\uFF12")', "null"),
        ("string(1.50)", '"1.5"'),
        ('string([1, "a", null])', '"[1, \\"a\\", null]"'),
        ("list contains([1, null], null)", "true"),
        ("distinct values([1, 1.0, 2])", "[1, 2]"),
        ("append([1], 2, 3)", "[1, 2, 3]"),
        ("union([1, 2], [2, 3])", "[1, 2, 3]"),
        ("concatenate([1], [[2]])", "[1, [2]]"),
        ("flatten([1, [2, [3]]])", "[1, 2, 3]"),
        ("index of([1, 2, 1], 1)", "[1, 3]"),
        ("insert before([1, 3], 2, 2)", "[1, 2, 3]"),
        ("remove([1, 2, 3], -1)", "[1, 2]"),
        ("sublist([1, 2, 3], 2)", "[2, 3]"),
        ("sublist([1, 2, 3], -2, 1)", "[2]"),
        ("reverse([1, 2])", "[2, 1]"),
        ("all([true, null])", "null"),
        ("all([false, null])", "false"),
        ("any([true, null])", "true"),
        ("any([])", "false"),
        ("not(null)", "null"),
        ('date("2026-02-30")', "null"),
        ("date(2024, 2, 29)", '@"2024-02-29"'),
        ('@"2026-03-31" - @"2026-01-31"', '@"P59D"'),
        ('@"2026-01-31" + @"P1M"', '@"2026-02-28"'),
        ('@"2026-01-31" + @"PT47H"', '@"2026-02-01"'),
        ('@"9999-12-31" + @"P1D"', "null"),
        ('@"23:30:00" + @"PT1H"', '@"00:30:00"'),
        ('@"2026-03-28T12:00:00@Europe/Berlin" + @"P1D"', '@"2026-03-29T13:00:00@Europe/Berlin"'),
        ('@"2026-01-01T00:00:00" < @"2026-01-01T00:00:00Z"', "null"),
        ('@"2026-01-01T00:00:00" = @"2026-01-01T00:00:00Z"', "false"),
        ('@"2002-04-02T23:00:00-04:00" = @"2002-04-03T02:00:00-01:00"', "true"),
        ('@"P1D" * 1.5', '@"P1DT12H"'),
        ('@"P1Y" / 5', '@"P2M"'),
        ('@"P1D" / @"PT6H"', "4"),
        ('years and months duration(@"2025-01-31", @"2026-03-30")', '@"P1Y1M"'),
        ('years and months duration(@"2026-03-30", @"2025-01-31")', '@"-P1Y1M"'),
        ("today()", '@"2026-03-31"'),
        ("now()", '@"2026-03-31T00:00:00Z"'),
        ("day of week(today())", '"Tuesday"'),
        ("day of year(today())", "90"),
        ("week of year(today())", "14"),
        ("month of year(today())", '"March"'),
        ("today().weekday", "2"),
        ('@"P2DT3H4M5.5S".days', "2"),
        ('@"-PT90M".hours', "-1"),
        ('@"-PT90M".minutes', "-30"),
        ('@"P14M".months', "2"),
        ('@"P14M".days', "null"),
        ('time(11, 59, 45.5, @"-PT2H")', '@"11:59:45.5-02:00"'),
        ("null = null", "true"),
        ("null != 1", "true"),
        ('1 = "1"', "null"),
        ("true < false", "null"),
        ("1 < null", "null"),
        ("[1, [2]] = [1.0, [2.0]]", "true"),
        ("[1] = [1, 2]", "false"),
        ('{a: 1, b: "x"} = {b: "x", a: 1}', "true"),
        ("[1..2] = [1..3]", "false"),
    ],
)
def test_value(text: str, expected: str) -> None:
    actual = value_of(parse_expression(text))
    assert actual == value_of(parse_expression(expected))
    assert type(actual) is type(value_of(parse_expression(expected)))


TRUTHS = (True, False, None)


def test_three_valued_logic_is_that_of_kleene() -> None:
    for left in TRUTHS:
        for right in TRUTHS:
            both, either = operators.logical_and(left, right), operators.logical_or(left, right)
            assert operators.logical_not(both) is operators.logical_or(
                operators.logical_not(left), operators.logical_not(right)
            )
            if left is not None and right is not None:
                assert (both, either) == (left and right, left or right)
    assert operators.logical_and(left=None, right=True) is None
    assert operators.logical_or(left=None, right=False) is None


@pytest.mark.parametrize(
    ("value", "within", "expected"),
    [
        (Decimal(1), Range(Decimal(1), Decimal(2), low_closed=True, high_closed=False), True),
        (Decimal(2), Range(Decimal(1), Decimal(2), low_closed=True, high_closed=False), False),
        (Decimal(5), Range(None, Decimal(9), low_closed=False, high_closed=True), True),
        (None, Range(None, Decimal(9), low_closed=False, high_closed=True), None),
        ("a", Range(Decimal(1), Decimal(2), low_closed=True, high_closed=True), None),
    ],
)
def test_a_range_holds_what_lies_between_its_ends(value: Value, within: Range, expected: bool | None) -> None:
    assert operators.in_range(value, within) is expected


def test_the_functions_are_those_that_have_a_signature() -> None:
    assert set(BUILTINS) == FUNCTION_NAMES


@settings(max_examples=300, deadline=None)
@given(anything, anything)
def test_operators_are_total(left: Value, right: Value) -> None:
    for operation in (operators.add, operators.subtract, operators.multiply, operators.divide):
        operation(left, right)
        if isinstance(left, bool) or isinstance(right, bool):
            assert operation(left, right) is None
    same = operators.equal(left, right)
    assert same is operators.equal(right, left)
    assert operators.equal(left, left) is True
    less, more = operators.compare(left, "<", right), operators.compare(right, ">", left)
    assert less is more
    if less is not None:
        assert [less, same, operators.compare(left, ">", right)].count(True) == 1


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(sorted(BUILTINS)), st.lists(anything, max_size=4))
def test_functions_are_total(name: str, args: list[Value]) -> None:
    call(name, args, AS_OF)
