"""What facts a policy takes, said to a caller: the JSON Schema of a facts document, and an example that fits it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any, assert_never

from engine.decision import plain_decimal, value_to_json
from engine.facts import EXACT_INTEGER, demanded, longest, members_of
from engine.outcome_schema import DIALECT
from policies.currencies import minor_units
from policies.feel.values import FEEL_DECIMAL
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

_TOO_LONG = rf"(?!([^0-9]*[0-9]){{{MAX_DIGITS + 1}}})(?![-0.]*[1-9]([^0-9]*[0-9]){{{FEEL_DECIMAL.prec}}})"
"""Refuses, in a pattern, more than 40 digits, and more than 34 from the first that is not 0."""

_DECIMAL = rf"^{_TOO_LONG}-?(0|[1-9][0-9]*)"


def facts_schema(declared: Sequence[Fact], reads: frozenset[str] | None = None) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a facts document; `reads` as in `engine.facts.fit`.

    It refuses nothing that `fit` takes. What `fit` refuses beyond it: decimal text outside a number's bounds (a schema
    cannot compare text), a JSON number with more decimals than its currency has or with too many digits (validators
    compute `multipleOf` with binary floats), and whatever is wrong within a fact that is not read, which is only named
    here. The descriptions say all bounds.
    """
    return {"$schema": DIALECT, **_block(declared, reads)}


def _block(declared: Sequence[Fact], reads: frozenset[str] | None) -> dict[str, Any]:
    read = [fact for fact in declared if demanded(fact.name, reads)]
    required = [fact.name for fact in read if not fact.optional]
    properties = {fact.name: _fact(fact, may_be_null=fact.optional) for fact in read}
    properties |= {fact.name: _named(fact, "; not read by this policy") for fact in declared if fact not in read}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _fact(fact: Fact, *, may_be_null: bool) -> dict[str, Any]:
    schema = _value(fact, fact.type)
    if may_be_null:
        schema = {"anyOf": [schema, {"type": "null"}]}
    if fact.default is not None:
        schema["default"] = value_to_json(fact.default)
    return schema | _named(fact, "".join(f", {bound}" for bound in _bounds(fact)))


def _named(fact: Fact, more: str) -> dict[str, Any]:
    """The fact's title, and in words what it is; `more` ends the words."""
    title = {"title": fact.title.get("en") or next(iter(fact.title.values()))} if fact.title else {}
    return {**title, "description": describe(nullable(fact.type, yes=False)) + more}


def _bounds(fact: Fact) -> Iterator[str]:
    """The bounds of a number, or of each number in a list, in words."""
    type_ = fact.type
    while isinstance(type_, ListOf):
        type_ = type_.item
    digits = minor_units(type_.currency) if isinstance(type_, Money) and not fact.whole else None
    if digits is not None:
        yield f"at most {digits} decimals" if digits else "no decimals"
    if fact.low is not None:
        yield f"at least {plain_decimal(fact.low)}"
    if fact.high is not None:
        yield f"at most {plain_decimal(fact.high)}"


def _value(fact: Fact, type_: Type) -> dict[str, Any]:
    match type_:
        case Number() | Money():
            return _number(fact, type_)
        case Text(one_of=()):
            return {"type": "string", "maxLength": longest(fact)}
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
    low = None if fact.low is None else _json_number(fact.low, ROUND_FLOOR)
    high = None if fact.high is None else _json_number(fact.high, ROUND_CEILING)
    if fact.whole:
        lowest = -EXACT_INTEGER if low is None else max(low, -EXACT_INTEGER)
        highest = EXACT_INTEGER if high is None else min(high, EXACT_INTEGER)
        integer = {"type": "integer", "minimum": lowest, "maximum": highest}
        return {"anyOf": [integer, {"type": "string", "pattern": "^-?(0|[1-9][0-9]{0,15})$"}]}
    number: dict[str, Any] = {"type": "number"}
    number |= {name: bound for name, bound in (("minimum", low), ("maximum", high)) if bound is not None}
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
