"""The type of a dunning decision's outcome: what callers get, and what policies that need it can read."""

from __future__ import annotations

from policies.types import Boolean, ContextOf, Date, ListOf, Money, Number, Text, Type, nullable

OUTCOMES = ("notice", "reminder", "skip")


def outcome_type(currency: str, languages: tuple[str, ...]) -> ContextOf:
    """The account's outcome, its items, claims, messages and holds."""
    money = Money(currency)
    codes = ListOf(Text())
    release_when = ContextOf(tuple((language, Text(nullable=True)) for language in languages))
    return _record(
        outcome=Text(OUTCOMES),
        level=Number(),
        level_name=Text(nullable=True),
        skips=codes,
        principal=money,
        fees=money,
        interest=money,
        total_claim=money,
        items=ListOf(_item_type(money)),
        claims=ListOf(_claim_type(money)),
        messages=ListOf(
            _record(send=Text(), by=Text(nullable=True), fallback=Text(nullable=True), level=Number(), items=codes)
        ),
        holds=ListOf(_record(effect=Text(), to=Text(nullable=True), level=Number(), release_when=release_when)),
        broken_promises=codes,
        for_review=ListOf(_record(subject=Text(), why=Text())),
        next_evaluation=Date(nullable=True),
    )


def _item_type(money: Money) -> ContextOf:
    return _record(
        invoice_id=Text(),
        outcome=Text(OUTCOMES),
        days_in_arrears=Number("days"),
        dunnable=money,
        threshold_level=Number(),
        assigned_level=Number(),
        recorded_level=Number(),
        rises=Boolean(),
        passed_over=ListOf(Number()),
        capped_at=Number(nullable=True),
        skips=ListOf(Text()),
    )


def _claim_type(money: Money) -> ContextOf:
    return _record(
        claim_id=Text(),
        kind=Text(("fee", "interest")),
        invoice_id=Text(nullable=True),
        level=Number(nullable=True),
        amount=money,
        accrued=nullable(money),
        already_charged=nullable(money),
        rate=Number("percent", nullable=True),
        basis=Text(nullable=True),
        round=Text(nullable=True),
    )


def _record(**fields: Type) -> ContextOf:
    return ContextOf(tuple(fields.items()))
