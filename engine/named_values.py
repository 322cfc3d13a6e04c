"""Evaluates what a policy gives a name, in its order: lets, the scorecard, tables."""

from __future__ import annotations

from typing import assert_never

from engine.decision import Status
from engine.scorecard import evaluate_scorecard
from engine.sitting import Sitting
from engine.tables import decide_table
from policies.feel.values import Value
from policies.ir import Let, Scorecard, Table


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
                value, notes, step = evaluate_scorecard(part, sitting)
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
