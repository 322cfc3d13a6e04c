"""Decides: facts fitted to what a policy declares, the policies it needs first, then the policy itself."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Mapping
from typing import Any

from engine.decision import Decision, Fault, Misfit, Reason, Status, Step
from engine.facts import fit
from engine.kinds import DECIDERS
from engine.meaning import Meaning, Notes
from engine.named_values import evaluate_named_values
from engine.sitting import Sitting
from policies.feel.values import Value
from policies.ir import Policy

_RANK = ("knockout", "data", "score_factor", "condition", "limit_binding", "override", "info", "skip")
"""The order of reasons by kind: knock-outs first; within a kind as found, score factors by points lost (domain 5)."""


def decide(policy: Policy, raw: Mapping[str, Any], as_of: dt.date) -> Decision:
    """The decision of one policy on facts as JSON. A pure function: the same three give the same decision.

    Raises Fault when the facts do not fit what the policy declares.
    """
    facts = fit(policy.facts, raw, policy.reads)
    done: dict[str, tuple[Decision, Notes]] = {}
    try:
        decision, _ = _decide(policy, facts, as_of, done)
    except RecursionError:
        raise Fault((Misfit("too_much_work", "", "the facts are nested too deeply to be evaluated"),)) from None
    except (decimal.Overflow, decimal.InvalidOperation, OverflowError):
        said = "these facts lead to a number beyond 34 digits or a day beyond the year 9999"
        raise Fault((Misfit("out_of_range", "", said),)) from None
    return decision


def _decide(
    policy: Policy, facts: Mapping[str, Value], as_of: dt.date, done: dict[str, tuple[Decision, Notes]]
) -> tuple[Decision, Notes]:
    if policy.name in done:
        return done[policy.name]
    sitting = _sit(policy, facts, as_of)
    for needed in policy.needs:
        decision, notes = _decide(needed, facts, as_of, done)
        sitting.name(needed.identifier, dict(decision.outcome), notes)
        status = Status.COMPUTED
        sitting.steps.append(Step("need", needed.name, status, line=needed.line, steps=decision.trace))
    evaluate_named_values(sitting)
    outcome = DECIDERS[type(policy.body)](policy.body, sitting)
    decision = Decision(
        policy=policy.name,
        kind=policy.kind,
        policy_digest=policy.digest,
        as_of=as_of,
        outcome=outcome,
        reasons=_ranked(sitting.reasons),
        trace=tuple(sitting.steps),
    )
    done[policy.name] = (decision, _causes(decision))
    return done[policy.name]


def _sit(policy: Policy, facts: Mapping[str, Value], as_of: dt.date) -> Sitting:
    names: dict[str, Value] = {"as_of": as_of, "reporting_currency": policy.currency, **facts}
    causes: dict[str, Notes] = {}
    for parameter in policy.parameters:
        dated = parameter.on(as_of)
        value = None if dated is None else dated.value
        block, _, name = parameter.name.rpartition(".")
        if block:
            names.setdefault(block, {})[name] = value
        else:
            names[name] = value
    functions = {function.name: function for function in policy.functions}
    return Sitting(policy, as_of, Meaning(names, functions, as_of, causes))


def _ranked(reasons: list[Reason]) -> tuple[Reason, ...]:
    """By kind; within the knock-outs those that decline first, since they, not those that refer, made the decision."""
    return tuple(sorted(reasons, key=lambda reason: (_RANK.index(reason.kind), reason.then != "decline")))


def _causes(decision: Decision) -> Notes:
    """Why a part of a needed policy's outcome may have no value: what its reasons and its trace name as missing."""
    notes = Notes()
    named = [*(reason.missing for reason in decision.reasons), *(step.missing for step in decision.trace)]
    for paths in named:
        notes.missing.update(dict.fromkeys(paths))
    return notes
