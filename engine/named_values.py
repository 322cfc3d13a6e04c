"""Evaluates what a policy gives a name, in its order: lets, the scorecard, tables."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from typing import assert_never

from engine.decision import Status, Step
from engine.meaning import Notes
from engine.sitting import Judged, Sitting
from engine.tables import decide_table
from policies.feel.values import FEEL_DECIMAL, Value
from policies.ir import Band, Factor, Let, Scorecard, Table


def evaluate_named_values(sitting: Sitting) -> None:
    """Give every let, the scorecard and every table its value, and write each into the trace."""
    for part in sitting.policy.values:
        match part:
            case Let():
                judged = sitting.judge(part.value)
                status = Status.UNKNOWN if judged.value is None else Status.COMPUTED
                step = judged.step("let", part.name, status, part.line, value=traced(judged.value))
                value, notes = judged.value, judged.notes
            case Scorecard():
                value, notes, step = _score(part, sitting)
            case Table():
                value, notes, step = decide_table(part, sitting)
            case _ as never:
                assert_never(never)
        sitting.name(part.name, value, notes)
        sitting.value_steps.append(step)
    sitting.steps.extend(sitting.value_steps)


def traced(value: Value) -> Value:
    """A value as the trace shows it: a list of records by its length."""
    return f"{len(value)} items" if isinstance(value, list) and any(isinstance(item, dict) for item in value) else value


def _score(card: Scorecard, sitting: Sitting) -> tuple[Decimal | None, Notes, Step]:
    """Weighted points over the total weight; reweighted over the factors present where a missing one says so (C9)."""
    notes, steps = Notes(), []
    points_by_weight: list[tuple[Decimal, Decimal]] = []
    left_out = Decimal(0)
    refer = False
    for factor in card.factors:
        judged = sitting.judge(factor.of)
        band = _band_of(factor, judged, sitting)
        given = factor.missing if band is None else band.points
        points = given if isinstance(given, Decimal) else None
        notes.read.update(judged.notes.read)
        if points is None:
            notes.because_of(judged.notes)
            refer = refer or factor.missing == "refer"
            left_out = FEEL_DECIMAL.add(left_out, factor.weight)
        else:
            points_by_weight.append((points, factor.weight))
        steps.append(_factor_step(factor, judged, band, points))
    weight = FEEL_DECIMAL.subtract(card.total_weight, left_out)
    if refer or weight <= 0:
        steps_ = tuple(steps)
        return None, notes, Step("scorecard", card.name, Status.UNKNOWN, missing=tuple(notes.missing), steps=steps_)
    weighted = (FEEL_DECIMAL.multiply(points, w) for points, w in points_by_weight)
    total = reduce(FEEL_DECIMAL.add, weighted, Decimal(0))
    score = FEEL_DECIMAL.divide(total, weight)
    return (
        score,
        Notes(read=notes.read),
        Step("scorecard", card.name, Status.COMPUTED, value=score, line=card.line, steps=tuple(steps)),
    )


def _band_of(factor: Factor, judged: Judged, sitting: Sitting) -> Band | None:
    """The band the value lies in; None for an unknown value."""
    if judged.value is None:
        return None
    return next((band for band in factor.bands if sitting.holds(band.cell, judged.value)), None)


def _factor_step(factor: Factor, judged: Judged, band: Band | None, points: Decimal | None) -> Step:
    if band is None:
        said = f"no value, {factor.missing}" if points is None else f"no value: {points} points"
        return judged.step("factor", factor.name, Status.UNKNOWN, factor.line, value=points, note=said)
    said = f"{points} of {factor.max_points} points, weight {factor.weight}"
    line = band.cell.scalar.span.line
    steps = (Step("band", band.name(factor.name), Status.FIRED, value=points, line=line),)
    return judged.step("factor", factor.name, Status.COMPUTED, factor.line, value=points, note=said, steps=steps)


def give_score_reasons(sitting: Sitting) -> None:
    """Add the reasons of the scorecard's factors that lost points."""
    for part, step in zip(sitting.policy.values, sitting.value_steps, strict=True):
        if isinstance(part, Scorecard):
            for factor, lost, factor_step in _points_lost(part, step.steps):
                if lost > 0 and factor_step.status is Status.UNKNOWN:
                    # Points lost because nobody knows are no finding about the customer.
                    missing, undefined = dict.fromkeys(factor_step.missing), dict.fromkeys(factor_step.undefined)
                    sitting.data_reason(factor.name, Notes(dict(factor_step.read), missing, undefined))
                elif lost > 0 and factor.reason is not None:
                    sitting.score_reason(factor.reason, factor.name, factor_step, lost)


def _points_lost(card: Scorecard, steps: tuple[Step, ...]) -> list[tuple[Factor, Decimal, Step]]:
    """What each factor lost against its most points, weighted, most first; ties in the order of factors (C9)."""
    lost = []
    for factor, step in zip(card.factors, steps, strict=True):
        if isinstance(step.value, Decimal):
            gap = FEEL_DECIMAL.multiply(FEEL_DECIMAL.subtract(factor.max_points, step.value), factor.weight)
            lost.append((factor, FEEL_DECIMAL.divide(gap, card.total_weight), step))
    return sorted(lost, key=lambda item: -item[1])
