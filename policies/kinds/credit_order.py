"""The order of a credit policy and the group it is tested against, checked (domain C3, C15 to C17)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from policies.desk import Desk
from policies.diagnostics import Code
from policies.ir import Expression as Typed
from policies.kinds.credit_exposure import Exposure
from policies.kinds.credit_figures import known_amount, records, told, within
from policies.kinds.credit_order_part import GroupPart, OrderPart, ReleasePart
from policies.nodes import Scalar
from policies.types import Boolean, Date, Money, Number, Text, nullable


@dataclass(frozen=True, slots=True)
class Release:
    """An order released earlier, and how far it may have changed."""

    amount: Typed
    tolerance_pct: Typed
    valid_to: Typed
    changed: Typed


@dataclass(frozen=True, slots=True)
class OrderCheck:
    """The order tested against the limit; `over_limit` follows when it does not fit."""

    amount: Typed
    included: Typed
    id: Typed | None
    delivery_date: Typed | None
    prepaid: Typed | None
    shipped: Typed | None
    locked: Typed | None
    release: Release | None
    over_limit: Literal["refer", "decline", "counter_offer", "prepay"]
    reason: str


@dataclass(frozen=True, slots=True)
class Group:
    """The group a customer belongs to when `when` holds: its limit, and its exposure as one amount or by members."""

    when: Typed
    limit: Typed
    none_set: Literal["decline", "refer"]
    exposure: Typed | None
    members: Typed | None
    over_limit: Literal["refer", "decline"]
    reason: str


def check_order(part: OrderPart, exposure: Exposure | None, desk: Desk) -> OrderCheck:
    """The checked order."""
    reason = told(part.reason, part.span("reason"), desk, then=part.over_limit)
    horizon = exposure is not None and exposure.documents is not None and exposure.documents.horizon_days is not None
    if part.delivery_date is not None and not horizon:
        mend = "add `exposure: {documents: {horizon_days: …}}`, or delete it"
        desk.error(Code.CREDIT, "`delivery_date` is compared with a horizon", part.key_span("delivery_date"), mend)
    money, boolean = Money(desk.currency), Boolean()
    return OrderCheck(
        desk.expression(part.amount, money),
        desk.expression(part.included_in_exposure, boolean),
        desk.optional(part.id, Text()),
        desk.optional(part.delivery_date, Date()),
        desk.optional(part.prepaid, money),
        desk.optional(part.shipped, boolean),
        desk.optional(part.locked, boolean),
        None if part.release is None else _check_release(part.release, desk),
        part.over_limit,
        reason,
    )


def _check_release(part: ReleasePart, desk: Desk) -> Release:
    return Release(
        desk.expression(part.amount, Money(desk.currency)),
        within(desk.expression(part.tolerance_pct, Number("percent")), desk),
        desk.expression(part.valid_to, Date()),
        desk.expression(part.changed, Boolean()),
    )


def check_group(part: GroupPart, lets: dict[str, Scalar], desk: Desk) -> Group:
    """The checked group; `lets` are the policy's named values as written."""
    money = Money(desk.currency)
    if (part.exposure is None) == (part.members is None):
        mend = "write `exposure:` for what the whole group owes, or `members:` to have it summed"
        desk.error(Code.CREDIT, "a group needs one of `exposure` and `members`", part.span(), mend)
    wanted = (
        ("customer_id", Text()),
        ("exposure", nullable(money)),
        ("parent_id", Text(nullable=True)),
        ("intra_group", nullable(money)),
    )
    no_limit = "write it alone: `none_set` says what follows when the group has no limit"
    return Group(
        desk.expression(part.when, Boolean()),
        known_amount(part.limit, lets, desk, no_limit),
        part.none_set,
        desk.optional(part.exposure, money),
        None if part.members is None else records(part.members.of, wanted, 2, "`members`", desk),
        part.over_limit,
        told(part.reason, part.span("reason"), desk, then=part.over_limit),
    )
