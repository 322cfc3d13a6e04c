"""The policy's interest and compensation worked out for one account; what has no value is kept, with why.

Fees are part of the ladder and block it when they are unknown; interest and compensation are the law's, and wait.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from engine.dunning.charge_terms import Amount, Compensation, DayCount, HeldBand, Interest, InterestRounding
from engine.dunning.rates import Fixing, Schedule, Stage
from engine.sitting import Judged, Sitting
from policies.feel.values import Value
from policies.ir import Expression, Parameter
from policies.kinds import charges as written
from policies.kinds.charges import DEBT
from policies.mentions import parameters_behind

_DAY = dt.timedelta(days=1)


def interest_terms(interest: written.Interest, sitting: Sitting) -> Interest:
    """The terms of interest, with the rate over time."""
    lowest = interest.legal_minimum
    return Interest(
        rates=_schedule(interest.rate, interest.dated, interest.fixing, sitting),
        basis=None if interest.basis is None else DayCount(interest.basis),
        round=InterestRounding(interest.round),
        min_interest=_amount(interest.min_interest, sitting, {}),
        fixing=None if interest.fixing is None else Fixing(interest.fixing),
        legal_minimum=None if lowest is None else _schedule(lowest, interest.minimum_dated, interest.fixing, sitting),
        claimed=interest.claim == "charge",
    )


def compensation_terms(compensation: written.Compensation, sitting: Sitting) -> Compensation:
    """The compensation, its amount to be asked for each debt."""

    def of(debt: Decimal) -> Amount:
        if isinstance(compensation.of, Expression):
            return _amount(compensation.of, sitting, {DEBT: debt})
        band = next(band for band in compensation.of if sitting.holds(band.cell, debt))
        held = HeldBand(band.name("compensation"), band.cell.scalar.span.line)
        return replace(_amount(band.amount, sitting, {}), band=held)

    return Compensation(of, compensation.from_level)


def _amount(expression: Expression | None, sitting: Sitting, local: Mapping[str, Value]) -> Amount:
    """The amount of the decision's day; one left out is 0."""
    if expression is None:
        return Amount(Decimal(0))
    judged = sitting.judge(expression, local)
    if judged.value is not None:
        return Amount(judged.value)
    policy = sitting.policy
    parameters = {parameter.name: parameter for parameter in policy.parameters}
    functions = {function.name: function for function in policy.functions}
    behind = parameters_behind(expression, parameters, functions, {value.name: value for value in policy.values})
    absent = _absent([parameters[name] for name in sorted(behind)], sitting.as_of)
    missing = (*(f"{name} on {sitting.as_of}" for name in absent), *_facts(judged, absent))
    return Amount(None, missing, () if missing else tuple(judged.notes.undefined))


def _schedule(
    expression: Expression, dated: frozenset[str], fixing: written.Fixing | None, sitting: Sitting
) -> Schedule:
    """The rate over time: worked out anew from each day on which a parameter behind it gets or loses a value."""
    parameters = [parameter for parameter in sitting.policy.parameters if parameter.name in dated]
    if fixing == "as_of" or not parameters:
        return Schedule((dt.date.min,), lambda _: _stage(sitting.judge(expression), parameters, sitting.as_of))
    changes = tuple(sorted({dt.date.min, *(day for parameter in parameters for day in _changes(parameter))}))
    return Schedule(changes, lambda day: _stage(sitting.judge_on(expression, parameters, day), parameters, day))


def _changes(parameter: Parameter) -> Iterator[dt.date]:
    """The days from which it has another value, or none."""
    for dated in parameter.values:
        if dated.start is not None:
            yield dated.start
        if dated.end is not None and dated.end < dt.date.max:
            yield dated.end + _DAY


def _stage(judged: Judged, parameters: list[Parameter], day: dt.date) -> Stage:
    read = judged.notes.read
    if judged.value is not None:
        return Stage(judged.value, read=read)
    absent = _absent(parameters, day)
    missing = _facts(judged, absent)
    return Stage(None, absent, missing, () if absent or missing else tuple(judged.notes.undefined), read)


def _absent(parameters: list[Parameter], day: dt.date) -> tuple[str, ...]:
    return tuple(parameter.name for parameter in parameters if parameter.on(day) is None)


def _facts(judged: Judged, absent: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in judged.notes.missing if name not in absent)
