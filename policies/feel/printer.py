"""FEEL's printer: the one text of a syntax tree or of a time value.

Law: `parse(print(tree)) == tree`. Parentheses stand where leaving them out would give another tree, and around
`if`, `for`, `some` and `every` wherever they are an operand.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from decimal import Decimal
from typing import assert_never

from policies.feel.lexer import is_plain_name
from policies.feel.syntax import (
    AnyTest,
    Arithmetic,
    AtLiteral,
    Between,
    BooleanLiteral,
    Call,
    Comparison,
    ContextLiteral,
    Expr,
    Filter,
    For,
    If,
    In,
    InputValue,
    Interval,
    Iterator,
    ListLiteral,
    Logic,
    Name,
    Negate,
    NotTest,
    NullLiteral,
    NumberLiteral,
    OperatorTest,
    Path,
    Quantified,
    Test,
    TextLiteral,
    UnaryTests,
)
from policies.feel.values import Duration, Temporal

_ANY, _OR, _AND, _COMPARISON, _SUM, _PRODUCT, _PREFIX, _POSTFIX = range(8)
_TEXT_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def print_expression(expr: Expr) -> str:
    """The expression as FEEL text."""
    return _print(expr, _ANY)


def print_tests(tests: UnaryTests) -> str:
    """The unary tests as FEEL text."""
    return _join_tests(tests.tests)


def _print(expr: Expr, lowest: int) -> str:
    """The expression as text, in parentheses where it binds less tightly than `lowest`."""
    text = _text(expr)
    return text if _level(expr) >= lowest else f"({text})"


def _level(expr: Expr) -> int:
    match expr:
        case If() | For() | Quantified():
            return _ANY
        case Logic(op=op):
            return _OR if op == "or" else _AND
        case Comparison() | Between() | In():
            return _COMPARISON
        case Arithmetic(op=op):
            return _SUM if op in {"+", "-"} else _PRODUCT
        case Negate():
            return _PREFIX
        case NumberLiteral(value=value) if value < 0:
            return _PREFIX
        case _:
            return _POSTFIX


def _text(expr: Expr) -> str:
    match expr:
        case NumberLiteral(value=value):
            return format(value, "f")
        case TextLiteral(value=text):
            return _quote(text)
        case BooleanLiteral(value=value):
            return "true" if value else "false"
        case NullLiteral():
            return "null"
        case AtLiteral(text=text):
            return f"@{_quote(text)}"
        case Name(name=name):
            return name
        case InputValue():
            return "?"
        case Path(of=of, name=name):
            return f"{_print(of, _POSTFIX)}.{name}"
        case Filter(of=of, condition=condition):
            return f"{_print(of, _POSTFIX)}[{_print(condition, _ANY)}]"
        case Call():
            return _call(expr)
        case Negate(of=of):
            # `-5` would read as the number minus five.
            positive = isinstance(of, NumberLiteral) and of.value >= 0
            return f"-({_text(of)})" if positive else f"-{_print(of, _PREFIX)}"
        case Arithmetic(op=op, left=left, right=right):
            level = _level(expr)
            return f"{_print(left, level)} {op} {_print(right, level + 1)}"
        case Comparison(op=op, left=left, right=right):
            return f"{_print(left, _SUM)} {op} {_print(right, _SUM)}"
        case Logic(op=op, left=left, right=right):
            level = _level(expr)
            return f"{_print(left, level)} {op} {_print(right, level + 1)}"
        case Between(of=of, low=low, high=high):
            return f"{_print(of, _SUM)} between {_print(low, _SUM)} and {_print(high, _SUM)}"
        case In(of=of, tests=tests):
            return f"{_print(of, _SUM)} in {_in_tests(tests)}"
        case If(condition=condition, then=then, otherwise=otherwise):
            return f"if {_print(condition, _OR)} then {_print(then, _OR)} else {_print(otherwise, _ANY)}"
        case For(iterators=iterators, body=body):
            return f"for {_iterators(iterators)} return {_print(body, _ANY)}"
        case Quantified(kind=kind, iterators=iterators, satisfies=satisfies):
            return f"{kind} {_iterators(iterators)} satisfies {_print(satisfies, _ANY)}"
        case ListLiteral(items=items):
            return f"[{', '.join(_print(item, _ANY) for item in items)}]"
        case ContextLiteral(entries=entries):
            written = (f"{key if is_plain_name(key) else _quote(key)}: {_print(of, _ANY)}" for key, of in entries)
            return f"{{{', '.join(written)}}}"
        case Interval():
            return _interval(expr)
        case _ as never:
            assert_never(never)


def _quote(text: str) -> str:
    return f'"{text.translate(_TEXT_ESCAPES)}"'


def _call(call: Call) -> str:
    args = [_print(arg, _ANY) for arg in call.args]
    if call.names is not None:
        args = [f"{name}: {arg}" for name, arg in zip(call.names, args, strict=True)]
    return f"{_print(call.function, _POSTFIX)}({', '.join(args)})"


def _iterators(iterators: tuple[Iterator, ...]) -> str:
    written = []
    for iterator in iterators:
        until = "" if iterator.until is None else f"..{_print(iterator.until, _SUM)}"
        written.append(f"{iterator.name} in {_print(iterator.source, _SUM)}{until}")
    return ", ".join(written)


def _interval(interval: Interval) -> str:
    low, high = interval.low, interval.high
    if low is not None and high is not None:
        ends = f"{_print(low, _SUM)}..{_print(high, _SUM)}"
        return f"{'[' if interval.low_closed else '('}{ends}{']' if interval.high_closed else ')'}"
    if high is not None:
        return f"({'<=' if interval.high_closed else '<'} {_print(high, _SUM)})"
    if low is not None:
        return f"({'>=' if interval.low_closed else '>'} {_print(low, _SUM)})"
    msg = "an interval without ends has no FEEL text"
    raise ValueError(msg)


def _in_tests(tests: tuple[Test, ...]) -> str:
    """The tests of `in`, without parentheses where they would say nothing."""
    listed = f"({_join_tests(tests)})"
    if len(tests) > 1:
        return listed
    match tests[0]:
        case OperatorTest() as test:
            return _test(test)
        case NotTest() | AnyTest():
            return listed
        case Interval(low=low, high=high) as interval if low is not None and high is not None:
            return _interval(interval)
        case expr:
            text = _text(expr)
            return text if _level(expr) == _POSTFIX and not text.startswith("(") else listed


def _join_tests(tests: tuple[Test, ...]) -> str:
    return ", ".join(map(_test, tests))


def _test(test: Test) -> str:
    match test:
        case AnyTest():
            return "-"
        case NotTest(tests=tests):
            return f"not({_join_tests(tests)})"
        case OperatorTest(op=op, value=value):
            return f"{op} {_print(value, _SUM)}"
        case Call(function=Name(name="not")):
            # Bare, it would read as the negation of tests.
            return f"({_text(test)})"
        case expr:
            return _print(expr, _ANY)


def print_duration(duration: Duration) -> str:
    """A duration as ISO 8601 text in its shortest form: `P1Y6M`, `P3DT4H`, `PT0S`, `P0M`, `-P1D`."""
    sign = "-" if duration.amount < 0 else ""
    if duration.kind == "months":
        years, months = divmod(abs(int(duration.amount)), 12)
        return sign + "P" + (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")
    whole = abs(int(duration.amount))
    fraction = abs(duration.amount) - whole
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    part = format(seconds + fraction, "f")
    part = part.rstrip("0").rstrip(".") if "." in part else part
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{part}S" if part != "0" else "")
    return sign + "P" + (f"{days}D" if days else "") + (f"T{time}" if time else "") + ("" if days or time else "T0S")


def print_temporal(value: Temporal) -> str:
    """A date, time, date and time or duration as the text FEEL reads: `2026-01-31T10:30:00@Europe/Berlin`."""
    match value:
        case Duration():
            return print_duration(value)
        case dt.datetime():
            return f"{value.date().isoformat()}T{print_temporal(value.timetz())}"
        case dt.date():
            return value.isoformat()
        case dt.time(tzinfo=zoneinfo.ZoneInfo(key=key)):
            return f"{_clock(value)}@{key}"
        case dt.time():
            text = value.isoformat()
            zoned = f"{_clock(value)}{text[len(value.replace(tzinfo=None).isoformat()) :]}"
            return zoned.removesuffix("+00:00") + "Z" if zoned.endswith("+00:00") else zoned
        case _ as never:
            assert_never(never)


def _clock(time: dt.time) -> str:
    seconds = Decimal(time.second) + Decimal(time.microsecond).scaleb(-6)
    whole = f"{time.hour:02}:{time.minute:02}:{time.second:02}"
    fraction = format(seconds % 1, "f").rstrip("0")[1:] if time.microsecond else ""
    return whole + fraction
