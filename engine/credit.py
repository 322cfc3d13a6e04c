"""The kind `credit`: exposure, limit, order, rules; the strictest of what applies is the decision (domain C14)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import assert_never

from engine.decision import Status
from engine.exposure import Measured, measure_exposure
from engine.group import belonging
from engine.limit import Granted, compute_limit
from engine.meaning import Notes
from engine.order import Against, Due, Fit, fit, order_due, way_out
from engine.rules import Ruling, judge_rules
from engine.scorecard import give_score_reasons
from engine.security import lift
from engine.set_limit import current_limit
from engine.sitting import Sitting
from policies.feel.values import FEEL_DECIMAL, Value
from policies.kinds.credit import OUTCOMES, Credit
from policies.kinds.credit_limit import ComputedLimit, CurrentLimit
from policies.kinds.credit_order import OrderCheck

_HUNDRED = Decimal(100)


@dataclass(slots=True)
class _Verdict:
    """What follows so far: every outcome that applies, and the conditions attached."""

    outcomes: list[str] = field(default_factory=list)
    conditions: dict[str, Value] = field(default_factory=dict)
    fired: bool = False


def decide_credit(body: Credit, sitting: Sitting) -> dict[str, Value]:
    """The decision with limit, exposure, what is available, terms, conditions and validity."""
    verdict = _Verdict()
    order_id = None if body.order is None or body.order.id is None else sitting.judge(body.order.id).value
    measured = None if body.exposure is None else measure_exposure(body.exposure, order_id, sitting)
    if measured is not None:
        sitting.name("exposure", measured.judged.value, measured.judged.notes)
    granted = _limit(body, sitting)
    if granted is not None:
        sitting.name("limit", granted.judged.value, granted.judged.notes)
        if isinstance(body.limit, CurrentLimit) and body.limit.unlimited is not None:
            sitting.name("unlimited", granted.unlimited, Notes())
        if granted.route is not None:
            verdict.outcomes.append(granted.route)
    outcome: dict[str, Value] = {
        "decision": None,
        "limit": None if granted is None else granted.judged.value,
        "exposure": None if measured is None else measured.judged.value,
        "available": _available(measured, granted, sitting),
        "binding": [] if granted is None else granted.binding,
        "terms_days": None,
        "conditions": verdict.conditions,
        "valid_to": None if granted is None else granted.valid_to,
    }
    due = None
    if body.order is not None and body.exposure is not None and measured is not None and granted is not None:
        due = order_due(body.order, body.exposure, measured, order_id, sitting)
        outcome |= _tested(body, body.order, due, measured, granted, verdict, sitting)
        if body.order.release is not None:
            sitting.name("released", due.released, Notes())
    for ruling in judge_rules(sitting):
        _apply(ruling, body, verdict, sitting)
    outcome["terms_days"] = _terms(body, verdict, sitting)
    # What is only unknown does not set the default aside: the stricter of the two stands.
    outcomes = verdict.outcomes if verdict.fired else [*verdict.outcomes, body.default]
    decision = max(outcomes, key=OUTCOMES.index)
    if not verdict.fired and decision == body.default and body.default_reason is not None:
        sitting.reason(body.default_reason, "default", then=body.default)
    if decision == "approve_with_conditions" and not verdict.conditions:
        decision = "approve"  # every condition came out as not required
    if decision != "approve":
        give_score_reasons(sitting)
    outcome["decision"] = decision
    outcome |= _of_some(body, due, measured, granted, decision)
    return outcome if decision != "decline" else _nothing_offered(body, measured, outcome)


def _tested(
    body: Credit, order: OrderCheck, due: Due, measured: Measured, granted: Granted, verdict: _Verdict, sitting: Sitting
) -> dict[str, Value]:
    """Test the order against the customer's limit, then the group's, also when the first test failed (C15)."""
    own = Against(
        "order against limit",
        measured.judged,
        measured.counted,
        granted.judged,
        unlimited=granted.unlimited,
        line=order.amount.line,
    )
    found = fit(due, own, sitting)
    then, conditions = way_out(order, due, found)
    _conclude(found, own.name, order.reason, then, body, verdict, sitting)
    if found.status is Status.FIRED:
        for name, value in conditions.items():
            _hold_to(name, value, verdict)
    if body.group is None:
        return {}
    group = belonging(body.group, sitting, body.missing)
    if group.route is not None:
        verdict.outcomes.append(group.route)
    elif group.against is not None:
        found = fit(due, group.against, sitting)
        _conclude(found, group.against.name, body.group.reason, body.group.over_limit, body, verdict, sitting)
    against = group.against
    return {
        "group_limit": None if against is None else against.limit.value,
        "group_exposure": None if against is None else against.exposure.value,
    }


def _conclude(found: Fit, name: str, reason: str, then: str, body: Credit, verdict: _Verdict, sitting: Sitting) -> None:
    """What follows from one test of the order, with its reason."""
    match found.status:
        case Status.FIRED:
            sitting.reason(reason, name, found.seen, then)
            verdict.fired = True
            verdict.outcomes.append(then)
        case Status.UNKNOWN:
            sitting.data_reason(name, found.seen.notes, body.missing)
            verdict.outcomes.append(body.missing)
        case _:
            return


def _of_some(
    body: Credit, due: Due | None, measured: Measured | None, granted: Granted | None, decision: str
) -> dict[str, Value]:
    """What the outcome says of parts that only some policies have."""
    said: dict[str, Value] = {}
    if granted is not None and isinstance(body.limit, CurrentLimit) and body.limit.unlimited is not None:
        said["unlimited"] = granted.unlimited
    if granted is not None and body.limit is not None and body.limit.security is not None:
        said["security_lift"] = granted.lift
    if body.order is None or due is None or measured is None:
        return said
    if body.order.release is not None:
        said["released"] = due.released
    if body.order.shipped is not None:
        held = decision in {"refer", "decline"} and not due.shipped
        said["blocks"] = "order" if held else "nothing"
    said["concurrency"] = "guarded" if due.locked or measured.reserved else "unguarded"
    return said


def _nothing_offered(body: Credit, measured: Measured | None, outcome: dict[str, Value]) -> dict[str, Value]:
    """A refusal offers nothing: no terms, no conditions, and a limit that was computed is 0. The trace keeps them."""
    refused: dict[str, Value] = {**outcome, "terms_days": None, "conditions": {}}
    if isinstance(body.limit, ComputedLimit):
        refused |= {"limit": Decimal(0), "binding": ["decision"], "valid_to": None}
        counted = None if measured is None else measured.counted
        refused["available"] = None if counted is None else FEEL_DECIMAL.subtract(Decimal(0), counted)
        if body.limit.security is not None:
            refused["security_lift"] = None
    return refused


def _limit(body: Credit, sitting: Sitting) -> Granted | None:
    match body.limit:
        case None:
            return None
        case ComputedLimit():
            granted = compute_limit(body.limit, sitting, body.missing)
        case CurrentLimit():
            granted = current_limit(body.limit, sitting, body.missing)
        case _ as never:
            assert_never(never)
    security = body.limit.security
    return granted if security is None else lift(security, granted, sitting, body.missing)


def _available(measured: Measured | None, granted: Granted | None, sitting: Sitting) -> Decimal | None:
    """The limit less exposure; unknown when either is."""
    if measured is None or granted is None:
        return None
    notes = Notes()
    available = None
    if measured.counted is None or granted.judged.value is None:
        notes.because_of(measured.judged.notes)
        notes.because_of(granted.judged.notes)
    else:
        available = FEEL_DECIMAL.subtract(granted.judged.value, measured.counted)
    sitting.name("available", available, notes)
    return available


def _apply(ruling: Ruling, body: Credit, verdict: _Verdict, sitting: Sitting) -> None:
    """A rule that fired adds its outcome; an unknown one the missing route: it never lets an approval through."""
    rule = ruling.rule
    match ruling.status:
        case Status.FIRED:
            verdict.fired = True
            verdict.outcomes.append(rule.then or body.missing)
            nothing = _attach(ruling, body, verdict, sitting)
            sitting.reason(rule.reason, rule.name, ruling.judged, "decline" if nothing else rule.then)
        case Status.UNKNOWN:
            route = rule.missing or body.missing
            sitting.data_reason(rule.name, ruling.judged.notes, route)
            verdict.outcomes.append(route)
        case _:
            return


_STRICTER = {"prepayment_pct": max, "shorter_terms_days": min, "amount_counter_offer": min}
"""Of two conditions of a kind the stricter applies (C14)."""


def _attach(ruling: Ruling, body: Credit, verdict: _Verdict, sitting: Sitting) -> bool:
    """Add the rule's conditions; whether one offers nothing, which is a refusal (C14)."""
    nothing = False
    for name, expression in ruling.rule.conditions:
        judged = sitting.judge(expression)
        if _impossible(name, judged.value):
            judged.notes.undefined[f"{name} of {judged.value}"] = None
        if judged.value is None or judged.notes.undefined:
            sitting.data_reason(ruling.rule.name, judged.notes, body.missing)
            verdict.outcomes.append(body.missing)
            continue
        if name == "amount_counter_offer" and judged.value <= 0:
            verdict.outcomes.append("decline")
            nothing = True
            continue
        if judged.value is False:
            continue
        _hold_to(name, judged.value, verdict)
    return nothing


def _hold_to(name: str, value: Value, verdict: _Verdict) -> None:
    """Add a condition; of two of a kind the stricter applies."""
    held = verdict.conditions.get(name)
    stricter = _STRICTER.get(name)
    verdict.conditions[name] = value if held is None or stricter is None else stricter(held, value)


def _impossible(name: str, value: Value) -> bool:
    """Whether a condition could not be met: a prepayment beyond 0 to 100 percent, terms of fewer than 0 days."""
    if not isinstance(value, Decimal) or name == "amount_counter_offer":
        return False
    return value < 0 or (name == "prepayment_pct" and value > _HUNDRED)


def _terms(body: Credit, verdict: _Verdict, sitting: Sitting) -> Decimal | None:
    """Days of credit; unknown terms must be looked at. A condition of shorter terms shortens them."""
    shorter = verdict.conditions.get("shorter_terms_days")
    if body.terms_days is None:
        return shorter if isinstance(shorter, Decimal) else None
    judged = sitting.judge(body.terms_days)
    status = Status.UNKNOWN if judged.value is None else Status.COMPUTED
    sitting.steps.append(judged.step("terms", "terms_days", status, body.terms_days.line, value=judged.value))
    if judged.value is None:
        sitting.data_reason("terms_days", judged.notes, body.missing)
        verdict.outcomes.append(body.missing)
        return None
    days: Decimal = judged.value
    return min(days, shorter) if isinstance(shorter, Decimal) else days
