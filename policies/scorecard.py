"""Checks a scorecard: weights, and bands that cover every value of their factor exactly once (domain C9, C10)."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from policies.coverage import analyse, band_faults
from policies.desk import Desk
from policies.diagnostics import Code
from policies.document import FactorPart, ScorecardPart
from policies.ir import Band, Cell, Factor, Scorecard
from policies.nodes import Span
from policies.regions import Bounds
from policies.scalars import ScalarProblem, decimal_of
from policies.types import Number, Type, Unknown, nullable

_HUNDRED = Decimal(100)


def check_scorecard(part: ScorecardPart, span: Span, desk: Desk) -> Scorecard:
    """The checked scorecard. Its score has no value when a factor that must `refer` is missing, or all are."""
    factors = tuple(_check_factor(factor, desk) for factor in part.factors)
    seen: set[str] = set()
    for factor, written in zip(factors, part.factors, strict=True):
        if factor.name in seen:
            desk.error(Code.NAME_TAKEN, f"factor `{factor.name}` stands twice", written.span("factor"))
        seen.add(factor.name)
    total = sum((factor.weight for factor in factors), Decimal(0))
    if not factors:
        desk.error(Code.WEIGHTS, "a scorecard needs at least one factor", span)
    elif not part.read_whole("factors"):
        pass  # a factor was taken out, with its own diagnostic: the rest need not sum to 100
    elif total != _HUNDRED and not part.normalise:
        said = f"the weights sum to {total}, not 100"
        desk.error(Code.WEIGHTS, said, span, "change a weight, or write `normalise: true`")
    elif total == 0:
        desk.error(Code.WEIGHTS, "the weights sum to 0", span, "give one factor a weight")
    points = [band.points for factor in factors for band in factor.bands]
    points += [factor.missing for factor in factors if isinstance(factor.missing, Decimal)]
    if points:
        # A weighted mean of points lies between the least and the most of them.
        desk.bounds["score"] = Bounds(min(points), max(points))
    unknown = any(factor.of.type.nullable and isinstance(factor.missing, str) for factor in factors)
    return Scorecard(factors, total if part.normalise else _HUNDRED, Number("points", unknown), line=span.line)


def _check_factor(part: FactorPart, desk: Desk) -> Factor:
    of = desk.expression(part.of)
    bands = []
    for text, points in part.bands.items():
        scalar = part.key_scalar("bands", text)
        bands.append(Band(desk.cell(scalar, nullable(of.type, yes=False)), points))
    check_bands([band.cell for band in bands], of.type, desk.bounds_of(of), part.span("bands"), desk)
    if part.weight < 0:
        desk.error(Code.WEIGHTS, f"the weight {part.weight} is negative", part.span("weight"))
    elif part.weight == 0:
        desk.warn(Code.WEIGHTS, "a weight of 0 counts for nothing", part.span("weight"))
    if part.reason is not None:
        desk.reason(part.reason, part.span("reason"))
    missing = _missing(part, bands, desk)
    title = desk.texts(part.title, part.span("title"))
    return Factor(part.factor, of, part.weight, tuple(bands), missing, part.reason, title, part.span().line)


def _missing(part: FactorPart, bands: list[Band], desk: Desk) -> Decimal | Literal["reweight", "refer"]:
    """`worst` is the lowest points of the bands; a number stands for itself."""
    if part.missing == "reweight":
        return "reweight"
    if part.missing == "refer":
        return "refer"
    if part.missing == "worst":
        return min((band.points for band in bands), default=Decimal(0))
    try:
        return decimal_of(part.missing)
    except ScalarProblem:
        desk.word(part.missing, ("worst", "reweight", "refer", "a number of points"), part.span("missing"))
        return "refer"


def check_bands(cells: list[Cell], type_: Type, bounds: Bounds, span: Span, desk: Desk) -> None:
    """Report every gap and overlap of bands, naming the value concerned."""
    if isinstance(type_, Unknown) or not cells:
        if not cells:
            desk.error(Code.GAP, "no bands", span, "add at least one band")
        return
    coverage = analyse([([cell.tests for cell in cells], nullable(type_, yes=False))], "unique", [bounds])
    faults = band_faults(coverage, [cell.text for cell in cells])
    empty = len(coverage.never)
    for number, fault in enumerate(faults):
        if number < empty:
            desk.error(Code.NEVER, fault, cells[coverage.never[number]].scalar.span, "delete the band or mend its ends")
        elif number < empty + len(coverage.gaps):
            desk.error(Code.GAP, fault, span, "widen a band, or add one")
        else:
            _, below, _ = coverage.overlaps[number - empty - len(coverage.gaps)]
            where = cells[below].scalar.span
            desk.error(Code.OVERLAP, f"{fault}", where, "make one end exclusive: [lo..hi) leaves hi out")
    if not coverage.complete:
        said = "these bands cannot be checked for gaps and overlaps"
        desk.error(Code.GAP, said, span, "write their ends as plain numbers, dates or texts")
