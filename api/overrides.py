"""Overrides: a person decides otherwise than the policy did. Recorded beside the decision, never instead of it.

Domain C17 (how long it holds) and C18 (who may): the amount tested is the exposure after approval.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Row, insert, select, update

from api.access.gate import Caller
from api.audit.appending import Item, append
from api.audit.database import AuditUnavailableError
from api.audit.records import Catalogued
from api.audit.store import Kept, read_state
from api.audit.tables import override
from api.audit.whole import whole_record
from api.authority import AuthorityMissingError
from api.override_bodies import OverrideRequest
from api.problems import Problem
from api.running import Running
from engine.decision import plain_decimal
from engine.headline import HEADLINES
from engine.outcome_schema import outcome_schema
from policies.ir import Policy

HELD, ENDED = "OV-MAN-01", "OV-EXP-01"
"""Reason codes: a manual override; one that does not count any more."""

LONGEST = dt.timedelta(days=366)
"""How far ahead an override may reach."""

_EXACT = Context(prec=100)
"""Amounts have at most 40 digits: none of these sums is rounded."""

_OVERRIDE = re.compile(r"ovr_[0-9a-z]{26}")
_APPROVALS = frozenset({"approve", "approve_with_conditions"})


def give(running: Running, caller: Caller, kept: Kept, asked: OverrideRequest) -> dict[str, Any]:
    """Record an override of a decision. Raises Problem and AuditUnavailableError."""
    record, _ = whole_record(running.audit.store, kept)
    decision = record["decision"]
    policy = running.revisions.texts.bundle(record["bundle_digest"]).policies[decision["policy"]]
    was = _allowed(policy, decision, asked.outcome)
    today = running.register.today()
    if not today <= asked.until <= today + LONGEST:
        detail = f"`until` must be a day from {today} to {today + LONGEST}"
        raise Problem("request_invalid", detail, place={"pointer": "/until"})
    _not_the_requester(caller, record)
    amount = _amount(policy, decision, record["facts"], asked)
    risk_class = _fact(record["facts"], running.settings.authority.risk_class_path(policy.name))
    try:
        needed = running.settings.authority.may(caller.id, policy.name, risk_class, amount, policy.currency)
    except AuthorityMissingError as error:
        raise Problem("authority_missing", str(error)) from None
    content: dict[str, Any] = {
        "act": "given",
        "principal": caller.id,
        "decision": record["id"],
        "decision_seq": kept.seq,
        "policy": policy.name,
        "was": was,
        "outcome": asked.outcome,
        "reason": asked.reason,
        "until": asked.until.isoformat(),
        "release_when": asked.release_when,
        "amount_tested": None if amount is None else plain_decimal(amount),
        "currency": policy.currency,
        "risk_class": risk_class,
        "level_needed": needed,
    }
    if asked.amount is not None:
        tolerance = asked.tolerance_pct or Decimal(0)
        content |= {"released_amount": plain_decimal(asked.amount), "tolerance_pct": plain_decimal(tolerance)}
    return _record(running, content, policy.name, asked.outcome)


def end(running: Running, caller: Caller, id_: str, reason: str) -> dict[str, Any]:
    """Take an override back before its last day. Raises Problem and AuditUnavailableError."""
    row = _row(running, id_)
    store = running.audit.store
    _has_the_level(running, caller, row)
    content = {
        "act": "ended",
        "principal": caller.id,
        "override": id_,
        "override_seq": row.seq,
        "policy": row.policy,
        "decision": row.decision,
        "reason": reason,
    }
    found = Catalogued(policy=row.policy, outcome="ended", principal=caller.id, reasons=(ENDED,))
    with store.write() as connection:
        state = read_state(connection, lock=True)
        open_ = override.c.id == id_, override.c.ended.is_(None)
        record = running.audit.make("override", "ove", content, found)
        append(store, connection, state, [Item.of(store, record)])
        if connection.execute(update(override).where(*open_).values(ended=state.size)).rowcount != 1:
            raise Problem("override_state", f"the override `{id_}` was ended before")
    return shown(running, _row(running, id_))


def _has_the_level(running: Running, caller: Caller, row: Row[Any]) -> None:
    """To end an override may release an order as well as giving one: it takes the level that giving it took."""
    given = shown(running, row)
    held = running.settings.authority.level(caller.id, row.policy)
    if caller.id != row.given_by and held < given["level_needed"]:
        detail = f"`{row.id}` took level {given['level_needed']}; `{caller.id}` has level {held}"
        raise Problem("authority_missing", detail)


def of_decision(running: Running, decision: str) -> list[dict[str, Any]]:
    """The overrides of a decision, in the order they were given. Raises AuditUnavailableError."""
    return _listed(running, override.c.decision == decision)


def listed(
    running: Running, person: str | None, policy: str | None, in_force: bool | None, before: int | None, limit: int
) -> list[dict[str, Any]]:
    """Overrides, the newest first: who bypasses what. Raises AuditUnavailableError."""
    today = running.register.today().isoformat()
    holds = override.c.ended.is_(None) & (override.c.until >= today)
    narrowed = [
        *([override.c.given_by == person] if person is not None else []),
        *([override.c.policy == policy] if policy is not None else []),
        *([holds if in_force else ~holds] if in_force is not None else []),
        *([override.c.seq < before] if before is not None else []),
    ]
    return _listed(running, *narrowed, limit=limit, newest=True)


def shown(running: Running, row: Row[Any]) -> dict[str, Any]:
    """An override as it is answered: what was recorded, and whether it counts today."""
    store = running.audit.store
    kept = store.entry(row.seq)
    if kept is None:
        raise AuditUnavailableError(f"entry {row.seq} is missing in the database")
    record, _ = whole_record(store, kept)
    if record["id"] != row.id or record["until"] != row.until or record["decision"] != row.decision:
        raise AuditUnavailableError(f"entry {row.seq} is not the override `{row.id}`")
    expired = row.until < running.register.today().isoformat()
    in_force = not expired and row.ended is None
    said = {name: record[name] for name in _SHOWN if name in record}
    return {
        "override_id": record["id"],
        "at": record["at"],
        "given_by": record["principal"],
        **said,
        "state": "in_force" if in_force else "ended" if row.ended is not None else "expired",
        "code": HELD if in_force else ENDED,
        "ended_seq": row.ended,
        "log": {"seq": kept.seq, "leaf": kept.leaf.hex()},
    }


_SHOWN = (
    "decision",
    "policy",
    "was",
    "outcome",
    "reason",
    "until",
    "release_when",
    "released_amount",
    "tolerance_pct",
    "amount_tested",
    "currency",
    "risk_class",
    "level_needed",
)


def _record(running: Running, content: dict[str, Any], policy: str, outcome: str) -> dict[str, Any]:
    store = running.audit.store
    found = Catalogued(policy=policy, outcome=outcome, principal=content["principal"], reasons=(HELD,))
    today = running.register.today().isoformat()
    with store.write() as connection:
        state = read_state(connection, lock=True)
        other = override.c.decision == content["decision"], override.c.ended.is_(None), override.c.until >= today
        if (held := connection.scalar(select(override.c.id).where(*other))) is not None:
            raise Problem("override_state", f"`{held}` decides this one otherwise already: end it first")
        record = running.audit.make("override", "ovr", content, found)
        append(store, connection, state, [Item.of(store, record)])
        row = {
            "id": record.id,
            "seq": state.size,
            "decision": content["decision"],
            "policy": policy,
            "given_by": content["principal"],
            "until": content["until"],
        }
        connection.execute(insert(override).values(**row))
    return shown(running, _row(running, record.id))


def _listed(running: Running, *where: Any, limit: int | None = None, newest: bool = False) -> list[dict[str, Any]]:
    order = override.c.seq.desc() if newest else override.c.seq
    with running.audit.store.read() as connection:
        rows: Sequence[Row[Any]] = connection.execute(select(override).where(*where).order_by(order).limit(limit)).all()
    return [shown(running, row) for row in rows]


def _row(running: Running, id_: str) -> Row[Any]:
    row = None
    if _OVERRIDE.fullmatch(id_):
        with running.audit.store.read() as connection:
            row = connection.execute(select(override).where(override.c.id == id_)).one_or_none()
    if row is None:
        raise Problem("override_unknown", f"there is no override `{id_[:40]}`")
    return row


def _allowed(policy: Policy, decision: Mapping[str, Any], outcome: str) -> str:
    """What the policy decided, once the override is another word it might have said. Raises Problem."""
    member = HEADLINES.get(policy.kind)
    if member is None:
        detail = f"`{policy.name}` is of kind `{policy.kind}`: it has no one word that a person could say otherwise"
        raise Problem("override_state", detail)
    words = outcome_schema(policy.outcome)["properties"][member].get("enum", ())
    if outcome not in words:
        detail = f"`{outcome[:100]}` is no {member} of `{policy.name}`: it has {', '.join(map(str, words))}"
        raise Problem("request_invalid", detail, place={"pointer": "/outcome"})
    was = decision["outcome"][member]
    if was == outcome:
        raise Problem("override_state", f"the decision is `{was}` already")
    return str(was)


def _not_the_requester(caller: Caller, record: Mapping[str, Any]) -> None:
    """Who asked for a decision does not release it (domain C18)."""
    facts = record["facts"]
    order = facts.get("order")
    asking = {record["principal"], facts.get("requested_by")}
    asking |= {order.get("requested_by")} if isinstance(order, Mapping) else set()
    if caller.id in asking:
        raise Problem("maker_is_checker", f"`{caller.id}` asked for this decision: another person has to release it")


def _amount(
    policy: Policy, decision: Mapping[str, Any], facts: Mapping[str, Any], asked: OverrideRequest
) -> Decimal | None:
    """The amount that takes authority: of a credit approval the exposure after it, of dunning the claim.

    The exposure without the order, where it has it in it, counts from 0; the order counts with its tolerance (domain
    C1, C18). None where the exposure is unknown.
    """
    outcome = decision["outcome"]
    approval = policy.kind == "credit" and asked.outcome in _APPROVALS
    if not approval and (asked.amount is not None or asked.tolerance_pct is not None):
        detail = f"`{asked.outcome}` releases nothing: leave out `amount` and `tolerance_pct`"
        raise Problem("request_invalid", detail, place={"pointer": "/amount"})
    if policy.kind == "dunning":
        return Decimal(outcome["total_claim"] or 0)
    if not approval:
        return Decimal(0)
    if not asked.amount:
        detail = "an approval says which amount it releases: add `amount`, above 0"
        raise Problem("request_invalid", detail, place={"pointer": "/amount"})
    if outcome["exposure"] is None:
        return None
    exposure = _EXACT.subtract(Decimal(outcome["exposure"]), _included(facts))
    rise = _EXACT.multiply(asked.amount, (asked.tolerance_pct or Decimal(0)).scaleb(-2))
    return _EXACT.add(max(exposure, Decimal(0)), _EXACT.add(asked.amount, rise))


def _included(facts: Mapping[str, Any]) -> Decimal:
    """The order's amount, where the exposure has it in it."""
    order = facts.get("order")
    if not isinstance(order, Mapping) or order.get("included_in_exposure") is not True:
        return Decimal(0)
    try:
        return Decimal(str(order.get("amount")))
    except InvalidOperation:
        return Decimal(0)


def _fact(facts: Mapping[str, Any], path: str | None) -> str | None:
    place: Any = facts if path is not None else None
    for step in (path or "").split("."):
        place = place.get(step) if isinstance(place, Mapping) else None
    return place if isinstance(place, str) else None
