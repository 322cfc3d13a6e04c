"""A dunning result as a decision's outcome: plain values, of the type `policies.kinds.dunning_outcome` states."""

from __future__ import annotations

from decimal import Decimal

from engine.dunning.amounts import total
from engine.dunning.notice import FeeClaim, InterestClaim, ItemResult, Result
from policies.feel.values import Value
from policies.kinds.ladder import Dunning


def outcome_of(result: Result, body: Dunning) -> dict[str, Value]:
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
        "claims": [*(_fee(claim) for claim in result.fees), *(_interest(claim) for claim in result.interest)],
        "messages": [
            {
                "send": message.template,
                "by": message.channel,
                "fallback": message.fallback,
                "level": Decimal(message.level),
                "items": list(message.items),
            }
            for message in result.messages
        ],
        "holds": [
            {
                "effect": hold.effect.value,
                "to": hold.value,
                "level": Decimal(hold.level),
                "release_when": dict(hold.release_when),
            }
            for hold in result.holds
        ],
        "broken_promises": list(result.broken_promises),
        "for_review": [{"subject": entry.subject, "why": entry.why} for entry in result.for_review],
        "next_evaluation": result.next_evaluation,
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
    }


def _fee(claim: FeeClaim) -> dict[str, Value]:
    return {
        "claim_id": claim.claim_id,
        "kind": "fee",
        "invoice_id": claim.invoice_id,
        "level": Decimal(claim.level),
        "amount": claim.amount,
        "accrued": None,
        "already_charged": None,
        "rate": None,
        "basis": None,
        "round": None,
    }


def _interest(claim: InterestClaim) -> dict[str, Value]:
    return {
        "claim_id": claim.claim_id,
        "kind": "interest",
        "invoice_id": claim.invoice_id,
        "level": None,
        "amount": claim.amount,
        "accrued": claim.accrued,
        "already_charged": claim.already_charged,
        "rate": claim.rate,
        "basis": claim.basis.value,
        "round": claim.round.value,
    }
