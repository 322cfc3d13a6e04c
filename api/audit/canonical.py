"""The one rendering of JSON in the log, and what of a request counts when it is sent again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import orjson

from engine.decision import Json, plain_decimal

_EXACT = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly (RFC 8259, section 6)."""


def closed(value: Json) -> Any:
    """The value in the record's profile, a copy down to the last item. Raises TypeError for what JSON does not have."""
    return _closed(value, _recorded)


def canonical(value: Json) -> bytes:
    """The bytes of a JSON value in the record's profile. Raises TypeError as `closed`."""
    return orjson.dumps(closed(value))


def fingerprint(policy: str, body: Json) -> bytes:
    """SHA-256 of what a request asks, however its members are ordered and its numbers written."""
    asked = {"policy": policy, "body": body}
    return hashlib.sha256(orjson.dumps(_closed(asked, _compared))).digest()


def _closed(value: Json, number: Callable[[int | Decimal], Any]) -> Any:
    match value:
        case None | bool() | str():
            return value
        case int() | Decimal():
            return number(value)
        case Mapping():
            return {key: _closed(value[key], number) for key in sorted(value, key=_utf16)}
        case list() | tuple():
            return [_closed(item, number) for item in value]
        case _:
            msg = f"no place in a record for {type(value).__name__}"
            raise TypeError(msg)


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _recorded(number: int | Decimal) -> int | str:
    """A number as received, its trailing zeros kept: a replay must read what the decision read."""
    if isinstance(number, int) and abs(number) <= _EXACT:
        return number
    return format(Decimal(number), "f")


def _compared(number: int | Decimal) -> orjson.Fragment:
    return orjson.Fragment(plain_decimal(Decimal(number)).encode())
