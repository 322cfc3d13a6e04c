"""What a dunning policy needs of the facts that hold an account: open items and the dunning case (domain 4.6, 4.7)."""

from __future__ import annotations

from collections.abc import Iterator

from policies.types import (
    Boolean,
    ContextOf,
    Date,
    ListOf,
    Money,
    Number,
    Text,
    Type,
    Unknown,
    describe,
    meet,
    nullable,
)

DOCUMENT_TYPES = ("invoice", "credit_note", "payment", "fee", "interest")
EVENTS = ("partial_payment", "credit_note", "due_date_change", "payment_reversed")
PRINCIPAL_STATES = ("open", "paid", "credited")
PROMISE_STATES = ("open", "kept", "broken")
_MIGRATION = tuple(f"migrated.{name}" for name in ("from_version", "to_version", "by", "on"))
REQUIRED = frozenset(
    {"invoice_id", "due_date", "open_amount", "date", "reason", "partial_payments.amount", "events.event", *_MIGRATION}
)
"""Fields that may not be missing from the declaration, nor be optional in it."""

_MIGRATED = ContextOf((("from_version", Text()), ("to_version", Text()), ("by", Text()), ("on", Date())))
_BLOCK = ContextOf(
    (
        ("reason", Text()),
        ("valid_from", Date()),
        ("valid_to", Date()),
        ("set_by", Text()),
        ("stops_interest", Boolean()),
    )
)


def item_shape(currency: str) -> ContextOf:
    """The fields of an open item that dunning reads."""
    money = Money(currency)
    return ContextOf(
        (
            ("invoice_id", Text()),
            ("document_type", Text(DOCUMENT_TYPES)),
            ("due_date", Date()),
            ("open_amount", money),
            ("currency", Text()),
            ("disputed_amount", money),
            ("dunning_block", _BLOCK),
            ("max_dunning_level", Number()),
            ("dunning_level", Number()),
            ("last_dunned_on", Date()),
            ("notice_deadline", Date()),
            ("reminded_on", Date()),
            ("events", ListOf(ContextOf((("event", Text(EVENTS)), ("date", Date()), ("level_before", Number()))))),
            ("invoice_date", Date()),
            ("received_on", Date()),
            ("delivered_on", Date()),
            ("terms_agreed", Boolean()),
            ("compensation_charged", Boolean()),
            ("interest_charged", money),
            ("for_invoice", Text()),
            ("principal_status", Text(PRINCIPAL_STATES)),
            ("waived_by", Text()),
            ("waived_reason", Text()),
            ("waived_on", Date()),
            ("partial_payments", ListOf(ContextOf((("date", Date()), ("amount", money))))),
            ("promise_to_pay", ContextOf((("date", Date()), ("amount", money), ("status", Text(PROMISE_STATES))))),
            ("dunning_recipient", Text()),
        )
    )


def case_shape() -> ContextOf:
    """The fields of a dunning case that dunning reads."""
    return ContextOf(
        (
            ("last_notice_date", Date()),
            ("blocked", _BLOCK),
            ("legal_since", Date()),
            ("procedure_id", Text()),
            ("procedure_version", Text()),
            ("migrated", _MIGRATED),
            ("last_notice_key", Text()),
            ("holds", ListOf(Text())),
            ("recipient_blocked", Boolean()),
        )
    )


def rates_shape() -> ContextOf:
    """The fields of an exchange rate, all required: `rate` units of `to` for one of `from` (domain C21)."""
    return ContextOf((("from", Text()), ("to", Text()), ("rate", Number()), ("date", Date()), ("source", Text())))


def misfits(shape: ContextOf, given: ContextOf, path: str, needed: frozenset[str] = REQUIRED) -> Iterator[str]:
    """What is wrong with a declaration that is to have the shape: other fields may stand in it, those read must fit."""
    for name, wanted in shape.fields:
        type_ = given.field(name)
        required = name in needed or f"{path.rsplit('.', 1)[-1]}.{name}" in needed
        if type_ is None:
            if required:
                yield f"`{path}` has no `{name}`, which dunning needs: {describe(wanted)}"
            continue
        if required and type_.nullable:
            yield f"`{path}.{name}` is optional, but dunning cannot do without it"
        yield from _field_misfits(wanted, type_, f"{path}.{name}")


def _field_misfits(wanted: Type, given: Type, path: str) -> Iterator[str]:
    match wanted, given:
        case _, Unknown():
            return
        case ContextOf(), ContextOf():
            yield from misfits(wanted, given, path)
        case ListOf(item=ContextOf() as item), ListOf(item=ContextOf() as other):
            yield from misfits(item, other, path)
        case Text(one_of=allowed), Text(one_of=written) if allowed:
            odd = [word for word in written if word not in allowed]
            if odd or not written:
                yield f"`{path}` must be one of {', '.join(allowed)}"
        case _ if meet(wanted, given) is None:
            yield f"`{path}` is {describe(nullable(given, yes=False))}, but dunning reads {describe(wanted)}"
        case _:
            return
