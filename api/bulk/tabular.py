"""Facts from table rows: dotted column names become nested facts, an empty cell is an absent fact."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

from api.bulk.rows import FileRefused
from api.request import AS_OF
from policies.ir import Fact
from policies.types import Boolean, ContextOf, ListOf, Money, Number, describe

WHOLE = re.compile(r"-?[0-9]{1,40}")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name as the file has it, and the fact it fills (None for `as_of`)."""

    name: str
    fact: Fact | None

    @property
    def path(self) -> tuple[str, ...]:
        """Where the fact stands in the facts document."""
        return tuple(self.name.split("."))

    def read_text(self, cell: str) -> Any:
        """What a CSV cell says for this fact: a whole number, a truth value or text; None when it is empty.

        Text that does not suit the type stays text: the engine reads decimals and dates from it, or says what is wrong.
        """
        match self.fact.type if self.fact else None:
            case _ if not cell:
                return None
            case Number() | Money() if self._whole and WHOLE.fullmatch(cell):
                return int(cell)
            case Boolean() if cell.lower() in {"true", "false"}:
                return cell.lower() == "true"
            case _:
                return cell

    def read_value(self, value: Any) -> Any:
        """What a Parquet value says for this fact; a whole number may be stored in a column of decimals or floats."""
        said = plain(value)
        if self._whole and isinstance(said, Decimal) and said == said.to_integral_value():
            return int(said)
        return said

    @property
    def _whole(self) -> bool:
        return self.fact is not None and self.fact.whole


def columns(path: Path, header: Sequence[str], facts: Sequence[Fact], nested: bool) -> tuple[Column, ...]:
    """The header's columns; raises `FileRefused` with every name that is empty, repeated, unknown or unfit.

    `nested` says whether a cell may hold a list or a record (Parquet) or only one value (CSV).
    """
    names = [name.strip() for name in header]
    declared = {fact.name: fact for fact in facts}
    found = tuple(Column(name, _fact(name, declared)) for name in names)
    problems = [
        problem for place, column in enumerate(found, start=1) if (problem := _problem(place, column, names, nested))
    ]
    if problems:
        raise FileRefused(path, "; ".join(problems), "name each column by the path of a declared fact, or `as_of`")
    return found


def _fact(name: str, facts: Mapping[str, Fact]) -> Fact | None:
    first, *rest = name.split(".")
    fact = facts.get(first)
    for part in rest:
        if fact is None or not isinstance(fact.type, ContextOf):
            return None
        fact = next((member for member in fact.fields if member.name == part), None)
    return fact


def _problem(place: int, column: Column, names: Sequence[str], nested: bool) -> str | None:
    name, fact = column.name, column.fact
    if not name:
        return f"column {place} has no name"
    if names.index(name) != place - 1:
        return f"column `{name}` stands twice"
    parents = {".".join(column.path[:length]) for length in range(1, len(column.path))}
    if clash := parents.intersection(names):
        return f"column `{name}` contradicts column `{min(clash)}`"
    if fact is None:
        return None if name == AS_OF else f"column `{name}` is no declared fact"
    if not nested and isinstance(fact.type, (ListOf, ContextOf)):
        return f"column `{name}` is {describe(fact.type)}, which a CSV cell cannot hold: use JSONL or Parquet"
    return None


def nest(found: Sequence[Column], cells: Sequence[Any]) -> dict[str, Any]:
    """The row's facts as a nested document; a cell that is None is left out."""
    facts: dict[str, Any] = {}
    for column, cell in zip(found, cells, strict=True):
        if cell is None:
            continue
        *parents, last = column.path
        place = facts
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = cell
    return facts


def plain(value: Any) -> Any:
    """A Parquet value as a JSON document would say it; members that are null are absent.

    A binary number becomes the shortest decimal that names it, which is what a JSON or CSV export would have written.
    """
    match value:
        case float():
            return Decimal(repr(value)) if isfinite(value) else repr(value)
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case Mapping():
            return {key: plain(item) for key, item in value.items() if item is not None}
        case list():
            return [plain(item) for item in value]
        case bytes():
            return value.hex()
        case _:
            return value
