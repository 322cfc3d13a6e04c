"""Which types operators take and what they give: arithmetic with units and currencies, comparison, truth."""

from __future__ import annotations

from policies.diagnostics import Code
from policies.feel import syntax as s
from policies.identifiers import did_you_mean
from policies.scope import ReportAt
from policies.types import (
    Boolean,
    Date,
    DateTime,
    DayDuration,
    Money,
    MonthDuration,
    Nothing,
    Number,
    Text,
    Time,
    Type,
    Unknown,
    describe,
    may_hold_missing,
    meet,
    nullable,
    numeric,
)


def type_of(expr: s.Expr) -> Type:
    """The type of a typed node; Unknown for one that has none."""
    return expr.type if expr.type is not None else Unknown()


def mismatch(wanted: Type, given: Type, place: s.Place, report: ReportAt, where: str) -> None:
    """Report two types that do not meet: units and currencies by their own code, with the mend."""
    if numeric(wanted) and numeric(given):
        report(
            Code.UNIT_MISMATCH,
            f"{where}: {describe(wanted)} does not meet {describe(given)}",
            place,
            _unit_help(wanted, given),
        )
    else:
        said = f"{where}: {describe(wanted)} does not meet {describe(given)}"
        report(Code.TYPE_MISMATCH, said, place, _type_help(wanted, given))


def _unit_help(left: Type, right: Type) -> str | None:
    units = {type_.unit for type_ in (left, right) if isinstance(type_, Number)}
    if units == {"percent", "ratio"}:
        return "a percent is 100 times a ratio: multiply or divide by 100"
    if isinstance(left, Money) and isinstance(right, Money):
        return "convert one amount with its rate first"
    return None


def _type_help(left: Type, right: Type) -> str | None:
    kinds = {type(left), type(right)}
    if DayDuration in kinds and kinds & {Number, Money}:
        return "the difference of two dates is a duration: write (a - b).days for a number of days"
    if Text in kinds and kinds & {Date, DateTime}:
        return 'write a date as date("2026-01-31")'
    if Text in kinds and Boolean in kinds:
        return "write true or false without quotes"
    if Text in kinds and kinds & {Number, Money}:
        return "write the number without quotes, or convert the text with number(…)"
    return None


def expect_boolean(expr: s.Expr, where: str, report: ReportAt) -> None:
    """Report an expression that is neither true nor false."""
    if not isinstance(type_of(expr), (Boolean, Unknown, Nothing)):
        message = f"{where} takes a condition, not {describe(type_of(expr))}"
        report(Code.TYPE_MISMATCH, message, expr.place, None)


def negated_type(of: s.Expr, report: ReportAt) -> Type:
    """The type of `-of`."""
    if isinstance(type_of(of), (Number, Money, DayDuration, MonthDuration, Nothing, Unknown)):
        return type_of(of)
    report(Code.TYPE_MISMATCH, f"`-` takes a number, not {describe(type_of(of))}", of.place, None)
    return Unknown()


def arithmetic_type(expr: s.Arithmetic, left: s.Expr, right: s.Expr, report: ReportAt) -> Type:
    """The type of `left op right`; division may have no value unless the divisor is a number other than zero."""
    a, b = type_of(left), type_of(right)
    either = a.nullable or b.nullable
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return Unknown(nullable=either)
    if isinstance(a, Nothing) or isinstance(b, Nothing):
        return Nothing()
    result = _sum_type(expr.op, a, b) if expr.op in {"+", "-"} else _product_type(expr.op, a, b)
    if result is None:
        mismatch(a, b, expr.place, report, f"`{expr.op}`")
        return Unknown()
    certain_divisor = isinstance(right, s.NumberLiteral) and right.value != 0
    may_fail = expr.op == "/" and not certain_divisor
    return nullable(result, either or may_fail or _may_leave(expr.op, a, result))


def _may_leave(op: str, left: Type, result: Type) -> bool:
    """A date may leave the calendar (year 9999), a duration grow too long; times may differ in having a zone."""
    match result:
        case Date() | DateTime():
            return True
        case DayDuration() | MonthDuration():
            return op in {"*", "/"} or not isinstance(left, Date)
        case _:
            return False


def _sum_type(op: str, a: Type, b: Type) -> Type | None:
    match a, b:
        case ((Number() | Money()), (Number() | Money())):
            return meet(a, b)
        case Text(), Text() if op == "+":
            return Text()
        case (Date(), Date()) | (DateTime(), DateTime()) | (Time(), Time()) if op == "-":
            return DayDuration()
        case ((Date() | DateTime()), (DayDuration() | MonthDuration())):
            return a
        case Time(), DayDuration():
            return a
        case ((DayDuration() | MonthDuration()), (Date() | DateTime())) if op == "+":
            return b
        case (DayDuration(), DayDuration()) | (MonthDuration(), MonthDuration()):
            return a
        case _:
            return None


def _product_type(op: str, a: Type, b: Type) -> Type | None:
    match a, b:
        case Money(), Number():
            return a
        case Number(), Money():
            return b if op == "*" else None
        case Money(), Money():
            return Number() if op == "/" and a.currency == b.currency else None
        case Number(unit=x), Number(unit=y):
            if op == "*":
                return Number(x if y is None else y if x is None else None)
            return Number(x if y is None else None)
        case ((DayDuration() | MonthDuration()), Number()):
            return a
        case Number(), (DayDuration() | MonthDuration()) if op == "*":
            return b
        case (DayDuration(), DayDuration()) | (MonthDuration(), MonthDuration()) if op == "/":
            return Number()
        case _:
            return None


_ORDERED = (Number, Money, Text, Date, DateTime, Time, DayDuration, MonthDuration, Unknown)


def compare(op: s.ComparisonOp, left: s.Expr, right: s.Expr, place: s.Place, report: ReportAt) -> Boolean:
    """The type of `left op right`. Comparing with what may be missing may be unknown; `= null` never is."""
    a, b = type_of(left), type_of(right)
    if isinstance(left, s.NullLiteral) or isinstance(right, s.NullLiteral):
        if op not in {"=", "!="}:
            report(Code.TYPE_MISMATCH, f"`{op}` cannot compare with null", place, "use `= null` or `!= null`")
        return Boolean()
    if meet(a, b) is None:
        mismatch(a, b, place, report, f"`{op}`")
        return Boolean()
    if op not in {"=", "!="} and not isinstance(a, _ORDERED):
        report(Code.TYPE_MISMATCH, f"`{op}` cannot order {describe(a)}", place, "compare with = or !=")
    for known, other in ((a, right), (b, left)):
        check_choice(known, other, report)
    zoned = op not in {"=", "!="} and isinstance(a, (DateTime, Time))
    return Boolean(a.nullable or b.nullable or zoned or may_hold_missing(a) or may_hold_missing(b))


def check_choice(known: Type, literal: s.Expr, report: ReportAt) -> None:
    """Report a text literal that a closed set of values does not have: the comparison would never hold."""
    if not (isinstance(known, Text) and known.one_of and isinstance(literal, s.TextLiteral)):
        return
    if literal.value not in known.one_of:
        close = did_you_mean(literal.value, known.one_of)
        values = ", ".join(f'"{value}"' for value in known.one_of)
        mend = f'did you mean "{close}"?' if close else f"the values are {values}"
        report(Code.CHOICE, f'"{literal.value}" is not one of its values', literal.place, mend)
