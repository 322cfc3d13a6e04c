"""FEEL's functions on text (DMN 1.5, 10.3.4.3) and the conversions to and from text; lengths are in code points."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import assert_never

from policies.feel.lexer import is_exact
from policies.feel.printer import print_temporal
from policies.feel.values import FEEL_DECIMAL, Duration, Range, Value, is_pattern

_GROUPINGS = (None, " ", ",", ".")
_POINTS = (None, ",", ".")
_NUMBER = re.compile(r"-?([0-9]+(\.[0-9]+)?|\.[0-9]+)")


def to_number(args: Sequence[Value]) -> Value:
    """`number(from, grouping separator, decimal separator)`: None unless the text is a plain decimal in those signs."""
    text, grouping, point = args if len(args) == 3 else (*args, None, None)  # noqa: PLR2004 (a text and two separators)
    if not isinstance(text, str) or grouping not in _GROUPINGS or point not in _POINTS:
        return None
    if grouping is not None and grouping == point:
        return None
    plain = text.replace(grouping, "") if grouping else text
    if point == ",":
        plain = "" if "." in plain else plain.replace(",", ".")
    if _NUMBER.fullmatch(plain) is None or not is_exact(plain):
        return None
    return FEEL_DECIMAL.create_decimal(plain)


def to_text(args: Sequence[Value]) -> Value:
    """`string(from)`: the value as text; a text is itself, null stays null."""
    match args:
        case [None]:
            return None
        case [value]:
            return value if isinstance(value, str) else written(value)
        case _:
            return None


def written(value: Value) -> str:
    """A value as FEEL writes it: numbers plainly, times in ISO 8601, lists and contexts in brackets, texts quoted."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return _plain(value)
        case str():
            return f'"{value}"'
        case dt.date() | dt.time() | Duration():
            return print_temporal(value)
        case list():
            return f"[{', '.join(map(written, value))}]"
        case dict():
            return f"{{{', '.join(f'{key}: {written(item)}' for key, item in value.items())}}}"
        case Range(low=low, high=high):
            ends = f"{written(low)}..{written(high)}"
            return f"{'[' if value.low_closed else '('}{ends}{']' if value.high_closed else ')'}"
        case _ as never:
            assert_never(never)


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def substring(args: Sequence[Value]) -> Value:
    """`length` characters from `start position`, which counts from 1, or from the end when it is negative."""
    match args:
        case [str() as text, Decimal() as start] if int(start):
            return text[_offset(text, start) :]
        case [str() as text, Decimal() as start, Decimal() as length] if int(start) and length >= 0:
            offset = _offset(text, start)
            return text[offset : offset + int(min(length, Decimal(len(text))))]
        case _:
            return None


def _offset(text: str, start: Decimal) -> int:
    position = int(max(min(start, Decimal(len(text) + 1)), Decimal(-len(text) - 1)))
    return position - 1 if position > 0 else max(len(text) + position, 0)


def _of_two(function: Callable[[str, str], Value]) -> Callable[[Sequence[Value]], Value]:
    def of_two(args: Sequence[Value]) -> Value:
        match args:
            case [str() as text, str() as other]:
                return function(text, other)
            case _:
                return None

    return of_two


def _of_one(function: Callable[[str], Value]) -> Callable[[Sequence[Value]], Value]:
    def of_one(args: Sequence[Value]) -> Value:
        match args:
            case [str() as text]:
                return function(text)
            case _:
                return None

    return of_one


def _before(text: str, match: str) -> str:
    return text.partition(match)[0] if match and match in text else ""


def _after(text: str, match: str) -> str:
    return text.partition(match)[2] if match else text


def _split(text: str, delimiter: str) -> Value:
    """The parts between delimiters, every character for an empty one; a pattern is not supported, so it is None."""
    if is_pattern(delimiter):
        return None
    return text.split(delimiter) if delimiter else list(text)


def _length(text: str) -> Decimal:
    return Decimal(len(text))


def join(args: Sequence[Value]) -> Value:
    """The list's texts joined, nulls left out; a null delimiter joins without one, and one text is a list of one."""
    items = args[0] if isinstance(args[0], list) else args[:1]
    delimiter = args[1] if len(args) > 1 and args[1] is not None else ""
    if args[0] is None or not isinstance(delimiter, str):
        return None
    texts = [item for item in items if item is not None]
    return delimiter.join(texts) if all(isinstance(text, str) for text in texts) else None


TEXT_FUNCTIONS: Mapping[str, Callable[[Sequence[Value]], Value]] = {
    "number": to_number,
    "string": to_text,
    "string length": _of_one(_length),
    "substring": substring,
    "substring before": _of_two(_before),
    "substring after": _of_two(_after),
    "upper case": _of_one(str.upper),
    "lower case": _of_one(str.lower),
    "contains": _of_two(lambda text, match: match in text),
    "starts with": _of_two(str.startswith),
    "ends with": _of_two(str.endswith),
    "split": _of_two(_split),
    "string join": join,
}
