"""Decides: facts fitted to what a policy declares, the policies it needs first, then the policy itself."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Mapping
from typing import Any

from engine.customer_text import customer_text
from engine.decision import Decision, Fault, Misfit, Status, Step
from engine.facts import fit
from engine.kinds import DECIDERS
from engine.meaning import Meaning, Notes
from engine.named_values import evaluate_named_values
from engine.places import Places
from engine.principal import leading, principal_codes, ranked
from engine.sitting import Sitting, with_parameters
from policies.feel.values import Value
from policies.ir import Policy


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
    reasons = ranked(sitting.reasons)
    led = leading(policy.kind, outcome, reasons, sitting.behind)
    decision = Decision(
        policy=policy.name,
        kind=policy.kind,
        policy_digest=policy.digest,
        as_of=as_of,
        outcome=outcome,
        principal_reasons=principal_codes(led),
        customer_text=customer_text(policy, outcome, led),
        reasons=reasons,
        trace=tuple(sitting.steps),
    )
    done[policy.name] = (decision, _causes(decision))
    return done[policy.name]


def _sit(policy: Policy, facts: Mapping[str, Value], as_of: dt.date) -> Sitting:
    names = with_parameters({"as_of": as_of, "reporting_currency": policy.currency, **facts}, policy.parameters, as_of)
    functions = {function.name: function for function in policy.functions}
    return Sitting(policy, as_of, Meaning(names, functions, as_of, places=Places(facts)))


def _causes(decision: Decision) -> Notes:
    """Why a part of a needed policy's outcome may have no value: what its reasons and its trace name as missing."""
    notes = Notes()
    named = [*(reason.missing for reason in decision.reasons), *(step.missing for step in decision.trace)]
    for paths in named:
        notes.missing.update(dict.fromkeys(paths))
    return notes
