"""Compares two policy texts by deciding the same questions with both: how many change, from what to what, by how much.

A `Comparison` grows by one question at a time and keeps none of them: of each customer it keeps the last amounts.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.comparison_measures import RANKED, Amount, compared, has_label, label, measures, severity
from engine.comparison_movers import Mover, Movers
from engine.comparison_totals import PolicyTotals
from engine.decide import decide
from engine.decision import Decision, Fault, Json, Misfit
from policies.ir import Bundle, Policy

MOVERS = 20
"""Customers named, unless told otherwise."""

SAME, CHANGED = "same", "changed"
"""What an outcome without a word of its own moves between."""


@dataclass(frozen=True, slots=True)
class Question:
    """One policy asked of one customer's facts as of one day.

    `ref` is where it came from: a decision's id, or `facts.jsonl:3`. `pinned` marks a dunning case that goes on by the
    text it began with, so that the new one does not touch it.
    """

    ref: str
    policy: str
    facts: Mapping[str, Any]
    as_of: dt.date
    subject: str | None = None
    pinned: bool = False


Answer = Decision | Fault
"""What came of a question: a decision, or why there is none."""


def both(old: Bundle, new: Bundle, question: Question) -> tuple[Answer, Answer]:
    """The question's decision by the old text and by the new one; a Fault also for a text without the policy."""
    before, after = old.policies.get(question.policy), new.policies.get(question.policy)
    answer = _decided(before, question, "old")
    if before is not None and after is not None and before.digest == after.digest:
        return answer, answer  # the same policy decides the same
    return answer, _decided(after, question, "new")


def _decided(policy: Policy | None, question: Question, text: str) -> Answer:
    if policy is None:
        return Fault((Misfit("no_such_policy", "", f"the {text} text has no policy `{question.policy}`"),))
    try:
        return decide(policy, question.facts, question.as_of)
    except Fault as fault:
        return fault.with_traceback(None)


def compare(old: Bundle, new: Bundle, questions: Iterable[Question], movers: int = MOVERS) -> Comparison:
    """Decide every question by both texts; `movers` is how many customers are named."""
    comparison = Comparison(old, new, movers)
    for question in questions:
        comparison.add(question)
    return comparison


@dataclass(slots=True)
class Comparison:
    """What came of the questions so far, by policy and over all."""

    old: Bundle
    new: Bundle
    size: int = MOVERS
    questions: int = 0
    policies: dict[str, PolicyTotals] = field(default_factory=dict)
    movers: Movers = field(init=False)

    def __post_init__(self) -> None:
        self.movers = Movers(self.size)

    def add(self, question: Question) -> None:
        """Decide one more question by both texts and count it; one that is pinned is only counted."""
        if question.pinned:
            self.questions += 1
            self._totals(question.policy).pinned += 1
            return
        self.count(question, *both(self.old, self.new, question))

    def count(self, question: Question, before: Answer, after: Answer) -> None:
        """Count one more question that has been decided by both texts, in this order."""
        self.questions += 1
        totals = self._totals(question.policy)
        if isinstance(before, Fault) or isinstance(after, Fault):
            totals.undecided(question.ref, before, after)
            return
        old, new = self.old.policies[question.policy], self.new.policies[question.policy]
        changed = compared(before) != compared(after)
        labels = _labels(old, new, before, after, changed=changed)
        amounts = _amounts(old, new, before, after)
        totals.decided(question.subject, labels, amounts)
        if changed:
            moved = labels[0] != labels[1] or any(first != second for first, second in amounts.values())
            totals.changed += 1
            totals.changed_elsewhere += not moved
            if moved:
                self.movers.add(_mover(question, new, labels, amounts))
        else:
            totals.reasons_changed += _codes(before) != _codes(after)

    def _totals(self, policy: str) -> PolicyTotals:
        if policy not in self.policies:
            self.policies[policy] = PolicyTotals(policy, self.old.policies.get(policy), self.new.policies.get(policy))
        return self.policies[policy]

    def to_json(self) -> dict[str, Json]:
        """All of it as JSON: policies in the order of the new text, then those that only the old one has."""
        order = dict.fromkeys((*self.new.policies, *self.old.policies, *self.policies))
        totals = [self.policies[name] for name in order if name in self.policies]
        return {
            "questions": self.questions,
            "changed": sum(each.changed for each in totals),
            "policies": [each.to_json() for each in totals],
            "movers": [mover.to_json() for mover in self.movers],
        }


def _labels(
    old: Policy, new: Policy, before: Decision, after: Decision, *, changed: bool
) -> tuple[str | None, str | None]:
    if has_label(old) and has_label(new):
        return label(old, before), label(new, after)
    return SAME, CHANGED if changed else SAME


def _amounts(old: Policy, new: Policy, before: Decision, after: Decision) -> dict[str, tuple[Amount, Amount]]:
    """The measures that both have; none where kind or currency differ, since such sums say nothing of each other."""
    if (old.kind, old.currency) != (new.kind, new.currency):
        return {}
    first, second = measures(old, before), measures(new, after)
    return {name: (first[name], second[name]) for name in first if name in second}


def _codes(decision: Decision) -> Counter[str]:
    return Counter(reason.code for reason in decision.reasons)


def _mover(
    question: Question,
    policy: Policy,
    labels: tuple[str | None, str | None],
    amounts: Mapping[str, tuple[Amount, Amount]],
) -> Mover:
    ranks = [name for name in RANKED.get(policy.kind, ()) if name in amounts]
    moving = (name for name in ranks if amounts[name][0] != amounts[name][1])
    measure = next(moving, ranks[0] if ranks else "")
    ranked = amounts.get(measure)
    grave = severity(policy.kind, labels, ranked or (None, None))
    told = (question.subject, question.policy, question.ref, question.as_of, *labels, grave)
    return Mover(*told) if ranked is None else Mover(*told, measure, policy.currency, *ranked)
