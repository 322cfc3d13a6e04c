"""The kind `decision`: the outcome's members, and the reasons of the rules that hold or are unknown."""

from __future__ import annotations

from engine.decision import Status
from engine.rules import judge_rules
from engine.sitting import Sitting
from policies.feel.values import Value
from policies.kinds.general import General


def decide_general(body: General, sitting: Sitting) -> dict[str, Value]:
    """Each member's value; where it has none, what the policy says it is otherwise."""
    for ruling in judge_rules(sitting):
        if ruling.status is Status.FIRED:
            sitting.reason(ruling.rule.reason, ruling.rule.name, ruling.judged)
        elif ruling.status is Status.UNKNOWN:
            sitting.data_reason(ruling.rule.name, ruling.judged.notes)
    outcome: dict[str, Value] = {}
    for member in body.members:
        judged = sitting.judge(member.value)
        value, note = judged.value, None
        if value is None and member.otherwise is not None:
            value, note = sitting.judge(member.otherwise).value, "otherwise"
        status = Status.UNKNOWN if judged.value is None else Status.COMPUTED
        sitting.steps.append(judged.step("outcome", member.name, status, member.line, value=value, note=note))
        outcome[member.name] = value
    return outcome
