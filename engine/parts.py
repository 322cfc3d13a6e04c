"""What lies in a value: its fields, its items, and what is missing among them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal

from engine import operators
from policies.feel.values import Value
from policies.types import ContextOf, ListOf, Type


def member(value: Value, name: str) -> Value:
    """A field of a context, the list of that field over a list of contexts, or a property of a date or duration."""
    match value:
        case Mapping():
            return value.get(name)
        case list():
            return [member(item, name) for item in value]
        case _:
            return operators.property_of(value, name)


def holds_missing(value: Value) -> bool:
    """Whether a list or record has something missing in it, at any depth."""
    match value:
        case list():
            return any(item is None or holds_missing(item) for item in value)
        case dict():
            return any(item is None or holds_missing(item) for item in value.values())
        case _:
            return False


def has_gap(value: Value) -> bool:
    """Whether a value is missing, or an item of a list or of the lists in it."""
    if not isinstance(value, list):
        return value is None
    return None in value or (bool(value) and isinstance(value[0], list) and any(has_gap(item) for item in value))


def may_have_gaps(type_: Type | None) -> bool:
    """Whether a value of this type may be a list that has a gap."""
    return isinstance(type_, ListOf) and (type_.item.nullable or may_have_gaps(type_.item))


def field_names(type_: Type | None) -> tuple[str, ...]:
    """The fields of the records of a list; none for any other type."""
    item = type_.item if isinstance(type_, ListOf) else None
    return tuple(name for name, _ in item.fields) if isinstance(item, ContextOf) else ()


def at(items: list[Value], position: Value) -> Value:
    """FEEL counts from 1, and from the end with negative numbers; outside there is nothing."""
    if not isinstance(position, Decimal) or position != int(position) or position == 0:
        return None
    index = int(position) - 1 if position > 0 else len(items) + int(position)
    return items[index] if 0 <= index < len(items) else None


def counted(start: Value, end: Value) -> Iterator[Value] | None:
    """Whole numbers or days from start to end, downwards when the end is lower."""
    match start, end:
        case Decimal(), Decimal() if start == int(start) and end == int(end):
            first, last = int(start), int(end)
            step = 1 if last >= first else -1
            return (Decimal(number) for number in range(first, last + step, step))
        case dt.date(), dt.date():
            days = (end - start).days
            step = 1 if days >= 0 else -1
            return (start + dt.timedelta(days=number) for number in range(0, days + step, step))
        case _:
            return None
