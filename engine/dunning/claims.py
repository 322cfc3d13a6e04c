"""Fees, compensation and interest as claims of an outcome: receivables of their own (domain D19)."""

from __future__ import annotations

from decimal import Decimal

from engine.dunning.interest import Period
from engine.dunning.notice import FeeClaim, InterestClaim
from policies.feel.values import Value


def fee_value(claim: FeeClaim) -> dict[str, Value]:
    """A fee or compensation, open as every claim is when it is made."""
    return {
        "claim_id": claim.claim_id,
        "kind": claim.kind,
        "status": "open",
        "invoice_id": claim.invoice_id,
        "level": Decimal(claim.level),
        "amount": claim.amount,
        "accrued": None,
        "already_charged": None,
        "rate": None,
        "rate_period": None,
        "fixing": None,
        "basis": None,
        "round": None,
        "periods": [],
    }


def interest_value(claim: InterestClaim) -> dict[str, Value]:
    """Interest on one item, with the terms and the periods it was computed on."""
    return {
        "claim_id": claim.claim_id,
        "kind": "interest",
        "status": "open",
        "invoice_id": claim.invoice_id,
        "level": None,
        "amount": claim.amount,
        "accrued": claim.accrued,
        "already_charged": claim.already_charged,
        "rate": claim.rate,
        "rate_period": "day" if claim.basis is None else "year",
        "fixing": None if claim.fixing is None else claim.fixing.value,
        "basis": None if claim.basis is None else claim.basis.value,
        "round": claim.round.value,
        "periods": [_period(period) for period in claim.periods],
    }


def _period(period: Period) -> dict[str, Value]:
    return {
        "from": period.first,
        "to": period.last,
        "days": Decimal(period.days),
        "outstanding": period.outstanding,
        "rate": period.rate,
        "rate_of": period.span.source,
        "interest": period.interest,
    }
