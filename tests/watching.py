"""Watches the evaluator at work: every value fits its inferred type, and no operator meets a type it cannot take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any, assert_never
from unittest import mock

from engine import functions, operators
from engine.meaning import Frame, Meaning
from engine.sitting import Sitting
from policies.feel import syntax as s
from policies.feel.printer import print_expression
from policies.feel.values import Duration, Range, Value
from policies.ir import Let
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
)

_OPERATORS = ("add", "subtract", "multiply", "divide", "negate", "compare", "equal", "between", "in_range")
_PARTIAL = frozenset({"modulo", "date", "number", "substring", "sublist", "remove", "insert before"})
"""Functions that have no value for some known arguments; the others only for an empty list."""


def fits(value: Value, type_: Type) -> bool:
    """Whether a value is one of its type, down to fields and items."""
    if value is None:
        return type_.nullable or isinstance(type_, (Nothing, Unknown))
    match type_:
        case Number() | Money():
            return isinstance(value, Decimal)
        case Text(one_of=values):
            return isinstance(value, str) and (not values or value in values)
        case Boolean():
            return isinstance(value, bool)
        case DateTime():
            return isinstance(value, dt.datetime)
        case Date():
            return isinstance(value, dt.date) and not isinstance(value, dt.datetime)
        case Time():
            return isinstance(value, dt.time)
        case DayDuration():
            return isinstance(value, Duration) and value.kind == "days"
        case MonthDuration():
            return isinstance(value, Duration) and value.kind == "months"
        case ListOf(item=item):
            return isinstance(value, list) and all(fits(one, item) for one in value)
        case ContextOf(fields=fields):
            return isinstance(value, dict) and all(fits(value.get(name), of) for name, of in fields)
        case RangeOf():
            return isinstance(value, Range)
        case Nothing():
            return False
        case Unknown():
            return True
        case _ as never:
            assert_never(never)


class _Watch:
    """The right side of `and` and `or` is typed for the case that the left does not decide: `pending` and `relaxed`
    keep account of right sides that are evaluated although it does."""

    def __init__(self, value: Callable[[Meaning, s.Expr, Frame], Value]) -> None:
        self._value = value
        self._pending: set[int] = set()
        self._relaxed = 0

    def method(self) -> Callable[[Meaning, s.Expr, Frame], Value]:
        """The watched evaluation as a plain function, which binds to the evaluator as a method."""

        def value(meaning: Meaning, expr: s.Expr, local: Frame) -> Value:
            return self.value(meaning, expr, local)

        return value

    def value(self, meaning: Meaning, expr: s.Expr, local: Frame) -> Value:
        relaxing = id(expr) in self._pending
        self._pending.discard(id(expr))
        if isinstance(expr, s.Logic) and self.value(meaning, expr.left, local) is not (expr.op == "and"):
            self._pending.add(id(expr.right))
        self._relaxed += relaxing
        result = self._value(meaning, expr, local)
        type_ = expr.type
        if type_ is not None:
            if self._relaxed:
                assert result is None or not fits(None, type_) or fits(result, type_) or _holds_none(result)
            else:
                assert fits(result, type_), f"{print_expression(expr)} is {result!r}, its type is {type_}"
        self._relaxed -= relaxing
        return result


def _holds_none(value: Value) -> bool:
    match value:
        case None:
            return True
        case list():
            return any(_holds_none(item) for item in value)
        case dict():
            return any(_holds_none(item) for item in value.values())
        case _:
            return False


def _total(name: str, operator: Callable[..., Value]) -> Callable[..., Value]:
    def watched(*args: Value) -> Value:
        result = operator(*args)
        if result is None and not any(_holds_none(arg) for arg in args):
            zero = name == "divide" and args[1] in (Decimal(0), Duration("days", Decimal(0)))
            calendar = any(isinstance(arg, (dt.date, dt.time, Duration)) for arg in args) and name in {
                "add",
                "subtract",
            }
            assert zero or calendar, f"{name}{args} has no value"
        return result

    return watched


def _call(call: Callable[..., Value]) -> Callable[..., Value]:
    def watched(name: str, args: list[Value], as_of: dt.date) -> Value:
        result = call(name, args, as_of)
        if result is None and not any(_holds_none(arg) for arg in args):
            assert name in _PARTIAL or any(arg == [] for arg in args), f"{name}{tuple(args)} has no value"
        return result

    return watched


def _name(name: Callable[..., None]) -> Callable[..., None]:
    def watched(sitting: Sitting, key: str, value: Value, notes: Any) -> None:
        for part in sitting.policy.values:
            if part.name == key:
                type_ = part.value.type if isinstance(part, Let) else part.type
                assert fits(value, type_), f"{key} is {value!r}, its type is {type_}"
        name(sitting, key, value, notes)

    return watched


@contextmanager
def watched() -> Iterator[None]:
    """Within it, an evaluation that breaks its types fails with what broke them."""
    watch = _Watch(Meaning.value)
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(Meaning, "value", watch.method()))
        stack.enter_context(mock.patch.object(Sitting, "name", _name(Sitting.name)))
        stack.enter_context(mock.patch.object(functions, "call", _call(functions.call)))
        for operator in _OPERATORS:
            stack.enter_context(mock.patch.object(operators, operator, _total(operator, getattr(operators, operator))))
        yield
