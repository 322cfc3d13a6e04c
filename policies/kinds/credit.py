"""The kind `credit`: exposure, limit, order, group, and rules of which the strictest wins (domain C14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from policies.desk import Desk
from policies.diagnostics import Code
from policies.ir import Expression as Typed
from policies.ir import Rule
from policies.kinds.credit_exposure import Exposure, check_exposure
from policies.kinds.credit_figures import HUNDRED, optional_within, told, within
from policies.kinds.credit_limit import ComputedLimit, CurrentLimit, check_limit
from policies.kinds.credit_order import Group, OrderCheck, check_group, check_order
from policies.kinds.credit_part import CreditPart
from policies.kinds.kind import Checked, Kind
from policies.nodes import Span
from policies.rules import check_rules
from policies.types import Boolean, ContextOf, Date, ListOf, Money, Number, Text, Type, nullable

OUTCOMES = ("approve", "approve_with_conditions", "refer", "decline")
"""From mildest to strictest: the strictest of all that apply wins (domain C14)."""


@dataclass(frozen=True, slots=True)
class Credit:
    """The body of a credit policy."""

    exposure: Exposure | None
    limit: ComputedLimit | CurrentLimit | None
    order: OrderCheck | None
    group: Group | None
    terms_days: Typed | None
    default: Literal["approve", "refer", "decline"]
    default_reason: str | None
    missing: Literal["refer", "decline"]


def condition_types(currency: str) -> Mapping[str, Type]:
    """The conditions an approval may carry (domain C14), with their types."""
    return {
        "prepayment_pct": Number("percent"),
        "shorter_terms_days": Number("days"),
        "amount_counter_offer": Money(currency),
        "guarantee": Boolean(),
        "insured": Boolean(),
    }


def check(part: CreditPart, desk: Desk) -> Checked:
    """Check exposure, limit and order, then the rules, which see `exposure`, `limit` and `available`."""
    money = nullable(Money(desk.currency))
    lets = {name: let.is_ for name, let in part.let.items()}
    exposure = None if part.exposure is None else check_exposure(part.exposure, lets, desk)
    if exposure is not None:
        _declare(desk, "exposure", money, part.span("exposure"))
    limit = None if part.limit is None else check_limit(part.limit, part.span("limit"), lets, desk)
    if limit is not None:
        _declare(desk, "limit", money, part.span("limit"))
    if isinstance(limit, CurrentLimit) and limit.unlimited is not None:
        _declare(desk, "unlimited", Boolean(), part.span("limit"))
    if exposure is not None and limit is not None:
        _declare(desk, "available", money, part.span("limit"))
    order = None if part.order is None else check_order(part.order, exposure, desk)
    group = None if part.group is None else check_group(part.group, lets, desk)
    _check_fit(part, desk)
    if order is not None and order.release is not None:
        _declare(desk, "released", Boolean(), part.span("order"))
    terms = optional_within(part.terms_days, Number("days"), desk)
    rules = _check_rules(part, desk)
    reason = _check_default(part, desk)
    body = Credit(exposure, limit, order, group, terms, part.default, reason, part.missing)
    return Checked(body, rules, _outcome(body, desk.currency))


def _check_fit(part: CreditPart, desk: Desk) -> None:
    """What goes only together, or never together."""
    if part.order is not None and not (part.states("exposure") and part.states("limit")):
        mend = "add `exposure:` and `limit:`"
        desk.error(Code.CREDIT, "`order` is tested against exposure and limit", part.span("order"), mend)
    if part.group is not None and not part.states("order"):
        mend = "add `order:`"
        desk.error(Code.CREDIT, "`group` is a second limit that an order is tested against", part.span("group"), mend)
    secured = part.exposure is not None and part.exposure.secured is not None
    if secured and part.exposure is not None and part.limit is not None and part.limit.security is not None:
        said = "security counts once: `secured` lowers the exposure, `security` lifts the limit"
        desk.error(Code.CREDIT, said, part.exposure.key_span("secured"), "keep one of them")


def _check_default(part: CreditPart, desk: Desk) -> str | None:
    """A decline by default needs a reason that the customer may be told, as any decline does."""
    if part.default_reason is None:
        if part.default == "decline":
            mend = "add `default_reason:` with a reason that may be disclosed"
            desk.error(Code.NOT_DISCLOSABLE, "`default: decline` gives no reason", part.span("default"), mend)
        return None
    return told(part.default_reason, part.span("default_reason"), desk, then=part.default)


def _declare(desk: Desk, name: str, type_: Type, span: Span) -> None:
    if desk.scope.type_of(name) is not None:
        said = f"`{name}` is already a name here, and a credit policy gives it a meaning of its own"
        desk.error(Code.NAME_TAKEN, said, span, "give the fact, parameter or let another name")
    desk.declare(name, type_)


def _check_rules(part: CreditPart, desk: Desk) -> tuple[Rule, ...]:
    rules = check_rules(
        part.rules,
        desk,
        then=OUTCOMES[1:],
        missing=("refer", "decline"),
        conditions=condition_types(desk.currency),
    )
    for rule, written in zip(rules, part.rules, strict=True):
        for name, condition in rule.conditions:
            within(condition, desk, HUNDRED if name == "prepayment_pct" else None)
        told(rule.reason, written.span("reason"), desk, then=rule.then or "decline")
        if (rule.then == "approve_with_conditions") != bool(rule.conditions):
            said = "`approve_with_conditions` and `conditions` go together"
            desk.error(Code.CREDIT, said, written.span("then"), "name at least one condition, or another outcome")
    return rules


def _outcome(body: Credit, currency: str) -> Type:
    """What every credit decision says, and what it says of parts that only some policies have."""
    money = nullable(Money(currency))
    conditions = ContextOf(tuple((name, nullable(type_)) for name, type_ in condition_types(currency).items()))
    members: list[tuple[str, Type]] = [
        ("decision", Text(OUTCOMES)),
        ("limit", money),
        ("exposure", money),
        ("available", money),
        ("binding", ListOf(Text())),
        ("terms_days", Number("days", nullable=True)),
        ("conditions", conditions),
        ("valid_to", Date(nullable=True)),
    ]
    if isinstance(body.limit, CurrentLimit) and body.limit.unlimited is not None:
        members.append(("unlimited", Boolean()))
    if body.limit is not None and body.limit.security is not None:
        members.append(("security_lift", money))
    if body.group is not None:
        members += [("group_limit", money), ("group_exposure", money)]
    if body.order is not None and body.order.release is not None:
        members.append(("released", Boolean()))
    if body.order is not None and body.order.shipped is not None:
        members.append(("blocks", Text(("order", "nothing"))))
    if body.order is not None:
        members.append(("concurrency", Text(("guarded", "unguarded"))))
    return ContextOf(tuple(members))


AUTOMATIC_REASONS = (
    "DT-MIS-01",
    "DT-UND-01",
    "DT-MIS-05",
    "CR-LEV-02",
    "CR-VAL-01",
    "CR-VAL-04",
    "CR-EXP-01",
    "OV-MAN-01",
    "OV-EXP-01",
)
KIND = Kind("credit", CreditPart, check, AUTOMATIC_REASONS, adverse_action=True)
