"""Sets of values of one table column, as runs between the edges that its cells name, and their words.

The literals of a column cut its type into finitely many pieces, on each of which every cell has one answer: a
*representative* stands for each. Sets of representatives are bitsets (bit i is representative i).

A nullable type has one representative more, `Missing`. It is kept apart (`Points.missing`): a missing fact has a route
of its own and is no gap in the bands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import assert_never

from policies.feel.values import FEEL_DECIMAL
from policies.types import Boolean, Date, Money, Number, Text, Type

Operand = Decimal | dt.date | str | bool | None
"""What a literal says; None is `null`."""

RUNS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is declared of a number beside its type: least and greatest value (both included), whether it is whole."""

    low: Decimal | None = None
    high: Decimal | None = None
    whole: bool = False


UNBOUNDED = Bounds()


@dataclass(frozen=True, slots=True)
class At:
    """Exactly this value: an edge of a band, a text, true or false."""

    sample: Operand


@dataclass(frozen=True, slots=True)
class Open:
    """What lies strictly between two neighbouring edges; a None edge is open-ended. `sample` lies there."""

    low: Decimal | dt.date | None
    high: Decimal | dt.date | None
    sample: Operand


@dataclass(frozen=True, slots=True)
class OtherText:
    """Every text that no cell names; `sample` is one."""

    sample: str


@dataclass(frozen=True, slots=True)
class Missing:
    """The value that is not there."""

    sample: None = None


@dataclass(frozen=True, slots=True)
class Anything:
    """Every value of a type that is not cut into pieces."""

    sample: None = None


Representative = At | Open | OtherText | Missing | Anything


@dataclass(frozen=True, slots=True)
class Region:
    """A set of values of one column, as runs of neighbouring representatives (first, last)."""

    runs: tuple[tuple[Representative, Representative], ...]

    @property
    def sample(self) -> Operand:
        """One value of the region; None where it is missing or where the type has no literals."""
        return self.runs[0][0].sample

    @property
    def only_value(self) -> str | None:
        """The literal of the region's one value, or None when it holds more than one."""
        first, last = self.runs[0]
        alone = len(self.runs) == 1 and isinstance(first, At) and first == last
        return _literal_text(first.sample) if alone else None

    def text(self, name: str = "x") -> str:
        """The region in words: `1 < x < 1.5`, `80 <= score`, `x = "B" or x is any other text`."""
        parts = [_run_text(name, first, last) for first, last in self.runs[:RUNS_SHOWN]]
        more = len(self.runs) - RUNS_SHOWN
        return " or ".join([*parts, f"{more} more"] if more > 0 else parts)


@dataclass(frozen=True, slots=True)
class Points:
    """A column's representatives, and for each row the bitset of those its cell holds for.

    Over a line the representatives stand in ascending order; `missing` is the bit of `Missing`, 0 where there is none.
    """

    representatives: tuple[Representative, ...]
    holds: tuple[int, ...]
    missing: int = 0

    @property
    def every(self) -> int:
        """The bitset of all representatives."""
        return (1 << len(self.representatives)) - 1

    @property
    def known(self) -> int:
        """The bitset of all representatives but the missing one."""
        return self.every & ~self.missing

    def region(self, these: int) -> Region:
        """The region of a non-empty bitset."""
        runs: list[tuple[Representative, Representative]] = []
        neighbour = False
        for index, found in enumerate(self.representatives):
            inside = bool(these >> index & 1)
            if inside and neighbour and _on_a_line(found) and _on_a_line(runs[-1][1]):
                runs[-1] = (runs[-1][0], found)
            elif inside:
                runs.append((found, found))
            neighbour = inside
        return Region(tuple(runs))


def anything(rows: int) -> Points:
    """The points of a column that is not looked into: one representative, for which every row holds."""
    return Points((Anything(),), (1,) * rows)


def representatives(operands: Sequence[Operand], type_: Type, bounds: Bounds) -> tuple[Representative, ...] | None:
    """The representatives of the known values, or None for a type that literals do not cut."""
    match type_:
        case Number() | Money():
            return _numbers({value for value in operands if isinstance(value, Decimal)}, bounds)
        case Date():
            return _days({value for value in operands if isinstance(value, dt.date)})
        case Text(one_of=()):
            named = tuple(dict.fromkeys(value for value in operands if isinstance(value, str)))
            other = "other"
            while other in named:
                other += " other"
            return (*map(At, named), OtherText(other))
        case Text(one_of=values):
            return tuple(map(At, values))
        case Boolean():
            return At(True), At(False)
        case _:
            return None


def _numbers(literals: set[Decimal], bounds: Bounds) -> tuple[Representative, ...]:
    low, high = bounds.low, bounds.high
    edges = sorted(literals | {bound for bound in (low, high) if bound is not None})
    found: list[Representative] = []
    for below, above in pairwise([None, *edges, None]):
        if below is not None and (not bounds.whole or below == below.to_integral_value()):
            found.append(At(below))
        between = _number_between(below, above, whole=bounds.whole)
        if between is not None:
            found.append(Open(below, above, between))
    return tuple(
        one
        for one in found
        if isinstance(one.sample, Decimal)
        and (low is None or one.sample >= low)
        and (high is None or one.sample <= high)
    )


def _number_between(low: Decimal | None, high: Decimal | None, *, whole: bool) -> Decimal | None:
    """A FEEL number strictly between the two, or None when there is none: between 5 and 6 there is no whole number."""
    if low is None and high is None:
        return Decimal(0)
    if low is None or high is None:
        edge = (high if low is None else low) or Decimal(0)
        edge = edge.to_integral_value(ROUND_FLOOR)
        step = Decimal(-1) if low is None else Decimal(1)
        far = FEEL_DECIMAL.add(edge, step)
        if far != edge:
            return far
        return FEEL_DECIMAL.next_minus(edge) if low is None else FEEL_DECIMAL.next_plus(edge)
    middle = FEEL_DECIMAL.divide(FEEL_DECIMAL.add(low, high), Decimal(2))
    if whole:
        middle = middle.to_integral_value(ROUND_FLOOR)
        middle = middle if middle > low else FEEL_DECIMAL.add(middle, Decimal(1))
    if not low < middle < high:
        middle = FEEL_DECIMAL.next_plus(low)
        middle = middle if not whole or middle == middle.to_integral_value() else high
    return middle if low < middle < high else None


def _days(literals: set[dt.date]) -> tuple[Representative, ...]:
    edges = sorted(literals)
    found: list[Representative] = []
    for below, above in pairwise([None, *edges, None]):
        if below is not None:
            found.append(At(below))
        first = 1 if below is None else below.toordinal() + 1
        last = dt.date.max.toordinal() if above is None else above.toordinal() - 1
        if first <= last:
            near = first if above is None else last  # the day next to the edge reads better than one far away
            found.append(Open(below, above, dt.date.fromordinal(near)))
    return tuple(found)


def _on_a_line(found: Representative) -> bool:
    return isinstance(found, Open) or (isinstance(found, At) and isinstance(found.sample, (Decimal, dt.date)))


def _run_text(name: str, first: Representative, last: Representative) -> str:
    match first, last:
        case At(sample=value), At(sample=other) if value == other:
            return f"{name} = {_literal_text(value)}"
        case OtherText(), _:
            return f"{name} is any other text"
        case Missing(), _:
            return f"{name} is missing"
        case Anything(), _:
            return f"{name} is anything"
    left = right = ""
    if isinstance(first, At):
        left = f"{_literal_text(first.sample)} <= "
    elif isinstance(first, Open) and first.low is not None:
        left = f"{_literal_text(first.low)} < "
    if isinstance(last, At):
        right = f" <= {_literal_text(last.sample)}"
    elif isinstance(last, Open) and last.high is not None:
        right = f" < {_literal_text(last.high)}"
    return f"{left}{name}{right}" if left or right else f"{name} is anything"


def _literal_text(value: Operand) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return str(value)
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case dt.date():
            return value.isoformat()
        case None:
            return "null"
        case _ as never:
            assert_never(never)
