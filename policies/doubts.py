"""What may be written but is hardly meant: a condition that never holds, a percent and a ratio mixed up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from policies.feel.parser import children
from policies.feel.printer import print_expression
from policies.feel.syntax import (
    Between,
    BooleanLiteral,
    Comparison,
    ComparisonOp,
    Expr,
    If,
    In,
    Interval,
    Logic,
    Negate,
    Node,
    NumberLiteral,
    OperatorTest,
    Place,
    TextLiteral,
)
from policies.ir import Parameter
from policies.regions import Bounds
from policies.scope import dotted
from policies.types import Number

BoundsOf = Callable[[str], Bounds]
"""The bounds declared for the fact at a dotted path."""

_MIRRORED: dict[ComparisonOp, ComparisonOp] = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Doubt:
    """A place in an expression, what is odd about it, and how it may have been meant."""

    place: Place
    message: str
    help: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """A comparison of what a name stands for with a figure or text: `path op value`."""

    path: str
    op: ComparisonOp
    value: Decimal | str


def doubts_of_units(root: Node, bounds: BoundsOf, parameters: Mapping[str, Parameter]) -> Iterator[Doubt]:
    """Comparisons of a percent with a fraction of one, and of a ratio of at most one with more than one.

    A figure may be named as a parameter; one in percent is doubted where it is declared.
    """
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for named, figures in _compared(node):
            path, type_ = dotted(named), named.type
            if path is None or not isinstance(type_, Number):
                continue
            for figure in figures:
                values, named_figure = _values(figure, parameters)
                if not values:
                    continue
                told = f"`{named_figure}` is {_plain(values[-1])}, which" if named_figure else print_expression(figure)
                if type_.unit == "percent" and all(0 < abs(value) < 1 for value in values):
                    said = f"`{path}` is in percent, and {told} is a small part of one percent"
                    yield Doubt(figure.place, said, _mend_of_percent(values[-1]))
                high, most = bounds(path).high, max(values)
                if type_.unit == "ratio" and high is not None and high <= 1 < most:
                    told = f"`{named_figure}`, {_plain(most)}" if named_figure else told
                    said = f"`{path}` is a ratio of at most {high}, and never comes near {told}"
                    yield Doubt(figure.place, said, f"write {_plain(most / 100)} if a percent was meant")
        waiting.extend(children(node))


def doubts_of_percent(root: Expr, *, a_day: bool) -> Iterator[Doubt]:
    """Plain numbers that a place in percent is given and that look like another unit.

    That is a part of one percent; of a rate for a day more than one percent, which is hundreds a year.
    """
    for figure in _results(root):
        value = _figure(figure)
        if not isinstance(value, Decimal):
            continue
        told = print_expression(figure)
        if a_day and value > 1:
            said = f"{told} percent a day is {_plain(value * 365)} percent a year"
            yield Doubt(figure.place, said, "write `rate_period: year` and a `basis` if it is the rate of a year")
        elif not a_day and 0 < value < 1:
            said = f"this is in percent, and {told} is a part of one percent"
            yield Doubt(figure.place, said, _mend_of_percent(value))


def doubt_of_parameter(parameter: Parameter) -> tuple[str, str] | None:
    """What is odd about a parameter in percent whose values are all a part of one percent, and the mend."""
    values = _known_values(parameter)
    if not (isinstance(parameter.type, Number) and parameter.type.unit == "percent" and values):
        return None
    if not all(0 < value < 1 for value in values):
        return None
    least, most = _plain(min(values)), _plain(max(values))
    told = f"{least} is" if least == most else f"{least} to {most} are"
    return f"`{parameter.name}` is in percent, and {told} a part of one percent", _mend_of_percent(values[-1])


def unasked(paths: Collection[str], functions: Collection[str]) -> Iterator[tuple[str, str]]:
    """The formulas used that have a condition of their own, `…_applies`, which is never asked; with that condition."""
    for path in sorted(paths):
        condition = f"{path}_applies"
        if path in functions and condition in functions and condition not in paths:
            yield path, condition


def _mend_of_percent(value: Decimal) -> str:
    full = _plain(value * 100)
    return f"{full} percent is written {full}; leave it if {_plain(value)} percent is meant"


def _results(expr: Expr) -> Iterator[Expr]:
    """What an expression may come to: either branch of an `if`."""
    match expr:
        case If(then=then, otherwise=otherwise):
            yield from _results(then)
            yield from _results(otherwise)
        case _:
            yield expr


def _values(figure: Expr, parameters: Mapping[str, Parameter]) -> tuple[list[Decimal], str | None]:
    """The numbers a figure may be: the one written, or those of the document's own parameter, with its name."""
    value = _figure(figure)
    if isinstance(value, Decimal):
        return [value], None
    path = dotted(figure)
    parameter = None if path is None or "." in path else parameters.get(path)
    if parameter is None or (isinstance(parameter.type, Number) and parameter.type.unit == "percent"):
        return [], None
    return _known_values(parameter), path


def _known_values(parameter: Parameter) -> list[Decimal]:
    return [dated.value for dated in parameter.values if isinstance(dated.value, Decimal)]


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _compared(node: Node) -> Iterator[tuple[Expr, tuple[Expr, ...]]]:
    """What is compared with what: a value, and the ends it is held against."""
    match node:
        case Comparison(left=left, right=right):
            yield left, (right,)
            yield right, (left,)
        case Between(of=of, low=low, high=high):
            yield of, (low, high)
        case In(of=of, tests=tests):
            ends: list[Expr] = []
            for test in tests:
                match test:
                    case OperatorTest(value=value):
                        ends.append(value)
                    case Interval():
                        ends += [end for end in (test.low, test.high) if end is not None]
                    case _:
                        continue
            yield of, tuple(ends)
        case _:
            return


def never_holds(condition: Expr, bounds: BoundsOf) -> bool:
    """Whether a condition is shown to hold for no facts: it says false, or asks for what excludes each other."""
    match condition:
        case BooleanLiteral(value=value):
            return not value
        case Logic(op="or", left=left, right=right):
            return never_holds(left, bounds) and never_holds(right, bounds)
        case Logic() | Comparison():
            parts = list(_conjuncts(condition))
            asked = [found for part in parts if (found := _asked(part)) is not None]
            paths = dict.fromkeys(each.path for each in asked)
            if any(_excluded([each for each in asked if each.path == path], bounds(path)) for path in paths):
                return True
            return any(never_holds(part, bounds) for part in parts if not isinstance(part, Comparison))
        case _:
            return False


def _conjuncts(condition: Expr) -> Iterator[Expr]:
    match condition:
        case Logic(op="and", left=left, right=right):
            yield from _conjuncts(left)
            yield from _conjuncts(right)
        case _:
            yield condition


def _asked(condition: Expr) -> _Asked | None:
    if not isinstance(condition, Comparison):
        return None
    for named, figure, op in (
        (condition.left, condition.right, condition.op),
        (condition.right, condition.left, _MIRRORED[condition.op]),
    ):
        path, value = dotted(named), _figure(figure)
        if path is not None and value is not None:
            return _Asked(path, op, value)
    return None


def _figure(expr: Expr) -> Decimal | str | None:
    match expr:
        case NumberLiteral(value=value):
            return value
        case Negate(of=NumberLiteral(value=value)):
            return -value
        case TextLiteral(value=text):
            return text
        case _:
            return None


def _excluded(asked: list[_Asked], bounds: Bounds) -> bool:
    """Whether no value is all that is asked of it and within its bounds."""
    texts = {each.value for each in asked if each.op == "=" and isinstance(each.value, str)}
    others = {each.value for each in asked if each.op == "!="}
    if len(texts) > 1 or texts & others:
        return True
    lows = [] if bounds.low is None else [(bounds.low, True)]
    highs = [] if bounds.high is None else [(bounds.high, True)]
    for each in asked:
        if not isinstance(each.value, Decimal):
            continue
        match each.op:
            case "<" | "<=":
                highs.append((each.value, each.op == "<="))
            case ">" | ">=":
                lows.append((each.value, each.op == ">="))
            case "=":
                lows.append((each.value, True))
                highs.append((each.value, True))
            case "!=":
                continue
            case _ as never:
                assert_never(never)
    return any(low > high or (low == high and not (a and b)) for low, a in lows for high, b in highs)
