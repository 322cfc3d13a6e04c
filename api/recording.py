"""The record of a decision: what was asked, what was decided, and by what an auditor will find it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from api.audit.appending import Key
from api.audit.personal import Personal
from api.audit.records import Catalogued, Record, make_record
from api.identities import new_id
from api.revisions import InForce
from engine.decision import Decision
from engine.headline import headline
from policies.ir import Fact, Policy

RecordKind = Literal["decision", "test"]
"""A live decision, or one that is only tried and never counts as one."""

ID_PREFIXES: Mapping[RecordKind, str] = {"decision": "dec", "test": "tst"}


def decision_record(  # noqa: PLR0913 (a record says all of it)
    policy: Policy,
    deciding: InForce,
    facts: Mapping[str, Any],
    decision: Decision,
    *,
    key: Key,
    principal: str,
    at: dt.datetime,
    went_back: bool,
    kind: RecordKind = "decision",
) -> Record:
    """The record to be; `went_back` flags a clock that shows an earlier time than the log."""
    # A running case is decided by an earlier text: what either of the two marks as personal is kept apart.
    declared = deciding.bundle.policies[policy.name].facts
    path, subject = subject_of(declared, facts)
    outcome = headline(decision.kind, decision.outcome)
    content = {
        "principal": principal,
        "key_sha256": key.hash.hex(),
        "fingerprint": key.asked.hex(),
        "acts": deciding.acts,
        "revision": deciding.revision,
        **({"revision_named": True} if deciding.named else {}),
        "bundle_digest": deciding.bundle.digest,
        **({} if subject is None else {"subject": subject}),
        **({"clock_went_back": True} if went_back else {}),
        "facts": facts,
        "decision": decision.to_json(),
    }
    found = Catalogued(
        policy=policy.name,
        outcome=outcome,
        revision=deciding.revision,
        principal=principal,
        subject=subject,
        reasons=tuple(reason.code for reason in decision.reasons),
    )
    return make_record(
        kind,
        new_id(ID_PREFIXES[kind], at),
        at,
        content,
        personal=Personal((*declared, *policy.facts), facts, path),
        catalogued=found,
        like=decision.policy_digest,
    )


def subject_of(
    declared: Sequence[Fact], facts: Mapping[str, Any], within: str = ""
) -> tuple[str, str] | tuple[None, None]:
    """Whom a decision is about, with the dotted path of the fact that says so: of those sent the first declared."""
    for fact in declared:
        value = facts.get(fact.name)
        path = f"{within}{fact.name}"
        if fact.subject and isinstance(value, str):
            return path, value
        if fact.fields and isinstance(value, Mapping):
            found = subject_of(fact.fields, value, f"{path}.")
            if found[0] is not None:
                return found
    return None, None
