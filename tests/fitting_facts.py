"""Declarations of facts, and documents that fit them, in every form in which a caller may write them."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from engine.facts import demanded, members_of
from policies.currencies import minor_units
from policies.ir import Fact
from policies.types import (
    Boolean,
    ContextOf,
    Date,
    DateTime,
    DayDuration,
    ListOf,
    Money,
    MonthDuration,
    Number,
    Text,
    Time,
    Type,
    nullable,
)


def block(name: str, *fields: Fact, optional: bool = False, many: bool = False, pii: bool = False) -> Fact:
    context: Type = ContextOf(tuple((field.name, field.type) for field in fields))
    type_ = ListOf(context) if many else context
    return Fact(name, nullable(type_, optional), optional=optional, fields=fields, pii=pii)


REFUSED = "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""What a text may not hold beside controls."""

NAMES = st.sampled_from(["a", "b", "c", "客户"])
PLAIN_TYPES: st.SearchStrategy[Type] = st.sampled_from(
    [
        *(Number(), Number("days"), Money("EUR"), Money("JPY"), Text(), Text(("x", "y")), Boolean()),
        *(Date(), DateTime(), Time(), DayDuration(), MonthDuration()),
    ]
)


@st.composite
def facts(draw: st.DrawFn, depth: int = 2) -> Fact:
    name, optional = draw(NAMES), draw(st.booleans())
    if depth and draw(st.booleans()):
        fields = draw(st.lists(facts(depth=depth - 1), max_size=3, unique_by=lambda fact: fact.name))
        return block(name, *fields, optional=optional, many=draw(st.booleans()))
    type_ = draw(PLAIN_TYPES)
    low = draw(st.none() | st.integers(-5_000, 5_000).map(Decimal)) if isinstance(type_, (Number, Money)) else None
    high = None if low is None else low + draw(st.integers(0, 5_000))
    whole = isinstance(type_, Number) and draw(st.booleans())
    if draw(st.booleans()):
        type_ = ListOf(type_)
    return Fact(name, nullable(type_, optional), optional=optional, low=low, high=high, whole=whole)


DECLARATIONS = st.lists(facts(), max_size=4, unique_by=lambda fact: fact.name).map(tuple)
READS = st.none() | st.frozensets(NAMES, max_size=2)

_OF_TYPE: dict[type[Type], st.SearchStrategy[Any]] = {
    Boolean: st.booleans(),
    Date: st.dates().map(dt.date.isoformat),
    DateTime: st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1)).map(  # noqa: DTZ001 (the zone is written next)
        lambda moment: moment.isoformat(timespec="seconds") + "+08:00"
    ),
    Time: st.times().map(lambda time: time.isoformat(timespec="seconds")),
    DayDuration: st.sampled_from(["P30D", "-P1DT12H", "PT0S"]),
    MonthDuration: st.sampled_from(["P1Y", "-P1Y2M", "P6M"]),
}


@st.composite
def fitting(draw: st.DrawFn, declared: tuple[Fact, ...], reads: frozenset[str] | None = None) -> dict[str, Any]:
    """A facts document that fits; a Decimal stands for a JSON number with a point, written with all its zeros."""
    document: dict[str, Any] = {}
    for fact in declared:
        if fact.optional or not demanded(fact.name, reads):
            given = draw(st.sampled_from(["value", "null", "absent"]))
            if given == "null":
                document[fact.name] = None
            if given != "value":
                continue
        document[fact.name] = draw(_value(fact, fact.type))
    return document


def _value(fact: Fact, type_: Type) -> st.SearchStrategy[Any]:
    match type_:
        case ContextOf():
            return fitting(members_of(fact, type_))
        case ListOf(item=item):
            return st.lists(_value(fact, item), max_size=3)
        case Number() | Money():
            return _number(fact, type_)
        case Text(one_of=()):
            return st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=REFUSED), max_size=8)
        case Text(one_of=choices):
            return st.sampled_from(choices)
        case _:
            return _OF_TYPE[type(type_)]


@st.composite
def _number(draw: st.DrawFn, fact: Fact, type_: Number | Money) -> Any:
    low = Decimal(-(10**9)) if fact.low is None else fact.low
    high = Decimal(10**9) if fact.high is None else fact.high
    if fact.whole:
        whole = draw(st.integers(int(low), int(high)))
        return draw(st.sampled_from([whole, str(whole)]))
    places = minor_units(type_.currency) if isinstance(type_, Money) else 4
    value: Decimal = draw(st.decimals(low, high, places=places))
    match draw(st.sampled_from(["text", "number", "longer number", "integer"])):
        case "text":
            return format(value, "f")
        case "longer number":
            return value.quantize(Decimal(1).scaleb(-(places or 0) - 3))
        case "integer" if value == int(value):
            return int(value)
        case _:
            return value


def written(value: Any) -> str:
    """The document as JSON text, every digit as it stands."""
    match value:
        case Decimal():
            return format(value, "f")
        case dict():
            return "{" + ",".join(f"{json.dumps(name)}:{written(inner)}" for name, inner in value.items()) + "}"
        case list():
            return "[" + ",".join(map(written, value)) + "]"
        case _:
            return json.dumps(value)
