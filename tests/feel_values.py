"""FEEL values for tests: of any kind, of one type, and written as expressions of literals, operators and functions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import assert_never

from hypothesis import strategies as st

from engine import operators
from engine.functions import arrange, call
from policies.feel.builtins import BUILTINS
from policies.feel.syntax import (
    Arithmetic,
    AtLiteral,
    BooleanLiteral,
    Call,
    Comparison,
    ContextLiteral,
    Expr,
    Interval,
    ListLiteral,
    Name,
    Negate,
    NullLiteral,
    NumberLiteral,
    Path,
    TextLiteral,
)
from policies.feel.temporal import read_zone
from policies.feel.values import Duration, Range, Value
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
    nullable,
)

AS_OF = dt.date(2026, 3, 31)


def value_of(expr: Expr) -> Value:
    """The value of an expression made of literals, operators and functions: all that these tests write."""
    match expr:
        case NumberLiteral() | TextLiteral() | BooleanLiteral() | AtLiteral():
            return expr.value
        case NullLiteral():
            return None
        case ListLiteral(items=items):
            return [value_of(item) for item in items]
        case ContextLiteral(entries=entries):
            return {key: value_of(item) for key, item in entries}
        case Interval(low=low, high=high, low_closed=low_closed, high_closed=high_closed):
            return Range(low and value_of(low), high and value_of(high), low_closed, high_closed)
        case Negate(of=of):
            return operators.negate(value_of(of))
        case Arithmetic(op=op, left=left, right=right):
            by_sign = {"+": operators.add, "-": operators.subtract, "*": operators.multiply, "/": operators.divide}
            return by_sign[op](value_of(left), value_of(right))
        case Comparison(op=op, left=left, right=right):
            return operators.compare(value_of(left), op, value_of(right))
        case Path(of=of, name=name) if not isinstance(of, ContextLiteral):
            return operators.property_of(value_of(of), name)
        case Call(function=Name(name=name), args=args, names=names) if name in BUILTINS:
            given_values: list[Value] | None = [value_of(arg) for arg in args]
            if names is not None and given_values is not None:
                given_values = arrange(name, given_values, names)
            return None if given_values is None else call(name, given_values, AS_OF)
        case _:
            raise LookupError(expr)


numbers = st.decimals(-(10**12), 10**12, places=2) | st.integers(-3, 3).map(Decimal)
_durations = st.builds(Duration, st.sampled_from(["days", "months"]), st.integers(-(10**7), 10**7).map(Decimal))
zones = st.sampled_from([None, dt.UTC, dt.timezone(dt.timedelta(hours=-9)), read_zone("@Europe/Berlin")])
# Far outside of any business, but what arithmetic on fitting numbers can come to.
_extremes = st.sampled_from([Decimal("9.9e6000"), Decimal("-1e40"), Decimal("1e-6000"), Decimal("1." + "3" * 33)])
_scalars = st.one_of(
    st.none(),
    st.booleans(),
    numbers | _extremes,
    st.text(max_size=4),
    st.dates(),
    st.datetimes(timezones=zones),
    st.times(timezones=zones),
    _durations,
    st.builds(Range, numbers, numbers, st.booleans(), st.booleans()),
)
anything = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=6,
)


_SCALAR_TYPES: list[Type] = [
    Number(),
    Number("days"),
    Money("EUR"),
    Text(),
    Text(("a", "b")),
    Boolean(),
    Date(),
    DateTime(),
    Time(),
    DayDuration(),
    MonthDuration(),
    ContextOf((("a", Number()),)),
    RangeOf(Number()),
]
_ITEMS = [*_SCALAR_TYPES, *map(nullable, _SCALAR_TYPES), ListOf(Number()), Nothing()]
_LISTS: list[Type] = [ListOf(item, nullable=missing) for item in _ITEMS for missing in (False, True)]
TYPES: list[Type] = [*_ITEMS, *_LISTS, ListOf(ListOf(Text(nullable=True), nullable=True))]


def of_type(type_: Type) -> st.SearchStrategy[Value]:
    """The values of a type."""
    if type_.nullable:
        return st.none() | of_type(nullable(type_, yes=False)) if not isinstance(type_, Nothing) else st.none()
    match type_:
        case Number() | Money():
            return numbers
        case Text(one_of=()):
            return st.text(max_size=4)
        case Text(one_of=values):
            return st.sampled_from(values)
        case Boolean():
            return st.booleans()
        case Date():
            return st.dates()
        case DateTime():
            return st.datetimes(timezones=zones)
        case Time():
            return st.times(timezones=zones)
        case DayDuration():
            return st.integers(-(10**9), 10**9).map(lambda seconds: Duration("days", Decimal(seconds)))
        case MonthDuration():
            return st.integers(-(10**4), 10**4).map(lambda months: Duration("months", Decimal(months)))
        case ListOf(item=item):
            return st.lists(of_type(item), max_size=3)
        case ContextOf(fields=fields):
            return st.fixed_dictionaries({name: of_type(field) for name, field in fields})
        case RangeOf(of=of):
            return st.builds(Range, of_type(of), of_type(of), st.booleans(), st.booleans())
        case Nothing() | Unknown():
            return st.none()
        case _ as never:
            assert_never(never)


def fits(value: Value, type_: Type) -> bool:
    """Whether a value is one of the type's."""
    if value is None or isinstance(type_, Nothing | Unknown):
        return type_.nullable or isinstance(type_, Unknown)
    match type_:
        case Text(one_of=values):
            return isinstance(value, str) and (not values or value in values)
        case DayDuration():
            return isinstance(value, Duration) and value.kind == "days"
        case MonthDuration():
            return isinstance(value, Duration) and value.kind == "months"
        case Date():
            return isinstance(value, dt.date) and not isinstance(value, dt.datetime)
        case ListOf(item=item):
            return isinstance(value, list) and all(fits(each, item) for each in value)
        case ContextOf(fields=fields):
            return isinstance(value, dict) and all(fits(value[name], field) for name, field in fields)
        case _:
            plain = {
                Number: Decimal,
                Money: Decimal,
                Boolean: bool,
                DateTime: dt.datetime,
                Time: dt.time,
                RangeOf: Range,
            }
            return isinstance(value, plain[type(type_)])
