"""The type of a dunning decision's outcome: what callers get, and what policies that need it can read."""

from __future__ import annotations

from policies.kinds.charges import claim_type
from policies.kinds.review import REVIEW
from policies.types import Boolean, ContextOf, Date, ListOf, Money, Number, Text, Type, nullable

OUTCOMES = ("notice", "reminder", "skip")


def outcome_type(currency: str, languages: tuple[str, ...]) -> ContextOf:
    """The account's outcome, its items, claims, notices and holds."""
    money = Money(currency)
    codes = ListOf(Text())
    in_words = _each(languages, Text(nullable=True))
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
        claims=ListOf(claim_type(money)),
        not_claimed=ListOf(claim_type(money)),
        notices=ListOf(_notice_type(money, languages)),
        holds=ListOf(_record(effect=Text(), to=Text(nullable=True), level=Number(), release_when=in_words)),
        releases=ListOf(_record(effect=Text(), level=Number(), because=in_words)),
        cancelled_claims=ListOf(_record(invoice_id=Text(), for_invoice=Text(nullable=True), amount=money)),
        legal_since=Date(nullable=True),
        broken_promises=codes,
        for_review=ListOf(_record(subject=Text(), code=Text(tuple(REVIEW)), why=_each(languages, Text()))),
        next_evaluation=Date(nullable=True),
        procedure=_record(id=Text(), version=Text()),
        notice_key=Text(nullable=True),
        repeat=Boolean(),
        calendar=ListOf(_entry_type(money)),
        calendar_until=Date(nullable=True),
    )


def _entry_type(money: Money) -> ContextOf:
    """A notice or reminder to come, if nothing is paid."""
    return _record(
        on=Date(),
        outcome=Text(("notice", "reminder")),
        level=Number(),
        level_name=Text(nullable=True),
        items=ListOf(Text()),
        fees=money,
        interest=money,
        total_claim=money,
        effects=ListOf(_record(effect=Text(), to=Text(nullable=True))),
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
        level_changes=ListOf(ContextOf((("event", Text()), ("on", Date()), ("from", Number()), ("to", Number())))),
        original=nullable(
            _record(currency=Text(), amount=Number(), rate=Number(), rate_date=Date(), rate_source=Text())
        ),
    )


def _notice_type(money: Money, languages: tuple[str, ...]) -> ContextOf:
    text = nullable(_record(subject=Text(), body=Text()))
    return _record(
        recipient=Text(),
        level=Number(),
        level_name=Text(),
        items=ListOf(Text()),
        listed_items=ListOf(Text()),
        capped_items=ListOf(Text()),
        currency=Text(),
        open_amount=money,
        principal=money,
        fees=money,
        compensation=money,
        interest=money,
        total_claim=money,
        deadline=Date(nullable=True),
        messages=ListOf(
            _record(
                send=Text(),
                by=Text(),
                fallback=Text(nullable=True),
                texts=_each(languages, text),
            )
        ),
    )


def _each(languages: tuple[str, ...], what: Type) -> ContextOf:
    return ContextOf(tuple((language, what) for language in languages))


def _record(**fields: Type) -> ContextOf:
    return ContextOf(tuple(fields.items()))
