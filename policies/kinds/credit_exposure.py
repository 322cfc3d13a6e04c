"""Exposure of a credit policy, checked: components, documents, reservations and what reduces them (domain C1, C2)."""

from __future__ import annotations

from dataclasses import dataclass

from policies.desk import Desk
from policies.diagnostics import Code
from policies.ir import Expression as Typed
from policies.kinds.credit_exposure_part import DocumentsPart, ExposurePart, ReservationsPart
from policies.kinds.credit_figures import known_amount, optional_within, records
from policies.nodes import Scalar
from policies.types import ContextOf, Date, DateTime, ListOf, Money, Number, Text, Type, describe, nullable

STAGES = ("order", "delivery", "billing", "open_item")
"""The way of a document, in order: what was ordered is delivered, billed, and then owed."""

_TOTALS = dict(zip(("open_orders", "open_deliveries", "unbilled", "open_items"), STAGES, strict=True))
"""Totals by the names of the domain (C1), with the stage whose documents they are the sum of."""


@dataclass(frozen=True, slots=True)
class Documents:
    """Single documents: each chain counts once, at its furthest stage."""

    of: Typed
    stages: tuple[str, ...]
    horizon_days: Typed | None


@dataclass(frozen=True, slots=True)
class Reservations:
    """Amounts held until they expire; `at` is the moment of the decision, None for the start of its day."""

    of: Typed
    at: Typed | None


@dataclass(frozen=True, slots=True)
class Exposure:
    """What counts, and what reduces it."""

    components: tuple[tuple[str, Typed], ...]
    documents: Documents | None
    reservations: Reservations | None
    credits: Typed | None
    credits_raise_available: bool
    secured: Typed | None


def check_exposure(part: ExposurePart, lets: dict[str, Scalar], desk: Desk) -> Exposure:
    """The checked exposure; `lets` are the policy's named values as written."""
    money = Money(desk.currency)
    if not part.components and part.documents is None and part.reservations is None:
        mend = "name what counts under `components:`, or give `documents:`"
        desk.error(Code.CREDIT, "nothing counts as exposure", part.span("components"), mend)
    for name in part.components:
        stage = _TOTALS.get(name)
        if part.documents is not None and stage in part.documents.stages:
            said = f"`{name}` is the sum of what the documents at stage `{stage}` count one by one"
            mend = f"take `{name}` out, or `{stage}` out of `stages`"
            desk.error(Code.CREDIT, said, part.key_span("components", name), mend)
    mend = "write the amount alone: where it is missing, the exposure is unknown and the case is looked at"
    components = tuple((name, known_amount(scalar, lets, desk, mend)) for name, scalar in part.components.items())
    return Exposure(
        components,
        None if part.documents is None else _check_documents(part.documents, desk),
        None if part.reservations is None else _check_reservations(part.reservations, desk),
        desk.optional(part.credits, money),
        part.credits_raise_available,
        desk.optional(part.secured, money),
    )


def _check_documents(part: DocumentsPart, desk: Desk) -> Documents:
    money = Money(desk.currency)
    wanted: tuple[tuple[str, Type], ...] = (
        ("stage", Text()),
        ("amount", nullable(money)),
        ("order_id", Text(nullable=True)),
        ("document_id", Text(nullable=True)),
        ("delivery_date", Date(nullable=True)),
        ("moved_amount", nullable(money)),
        ("currency", Text(nullable=True)),
    )
    of = records(part.of, wanted, 2, "`documents`", desk)
    item = of.type.item if isinstance(of.type, ListOf) else None
    stage = item.field("stage") if isinstance(item, ContextOf) else None
    odd = [word for word in stage.one_of if word not in STAGES] if isinstance(stage, Text) else []
    if odd:
        said = f"`stage` may be `{odd[0]}`, which is no stage of a document"
        desk.error(Code.CREDIT, said, part.of.span, "the stages are " + ", ".join(STAGES))
    if not part.stages and part.read_whole("stages"):
        desk.error(Code.CREDIT, "no stage counts", part.span("stages"), "write those that count: " + ", ".join(STAGES))
    return Documents(of, part.stages, optional_within(part.horizon_days, Number("days"), desk))


def _check_reservations(part: ReservationsPart, desk: Desk) -> Reservations:
    wanted: tuple[tuple[str, Type], ...] = (("amount", Money(desk.currency)), ("order_id", Text(nullable=True)))
    of = records(part.of, wanted, 1, "`reservations`", desk)
    at = desk.optional(part.at)
    item = of.type.item if isinstance(of.type, ListOf) else None
    if isinstance(item, ContextOf):
        expires = item.field("expires_at")
        if not isinstance(expires, (Date, DateTime)) or expires.nullable:
            said = "`reservations` needs `expires_at`, a date or a date and time that is never missing"
            desk.error(Code.CREDIT, said, part.of.span, "declare it under the fact's `fields:`")
        elif at is not None and type(at.type) is not type(expires):
            said = f"`at` is {describe(nullable(at.type, yes=False))}, and `expires_at` {describe(expires)}"
            desk.error(Code.CREDIT, said, at.scalar.span, "let both be days, or both moments")
    return Reservations(of, at)
