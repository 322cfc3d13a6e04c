"""The trace of a dunning result: every gate, every item, every charge, with what it read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from engine.decision import Status, Step
from engine.dunning.charge_steps import charge_steps
from engine.dunning.gates import Gate
from engine.dunning.notice import CompensationResult, FeeClaim, InterestResult, ItemResult, Outcome
from policies.feel.values import Value


def steps(
    gates: Sequence[Gate],
    items: Sequence[ItemResult],
    fees: Sequence[FeeClaim],
    compensation: CompensationResult,
    interest: InterestResult,
    following: dt.date | None,
) -> tuple[Step, ...]:
    """The trace in the order of the procedure. A gate has fired when it is shut."""
    trace = [_gate_step(gate) for gate in gates]
    trace += [item_step(item) for item in items]
    trace += charge_steps(fees, compensation, interest)
    trace.append(Step("next evaluation", "next_evaluation", Status.COMPUTED, following, note="D26"))
    return tuple(trace)


def _gate_step(gate: Gate) -> Step:
    missing = gate.shut.missing if gate.shut is not None else ()
    fired = Status.UNKNOWN if missing else Status.FIRED
    status = Status.NOT_FIRED if gate.shut is None else fired
    return Step("gate", gate.name, status, read=gate.read, missing=missing, note=gate.rule)


def item_step(item: ItemResult) -> Step:
    """How one item ended, with its threshold level beside the assigned one."""
    read: dict[str, Value] = {
        "days_in_arrears": item.days_in_arrears,
        "dunnable": item.dunnable,
        "threshold_level": item.threshold_level,
        "assigned_level": item.assigned_level,
        "recorded_level": item.recorded_level,
    }
    if item.capped_at is not None:
        read["capped_at"] = item.capped_at
    if item.moved_to is not None:
        read["due_on"] = item.moved_to
    if item.conversion is not None:
        rate = item.conversion.rate
        read |= {"original_currency": item.conversion.currency, "original_amount": item.conversion.amount}
        read |= {"rate": rate.rate, "rate_date": rate.date, "rate_source": rate.source}
    changed = tuple(
        Step("event", change.event, Status.COMPUTED, change.after, {"on": change.on, "from": change.before}, note="D8")
        for change in item.level_changes
    )
    passed = tuple(
        Step("level", str(number), Status.SKIPPED, note="passed over: its fee and actions do not apply")
        for number in item.passed_over
    )
    status = Status.SKIPPED if item.outcome is Outcome.SKIP else Status.FIRED
    note = ", ".join(item.skips) or item.outcome.value
    return Step("item", item.invoice_id, status, read=read, note=note, steps=(*changed, *passed))
