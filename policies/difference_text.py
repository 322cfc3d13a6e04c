"""Any part of a checked policy as a risk officer would read it, and as the digest takes it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, get_args

from policies.difference_words import FOLLOWS, MAIN, essence, identity
from policies.digest import canonical
from policies.feel.printer import print_expression, print_temporal, print_tests
from policies.feel.values import Duration
from policies.ir import Band, Cell, Expression, Let, Policy, Row, Rule, Scale
from policies.kinds.charges import AmountBand
from policies.kinds.classification import ClassBand
from policies.kinds.notices import Blank
from policies.types import Type, describe

TYPES = get_args(Type)


def form(part: Any) -> str:
    """The canonical form as text: two parts with the same one decide the same."""
    return json.dumps(canonical(part), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def shown(part: Any) -> str:
    """The part as text for people. Different parts may have the same text: see `form`."""
    match part:
        case None:
            return "none"
        case bool():
            return "true" if part else "false"
        case Decimal():
            return format(part, "f")
        case int() | str():
            return str(part)
        case dt.date() | dt.datetime() | dt.time() | Duration():
            return print_temporal(part)
        case Expression():
            return print_expression(part.syntax)
        case Cell():
            return print_tests(part.tests)
        case Row():
            cells, outputs = (" | ".join(map(shown, each)) for each in (part.cells, part.outputs))
            return f"{cells} → {outputs}"
        case Band(cell=cell, points=then) | ClassBand(cell=cell, then=then) | AmountBand(cell=cell, amount=then):
            return f"{shown(cell)}: {shown(then)}"
        case Scale():
            return f"{shown(part.low)} to {shown(part.high)}, {part.direction}"
        case Blank(name=name):
            return f"{{{name}}}"
        case Policy():
            return f"{part.kind}, {len(part.values)} named values, {len(part.rules)} rules"
        case _ if isinstance(part, TYPES):
            return describe(part)
        case Mapping():
            return "; ".join(f"{key}: {shown(value)}" for key, value in part.items()) or "none"
        case frozenset():
            return ", ".join(sorted(map(str, part))) or "none"
        case tuple() | list():
            return _listed(part)
        case _ if is_dataclass(part):
            return "; ".join(_said(part)) or "none"
        case _:
            return str(part)


def _listed(items: tuple[Any, ...] | list[Any]) -> str:
    if any(isinstance(item, Blank) for item in items):
        return "".join(map(shown, items))
    return ", ".join(_entry(item) for item in items) or "none"


def _composed(item: Any) -> bool:
    """Whether an item's text would run into its neighbour's."""
    plain = isinstance(item, (Expression, Cell, Blank, *TYPES))
    return (isinstance(item, (tuple, list)) and identity(item) is None) or (is_dataclass(item) and not plain)


def _entry(item: Any) -> str:
    match item:
        case (str() as key, value):
            return f"{key}: {shown(value)}"
        case _ if _composed(item):
            known = None if isinstance(item, _TOLD_BY_TEST) else identity(item)
            return f"({shown(item)})" if known is None else f"({known}: {shown(item)})"
        case _:
            return shown(item)


_TOLD_BY_TEST = (Band, ClassBand, AmountBand)


def _said(part: Any) -> Iterator[str]:
    """A part's fields, its main one first without its name, but for what is empty, off or follows from others."""
    main = MAIN.get(type(part))
    if main is not None:
        yield f"when {shown(part.when)}" if isinstance(part, Rule) else shown(getattr(part, main))
    for field in fields(part):
        value = essence(part, field.name)
        follows = field.name in FOLLOWS.get(type(part), ()) or not field.compare
        named = field.name in {main, "name"} or value is None or value is False or value in ((), {})
        if follows or named or (isinstance(part, Let) and field.name == "title"):
            continue
        yield f"{field.name.replace('_', ' ')} {shown(value)}"
