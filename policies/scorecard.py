"""Checks a scorecard: weights, and bands or a scale that cover every value of a factor once (domain C9, C10, K7)."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from policies.coverage import analyse, band_faults
from policies.desk import Desk
from policies.diagnostics import Code, Diagnostic
from policies.document import FactorPart, ScorecardPart
from policies.ir import Band, Cell, Expression, Factor, Scale, Scorecard
from policies.nodes import Scalar, Span
from policies.regions import Bounds
from policies.scalars import ScalarProblem, decimal_of
from policies.types import Money, Number, Type, Unknown, describe, nullable

_HUNDRED = Decimal(100)
_EXPRESSION = "a weight that is an expression needs `normalise: true`"


def check_scorecard(part: ScorecardPart, span: Span, desk: Desk) -> Scorecard:
    """The checked scorecard. Its score has no value when a factor that must `refer` is missing, or all are."""
    weights = [_weight(factor.weight, part.normalise, desk) for factor in part.factors]
    factors = tuple(
        _check_factor(factor, Decimal(0) if weight is None else weight, desk)
        for factor, weight in zip(part.factors, weights, strict=True)
    )
    seen: set[str] = set()
    for factor, written in zip(factors, part.factors, strict=True):
        if factor.name in seen:
            desk.error(Code.NAME_TAKEN, f"factor `{factor.name}` stands twice", written.span("factor"))
        seen.add(factor.name)
    fixed = [weight for weight in weights if isinstance(weight, Decimal)]
    total = sum(fixed, Decimal(0)) if len(fixed) == len(weights) else None
    if not factors:
        desk.error(Code.WEIGHTS, "a scorecard needs at least one factor", span)
    elif not part.read_whole("factors") or total is None:
        pass  # a factor or weight was refused by itself, or the facts decide: nothing need sum to 100 here
    elif total != _HUNDRED and not part.normalise:
        said = f"the weights sum to {total}, not 100"
        desk.error(Code.WEIGHTS, said, span, "change a weight, or write `normalise: true`")
    elif total == 0:
        desk.error(Code.WEIGHTS, "the weights sum to 0", span, "give one factor a weight")
    points = [band.points for factor in factors for band in factor.bands]
    points += [factor.missing for factor in factors if isinstance(factor.missing, Decimal)]
    points += [end for factor in factors if factor.scale is not None for end in (Decimal(0), _HUNDRED)]
    if points:
        # A weighted mean of points lies between the least and the most of them.
        desk.bounds["score"] = Bounds(min(points), max(points))
    unknown = total is None or any(factor.of.type.nullable and isinstance(factor.missing, str) for factor in factors)
    return Scorecard(factors, total if part.normalise else _HUNDRED, Number("points", unknown), line=span.line)


def _check_factor(part: FactorPart, weight: Decimal | Expression, desk: Desk) -> Factor:
    of = desk.expression(part.of)
    bands = _bands(part, of, desk)
    scale = _scale(part, of, desk)
    if not part.states("bands") and not part.states("scale"):
        desk.error(Code.MISSING_KEY, "`bands` is missing", part.span(), "write `bands:`, or `scale:` for a number")
    if part.reason is not None:
        desk.reason(part.reason, part.span("reason"))
    worst = Decimal(0) if scale is not None else min((band.points for band in bands), default=Decimal(0))
    missing = _missing(part, worst, desk)
    title = desk.texts(part.title, part.span("title"))
    return Factor(part.factor, of, weight, bands, scale, missing, part.reason, title, part.span().line)


def _weight(written: Scalar, normalise: bool, desk: Desk) -> Decimal | Expression | None:
    """A plain number; under `normalise` also an expression, whose value only the facts decide. None: refused."""
    try:
        weight = decimal_of(written.text)
    except ScalarProblem as problem:
        if normalise:
            return desk.expression(written, Number())
        mend = "; ".join(filter(None, (problem.help, _EXPRESSION)))
        desk.report(Diagnostic(problem.code, problem.message, written.span, mend))
        return None
    if weight < 0:
        desk.error(Code.WEIGHTS, f"the weight {weight} is negative", written.span)
    elif weight == 0:
        desk.warn(Code.WEIGHTS, "a weight of 0 counts for nothing", written.span)
    return weight


def _bands(part: FactorPart, of: Expression, desk: Desk) -> tuple[Band, ...]:
    bands = []
    for text, points in (part.bands or {}).items():
        scalar = part.key_scalar("bands", text)
        bands.append(Band(desk.cell(scalar, nullable(of.type, yes=False)), points))
    if part.bands is not None:
        check_bands([band.cell for band in bands], of.type, desk.bounds_of(of), part.span("bands"), desk)
    return tuple(bands)


def _scale(part: FactorPart, of: Expression, desk: Desk) -> Scale | None:
    written = part.scale
    if written is None:
        return None
    span = part.key_span("scale")
    if part.bands is not None:
        desk.error(Code.SHAPE, "a factor has `bands` or a `scale`, not both", span, "take one of them out")
    if not isinstance(of.type, (Number, Money, Unknown)):
        desk.error(Code.TYPE_MISMATCH, f"a scale is for numbers, and this is {describe(of.type)}", span, "use `bands`")
    if written.high <= written.low:
        said = f"a scale from {written.low} to {written.high} has no length"
        desk.error(Code.SHAPE, said, span, "make `high` larger than `low`; `direction` says which end is better")
    return Scale(written.low, written.high, written.direction)


def _missing(part: FactorPart, worst: Decimal, desk: Desk) -> Decimal | Literal["reweight", "refer"]:
    """`worst` is the lowest points of the bands or scale; a number stands for itself."""
    if part.missing == "reweight":
        return "reweight"
    if part.missing == "refer":
        return "refer"
    if part.missing == "worst":
        return worst
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
