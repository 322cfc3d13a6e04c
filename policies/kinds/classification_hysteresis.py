"""What keeps a customer in the class of the last decision: checked, with the edges of each class's scores (K5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from policies.cells import column_points
from policies.desk import Desk
from policies.diagnostics import Code
from policies.feel.values import FEEL_DECIMAL
from policies.ir import Cell, Expression
from policies.kinds.classification_part import ClassificationPart, HysteresisPart
from policies.regions import UNBOUNDED, At, Open, Representative
from policies.types import Date, Number, Text

Run = tuple[Decimal | None, Decimal | None]
"""Where a run of scores begins and ends; None: it has no end there."""


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """What keeps the class `previous`, given on `since`, as the base class: a stay of days, a margin of points.

    `scores` are the runs of scores of each class that bands give; there are none under `first_match`.
    """

    previous: Expression
    since: Expression
    min_dwell_days: Expression
    margin: Expression | None
    scores: tuple[tuple[str, tuple[Run, ...]], ...]

    def distance(self, score: Decimal, name: str) -> Decimal | None:
        """How far a score lies beyond the nearest edge of a class; None when no band gives that class."""
        away = [_away(score, run) for class_, runs in self.scores if class_ == name for run in runs]
        return min(away, default=None)


def check_hysteresis(part: ClassificationPart, bands: Sequence[tuple[Cell, str]], desk: Desk) -> Hysteresis | None:
    """The checked hysteresis of a classification whose bands give these classes."""
    written = part.hysteresis
    if written is None:
        return None
    _check_margin(part, written, desk)
    previous = desk.expression(written.previous, Text())
    if isinstance(previous.type, Text):
        strange = [word for word in previous.type.one_of if word not in part.classes]
        if strange or not previous.type.one_of:
            said = f"`{strange[0]}` is no class" if strange else "this may be a word that is no class"
            mend = "declare the fact as `one_of` the classes: " + ", ".join(part.classes)
            desk.error(Code.CLASSIFICATION, f"the previous class: {said}", written.span("previous"), mend)
    since = desk.expression(written.since, Date())
    dwell = desk.expression(written.min_dwell_days, Number("days"))
    margin = desk.optional(written.margin, Number("points"))
    for figure, key in ((dwell, "min_dwell_days"), (margin, "margin")):
        if figure is not None and figure.scalar.text.startswith("-"):
            desk.error(Code.CLASSIFICATION, f"`{key}` is negative", written.span(key), "write 0 or more")
    return Hysteresis(previous, since, dwell, margin, tuple(_scores(bands, desk)))


def _check_margin(part: ClassificationPart, written: HysteresisPart, desk: Desk) -> None:
    if part.mode == "score_band" and written.margin is None:
        said = "the hysteresis of a class by score needs `margin`"
        desk.error(Code.CLASSIFICATION, said, written.span(), "write the points past the edge, or 0 for none")
    elif part.mode == "first_match" and written.margin is not None:
        said = "a class by rules has no edge for a `margin`"
        desk.error(Code.CLASSIFICATION, said, written.key_span("margin"), "take it out; `min_dwell_days` remains")


def _scores(bands: Sequence[tuple[Cell, str]], desk: Desk) -> Iterator[tuple[str, tuple[Run, ...]]]:
    if not bands:
        return
    points = column_points([cell.tests for cell, _ in bands], Number("points"), desk.bounds.get("score", UNBOUNDED))
    if points is None:
        return  # bands that cannot be cut into runs have been refused
    for name in dict.fromkeys(then for _, then in bands):
        these = 0
        for holds, (_, then) in zip(points.holds, bands, strict=True):
            these |= holds if then == name else 0
        runs = points.region(these).runs if these else ()
        yield name, tuple((_edge(first, low=True), _edge(last, low=False)) for first, last in runs)


def _edge(found: Representative, *, low: bool) -> Decimal | None:
    edge = found.sample if isinstance(found, At) else None
    if isinstance(found, Open):
        edge = found.low if low else found.high
    return edge if isinstance(edge, Decimal) else None


def _away(score: Decimal, run: Run) -> Decimal:
    low, high = run
    below = Decimal(0) if low is None else FEEL_DECIMAL.subtract(low, score)
    above = Decimal(0) if high is None else FEEL_DECIMAL.subtract(score, high)
    return max(below, above, Decimal(0))
