"""A credit limit computed by methods and bounded (domain C11, C12)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Context, Decimal
from functools import reduce

from engine.decision import Status, Step
from engine.meaning import Notes
from engine.sitting import Judged, Sitting
from policies.currencies import minor_units
from policies.feel.values import FEEL_DECIMAL
from policies.ir import Expression
from policies.kinds.credit_limit import ComputedLimit, Method
from policies.types import Money

_ZERO, _HUNDRED = Decimal(0), Decimal(100)
_EXACT = Context(prec=100)
"""Wide enough for the whole quotient of two 34-digit amounts, so that a quotient just below a whole stays below."""

_NET_WORTH_METHODS = frozenset({"pct_tangible_net_worth", "pct_working_capital"})
"""Methods for which nothing to lend against is a reason of its own (C11)."""


@dataclass(slots=True)
class Granted:
    """The limit with what bound it; `route` is the outcome that follows when it could not be set, else None.

    `unlimited`: there is none, and the policy says so. `lift` is what security added to it.
    """

    judged: Judged
    binding: list[str] = field(default_factory=list)
    valid_to: dt.date | None = None
    route: str | None = None
    unlimited: bool = False
    lift: Decimal | None = None


def _mean(amounts: list[Decimal]) -> Decimal:
    return FEEL_DECIMAL.divide(reduce(FEEL_DECIMAL.add, amounts), Decimal(len(amounts)))


def _median(ascending: list[Decimal]) -> Decimal:
    """The middle one; of an even number the mean of the middle two (C11)."""
    half = len(ascending) // 2
    return ascending[half] if len(ascending) % 2 else _mean(ascending[half - 1 : half + 1])


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What bounds a computed limit, evaluated; None for what the policy does not bound."""

    previous: Decimal | None
    up_pct: Decimal | None
    down_pct: Decimal | None
    step: Decimal | None
    floor: Decimal | None


def compute_limit(limit: ComputedLimit, sitting: Sitting, missing_route: str) -> Granted:
    """The methods combined, capped, held near the previous limit, rounded down, floored, in this order.

    What must be known and is not makes the limit unknown: a bound that cannot be told must not be left out.
    """
    steps: list[Step] = []
    notes = Notes()
    methods, refer = _amounts(limit.methods, "method", sitting, steps, notes)
    caps, caps_refer = _amounts(limit.caps, "cap", sitting, steps, notes)
    bounds = _bounds(limit, sitting, steps, notes)
    if refer or caps_refer or not methods or bounds is None:
        if not notes.missing and not notes.undefined:
            notes.undefined["no limit method has a value"] = None
        missing, undefined = tuple(notes.missing), tuple(notes.undefined)
        sitting.steps.append(
            Step(
                "limit",
                "limit",
                Status.UNKNOWN,
                missing=missing,
                undefined=undefined,
                line=limit.line,
                note="no limit",
                steps=tuple(steps),
            )
        )
        sitting.data_reason("limit", notes, missing_route)
        return Granted(Judged(None, notes), route=missing_route)
    amount, binding = _combine(limit, methods, caps)
    amount, binding = _bounded_change(bounds, amount, binding, steps)
    amount = _rounded(bounds.step or smallest_unit(limit.methods[0].value), amount, steps)
    amount, binding = _floored(limit, bounds.floor, amount, binding, steps)
    lowest = min(caps.values(), default=amount)
    if lowest < amount:
        # Neither the change against the previous limit nor the smallest limit lifts it above a cap (C11).
        amount, binding = lowest, [name for name, value in caps.items() if value == lowest]
    said = f"bound by {', '.join(binding)}" if binding else None
    sitting.steps.append(
        Step("limit", "limit", Status.COMPUTED, value=amount, line=limit.line, note=said, steps=tuple(steps))
    )
    for method in (*limit.methods, *limit.caps):
        if method.name in binding and method.reason is not None:
            sitting.reason(method.reason, method.name, sitting.judge(method.value))
    return Granted(Judged(amount, Notes()), binding, _last_day(sitting.as_of, limit.valid_days))


def _last_day(as_of: dt.date, days: int | None) -> dt.date | None:
    """So many days on, the calendar's last day at the latest."""
    if days is None:
        return None
    return as_of + dt.timedelta(days=min(days, (dt.date.max - as_of).days))


def _bounds(limit: ComputedLimit, sitting: Sitting, steps: list[Step], notes: Notes) -> _Bounds | None:
    """The bounds, or None when one is unknown or makes no sense; `notes` then says which."""
    found: dict[str, Decimal | None] = {}
    known = True
    written = {
        "previous": limit.previous,
        "up_pct": limit.up_pct,
        "down_pct": limit.down_pct,
        "step": limit.round_down_to,
        "floor": limit.floor,
    }
    for name, expression in written.items():
        found[name] = None
        if expression is None:
            continue
        judged = sitting.judge(expression)
        found[name] = judged.value
        if judged.value is None and name == "previous" and limit.no_previous == "unbounded":
            continue
        if judged.value is not None and (judged.value < 0 or (judged.value == 0 and name == "step")):
            judged.notes.undefined[f"{name} is {judged.value}"] = None
        if judged.value is None or judged.notes.undefined:
            known = False
            notes.because_of(judged.notes)
            steps.append(judged.step("bound", name, Status.UNKNOWN, expression.line))
    return _Bounds(**found) if known else None


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
            amount = _median(sorted(amounts))
        case "average":
            amount = _mean(amounts)
    binding = [name for name, value in methods.items() if value in _middle(limit, amounts, amount)]
    lowest = min(caps.values(), default=amount)
    if lowest < amount:
        amount, binding = lowest, []
    binding += [name for name, value in caps.items() if value == amount]
    return amount, binding


def _middle(limit: ComputedLimit, amounts: list[Decimal], amount: Decimal) -> list[Decimal]:
    """The amounts that make the combined one: all of an average, the middle two of an even median, else itself."""
    match limit.combine:
        case "average":
            return amounts
        case "median" if len(amounts) % 2 == 0:
            half = len(amounts) // 2
            return sorted(amounts)[half - 1 : half + 1]
        case _:
            return [amount]


def _bounded_change(
    bounds: _Bounds, amount: Decimal, binding: list[str], steps: list[Step]
) -> tuple[Decimal, list[str]]:
    """Not further from the previous limit than allowed; without a previous limit there is no bound."""
    previous, up, down = bounds.previous, bounds.up_pct, bounds.down_pct
    if previous is None:
        return amount, binding
    highest = None if up is None else _percent(previous, FEEL_DECIMAL.add(_HUNDRED, up))
    lowest = None if down is None else _percent(previous, FEEL_DECIMAL.subtract(_HUNDRED, down))
    bounded = amount if highest is None else min(amount, highest)
    bounded = bounded if lowest is None else max(bounded, lowest)
    if bounded != amount:
        steps.append(Step("bound", "change", Status.FIRED, value=bounded, note=f"previous limit {previous}"))
        return bounded, ["change"]
    return amount, binding


def _percent(amount: Decimal, percent: Decimal) -> Decimal:
    return FEEL_DECIMAL.divide(FEEL_DECIMAL.multiply(amount, percent), _HUNDRED)


def _rounded(step: Decimal, amount: Decimal, steps: list[Step]) -> Decimal:
    """Down to a multiple of the step. Rounding never raises."""
    rounded = down_to(step, amount)
    if rounded != amount:
        steps.append(Step("bound", "round", Status.FIRED, value=rounded, note=f"down to a multiple of {step}"))
    return rounded


def down_to(step: Decimal, amount: Decimal) -> Decimal:
    """The amount down to a multiple of the step."""
    return FEEL_DECIMAL.multiply(_EXACT.divide_int(amount, step), step)


def smallest_unit(expression: Expression) -> Decimal:
    """The smallest amount of the expression's currency: 0.01 of a dollar; 1 of a plain number."""
    currency = expression.type.currency if isinstance(expression.type, Money) else ""
    return Decimal(1).scaleb(-(minor_units(currency) or 0))


def _floored(
    limit: ComputedLimit, floor: Decimal | None, amount: Decimal, binding: list[str], steps: list[Step]
) -> tuple[Decimal, list[str]]:
    """Not below the smallest limit: that one, or 0. What was computed then binds no longer."""
    if floor is None or amount >= floor:
        return amount, binding
    floored = floor if limit.below_floor == "floor" else _ZERO
    steps.append(Step("bound", "floor", Status.FIRED, value=floored, note=f"below the smallest limit of {floor}"))
    return floored, ["floor"]
