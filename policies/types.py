"""The types a policy's values have, with units and nullability, and what may meet what.

A closed union: `Type`. Every match over it ends in `assert_never`, so the type checker lists what a new
member has not reached. `nullable` says that a value may be missing (unknown); nothing else may be `null`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal; `unit` is `percent`, `ratio`, `days`, `months`, `years`, `points`, … or None for a plain number."""

    unit: str | None = None
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Money:
    """A decimal amount in one currency (ISO 4217)."""

    currency: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """Text; `one_of` closes the set of values (an enum) when it is not empty."""

    one_of: tuple[str, ...] = ()
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false; a nullable one may be unknown."""

    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Date:
    """A calendar day."""

    nullable: bool = False


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date and time, with or without a zone."""

    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day, with or without a zone."""

    nullable: bool = False


@dataclass(frozen=True, slots=True)
class DayDuration:
    """FEEL's days-and-time duration."""

    nullable: bool = False


@dataclass(frozen=True, slots=True)
class MonthDuration:
    """FEEL's years-and-months duration."""

    nullable: bool = False


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list whose items all have one type."""

    item: Type
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class ContextOf:
    """A record: named fields, in the order declared."""

    fields: tuple[tuple[str, Type], ...]
    nullable: bool = False

    def field(self, name: str) -> Type | None:
        """The type of one field, or None when there is no such field."""
        return next((type_ for key, type_ in self.fields if key == name), None)


@dataclass(frozen=True, slots=True)
class RangeOf:
    """An interval as a value, as in `[1..10)`."""

    of: Type
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Nothing:
    """The type of the literal `null`: it fits every nullable type."""

    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Unknown:
    """The type after an error already reported; it meets everything, so that one mistake is reported once."""

    nullable: bool = False


Type = (
    Number
    | Money
    | Text
    | Boolean
    | Date
    | DateTime
    | Time
    | DayDuration
    | MonthDuration
    | ListOf
    | ContextOf
    | RangeOf
    | Nothing
    | Unknown
)


def nullable(type_: Type, yes: bool = True) -> Type:
    """The same type, nullable (or, with `yes=False`, not)."""
    if isinstance(type_, Nothing) or type_.nullable == yes:
        return type_
    return replace(type_, nullable=yes)


def may_hold_missing(type_: Type) -> bool:
    """Whether a list or record of this type may hold something missing, at any depth."""
    match type_:
        case ListOf(item=item):
            return item.nullable or may_hold_missing(item)
        case ContextOf(fields=fields):
            return any(inner.nullable or may_hold_missing(inner) for _, inner in fields)
        case _:
            return False


def numeric(type_: Type) -> bool:
    """Whether arithmetic on decimals applies: a number or an amount of money."""
    return isinstance(type_, (Number, Money))


def meet(left: Type, right: Type) -> Type | None:
    """The one type that values of both types have, or None when they may not meet.

    A plain number (no unit) meets every number and every amount; two different units or currencies do not meet.
    The result is nullable when either is.
    """
    either = left.nullable or right.nullable
    match left, right:
        case (Unknown(), _) | (_, Unknown()):
            return Unknown(nullable=either)
        case Nothing(), _:
            return nullable(right)
        case _, Nothing():
            return nullable(left)
        case Number(unit=None), (Number() | Money()):
            return nullable(right, either)
        case ((Number() | Money()), Number(unit=None)):
            return nullable(left, either)
        case Number(unit=a), Number(unit=b):
            return Number(a, either) if a == b else None
        case Money(currency=a), Money(currency=b):
            return Money(a, either) if a == b else None
        case Text(one_of=a), Text(one_of=b):
            both = tuple(dict.fromkeys(a + b)) if a and b else ()
            return Text(both, either)
        case ListOf(item=a), ListOf(item=b):
            item = meet(a, b)
            return None if item is None else ListOf(item, either)
        case RangeOf(of=a), RangeOf(of=b):
            inner = meet(a, b)
            return None if inner is None else RangeOf(inner, either)
        case ContextOf(), ContextOf():
            return _meet_contexts(left, right, either)
        case _:
            return nullable(left, either) if type(left) is type(right) else None


def _meet_contexts(left: ContextOf, right: ContextOf, either: bool) -> ContextOf | None:
    if [name for name, _ in left.fields] != [name for name, _ in right.fields]:
        return None
    fields = []
    for (name, a), (_, b) in zip(left.fields, right.fields, strict=True):
        both = meet(a, b)
        if both is None:
            return None
        fields.append((name, both))
    return ContextOf(tuple(fields), either)


def accepts(wanted: Type, given: Type) -> bool:
    """Whether a formula that declares `wanted` takes values of `given`.

    As `meet`, but a record may have more fields than are declared, and lack those that may be missing.
    """
    match wanted, given:
        case ListOf(item=a), ListOf(item=b):
            return accepts(a, b)
        case ContextOf(fields=fields), ContextOf():
            found = ((type_, given.field(name)) for name, type_ in fields)
            return all(type_.nullable if inner is None else accepts(type_, inner) for type_, inner in found)
        case _:
            return meet(wanted, given) is not None


def lacks(wanted: Type, given: Type) -> str | None:
    """The first field that a record, or the records of a list, would need to be accepted and does not have."""
    match wanted, given:
        case ListOf(item=a), ListOf(item=b):
            return lacks(a, b)
        case ContextOf(fields=fields), ContextOf():
            return next((name for name, type_ in fields if not type_.nullable and given.field(name) is None), None)
        case _:
            return None


def may_lack(wanted: Type, given: Type) -> bool:
    """Whether a value of `given`, which `wanted` accepts, may miss what `wanted` declares as never missing."""
    if given.nullable and not wanted.nullable:
        return True
    match wanted, given:
        case ListOf(item=a), ListOf(item=b):
            return may_lack(a, b)
        case ContextOf(fields=fields), ContextOf():
            found = ((type_, given.field(name)) for name, type_ in fields)
            return any(inner is not None and may_lack(type_, inner) for type_, inner in found)
        case _:
            return False


def open_throughout(type_: Type) -> Type:
    """The same type, where anything in it may be missing."""
    match type_:
        case ListOf(item=item):
            return ListOf(open_throughout(item), nullable=True)
        case ContextOf(fields=fields):
            return ContextOf(tuple((name, open_throughout(inner)) for name, inner in fields), nullable=True)
        case _:
            return nullable(type_)


def describe(type_: Type) -> str:
    """The type in a risk officer's words, for messages: `money (USD)`, `a number of days`, `text, may be missing`."""
    words = _describe(type_)
    return f"{words}, may be missing" if type_.nullable and not isinstance(type_, Nothing) else words


def _describe(type_: Type) -> str:
    match type_:
        case Number(unit=None):
            return "a number"
        case Number(unit=unit):
            return f"a number ({unit})"
        case Money(currency=currency):
            return f"money ({currency})"
        case Text(one_of=()):
            return "text"
        case Text(one_of=values):
            return "one of " + ", ".join(f'"{value}"' for value in values)
        case Boolean():
            return "true or false"
        case Date():
            return "a date"
        case DateTime():
            return "a date and time"
        case Time():
            return "a time"
        case DayDuration():
            return "a duration in days and time"
        case MonthDuration():
            return "a duration in years and months"
        case ListOf(item=item):
            return f"a list of {_describe(item)}"
        case ContextOf(fields=fields):
            return "a record of " + ", ".join(name for name, _ in fields)
        case RangeOf(of=of):
            return f"a range of {_describe(of)}"
        case Nothing():
            return "null"
        case Unknown():
            return "unknown"
        case _ as never:
            assert_never(never)
