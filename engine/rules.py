"""Evaluates a policy's rules: each fired, not fired or unknown, with what it read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.decision import Status, Step
from engine.sitting import Judged, Sitting
from policies.ir import Rule


@dataclass(frozen=True, slots=True)
class Ruling:
    """What became of one rule."""

    rule: Rule
    status: Status
    judged: Judged


def judge_rules(sitting: Sitting) -> Iterator[Ruling]:
    """Every rule in order, each written into the trace as it is judged."""
    for rule in sitting.policy.rules:
        judged = sitting.judge(rule.when)
        status = status_of(judged.value)
        sitting.steps.append(judged.step("rule", rule.name, status, rule.line, note=rule.then))
        yield Ruling(rule, status, judged)


def skip_rules(sitting: Sitting, after: Rule) -> None:
    """Write the rules after one into the trace as skipped."""
    rules = sitting.policy.rules
    for rule in rules[rules.index(after) + 1 :]:
        sitting.steps.append(Step("rule", rule.name, Status.SKIPPED, line=rule.line, note=rule.then))


def status_of(truth: object) -> Status:
    """Fired for true, not fired for false, unknown for neither."""
    return Status.FIRED if truth is True else Status.NOT_FIRED if truth is False else Status.UNKNOWN
