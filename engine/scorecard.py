"""Evaluates a scorecard: each factor's points and weight, the score, and the reasons of what lost points (C9, K7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import reduce

from engine.decision import Status, Step
from engine.meaning import Notes
from engine.sitting import Judged, Sitting
from policies.feel.values import FEEL_DECIMAL
from policies.ir import Band, Factor, Scale, Scorecard

_FULL = Decimal(100)


def evaluate_scorecard(card: Scorecard, sitting: Sitting) -> tuple[Decimal | None, Notes, Step]:
    """Weighted points over the total weight; reweighted over the factors present where a missing one says so (C9).

    No value where a factor that must `refer` is missing, a weight is unknown, or nothing that weighs is left.
    """
    notes, steps = Notes(), []
    points_by_weight: list[tuple[Decimal, Decimal]] = []
    left_out = Decimal(0)
    refer = False
    weights = [_weigh(factor, sitting) for factor in card.factors]
    for factor, weighed in zip(card.factors, weights, strict=True):
        judged = sitting.judge(factor.of)
        points, step = _points(factor, judged, weighed, sitting)
        notes.read.update(judged.notes.read)
        weight = weighed.value
        if not isinstance(weight, Decimal):
            notes.because_of(weighed.notes)
        elif points is not None:
            points_by_weight.append((points, weight))
        else:
            notes.because_of(judged.notes)
            refer = refer or factor.missing == "refer"
            left_out = FEEL_DECIMAL.add(left_out, weight)
        steps.append(step)
    total = _total(card, weights)
    present = None if total is None else FEEL_DECIMAL.subtract(total, left_out)
    if refer or present is None or present <= 0:
        if total == 0:
            notes.undefined["the weights sum to 0"] = None
        missing, undefined = tuple(notes.missing), tuple(notes.undefined)
        unknown = Step("scorecard", card.name, Status.UNKNOWN, missing=missing, undefined=undefined, steps=tuple(steps))
        return None, notes, unknown
    weighted = (FEEL_DECIMAL.multiply(points, weight) for points, weight in points_by_weight)
    score = FEEL_DECIMAL.divide(reduce(FEEL_DECIMAL.add, weighted, Decimal(0)), present)
    computed = Step("scorecard", card.name, Status.COMPUTED, value=score, line=card.line, steps=tuple(steps))
    return score, Notes(read=notes.read), computed


def _weigh(factor: Factor, sitting: Sitting) -> Judged:
    """The weight with why it is unknown; a negative one is none."""
    if isinstance(factor.weight, Decimal):
        return Judged(factor.weight, Notes())
    judged = sitting.judge(factor.weight)
    if isinstance(judged.value, Decimal) and judged.value < 0:
        said = f"the weight of {factor.name} is negative: {judged.value}"
        return Judged(None, Notes(read=judged.notes.read, undefined={said: None}))
    return judged


def _total(card: Scorecard, weights: Sequence[Judged]) -> Decimal | None:
    """What the weights sum to; None when one of them is unknown."""
    if card.total_weight is not None:
        return card.total_weight
    known = [weighed.value for weighed in weights if isinstance(weighed.value, Decimal)]
    return reduce(FEEL_DECIMAL.add, known, Decimal(0)) if len(known) == len(weights) else None


def _points(factor: Factor, judged: Judged, weighed: Judged, sitting: Sitting) -> tuple[Decimal | None, Step]:
    """A factor's points and its step; points are None where a missing value leaves it without any."""
    if judged.value is None or not isinstance(weighed.value, Decimal):
        return _no_points(factor, judged, weighed)
    if factor.scale is not None and isinstance(judged.value, Decimal):
        points, inner = _on_scale(factor, factor.scale, judged.value)
    else:
        band = _band_of(factor, judged, sitting)
        points = band.points
        inner = Step("band", band.name(factor.name), Status.FIRED, value=points, line=band.cell.scalar.span.line)
    said = f"{points} of {factor.max_points} points, weight {weighed.value}"
    notes = replace(judged.notes, read={**judged.notes.read, **weighed.notes.read})
    step = replace(judged, notes=notes).step(
        "factor", factor.name, Status.COMPUTED, factor.line, value=points, note=said, steps=(inner,)
    )
    return points, step


def _no_points(factor: Factor, judged: Judged, weighed: Judged) -> tuple[Decimal | None, Step]:
    if weighed.value is None:
        return None, weighed.step("factor", factor.name, Status.UNKNOWN, factor.line, note="weight unknown")
    points = factor.missing if isinstance(factor.missing, Decimal) else None
    said = f"no value, {factor.missing}" if points is None else f"no value: {points} points"
    return points, judged.step("factor", factor.name, Status.UNKNOWN, factor.line, value=points, note=said)


def _band_of(factor: Factor, judged: Judged, sitting: Sitting) -> Band:
    """The band a known value lies in: bands cover every value."""
    return next(band for band in factor.bands if sitting.holds(band.cell, judged.value))


def _on_scale(factor: Factor, scale: Scale, value: Decimal) -> tuple[Decimal, Step]:
    """Points in proportion between the ends of the scale; a value outside has those of the nearer end, and says so."""
    reached = FEEL_DECIMAL.subtract(min(max(value, scale.low), scale.high), scale.low)
    share = FEEL_DECIMAL.divide(FEEL_DECIMAL.multiply(reached, _FULL), FEEL_DECIMAL.subtract(scale.high, scale.low))
    points = share if scale.direction == "higher_better" else FEEL_DECIMAL.subtract(_FULL, share)
    clamped = not scale.low <= value <= scale.high
    note = f"{value} on {scale.low} to {scale.high}, {scale.direction}" + (": clamped" if clamped else "")
    return points, Step("scale", factor.name, Status.COMPUTED, value=points, note=note)


def give_score_reasons(sitting: Sitting) -> None:
    """Add the reasons of the scorecard's factors that lost points."""
    for part, step in zip(sitting.policy.values, sitting.value_steps, strict=True):
        if isinstance(part, Scorecard):
            for factor, lost, factor_step in _points_lost(part, step.steps, sitting):
                if lost > 0 and factor_step.status is Status.UNKNOWN:
                    # Points lost because nobody knows are no finding about the customer.
                    missing, undefined = dict.fromkeys(factor_step.missing), dict.fromkeys(factor_step.undefined)
                    sitting.data_reason(factor.name, Notes(dict(factor_step.read), missing, undefined))
                elif lost > 0 and factor.reason is not None:
                    sitting.score_reason(factor.reason, factor.name, factor_step, lost)


def _points_lost(card: Scorecard, steps: tuple[Step, ...], sitting: Sitting) -> list[tuple[Factor, Decimal, Step]]:
    """What each factor lost against its most points, weighted, most first; ties in the order of factors (C9)."""
    weights = [_weigh(factor, sitting) for factor in card.factors]
    total = _total(card, weights)
    lost: list[tuple[Factor, Decimal, Step]] = []
    for factor, weighed, step in zip(card.factors, weights, steps, strict=True):
        if isinstance(step.value, Decimal) and isinstance(weighed.value, Decimal) and total:
            gap = FEEL_DECIMAL.multiply(FEEL_DECIMAL.subtract(factor.max_points, step.value), weighed.value)
            lost.append((factor, FEEL_DECIMAL.divide(gap, total), step))
    return sorted(lost, key=lambda item: -item[1])
