"""What facts a policy takes, said to a caller: the JSON Schema of a facts document, and an example that fits it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any, assert_never

from engine.decision import plain_decimal, value_to_json
from engine.facts import MAX_TEXT, demanded, members_of
from policies.currencies import minor_units
from policies.ir import Fact
from policies.scalars import MAX_DIGITS
from policies.types import (
    Boolean,
    ContextOf,
    Date,
    DateTime,
    DayDuration,
    ListOf,
    Money,
    MonthDuration,
    Nothing,
    Number,
    RangeOf,
    Text,
    Time,
    Type,
    Unknown,
    describe,
    nullable,
)

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DECIMAL = r"^-?(0|[1-9][0-9]*)"


def facts_schema(declared: Sequence[Fact], reads: frozenset[str] | None = None) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a facts document; `reads` as in `engine.facts.fit`.

    Bounds of a number apply to its form as a JSON number: a schema cannot compare decimal text.
    """
    return {"$schema": _DIALECT, **_block(declared, reads)}


def _block(declared: Sequence[Fact], reads: frozenset[str] | None) -> dict[str, Any]:
    required = [fact.name for fact in declared if not fact.optional and demanded(fact.name, reads)]
    return {
        "type": "object",
        "properties": {fact.name: _fact(fact, may_be_null=fact.name not in required) for fact in declared},
        "required": required,
        "additionalProperties": False,
    }


def _fact(fact: Fact, *, may_be_null: bool) -> dict[str, Any]:
    schema = _value(fact, fact.type)
    if may_be_null:
        schema = {"anyOf": [schema, {"type": "null"}]}
    if fact.title:
        schema["title"] = fact.title.get("en") or next(iter(fact.title.values()))
    if fact.default is not None:
        schema["default"] = value_to_json(fact.default)
    return {**schema, "description": describe(nullable(fact.type, yes=False))}


def _value(fact: Fact, type_: Type) -> dict[str, Any]:
    match type_:
        case Number() | Money():
            return _number(fact, type_)
        case Text(one_of=()):
            return {"type": "string", "maxLength": MAX_TEXT}
        case Text(one_of=choices):
            return {"enum": list(choices)}
        case Boolean():
            return {"type": "boolean"}
        case Date():
            return {"type": "string", "format": "date"}
        case DateTime():
            return {"type": "string", "format": "date-time"}
        case Time():
            return {"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}:[0-9]{2}"}
        case DayDuration() | MonthDuration():
            return {"type": "string", "pattern": "^-?P"}
        case ListOf(item=item):
            schema = _value(fact, item)
            return {"type": "array", "items": {"anyOf": [schema, {"type": "null"}]} if item.nullable else schema}
        case ContextOf():
            return _block(members_of(fact, type_), None)
        case RangeOf() | Nothing() | Unknown():
            msg = f"a fact cannot be declared as {describe(type_)}"
            raise AssertionError(msg)
        case _ as never:
            assert_never(never)


def _number(fact: Fact, type_: Number | Money) -> dict[str, Any]:
    bounds = (("minimum", fact.low, ROUND_FLOOR), ("maximum", fact.high, ROUND_CEILING))
    number: dict[str, Any] = {"type": "integer" if fact.whole else "number"}
    number |= {name: _json_number(bound, rounding) for name, bound, rounding in bounds if bound is not None}
    if fact.whole:
        return number
    digits = minor_units(type_.currency) if isinstance(type_, Money) else None
    fraction = r"(\.[0-9]+)?" if digits is None else rf"(\.[0-9]{{1,{digits}}})?" if digits else ""
    return {"anyOf": [number, {"type": "string", "pattern": f"{_DECIMAL}{fraction}$"}]}


def _json_number(value: Decimal, rounding: str) -> int:
    """A bound in the schema: a JSON number, and whole so that it is exact; never tighter than what is declared."""
    return int(value.to_integral_value(rounding))


def example_facts(declared: Sequence[Fact]) -> dict[str, Any]:
    """A small JSON document with every declared fact, that fits: numbers in bounds, the first of several choices."""
    return {fact.name: _example(fact, fact.type) for fact in declared}


def _example(fact: Fact, type_: Type) -> Any:
    match type_:
        case Number() | Money():
            return _example_number(fact, type_)
        case Text(one_of=()):
            return f"{fact.name}-1"
        case Text(one_of=choices):
            return choices[0]
        case Boolean():
            return False
        case Date():
            return "2026-06-30"
        case DateTime():
            return "2026-06-30T12:00:00Z"
        case Time():
            return "12:00:00"
        case DayDuration():
            return "P30D"
        case MonthDuration():
            return "P6M"
        case ListOf(item=item):
            return [_example(fact, item)]
        case ContextOf():
            return example_facts(members_of(fact, type_))
        case RangeOf() | Nothing() | Unknown():
            msg = f"a fact cannot be declared as {describe(type_)}"
            raise AssertionError(msg)
        case _ as never:
            assert_never(never)


def _example_number(fact: Fact, type_: Number | Money) -> int | str:
    """A round number, moved into the fact's bounds and onto its decimals."""
    value = Decimal(1000) if isinstance(type_, Money) else Decimal(1)
    digits = 0 if fact.whole else minor_units(type_.currency) if isinstance(type_, Money) else None
    if fact.high is not None and value > fact.high:
        value = _onto(fact.high, digits, ROUND_FLOOR)
    if fact.low is not None and value < fact.low:
        value = _onto(fact.low, digits, ROUND_CEILING)
    return int(value) if fact.whole or value == value.to_integral_value() else plain_decimal(value)


def _onto(bound: Decimal, digits: int | None, rounding: str) -> Decimal:
    if digits is None:
        return bound
    return bound.quantize(Decimal(1).scaleb(-digits), rounding, Context(prec=2 * MAX_DIGITS))
