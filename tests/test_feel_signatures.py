"""What the signatures of FEEL's functions promise, kept by every call, and why a call is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import operators
from engine.functions import call
from policies.feel.builtins import BUILTINS, call_type, property_type
from policies.feel.signatures import CallProblem, Constant, fitting
from policies.feel.values import WEEKDAYS, Value
from policies.types import Date, ListOf, Money, MonthDuration, Nothing, Number, Text, Type
from tests.feel_values import AS_OF, TYPES, fits, of_type


def constant(value: Value, known: bool) -> Constant:
    return value if known and isinstance(value, str | Decimal) else None


@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("name", sorted(BUILTINS))
@given(data=st.data())
def test_a_result_is_of_the_type_promised(name: str, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(BUILTINS[name].forms))
    count = data.draw(st.sampled_from([count for count in range(6) if form.takes(count)]))
    types = [data.draw(st.sampled_from([t for t in TYPES if fitting(form.parameter(i).kind, t)])) for i in range(count)]
    values = [data.draw(of_type(type_)) for type_ in types]
    constants = [constant(value, data.draw(st.booleans())) for value in values]
    promised = call_type(name, types, None, constants)
    if isinstance(promised, CallProblem):
        return
    result = call(name, values, AS_OF)
    assert fits(result, promised), f"{name}({values}) = {result} is not {promised}"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TYPES), st.data())
def test_a_property_is_of_the_type_promised(type_: Type, data: st.DataObject) -> None:
    value = data.draw(of_type(type_))
    for name in ("year", "weekday", "second", "time offset", "timezone", "days", "seconds", "months", "start"):
        promised = property_type(type_, name)
        result = operators.property_of(value, name)
        assert fits(result, promised) if promised is not None else result is None


@pytest.mark.parametrize(
    ("name", "types", "expected"),
    [
        ("sum", [ListOf(Money("USD"))], Money("USD", nullable=True)),
        ("sum", [Money("USD"), Number()], Money("USD")),
        ("round half up", [Number("percent", nullable=True), Number()], Number("percent", nullable=True)),
        ("count", [ListOf(Number(nullable=True))], Number()),
        ("min", [Date(), Date(nullable=True)], Date(nullable=True)),
        ("append", [ListOf(Number()), Nothing()], ListOf(Number(nullable=True))),
        ("day of week", [Date()], Text(WEEKDAYS)),
    ],
)
def test_type_of_a_call(name: str, types: list[Type], expected: Type) -> None:
    assert call_type(name, types, None, [Decimal(2)] * len(types)) == expected


def test_a_text_written_out_is_read_when_the_policy_is_loaded() -> None:
    assert call_type("date", [Text()]) == Date(nullable=True)
    assert call_type("date", [Text()], None, ["2026-01-31"]) == Date()
    assert call_type("date", [Text()], None, ["2026-02-30"]) == CallProblem(0, "`2026-02-30`: no such date")
    assert call_type("duration", [Text()], ["from"], ["P6M"]) == MonthDuration()


@pytest.mark.parametrize(
    ("name", "types", "named", "problem"),
    [
        ("sum", [ListOf(Text())], None, (0, "`sum` takes a list of numbers, not a list of text")),
        (
            "sum",
            [Money("USD"), Money("EUR")],
            None,
            (1, "`sum` takes values of one type, not money (USD) and money (EUR)"),
        ),
        ("modulo", [Number()], None, (None, "`modulo` takes 2 arguments, not 1")),
        ("substring", [Number(), Number()], None, (0, "`substring` takes text, not a number")),
        ("modulo", [Number(), Text()], ["divisor", "dividend"], (1, "`modulo` takes a number, not text")),
        ("modulo", [Number(), Number()], ["dividend", "foo"], (None, "`modulo` has no such parameters")),
        ("frobnicate", [], None, (None, "no function `frobnicate`")),
        (
            "duration",
            [Text()],
            None,
            (0, "`duration` takes a text written out: days or months must be known before the decision"),
        ),
    ],
)
def test_problem_of_a_call(
    name: str, types: list[Type], named: list[str] | None, problem: tuple[int | None, str]
) -> None:
    found = call_type(name, types, named)
    assert isinstance(found, CallProblem)
    assert (found.argument, found.message) == problem
