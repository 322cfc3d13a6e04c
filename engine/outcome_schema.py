"""What a policy's outcome looks like, said to a caller: the JSON Schema of the `outcome` of its decisions."""

from __future__ import annotations

from typing import Any, assert_never

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

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DECIMAL = r"^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$"


def outcome_schema(outcome: Type) -> dict[str, Any]:
    """The JSON Schema (2020-12) of an outcome of this type, a record, as `engine.decision.value_to_json` writes it.

    Every number is decimal text. The outcome's own members are all there; deeper, one that may be null may be absent.
    """
    schema = _known(outcome)
    return {"$schema": DIALECT, **schema, "required": list(schema["properties"])}


def _value(type_: Type) -> dict[str, Any]:
    schema = _known(type_)
    may_be_null = type_.nullable and not isinstance(type_, (Nothing, Unknown))
    return {"anyOf": [schema, {"type": "null"}]} if may_be_null else schema


def _known(type_: Type) -> dict[str, Any]:
    match type_:
        case Number() | Money():
            return {"type": "string", "pattern": _DECIMAL, "description": describe(nullable(type_, yes=False))}
        case Text(one_of=()):
            return {"type": "string"}
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
            return {"type": "array", "items": _value(item)}
        case ContextOf(fields=fields):
            return _record(
                {name: _value(inner) for name, inner in fields},
                [name for name, inner in fields if not inner.nullable],
            )
        case RangeOf(of=of):
            ends = {"type": "array", "items": _value(nullable(of)), "minItems": 2, "maxItems": 2}
            members = {"range": ends, "low_closed": {"type": "boolean"}, "high_closed": {"type": "boolean"}}
            return _record(members, list(members))
        case Nothing():
            return {"type": "null"}
        case Unknown():
            return {}  # the items of a list that is always empty
        case _ as never:
            assert_never(never)


def _record(members: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": required, "additionalProperties": False}
