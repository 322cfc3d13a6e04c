"""Strict reading of JSON: exact numbers, no repeated keys, nothing that is not JSON, and a limit on everything.

The standard library's C scanner reads; its hooks refuse. A hook does not know where it is, so only when something was
refused a second, slower pass over the text finds the place.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NoReturn

from engine.decision import plain_decimal
from engine.facts import pointer_step
from policies.diagnostics import quote

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 32
MAX_DIGITS = 40
MAX_INTEGER = 2**63 - 1

JsonValue = None | bool | int | Decimal | str | list["JsonValue"] | dict[str, "JsonValue"]
"""A JSON value: a number with a point is a Decimal, one without an int of at most 64 bits; never a float.

A JSON number is its value: `1.50` is read as 1.5. A record keeps numbers as text, where `1.50` is not `1.5`; were the
zeros kept, an amount sent as 1.500 would be recorded as text that the same policy refuses.
"""


class BadJson(Exception):  # noqa: N818 (a body, not a program, is bad)
    """The body cannot be read: `status` is the HTTP status that fits.

    `position` is the character it is at, from 1, and `pointer` the JSON pointer (RFC 6901) of the value; None where
    there is no such place.
    """

    def __init__(
        self, code: str, status: int, detail: str, position: int | None = None, pointer: str | None = None
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status
        self.detail = detail
        self.position = position
        self.pointer = pointer


def parse(raw: bytes, max_bytes: int = MAX_BYTES) -> JsonValue:
    """The JSON value of a body in UTF-8.

    Raises BadJson: 413 when larger than `max_bytes`, 422 for a number that cannot be taken exactly, else 400.
    """
    if len(raw) > max_bytes:
        raise BadJson("body_too_large", 413, f"body {len(raw)} bytes, limit {max_bytes}")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise BadJson("json_byte_order_mark", 400, "JSON must not begin with a byte-order mark", 1)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        position = len(raw[: error.start].decode("utf-8")) + 1
        detail = f"not UTF-8: byte 0x{raw[error.start]:02x} at char {position}"
        raise BadJson("json_not_utf8", 400, detail, position) from None
    _check_depth(text)
    _check_surrogates(text)
    try:
        value: JsonValue = json.loads(
            text, object_pairs_hook=_unique, parse_float=_decimal, parse_int=_integer, parse_constant=_refuse_constant
        )
    except _Refusal:
        _locate(text)
    except json.JSONDecodeError as error:
        raise _not_json(error) from None
    return value


class _Refusal(Exception):  # noqa: N818 (an answer of a hook, on its way to _locate)
    """A hook refused a value of the text."""


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Refusal
    return members


def _decimal(number: str) -> Decimal:
    if _number_problem(number):
        raise _Refusal
    return Decimal(plain_decimal(Decimal(number)))


def _integer(number: str) -> int:
    if _number_problem(number):
        raise _Refusal
    return int(number)


def _refuse_constant(_: str) -> NoReturn:
    raise _Refusal


_LONGEST_INTEGER = len(str(-MAX_INTEGER))


def _number_problem(number: str) -> tuple[str, str] | None:
    """Code and sentence for a number that cannot be taken exactly, found before anything is computed from it."""
    mantissa, exponent, power = number.lower().partition("e")
    if exponent:
        if sum(map(str.isdigit, power)) > 2:  # noqa: PLR2004 (100 powers of ten are more than any amount needs)
            return "number_out_of_range", "number out of range"
        return "number_exponent", "exponent not allowed in a number; write the digits out"
    if "." in mantissa:
        too_long = len(mantissa.strip("-")) > MAX_DIGITS + 1
        return ("number_too_long", f"number longer than {MAX_DIGITS} digits") if too_long else None
    if len(mantissa) > _LONGEST_INTEGER or abs(int(mantissa)) > MAX_INTEGER:
        return "integer_out_of_range", "integer out of range; send larger amounts as text"
    return None


_STRING = r'"(?:[^"\\]++|\\.)*+"?'
_BRACKETS = re.compile(rf"{_STRING}|[\[{{\]}}]", re.DOTALL)


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for token in _BRACKETS.finditer(text):
        match token.group()[0]:
            case "[" | "{":
                depth += 1
                if depth > MAX_DEPTH:
                    position = token.start() + 1
                    raise BadJson("json_too_deep", 400, f"nesting deeper than {MAX_DEPTH} at char {position}", position)
            case "]" | "}":
                depth -= 1


_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)


def _check_surrogates(text: str) -> None:
    """Refuse a surrogate escape without its other half: it is no character and could not be written out again."""
    if not _SURROGATE_ESCAPE.search(text):
        return
    for escape in _ESCAPE.finditer(text):
        if escape["lone"]:
            position = escape.start() + 1
            raise BadJson("json_bad_text", 400, f"bad text at char {position}: half a surrogate pair", position)


_PLAIN_WORDS = {
    "Expecting value": "a value is expected",
    "Expecting property name enclosed in double quotes": "a key in double quotes is expected",
    "Illegal trailing comma before end of object": "a key in double quotes is expected after the comma",
    "Illegal trailing comma before end of array": "a value is expected after the comma",
    "Expecting ':' delimiter": "`:` is expected",
    "Expecting ',' delimiter": "`,` or the closing bracket is expected",
    "Extra data": "only one JSON value is allowed",
    "Unterminated string starting at": "this text is not closed with a double quote",
    "Invalid control character at": "a control character must be escaped",
    "Invalid \\escape": "this `\\` starts no escape that JSON knows",
    "Invalid \\uXXXX escape": "`\\u` needs four hex digits",
}


def _not_json(error: json.JSONDecodeError) -> BadJson:
    position = error.pos + 1
    words = _PLAIN_WORDS.get(error.msg.removesuffix(": "), "this cannot be read")
    return BadJson("json_invalid", 400, f"not JSON, char {position}: {words}", position)


_TOKEN = re.compile(
    rf"(?P<string>{_STRING})|(?P<mark>[\[{{\]}},:])|(?P<number>-?[0-9][0-9.eE+-]*)|(?P<constant>-?Infinity|NaN)",
    re.DOTALL,
)


@dataclass(slots=True)
class _Open:
    """An array or object whose end has not been read; `step` leads from it to the value that comes next."""

    step: str | int
    expects_key: bool
    keys: set[str] = field(default_factory=set)


def _locate(text: str) -> NoReturn:
    """Raise the BadJson for the first thing in the text that a hook refuses. All before it is well-formed JSON."""
    frames: list[_Open] = []
    for token in _TOKEN.finditer(text):
        written, position = token.group(), token.start() + 1
        match token.lastgroup:
            case "mark":
                _move(written, frames)
            case "string" if frames and frames[-1].expects_key:
                top, key = frames[-1], json.loads(written)
                top.step, top.expects_key = key, False
                if key in top.keys:
                    raise BadJson("key_repeated", 400, f"key {quote(key)} repeated", position, _pointer(frames))
                top.keys.add(key)
            case "number" if problem := _number_problem(written):
                raise BadJson(problem[0], 422, problem[1], position, _pointer(frames))
            case "constant":
                detail = f"not JSON, char {position}: JSON has no {written}"
                raise BadJson("json_invalid", 400, detail, position, _pointer(frames))
            case _:
                pass
    msg = "a hook refused what the second pass does not find"
    raise AssertionError(msg)


def _move(mark: str, frames: list[_Open]) -> None:
    match mark:
        case "[":
            frames.append(_Open(0, expects_key=False))
        case "{":
            frames.append(_Open("", expects_key=True))
        case "]" | "}":
            frames.pop()
        case ",":
            top = frames[-1]
            if isinstance(top.step, int):
                top.step += 1
            else:
                top.expects_key = True


def _pointer(frames: list[_Open]) -> str:
    return "".join(pointer_step(str(frame.step)) for frame in frames)
