"""For which values each cell of a table column holds: exact, for cells of literals.

What is asked of a missing value is unknown, negated or not, and what is unknown does not hold. So a cell holds for a
missing value only when it is `-` or asks for it (`null`, `= null`).
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal

from policies.feel.parser import children
from policies.feel.syntax import (
    AnyTest,
    AtLiteral,
    BooleanLiteral,
    Call,
    ComparisonOp,
    Expr,
    In,
    InputValue,
    Interval,
    ListLiteral,
    Name,
    Negate,
    Node,
    NotTest,
    NullLiteral,
    NumberLiteral,
    OperatorTest,
    Test,
    TextLiteral,
    UnaryTests,
)
from policies.regions import (
    UNBOUNDED,
    At,
    Bounds,
    Missing,
    Operand,
    Points,
    Representative,
    anything,
    representatives,
)
from policies.types import Boolean, Date, Money, Number, Text, Type

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def column_points(tests: Sequence[UnaryTests], type_: Type, bounds: Bounds = UNBOUNDED) -> Points | None:
    """What the cells of one column tell apart in values of `type_`, or None when a cell is more than literals.

    `bounds` apply to numbers and amounts: values outside them cannot be sent, so nothing has to cover them.
    """
    asking = [cell for cell in tests if not holds_always(cell)]
    operands: list[Operand] = []
    for cell in asking:
        found = _operands_of(cell.tests, type_)
        if found is None:
            return None
        operands += found
    known = representatives(operands, type_, bounds)
    if known is None:
        return anything(len(tests)) if not asking else None
    pieces = (*known, Missing()) if type_.nullable else known
    cut = _Cut(pieces)
    holds = tuple(cut.every if holds_always(cell) else cut.any_of(cell.tests)[0] for cell in tests)
    return Points(pieces, holds, cut.missing)


def holds_always(cell: UnaryTests) -> bool:
    """Whether the cell is `-`, which holds for every value, known or not."""
    return any(isinstance(test, AnyTest) for test in cell.tests)


def asks_for_missing(cell: UnaryTests) -> bool:
    """Whether a test of the cell names `null`, so that what is missing is one of the values the cell tells apart."""
    waiting: list[Node] = [cell]
    while waiting:
        node = waiting.pop()
        if isinstance(node, NullLiteral):
            return True
        waiting.extend(children(node))
    return False


class _Cut:
    """A column's representatives, and which of them a test holds for.

    A test's answer is two bitsets: where it is true and where it is false. It is unknown for the rest.
    """

    def __init__(self, pieces: tuple[Representative, ...]) -> None:
        self.every = (1 << len(pieces)) - 1
        self.missing = 1 << len(pieces) - 1 if pieces and isinstance(pieces[-1], Missing) else 0
        self.known = self.every & ~self.missing
        self._samples = [piece.sample for piece in pieces if not isinstance(piece, Missing)]
        self._at = {piece.sample: 1 << index for index, piece in enumerate(pieces) if isinstance(piece, At)}
        self._at[None] = self.missing

    def any_of(self, tests: Iterable[Test]) -> tuple[int, int]:
        """Where one of the tests is true, and where all of them are false."""
        true, false = 0, self.every
        for test in tests:
            yes, no = self.of(test)
            true, false = true | yes, false & no
        return true, false

    def of(self, test: Test) -> tuple[int, int]:
        """Where one analysable test is true, and where it is false."""
        match test:
            case AnyTest():
                return self.every, 0
            case NotTest(tests=tests):
                return self.any_of(tests)[::-1]
            case In(tests=tests):
                return self.any_of(tests)
            case ListLiteral(items=items):
                return self.any_of(items)
            case OperatorTest(op=op, value=value):
                return self._compared(op, _value(value))
            case Interval(low=low, high=high, low_closed=low_closed, high_closed=high_closed):
                true = self.known
                if low is not None:
                    true &= self._compared(">=" if low_closed else ">", _value(low))[0]
                if high is not None:
                    true &= self._compared("<=" if high_closed else "<", _value(high))[0]
                return true, self.known & ~true
            case _:
                return self._compared("=", _value(test))

    def _compared(self, op: ComparisonOp, value: Operand) -> tuple[int, int]:
        same = self._at.get(value, 0)
        if op in ("=", "!="):
            other = (self.every if value is None else self.known) & ~same
            return (same, other) if op == "=" else (other, same)
        # Every literal is an edge, so a piece's sample lies on the same side of it as the whole piece.
        lower = (1 << bisect_left(self._samples, value)) - 1  # type: ignore[type-var]  # one column, one type
        true = lower if op in ("<", ">=") else lower | same
        false = self.known & ~true
        return (true, false) if op in ("<", "<=") else (false, true)


def _literal(expr: Test) -> tuple[Operand] | None:
    """What a literal says (in a tuple, since it may say null), or None when the expression is no literal."""
    match expr:
        case NumberLiteral(value=number):
            return (number,)
        case Negate(of=NumberLiteral(value=number)):
            return (number.copy_negate(),)  # unary minus would round to the thread's own precision
        case TextLiteral(value=text):
            return (text,)
        case BooleanLiteral(value=truth):
            return (truth,)
        case NullLiteral():
            return (None,)
        case AtLiteral(value=value) if type(value) is dt.date:
            return (value,)
        case Call(function=Name(name="date"), args=(TextLiteral(value=text),)) if _DAY.fullmatch(text):
            try:
                return (dt.date.fromisoformat(text),)
            except ValueError:
                return None
        case _:
            return None


def _value(expr: Test) -> Operand:
    literal = _literal(expr)
    assert literal is not None  # noqa: S101 (INVARIANT: `_operands_of` has read every literal of the column)
    return literal[0]


def _operands_of(tests: Iterable[Test], type_: Type) -> list[Operand] | None:
    """The literals that the tests compare with, or None when one of the tests is not analysable for the type."""
    operands: list[Operand] = []
    for test in tests:
        found = _operands(test, type_)
        if found is None:
            return None
        operands += found
    return operands


def _operands(test: Test, type_: Type) -> list[Operand] | None:
    match test:
        case AnyTest():
            return []
        case NotTest(tests=tests) | In(of=InputValue(), tests=tests):
            return _operands_of(tests, type_)
        case ListLiteral(items=items):
            return _operands_of(items, type_) if all(_literal(item) for item in items) else None
        case OperatorTest(op="=" | "!=", value=value):
            return _fitting([value], type_)
        case OperatorTest(value=value):
            return _fitting([value], type_, ordered=True)
        case Interval(low=low, high=high):
            return _fitting([end for end in (low, high) if end is not None], type_, ordered=True)
        case _:
            return _fitting([test], type_)


def _fitting(exprs: Sequence[Expr], type_: Type, *, ordered: bool = False) -> list[Operand] | None:
    values: list[Operand] = []
    for expr in exprs:
        literal = _literal(expr)
        if literal is None or not _fits(literal[0], type_, ordered=ordered):
            return None
        values.append(literal[0])
    return values


def _fits(value: Operand, type_: Type, *, ordered: bool) -> bool:
    match type_:
        case Number() | Money():
            return isinstance(value, Decimal) or (value is None and not ordered)
        case Date():
            return isinstance(value, dt.date) or (value is None and not ordered)
        case Text():
            return (value is None or isinstance(value, str)) and not ordered
        case Boolean():
            return (value is None or isinstance(value, bool)) and not ordered
        case _:
            return value is None and not ordered
