"""The canonical form of a checked policy and its digest: what decides, without places, comments or layout."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from policies.feel.printer import print_expression, print_tests
from policies.feel.values import Duration
from policies.ir import Cell, Expression, Policy


def policy_digest(policy: Policy) -> str:
    """SHA-256, in hex, of the policy's canonical form; a needed policy counts by its own digest."""
    text = json.dumps(canonical(policy), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(part: Any) -> Any:
    """Any part of a checked policy as JSON; expressions are printed, places left out."""
    match part:
        case None | bool() | int() | str():
            return part
        case Decimal():
            return f"number {part}"
        case dt.date() | dt.datetime() | dt.time():
            return f"time {part.isoformat()}"
        case Duration():
            return f"duration {part.kind} {part.amount}"
        case Expression():
            return f"feel {print_expression(part.syntax)}"
        case Cell():
            return f"tests {print_tests(part.tests)}"
        case Mapping():
            return {str(key): canonical(value) for key, value in part.items()}
        case tuple() | list():
            return [canonical(item) for item in part]
        case frozenset():
            return sorted(str(item) for item in part)
        case _ if is_dataclass(part):
            return _fields(part)
        case _:
            msg = f"no canonical form for {type(part).__name__}"
            raise TypeError(msg)


def _fields(part: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"is": type(part).__name__}
    for name in _names(type(part)):  # type: ignore[arg-type]  # mypy takes a dataclass's type for one without a hash
        value = getattr(part, name)
        if isinstance(part, Policy) and name == "needs":
            body[name] = {needed.name: needed.digest for needed in value}
        else:
            body[name] = canonical(value)
    return body


@cache
def _names(kind: type) -> tuple[str, ...]:
    """The fields that decide: places take no part."""
    return tuple(field.name for field in fields(kind) if field.compare and field.name != "digest")
