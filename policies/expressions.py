"""From a scalar of the document to a typed expression or cell, with every mistake reported where it stands."""

from __future__ import annotations

from policies.diagnostics import CODES, Code, Diagnostic
from policies.feel import syntax as s
from policies.feel.errors import FeelSyntaxError
from policies.feel.parser import parse_expression, parse_tests
from policies.infer import infer
from policies.infer_operators import mismatch, type_of
from policies.infer_tests import infer_tests
from policies.ir import Cell, Expression
from policies.nodes import Scalar
from policies.reading import Report
from policies.scope import ReportAt, Scope
from policies.types import Boolean, Text, Type, Unknown, describe, meet


def reporter(scalar: Scalar, report: Report) -> ReportAt:
    """Reports at a place in the scalar's text, wherever and however it is written in the file."""

    def report_at(code: Code, message: str, place: s.Place, help_: str | None = None) -> None:
        report(Diagnostic(code, message, scalar.place(*place), help_))

    return report_at


def _broken(scalar: Scalar) -> Expression:
    return Expression(s.NullLiteral(type=Unknown()), Unknown(), scalar)


def read_expression(scalar: Scalar, scope: Scope, report: Report, wanted: Type | None = None) -> Expression:
    """The typed expression. `wanted` is the type its place asks for; a bare word may stand for one of its values.

    Whether it may be missing is for the place to judge: only the kind of value is compared with `wanted`.
    """
    report_at = reporter(scalar, report)
    if isinstance(wanted, Text) and scalar.text in wanted.one_of and scope.type_of(scalar.text) is None:
        literal = s.TextLiteral(scalar.text, place=(0, len(scalar.text)), type=wanted)
        return Expression(literal, wanted, scalar)
    try:
        parsed = parse_expression(scalar.text, scope.names)
    except FeelSyntaxError as error:
        report_at(CODES[error.code], error.message, error.place, error.help)
        return _broken(scalar)
    typed = infer(parsed, scope, report_at)
    given = type_of(typed)
    if wanted is not None:
        if meet(wanted, given) is None:
            if isinstance(wanted, Text) and wanted.one_of:
                report_at(Code.TYPE_MISMATCH, f"this must be {describe(wanted)}", typed.place, None)
            else:
                mismatch(wanted, given, typed.place, report_at, "here")
        elif (
            isinstance(wanted, Text)
            and isinstance(typed, s.TextLiteral)
            and wanted.one_of
            and typed.value not in wanted.one_of
        ):
            report_at(Code.CHOICE, f"this must be {describe(wanted)}", typed.place, None)
    return Expression(typed, given, scalar)


def read_condition(scalar: Scalar, scope: Scope, report: Report) -> Expression:
    """The typed expression of a `when`: true, false or unknown."""
    return read_expression(scalar, scope, report, Boolean())


def read_cell(scalar: Scalar, value: Type, scope: Scope, report: Report) -> Cell:
    """The typed tests of a table cell or band, against the type of the value they test."""
    report_at = reporter(scalar, report)
    try:
        parsed = parse_tests(scalar.text, scope.names)
    except FeelSyntaxError as error:
        report_at(CODES[error.code], error.message, error.place, error.help)
        return Cell(s.UnaryTests((s.AnyTest(),)), scalar)
    return Cell(infer_tests(parsed, value, scope, report_at), scalar)
