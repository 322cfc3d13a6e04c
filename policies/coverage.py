"""Which facts no row of a table holds for, where two rows hold at once, and what in the table is idle: exactly.

A row is a box: in each column a set of that column's representatives. Every question is then whether some boxes leave
a hole in another box; `_Search.hole` answers it by cutting only where a box has an edge, and never looks twice at the
same rows from the same column on.

A column with a cell that is more than literals is not looked into. Its rows *may* hold, so they close gaps, but they
are never sure to hold, so no overlap and no idle row is laid at their door; `complete` is then false.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policies.cells import column_points, holds_always
from policies.feel.syntax import UnaryTests
from policies.regions import UNBOUNDED, Bounds, Operand, Points, Region, anything
from policies.types import Type

BOXES = 50_000
"""How many boxes one analysis visits before it gives up."""

CUTS = 5_000_000
"""How many times one analysis holds a row against a row or a class before it gives up: a few seconds' work."""

COLUMNS = 200
"""How many columns one analysis looks through: a search goes one step deeper for each."""

SHOWN = 8
"""How many gaps, and how many overlaps, one analysis tells of: a reader mends these and asks again."""

Column = tuple[Sequence[UnaryTests], Type]
"""The cells of one input, top row first, and the input's type."""

Box = tuple[int, ...]
"""A bitset of representatives for each column."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A box of facts: a region for each column, None where any value does."""

    regions: tuple[Region | None, ...]

    def text(self, names: Sequence[str]) -> str:
        """The box in words, with a name for each column: `80 <= score and country = "CN"`."""
        parts = [
            f"({words})" if len(region.runs) > 1 and len(self.regions) > 1 else words
            for region, name in zip(self.regions, names, strict=True)
            if region is not None
            for words in [region.text(name)]
        ]
        return " and ".join(parts) if parts else "any facts"

    @property
    def facts(self) -> tuple[Operand, ...]:
        """One value for each column that lies in the box; None where any value does, or where it is missing."""
        return tuple(None if region is None else region.sample for region in self.regions)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a table's rows cover; rows and columns are counted from 0.

    `gaps`: facts, none of them missing, that no row holds for. `overlaps`: pairs of rows that hold at once,
    where the hit policy forbids or tests it. `never`: rows that can never be the answer. `idle`: columns whose removal
    changes no answer, whatever the rows answer. What is told is so; only when `complete` is it all there is (but for
    gaps and overlaps beyond `SHOWN`).
    """

    gaps: tuple[Witness, ...] = ()
    overlaps: tuple[tuple[int, int, Witness], ...] = ()
    never: tuple[int, ...] = ()
    idle: tuple[int, ...] = ()
    complete: bool = True


def analyse(columns: Sequence[Column], hit: str, bounds: Sequence[Bounds] = ()) -> Coverage:
    """The coverage of a table whose columns all have one cell for each row.

    `hit` is the DMN hit policy: overlaps are told of under `unique` and `any` only, and earlier rows take an answer
    from later ones under `first` only. `bounds`, when given, runs beside `columns`.
    """
    if not columns:
        return Coverage()
    return _Table(columns, hit, bounds or [UNBOUNDED] * len(columns)).coverage()


def band_faults(coverage: Coverage, labels: Sequence[str], name: str = "x") -> tuple[str, ...]:
    """What is wrong with bands, as sentences: the coverage of one column under `unique`, and the bands as written.

    One sentence for each of `never`, then of `gaps`, then of `overlaps`, in their order.
    """
    empty = [f"`{labels[row]}` holds for no value" for row in coverage.never]
    gaps = [f"nothing covers {gap.text([name])}" for gap in coverage.gaps]
    overlaps = [
        f"`{labels[above]}` and `{labels[below]}` both hold {_where(both, name)}"
        for above, below, both in coverage.overlaps
    ]
    return (*empty, *gaps, *overlaps)


def _where(witness: Witness, name: str) -> str:
    region = witness.regions[0]
    if region is None:
        return "for every value"
    return f"at {region.only_value}" if region.only_value else f"for {region.text(name)}"


class _Exhausted(Exception):  # noqa: N818 (no error: it ends a search that reached its budget)
    """The budget is spent."""


class _Search:
    """A search for holes that counts what it does and stops at the budget."""

    def __init__(self) -> None:
        self._boxes = BOXES
        self._cuts = CUTS

    def cut(self, times: int) -> None:
        """Count work to be done. Raises `_Exhausted` when the budget does not reach."""
        if times > self._cuts:
            raise _Exhausted
        self._cuts -= times

    def hole(self, boxes: Sequence[Box], within: Box) -> Box | None:
        """A non-empty box inside `within` that none of `boxes` meets, or None when they leave no room.

        Raises `_Exhausted` when the budget is spent.
        """
        if not all(within):
            return None
        self.cut(len(boxes))
        met = [box for box in boxes if _meet(box, within)]
        columns = [self._classes([box[index] for box in met], room) for index, room in enumerate(within)]
        # The boxes that reach over the whole of every column from `index` on: one of them alive means no hole there.
        everywhere = [(1 << len(met)) - 1]
        for classes in reversed(columns):
            reach = everywhere[-1]
            for rows, _ in classes:
                reach &= rows
            everywhere.append(reach)
        everywhere.reverse()
        closed: set[tuple[int, int]] = set()

        def open_from(index: int, alive: int) -> Box | None:
            if self._boxes == 0:
                raise _Exhausted
            self._boxes -= 1
            if alive == 0:
                return within[index:]
            if alive & everywhere[index] or (index, alive) in closed:
                return None
            for rows, these in columns[index]:
                rest = open_from(index + 1, alive & rows)
                if rest is not None:
                    return (these, *rest)
            closed.add((index, alive))
            return None

        return open_from(0, (1 << len(met)) - 1)

    def _classes(self, cells: Sequence[int], room: int) -> list[tuple[int, int]]:
        """The room of one column cut along the cells: each class, after the bitset of the rows that hold in it."""
        classes = {0: room}
        for row, cell in enumerate(cells):
            self.cut(len(classes))
            parts: dict[int, int] = {}
            held = 1 << row
            for rows, these in classes.items():
                if not (inside := these & cell):
                    parts[rows] = these
                elif inside == these:
                    parts[rows | held] = these
                else:
                    parts[rows | held] = inside
                    parts[rows] = these ^ inside
            classes = parts
        # Where few rows hold, a hole is near, and a wide one.
        return sorted(classes.items(), key=lambda found: found[0].bit_count())


class _Table:
    """One table under analysis: its columns' points, its rows as boxes, and the budget they share."""

    def __init__(self, columns: Sequence[Column], hit: str, bounds: Sequence[Bounds]) -> None:
        self._hit = hit
        self._search = _Search()
        self._points: list[Points] = []
        self._opaque: set[int] = set()
        unsure: set[int] = set()
        for index, ((tests, type_), limits) in enumerate(zip(columns, bounds, strict=True)):
            points = column_points(tests, type_, limits)
            if points is None:
                self._opaque.add(index)
                unsure.update(row for row, cell in enumerate(tests) if not holds_always(cell))
            self._points.append(points or anything(len(tests)))
        self._rows: list[Box] = list(zip(*(points.holds for points in self._points), strict=True))
        self._sure = [row not in unsure for row in range(len(self._rows))]
        self._known: Box = tuple(points.known for points in self._points)

    def coverage(self) -> Coverage:
        gaps: list[Witness] = []
        overlaps: list[tuple[int, int, Witness]] = []
        never: list[int] = []
        idle: list[int] = []
        complete = not self._opaque and len(self._points) <= COLUMNS
        if len(self._points) <= COLUMNS:
            try:
                self._find_gaps(gaps)
                self._find_overlaps(overlaps)
                self._find_never(never)
                self._find_idle(idle)
            except _Exhausted:
                complete = False
        return Coverage(tuple(gaps), tuple(overlaps), tuple(never), tuple(idle), complete)

    def _find_gaps(self, gaps: list[Witness]) -> None:
        boxes = list(self._rows)
        while len(gaps) < SHOWN and (hole := self._search.hole(boxes, self._known)) is not None:
            widest = _widened(hole, boxes, self._known)
            boxes.append(widest)
            gaps.append(self._witness(widest))

    def _find_never(self, never: list[int]) -> None:
        for index, row in enumerate(self._rows):
            if not all(row) or (self._hit == "first" and self._search.hole(self._surely(index), row) is None):
                never.append(index)

    def _find_idle(self, idle: list[int]) -> None:
        idle += [
            index
            for index in range(len(self._points))
            if index not in self._opaque and not any(self._decides(index, row) for row in range(len(self._rows)))
        ]

    def _decides(self, column: int, row: int) -> bool:
        """Whether the column keeps the row from answering somewhere it would answer without the column."""
        every = self._points[column].every
        if self._rows[row][column] == every:
            return False
        # Without the column a row reaches over all of it.
        within = _replaced(self._rows[row], column, every)
        if self._hit != "first":
            return all(within)
        earlier = [_replaced(box, column, every) for box in self._surely(row)]
        return self._search.hole(earlier, within) is not None

    def _surely(self, before: int) -> list[Box]:
        return [box for box, sure in zip(self._rows[:before], self._sure, strict=False) if sure]

    def _find_overlaps(self, overlaps: list[tuple[int, int, Witness]]) -> None:
        if self._hit not in ("unique", "any"):
            return
        rows = [(index, box) for index, box in enumerate(self._rows) if self._sure[index]]
        for above, (index, box) in enumerate(rows):
            self._search.cut(len(rows) - above)
            for other, below in rows[above + 1 :]:
                if _meet(box, below):
                    both = tuple(a & b for a, b in zip(box, below, strict=True))
                    overlaps.append((index, other, self._witness(both)))
                    if len(overlaps) == SHOWN:
                        return

    def _witness(self, box: Box) -> Witness:
        """The box's facts, without the missing values where it holds others."""
        regions: list[Region | None] = []
        for these, points in zip(box, self._points, strict=True):
            told = these & points.known or these
            regions.append(None if told == points.known else points.region(told))
        return Witness(tuple(regions))


def _meet(one: Box, other: Box) -> bool:
    return all(a & b for a, b in zip(one, other, strict=True))


def _replaced(box: Box, column: int, these: int) -> Box:
    return (*box[:column], these, *box[column + 1 :])


def _widened(hole: Box, boxes: Sequence[Box], within: Box) -> Box:
    """The hole, widened column by column as far as it stays clear of the boxes."""
    for column in range(len(hole)):
        across = _replaced(hole, column, within[column])
        blocked = 0
        for box in boxes:
            if _meet(box, across):
                blocked |= box[column]
        hole = _replaced(hole, column, within[column] & ~blocked)
    return hole
