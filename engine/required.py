"""What would have had to be otherwise: the condition under which a reason would not have been given, in FEEL."""

from __future__ import annotations

from collections.abc import Mapping

from policies.feel.printer import print_expression
from policies.feel.syntax import (
    Call,
    Comparison,
    ComparisonOp,
    Expr,
    In,
    Logic,
    Name,
    NumberLiteral,
    OperatorTest,
)
from policies.ir import Factor

_OPPOSITE: Mapping[ComparisonOp, ComparisonOp] = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "=": "!=", "!=": "="}


def opposite(condition: Expr) -> Expr:
    """The condition that holds where this one fails: `a > 1` and `b = 2` for `a <= 1 or b != 2`.

    Both are unknown for the same facts.
    """
    match condition:
        case Comparison(op=op, left=left, right=right):
            return Comparison(_OPPOSITE[op], left, right)
        case Logic(op="and", left=left, right=right):
            return Logic("or", opposite(left), opposite(right))
        case Logic(op="or", left=left, right=right):
            return Logic("and", opposite(left), opposite(right))
        case Call(function=Name(name="not"), args=(inner,)):
            return inner
        case _:
            return Call(Name("not"), (condition,))


def required_otherwise(condition: Expr) -> str:
    """The opposite of a rule's condition, as text."""
    return print_expression(opposite(condition))


def required_for_most_points(factor: Factor) -> str:
    """What the value of a factor would have had to be for its most points: `current_ratio >= 1.5`."""
    of = factor.of.syntax
    if factor.scale is not None:
        higher = factor.scale.direction == "higher_better"
        end = NumberLiteral(factor.scale.high if higher else factor.scale.low)
        return print_expression(Comparison(">=" if higher else "<=", of, end))
    tests = tuple(test for band in factor.bands if band.points == factor.max_points for test in band.cell.tests.tests)
    match tests:
        case (OperatorTest(op=op, value=value),):
            return print_expression(Comparison(op, of, value))
        case _:
            return print_expression(In(of, tests))
