"""The trace of a dunning result: every gate, every item, every charge, with what it read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from engine.decision import Status, Step
from engine.dunning.gates import Gate
from engine.dunning.notice import FeeClaim, InterestClaim, InterestResult, ItemResult, Outcome


def steps(
    gates: Sequence[Gate],
    items: Sequence[ItemResult],
    fees: Sequence[FeeClaim],
    interest: InterestResult,
    following: dt.date | None,
) -> tuple[Step, ...]:
    """The trace in the order of the procedure. A gate has fired when it is shut."""
    trace = [_gate_step(gate) for gate in gates]
    trace += [item_step(item) for item in items]
    trace += [
        Step("fee", claim.claim_id, Status.COMPUTED, claim.amount, {"level": claim.level}, note="D15") for claim in fees
    ]
    trace += [_interest_step(claim) for claim in interest.claims]
    if interest.waived is not None:
        note = "D16: below min_interest, not charged"
        trace.append(Step("interest", "min_interest", Status.NOT_FIRED, interest.waived, note=note))
    trace.append(Step("next evaluation", "next_evaluation", Status.COMPUTED, following, note="D26"))
    return tuple(trace)


def _gate_step(gate: Gate) -> Step:
    missing = gate.shut.missing if gate.shut is not None else ()
    fired = Status.UNKNOWN if missing else Status.FIRED
    status = Status.NOT_FIRED if gate.shut is None else fired
    return Step("gate", gate.name, status, read=gate.read, missing=missing, note=gate.rule)


def item_step(item: ItemResult) -> Step:
    """How one item ended, with its threshold level beside the assigned one."""
    read = {
        "days_in_arrears": item.days_in_arrears,
        "dunnable": item.dunnable,
        "threshold_level": item.threshold_level,
        "assigned_level": item.assigned_level,
        "recorded_level": item.recorded_level,
    }
    if item.capped_at is not None:
        read["capped_at"] = item.capped_at
    passed = tuple(
        Step("level", str(number), Status.SKIPPED, note="passed over: its fee and actions do not apply")
        for number in item.passed_over
    )
    status = Status.SKIPPED if item.outcome is Outcome.SKIP else Status.FIRED
    note = ", ".join(item.skips) or item.outcome.value
    return Step("item", item.invoice_id, status, read=read, note=note, steps=passed)


def _interest_step(claim: InterestClaim) -> Step:
    read = {
        "rate": claim.rate,
        "basis": claim.basis.value,
        "round": claim.round.value,
        "accrued": claim.accrued,
        "already_charged": claim.already_charged,
    }
    periods = tuple(
        Step(
            "period",
            f"{period.after.isoformat()}..{period.until.isoformat()}",
            Status.COMPUTED,
            period.interest,
            {"days": period.days, "outstanding": period.outstanding},
        )
        for period in claim.periods
    )
    return Step("interest", claim.claim_id, Status.COMPUTED, claim.amount, read, note="D16", steps=periods)
