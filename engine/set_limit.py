"""A credit limit set earlier: none set is not 0, 0 is not unlimited, and it holds on its days (domain C4, C13)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from engine.decision import Status, Step
from engine.limit import Granted
from engine.meaning import Notes
from engine.sitting import Judged, Sitting
from policies.kinds.credit_limit import CurrentLimit

_ZERO = Decimal(0)
_EXPIRED = "CR-VAL-01"


def current_limit(limit: CurrentLimit, sitting: Sitting, missing_route: str) -> Granted:
    """The limit set earlier, or what the policy says follows when there is none or it does not hold today."""
    steps: list[Step] = []
    if limit.unlimited is not None:
        unlimited = sitting.judge(limit.unlimited)
        if unlimited.value is True:
            step = unlimited.step("limit", "limit", Status.COMPUTED, limit.unlimited.line, note="unlimited")
            sitting.steps.append(step)
            notes = Notes(read=unlimited.notes.read, undefined={"there is no limit: unlimited": None})
            return Granted(Judged(None, notes), ["unlimited"], unlimited=True)
        status = Status.NOT_FIRED if unlimited.value is False else Status.UNKNOWN
        steps.append(unlimited.step("bound", "unlimited", status, limit.unlimited.line))
    judged = sitting.judge(limit.value)
    if judged.value is None and not judged.notes.undefined and limit.none_set == "fallback":
        return _fall_back(limit, judged, steps, sitting, missing_route)
    if judged.value is None:
        return _none_set(limit, judged, steps, sitting)
    if judged.value < 0:
        return _negative("limit", judged, limit.value.line, steps, sitting, missing_route)
    if limit.expired is None:
        line, below = limit.value.line, tuple(steps)
        sitting.steps.append(judged.step("limit", "limit", Status.COMPUTED, line, value=judged.value, steps=below))
        return Granted(judged, ["current"])
    return _within_validity(limit, judged, steps, sitting)


def _none_set(limit: CurrentLimit, judged: Judged, steps: list[Step], sitting: Sitting) -> Granted:
    # A fallback that was asked for and found nothing, or could not be computed, is looked at by a person (C4).
    route = "refer" if limit.none_set == "fallback" else limit.none_set
    step = judged.step("limit", "limit", Status.UNKNOWN, limit.value.line, note="no limit set", steps=tuple(steps))
    sitting.steps.append(step)
    sitting.data_reason("limit", judged.notes, route)
    return Granted(judged, route=route)


def _negative(name: str, judged: Judged, line: int, steps: list[Step], sitting: Sitting, missing_route: str) -> Granted:
    judged.notes.undefined[f"{name} is negative: {judged.value}"] = None
    sitting.steps.append(judged.step("limit", "limit", Status.UNKNOWN, line, steps=tuple(steps)))
    sitting.data_reason("limit", judged.notes, missing_route)
    return Granted(Judged(None, judged.notes), route=missing_route)


def _fall_back(limit: CurrentLimit, judged: Judged, steps: list[Step], sitting: Sitting, missing_route: str) -> Granted:
    """The first level that has a limit, named in the trace and as what binds; none at all must be looked at."""
    notes = Notes(dict(judged.notes.read), dict(judged.notes.missing))
    for name, expression in limit.fallback:
        level = sitting.judge(expression)
        if level.value is None:
            steps.append(level.step("fallback", name, Status.UNKNOWN, expression.line))
            notes.because_of(level.notes)
            continue
        if level.value < 0:
            return _negative(name, level, expression.line, steps, sitting, missing_route)
        steps.append(level.step("fallback", name, Status.COMPUTED, expression.line, value=level.value))
        said = f"none set, that of {name}"
        line, below = limit.value.line, tuple(steps)
        sitting.steps.append(
            Step("limit", "limit", Status.COMPUTED, value=level.value, line=line, note=said, steps=below)
        )
        return Granted(level, [name])
    return _none_set(limit, Judged(None, notes), steps, sitting)


def _within_validity(limit: CurrentLimit, judged: Judged, steps: list[Step], sitting: Sitting) -> Granted:
    """The limit from its first to its last day, both included (C13); without a known last day, as the policy says."""
    line, below = limit.value.line, tuple(steps)
    start = None if limit.valid_from is None else sitting.judge(limit.valid_from)
    end = None if limit.valid_to is None else sitting.judge(limit.valid_to)
    first, last = (None if day is None else day.value for day in (start, end))
    read = dict(judged.notes.read)
    for day in (start, end):
        read |= {} if day is None else day.notes.read
    if end is not None and last is None and limit.no_end == "refer":
        said = "nobody knows until when it is valid"
        sitting.steps.append(end.step("limit", "limit", Status.UNKNOWN, line, note=said, steps=below))
        sitting.data_reason("limit", end.notes, "refer")
        return Granted(Judged(None, end.notes), route="refer")
    seen = Judged(judged.value, replace(judged.notes, read=read))
    if first is not None and last is not None and first > last:
        seen.notes.undefined[f"valid from {first.isoformat()} until {last.isoformat()}"] = None
        sitting.steps.append(seen.step("limit", "limit", Status.UNKNOWN, line, steps=below))
        sitting.data_reason("limit", seen.notes, "refer")
        return Granted(Judged(None, seen.notes), route="refer")
    if first is not None and sitting.as_of < first:
        said = f"valid only from {first.isoformat()}"
    elif last is not None and sitting.as_of > last:
        said = f"expired on {last.isoformat()}"
    else:
        sitting.steps.append(judged.step("limit", "limit", Status.COMPUTED, line, value=judged.value, steps=below))
        return Granted(judged, ["current"], last)
    then = "refer" if limit.expired == "refer" else None
    sitting.reason(_EXPIRED, "limit", Judged(None, Notes(read)), then)
    if limit.expired == "treat_as_zero":
        sitting.steps.append(judged.step("limit", "limit", Status.FIRED, line, value=_ZERO, note=said, steps=below))
        return Granted(Judged(_ZERO, judged.notes), ["expired"], last)
    sitting.steps.append(judged.step("limit", "limit", Status.UNKNOWN, line, note=said, steps=below))
    notes = Notes(read=judged.notes.read)
    notes.undefined[f"limit {said}"] = None
    return Granted(Judged(None, notes), ["expired"], last, route="refer")
