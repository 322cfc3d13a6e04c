"""The kind `credit`: exposure, limit, order, rules; the strictest of what applies is the decision (domain C14)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import assert_never

from engine.decision import Status
from engine.exposure import check_order, counted, measure_exposure
from engine.limit import Granted, compute_limit, current_limit
from engine.meaning import Notes
from engine.named_values import give_score_reasons
from engine.rules import Ruling, judge_rules
from engine.sitting import Judged, Sitting
from policies.feel.values import FEEL_DECIMAL, Value
from policies.kinds.credit import OUTCOMES, ComputedLimit, Credit, CurrentLimit

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
    exposure = None if body.exposure is None else measure_exposure(body.exposure, sitting)
    if exposure is not None:
        sitting.name("exposure", exposure.value, exposure.notes)
    granted = _limit(body, sitting)
    if granted is not None:
        sitting.name("limit", granted.judged.value, granted.judged.notes)
        if granted.route is not None:
            verdict.outcomes.append(granted.route)
    available = _available(exposure, granted, sitting)
    if body.order is not None and exposure is not None and granted is not None:
        status = check_order(body.order, sitting, exposure, granted.judged, body.missing)
        verdict.fired = status is Status.FIRED
        if status is not Status.NOT_FIRED:
            verdict.outcomes.append(body.order.over_limit if status is Status.FIRED else body.missing)
    for ruling in judge_rules(sitting):
        _apply(ruling, body, verdict, sitting)
    terms = _terms(body, verdict, sitting)
    # What is only unknown does not set the default aside: the stricter of the two stands.
    outcomes = verdict.outcomes if verdict.fired else [*verdict.outcomes, body.default]
    decision = max(outcomes, key=OUTCOMES.index)
    if not verdict.fired and decision == body.default and body.default_reason is not None:
        sitting.reason(body.default_reason, "default", then=body.default)
    if decision == "approve_with_conditions" and not verdict.conditions:
        decision = "approve"  # every condition came out as not required
    if decision != "approve":
        give_score_reasons(sitting)
    outcome = {
        "decision": decision,
        "limit": None if granted is None else granted.judged.value,
        "exposure": None if exposure is None else exposure.value,
        "available": available,
        "binding": [] if granted is None else granted.binding,
        "terms_days": terms,
        "conditions": verdict.conditions,
        "valid_to": None if granted is None else granted.valid_to,
    }
    return outcome if decision != "decline" else _nothing_offered(body, outcome)


def _nothing_offered(body: Credit, outcome: dict[str, Value]) -> dict[str, Value]:
    """A refusal offers nothing: no terms, no conditions, and a limit that was computed is 0. The trace keeps them."""
    refused: dict[str, Value] = {**outcome, "terms_days": None, "conditions": {}}
    if isinstance(body.limit, ComputedLimit):
        refused |= {"limit": Decimal(0), "binding": ["decision"], "valid_to": None}
        exposure = outcome["exposure"]
        refused["available"] = None if exposure is None else FEEL_DECIMAL.subtract(Decimal(0), counted(exposure))
    return refused


def _limit(body: Credit, sitting: Sitting) -> Granted | None:
    match body.limit:
        case None:
            return None
        case ComputedLimit():
            return compute_limit(body.limit, sitting, body.missing)
        case CurrentLimit():
            return current_limit(body.limit, sitting)
        case _ as never:
            assert_never(never)


def _available(exposure: Judged | None, granted: Granted | None, sitting: Sitting) -> Decimal | None:
    """The limit less exposure; unknown when either is."""
    if exposure is None or granted is None:
        return None
    notes = Notes()
    available = None
    if exposure.value is None or granted.judged.value is None:
        notes.because_of(exposure.notes)
        notes.because_of(granted.judged.notes)
    else:
        available = FEEL_DECIMAL.subtract(granted.judged.value, counted(exposure.value))
    sitting.name("available", available, notes)
    return available


def _apply(ruling: Ruling, body: Credit, verdict: _Verdict, sitting: Sitting) -> None:
    """A rule that fired adds its outcome; an unknown one the missing route: it never lets an approval through."""
    rule = ruling.rule
    match ruling.status:
        case Status.FIRED:
            sitting.reason(rule.reason, rule.name, ruling.judged, rule.then)
            verdict.fired = True
            verdict.outcomes.append(rule.then or body.missing)
            _attach(ruling, body, verdict, sitting)
        case Status.UNKNOWN:
            route = rule.missing or body.missing
            sitting.data_reason(rule.name, ruling.judged.notes, route)
            verdict.outcomes.append(route)
        case _:
            return


_STRICTER = {"prepayment_pct": max, "shorter_terms_days": min, "amount_counter_offer": min}
"""Of two conditions of a kind the stricter applies (C14)."""


def _attach(ruling: Ruling, body: Credit, verdict: _Verdict, sitting: Sitting) -> None:
    for name, expression in ruling.rule.conditions:
        judged = sitting.judge(expression)
        if _impossible(name, judged.value):
            judged.notes.undefined[f"{name} of {judged.value}"] = None
        if judged.value is None or judged.notes.undefined:
            sitting.data_reason(ruling.rule.name, judged.notes, body.missing)
            verdict.outcomes.append(body.missing)
            continue
        if name == "amount_counter_offer" and judged.value <= 0:
            verdict.outcomes.append("decline")  # an offer of nothing is a refusal (C14)
            continue
        if judged.value is False:
            continue
        held = verdict.conditions.get(name)
        stricter = _STRICTER.get(name)
        verdict.conditions[name] = judged.value if held is None or stricter is None else stricter(held, judged.value)


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
