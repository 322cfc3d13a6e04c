"""A dunning result as a decision's outcome: plain values, of the type `policies.kinds.dunning_outcome` states."""

from __future__ import annotations

from decimal import Decimal

from engine.dunning.amounts import total
from engine.dunning.calendar import Entry, Outlook
from engine.dunning.claims import fee_value, interest_value
from engine.dunning.conversion import Conversion
from engine.dunning.notice import ItemResult, Notice, Result, WrittenText
from engine.dunning.pinning import Procedure
from engine.dunning.wording import why_in
from policies.feel.values import Value
from policies.kinds.ladder import Dunning


def outcome_of(result: Result, coming: Outlook, procedure: Procedure, body: Dunning) -> dict[str, Value]:
    """The account's outcome."""
    return {
        "outcome": result.outcome.value,
        "level": Decimal(result.level),
        "level_name": body.levels[result.level - 1].name if result.level else None,
        "skips": list(result.skips),
        "principal": result.principal,
        "fees": total(claim.amount for claim in result.fees),
        "interest": total(claim.amount for claim in result.interest),
        "total_claim": result.total_claim,
        "items": [_item(item) for item in result.items],
        "claims": [*(fee_value(claim) for claim in result.fees), *(interest_value(claim) for claim in result.interest)],
        "not_claimed": [interest_value(claim) for claim in result.not_claimed],
        "notices": [_notice(notice, body) for notice in result.notices],
        "holds": [
            {
                "effect": hold.effect.value,
                "to": hold.value,
                "level": Decimal(hold.level),
                "release_when": dict(hold.release_when),
            }
            for hold in result.holds
        ],
        "releases": [
            {"effect": release.effect, "level": Decimal(release.level), "because": dict(release.because)}
            for release in result.releases
        ],
        "cancelled_claims": [
            {"invoice_id": claim.invoice_id, "for_invoice": claim.for_invoice, "amount": claim.amount}
            for claim in result.cancelled_claims
        ],
        "legal_since": result.legal_since,
        "broken_promises": list(result.broken_promises),
        "for_review": [
            {
                "subject": entry.subject,
                "code": entry.code,
                "why": {language: why_in(entry, language) for language in body.languages},
            }
            for entry in result.for_review
        ],
        "next_evaluation": result.next_evaluation,
        "procedure": {"id": procedure.id, "version": procedure.version},
        "notice_key": result.notice_key,
        "repeat": result.repeat,
        "calendar": [_entry(entry, body) for entry in coming.entries],
        "calendar_until": coming.until,
    }


def _item(item: ItemResult) -> dict[str, Value]:
    return {
        "invoice_id": item.invoice_id,
        "outcome": item.outcome.value,
        "days_in_arrears": Decimal(item.days_in_arrears),
        "dunnable": item.dunnable,
        "threshold_level": Decimal(item.threshold_level),
        "assigned_level": Decimal(item.assigned_level),
        "recorded_level": Decimal(item.recorded_level),
        "rises": item.rises,
        "passed_over": [Decimal(number) for number in item.passed_over],
        "capped_at": None if item.capped_at is None else Decimal(item.capped_at),
        "skips": list(item.skips),
        "level_changes": [
            {"event": change.event, "on": change.on, "from": Decimal(change.before), "to": Decimal(change.after)}
            for change in item.level_changes
        ],
        "original": None if item.conversion is None else _original(item.conversion),
    }


def _original(conversion: Conversion) -> dict[str, Value]:
    return {
        "currency": conversion.currency,
        "amount": conversion.amount,
        "rate": conversion.rate.rate,
        "rate_date": conversion.rate.date,
        "rate_source": conversion.rate.source,
    }


def _entry(entry: Entry, body: Dunning) -> dict[str, Value]:
    return {
        "on": entry.on,
        "outcome": entry.outcome.value,
        "level": Decimal(entry.level),
        "level_name": body.levels[entry.level - 1].name if entry.level else None,
        "items": list(entry.items),
        "fees": entry.fees,
        "interest": entry.interest,
        "total_claim": entry.total_claim,
        "effects": [{"effect": hold.effect.value, "to": hold.value} for hold in entry.effects],
    }


def _text(text: WrittenText | None) -> dict[str, Value] | None:
    return None if text is None else {"subject": text.subject, "body": text.body}


def _notice(notice: Notice, body: Dunning) -> dict[str, Value]:
    reminder = next((reminder.name for reminder in body.reminders if reminder.days == notice.offset), None)
    return {
        "recipient": notice.recipient,
        "level": Decimal(notice.level),
        "level_name": body.levels[notice.level - 1].name if notice.level else reminder,
        "items": [item.invoice_id for item in notice.items],
        "listed_items": [item.invoice_id for item in notice.listed],
        "capped_items": list(notice.capped),
        "currency": notice.currency,
        "open_amount": notice.open_amount,
        "principal": notice.principal,
        "fees": notice.fees,
        "compensation": notice.compensation,
        "interest": notice.interest,
        "total_claim": notice.total_claim,
        "deadline": notice.deadline,
        "messages": [
            {
                "send": message.template,
                "by": message.channel,
                "fallback": message.fallback,
                "texts": {language: _text(message.texts.get(language)) for language in body.languages},
            }
            for message in notice.messages
            if message.goes
        ],
    }
