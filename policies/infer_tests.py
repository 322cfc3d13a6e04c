"""The types of unary tests: table cells, bands and the right side of `in`, against the type of the value tested."""

from __future__ import annotations

from dataclasses import replace

from policies.feel import syntax as s
from policies.infer_operators import check_choice, compare, mismatch, type_of
from policies.scope import ReportAt, Scope
from policies.types import (
    Boolean,
    DateTime,
    ListOf,
    Nothing,
    RangeOf,
    Text,
    Time,
    Type,
    Unknown,
    may_hold_missing,
    meet,
)


def infer_tests(tests: s.UnaryTests, value: Type, scope: Scope, report: ReportAt) -> s.UnaryTests:
    """A cell with types filled in; `value` is the type of what it tests."""
    return replace(tests, tests=tuple(infer_test(test, value, scope, report) for test in tests.tests))


def infer_test(test: s.Test, value: Type, scope: Scope, report: ReportAt) -> s.Test:
    """One test; its own type is Boolean, nullable when it may be unknown even for a known value."""
    match test:
        case s.AnyTest():
            return replace(test, type=Boolean())
        case s.NotTest():
            tests = tuple(infer_test(inner, value, scope, report) for inner in test.tests)
            return replace(test, tests=tests, type=Boolean(any(may_be_unknown(inner) for inner in tests)))
        case s.OperatorTest():
            typed = _expression(test.value, value, scope, report)
            tested = s.InputValue(place=test.place, type=replace_nullable(value))
            result = compare(test.op, tested, typed, test.place, report)
            return replace(test, value=typed, type=result)
        case s.Interval():
            return _interval(test, value, scope, report)
        case _:
            return _value_test(test, value, scope, report)


def replace_nullable(value: Type) -> Type:
    """The type of the value as a test sees it: a test is not run on what is missing."""
    return value if isinstance(value, Nothing) else replace(value, nullable=False)


def _interval(test: s.Interval, value: Type, scope: Scope, report: ReportAt) -> s.Interval:
    from policies.infer import infer_interval  # noqa: PLC0415 (tests and expressions are types of each other)

    typed = infer_interval(test, scope, report)
    of = typed.type.of if isinstance(typed.type, RangeOf) else Unknown()
    if meet(replace_nullable(value), of) is None:
        mismatch(value, of, test.place, report, "this range")
    return typed


def _value_test(test: s.Expr, value: Type, scope: Scope, report: ReportAt) -> s.Expr:
    inner = scope.adding({"?": replace_nullable(value)})
    typed = _expression(test, value, inner, report)
    given = type_of(typed)
    if speaks_of_input(typed):
        if not isinstance(given, (Boolean, Unknown)):
            mismatch(Boolean(), given, test.place, report, "a test with `?`")
        return typed
    check_choice(value, typed, report)
    item = given.item if isinstance(given, ListOf) and not isinstance(value, ListOf) else given
    item = item.of if isinstance(item, RangeOf) else item
    if meet(value, item) is None:
        mismatch(value, item, test.place, report, "this test")
    return typed


def _expression(expr: s.Expr, value: Type, scope: Scope, report: ReportAt) -> s.Expr:
    """The expression typed. A bare word that is one of the values of a closed set stands for that text."""
    from policies.infer import infer  # noqa: PLC0415 (tests and expressions are types of each other)

    bare = isinstance(expr, s.Name) and isinstance(value, Text) and expr.name in value.one_of
    if bare and isinstance(expr, s.Name) and scope.type_of(expr.name) is None:
        return s.TextLiteral(expr.name, place=expr.place, type=Text())
    return infer(expr, scope, report)


def speaks_of_input(expr: object) -> bool:
    """Whether an expression mentions `?`."""
    if isinstance(expr, s.InputValue):
        return True
    if isinstance(expr, tuple):
        return any(speaks_of_input(part) for part in expr)
    if isinstance(expr, s.Node):
        return any(
            speaks_of_input(getattr(expr, name)) for name in expr.__dataclass_fields__ if name not in {"place", "type"}
        )
    return False


def may_be_unknown(test: s.Test) -> bool:
    """Whether a typed test may be unknown even for a known value: because what it compares with may be."""
    match test.type:
        case Nothing() | None:
            return False
        case RangeOf(of=(DateTime() | Time())):
            return True  # its ends may differ from the value in having a zone
        case type_:
            return type_.nullable or may_hold_missing(type_)
