"""What a dunning policy needs of the facts that hold an account: open items and the dunning case (domain 4.6, 4.7)."""

from __future__ import annotations

from collections.abc import Iterator

from policies.types import ContextOf, Date, ListOf, Money, Number, Text, Type, Unknown, describe, meet, nullable

DOCUMENT_TYPES = ("invoice", "credit_note", "payment", "fee", "interest")
PROMISE_STATES = ("open", "kept", "broken")
REQUIRED = frozenset({"invoice_id", "due_date", "open_amount", "date", "reason", "partial_payments.amount"})
"""Fields that may not be missing from the declaration, nor be optional in it."""

_BLOCK = ContextOf((("reason", Text()), ("valid_from", Date()), ("valid_to", Date())))


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
            ("partial_payments", ListOf(ContextOf((("date", Date()), ("amount", money))))),
            ("promise_to_pay", ContextOf((("date", Date()), ("amount", money), ("status", Text(PROMISE_STATES))))),
        )
    )


def case_shape(currency: str) -> ContextOf:
    """The fields of a dunning case that dunning reads."""
    return ContextOf(
        (
            ("last_notice_date", Date()),
            ("blocked", _BLOCK),
            ("legal_since", Date()),
            ("interest_charged", Money(currency)),
        )
    )


def misfits(shape: ContextOf, given: ContextOf, path: str) -> Iterator[str]:
    """What is wrong with a declaration that is to have the shape: other fields may stand in it, those read must fit."""
    for name, wanted in shape.fields:
        type_ = given.field(name)
        required = name in REQUIRED or f"{path.rsplit('.', 1)[-1]}.{name}" in REQUIRED
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
