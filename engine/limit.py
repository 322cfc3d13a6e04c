"""A credit limit: computed by methods and bounded (domain C11, C12), or set earlier (domain C4, C13)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from statistics import median

from engine.decision import Status, Step
from engine.meaning import Notes
from engine.sitting import Judged, Sitting
from policies.currencies import minor_units
from policies.feel.values import FEEL_DECIMAL
from policies.ir import Expression
from policies.kinds.credit import ComputedLimit, CurrentLimit, Method
from policies.types import Money

_ZERO, _HUNDRED = Decimal(0), Decimal(100)
_NET_WORTH_METHODS = frozenset({"pct_tangible_net_worth", "pct_working_capital"})
"""Methods for which nothing to lend against is a reason of its own (C11)."""


@dataclass(slots=True)
class Granted:
    """The limit with what bound it; `route` is the outcome that follows when it could not be set, else None."""

    judged: Judged
    binding: list[str] = field(default_factory=list)
    valid_to: dt.date | None = None
    route: str | None = None


def compute_limit(limit: ComputedLimit, sitting: Sitting, missing_route: str) -> Granted:
    """The methods combined, capped, held near the previous limit, rounded down, floored, in this order."""
    steps: list[Step] = []
    notes = Notes()
    methods, refer = _amounts(limit.methods, "method", sitting, steps, notes)
    caps, caps_refer = _amounts(limit.caps, "cap", sitting, steps, notes)
    if refer or caps_refer or not methods:
        if not notes.missing and not notes.undefined:
            notes.undefined["no limit method has a value"] = None
        sitting.steps.append(
            Step("limit", "limit", Status.UNKNOWN, missing=tuple(notes.missing), note="no limit", steps=tuple(steps))
        )
        sitting.data_reason("limit", notes)
        return Granted(Judged(None, notes), route=missing_route)
    amount, binding = _combine(limit, methods, caps)
    amount, binding = _bounded_change(limit, amount, binding, sitting, steps)
    amount = _rounded(limit, amount, sitting, steps)
    amount = _floored(limit, amount, sitting, steps)
    sitting.steps.append(
        Step("limit", "limit", Status.COMPUTED, value=amount, note="bound by " + ", ".join(binding), steps=tuple(steps))
    )
    for method in (*limit.methods, *limit.caps):
        if method.name in binding and method.reason is not None:
            sitting.reason(method.reason, method.name, Judged(amount, Notes()))
    valid_to = None if limit.valid_days is None else sitting.as_of + dt.timedelta(days=limit.valid_days)
    return Granted(Judged(amount, Notes()), binding, valid_to)


def _amounts(
    methods: tuple[Method, ...], part: str, sitting: Sitting, steps: list[Step], notes: Notes
) -> tuple[dict[str, Decimal], bool]:
    """Each method's amount, never below zero; and whether one that must be known is not."""
    found: dict[str, Decimal] = {}
    refer = False
    for method in methods:
        judged = sitting.judge(method.value)
        line = method.value.line
        if judged.value is None:
            refer = refer or method.missing == "refer"
            notes.because_of(judged.notes)
            said = "left out" if method.missing == "skip" else "refer"
            steps.append(judged.step(part, method.name, Status.UNKNOWN, line, note=said))
            continue
        found[method.name] = max(judged.value, _ZERO)
        steps.append(judged.step(part, method.name, Status.COMPUTED, line, value=judged.value))
        if judged.value <= 0 and method.name in _NET_WORTH_METHODS:
            sitting.reason("CR-LEV-02", method.name, judged)
    return found, refer


def _combine(limit: ComputedLimit, methods: dict[str, Decimal], caps: dict[str, Decimal]) -> tuple[Decimal, list[str]]:
    """The combined amount and the names that bind; a cap is a maximum however methods combine."""
    amounts = list(methods.values())
    match limit.combine:
        case "min":
            amount = min(amounts)
        case "max":
            amount = max(amounts)
        case "median":
            amount = FEEL_DECIMAL.plus(median(amounts))
        case "average":
            amount = FEEL_DECIMAL.divide(sum(amounts, _ZERO), Decimal(len(amounts)))
    binding = [name for name, value in methods.items() if value == amount or limit.combine == "average"]
    lowest = min(caps.values(), default=amount)
    if lowest < amount:
        amount, binding = lowest, []
    binding += [name for name, value in caps.items() if value == amount]
    return amount, binding


def _bounded_change(
    limit: ComputedLimit, amount: Decimal, binding: list[str], sitting: Sitting, steps: list[Step]
) -> tuple[Decimal, list[str]]:
    """Not further from the previous limit than allowed; without a previous limit there is no bound."""
    previous = _known(limit.previous, sitting)
    if previous is None:
        return amount, binding
    up, down = _known(limit.up_pct, sitting), _known(limit.down_pct, sitting)
    highest = None if up is None else FEEL_DECIMAL.multiply(previous, (_HUNDRED + up) / _HUNDRED)
    lowest = None if down is None else FEEL_DECIMAL.multiply(previous, (_HUNDRED - down) / _HUNDRED)
    bounded = amount if highest is None else min(amount, highest)
    bounded = bounded if lowest is None else max(bounded, lowest)
    if bounded != amount:
        steps.append(Step("bound", "change", Status.FIRED, value=bounded, note=f"previous limit {previous}"))
        return bounded, ["change"]
    return amount, binding


def _rounded(limit: ComputedLimit, amount: Decimal, sitting: Sitting, steps: list[Step]) -> Decimal:
    """Down to a multiple of the step; without one, down to the currency's smallest unit. Rounding never raises."""
    step = _known(limit.round_down_to, sitting)
    if step is None or step <= 0:
        step = _smallest_unit(limit.methods[0].value)
    multiple = FEEL_DECIMAL.divide(amount, step).to_integral_value(rounding=ROUND_FLOOR)
    rounded = FEEL_DECIMAL.multiply(multiple, step)
    if rounded != amount:
        steps.append(Step("bound", "round", Status.FIRED, value=rounded, note=f"down to a multiple of {step}"))
    return rounded


def _smallest_unit(expression: Expression) -> Decimal:
    currency = expression.type.currency if isinstance(expression.type, Money) else ""
    return Decimal(1).scaleb(-(minor_units(currency) or 0))


def _floored(limit: ComputedLimit, amount: Decimal, sitting: Sitting, steps: list[Step]) -> Decimal:
    floor = _known(limit.floor, sitting)
    if floor is None or amount >= floor:
        return amount
    floored = floor if limit.below_floor == "floor" else _ZERO
    steps.append(Step("bound", "floor", Status.FIRED, value=floored, note=f"below the smallest limit of {floor}"))
    return floored


def _known(expression: Expression | None, sitting: Sitting) -> Decimal | None:
    value = None if expression is None else sitting.judge(expression).value
    return value if isinstance(value, Decimal) else None


def current_limit(limit: CurrentLimit, sitting: Sitting) -> Granted:
    """The limit set earlier. None set is not a limit of 0; an expired one is 0 or must be reviewed, as stated."""
    judged = sitting.judge(limit.value)
    if judged.value is None:
        sitting.steps.append(judged.step("limit", "limit", Status.UNKNOWN, limit.value.line, note="no limit set"))
        sitting.data_reason("limit", judged.notes)
        return Granted(judged, route=limit.none_set)
    if limit.valid_to is None:
        sitting.steps.append(judged.step("limit", "limit", Status.COMPUTED, limit.value.line, value=judged.value))
        return Granted(judged, ["current"])
    return _within_validity(limit, limit.valid_to, judged, sitting)


def _within_validity(limit: CurrentLimit, valid_to: Expression, judged: Judged, sitting: Sitting) -> Granted:
    """The limit until its last day, that day included (C13); without a known last day, as the policy says."""
    line = limit.value.line
    end = sitting.judge(valid_to)
    if end.value is None and limit.no_end == "refer":
        sitting.steps.append(
            end.step("limit", "limit", Status.UNKNOWN, line, note="nobody knows until when it is valid")
        )
        sitting.data_reason("limit", end.notes)
        return Granted(Judged(None, end.notes), route="refer")
    if end.value is None or sitting.as_of <= end.value:
        sitting.steps.append(judged.step("limit", "limit", Status.COMPUTED, line, value=judged.value))
        return Granted(judged, ["current"], end.value)
    said = f"expired on {end.value.isoformat()}"
    sitting.reason("CR-VAL-01", "limit", Judged(None, Notes({**judged.notes.read, **end.notes.read})))
    if limit.expired == "treat_as_zero":
        sitting.steps.append(judged.step("limit", "limit", Status.FIRED, line, value=_ZERO, note=said))
        return Granted(Judged(_ZERO, judged.notes), ["expired"], end.value)
    sitting.steps.append(judged.step("limit", "limit", Status.UNKNOWN, line, note=said))
    notes = Notes(read=judged.notes.read)
    notes.undefined[f"limit {said}"] = None
    return Granted(Judged(None, notes), ["expired"], end.value, route="refer")
