"""What a notice adds to the debt: fees and interest, each a claim of its own (domain D15, D16, D19)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, assert_never

from engine.dunning.account import ZERO, Account, OpenItem
from engine.dunning.amounts import to_minor_units
from engine.dunning.interest import Period, interest_periods
from engine.dunning.ladder import Fee, FixedFee, Interest, Ladder, PercentFee
from engine.dunning.notice import FeeClaim, InterestClaim, InterestResult


@dataclass(frozen=True, slots=True)
class Noticed:
    """An item in the notice: its level, the amount dunned, and whether it rises with this notice."""

    item: OpenItem
    level: int
    amount: Decimal
    rises: bool


def fee_amount(fee: Fee, principal: Decimal, currency: str) -> Decimal:
    """The fee on a principal, capped and rounded to the currency's minor units (domain D15)."""
    match fee:
        case FixedFee(amount=amount):
            return to_minor_units(amount, currency)
        case PercentFee(percent=percent, cap=cap):
            amount = principal * percent / 100
            return to_minor_units(amount if cap is None else min(amount, cap), currency)
        case _ as never:
            assert_never(never)


def fee_claims(noticed: Sequence[Noticed], ladder: Ladder, account: Account, as_of: dt.date) -> tuple[FeeClaim, ...]:
    """The fees of a notice: that of its level, and that of each invoice that rises, by the invoice's own level.

    A notice in which no principal rises costs nothing, so that an open fee never begets another.
    """
    rising = [entry for entry in noticed if entry.rises and entry.item.is_principal]
    if not rising:
        return ()
    top = max(entry.level for entry in noticed)
    principal = sum((entry.amount for entry in noticed if entry.item.is_principal), ZERO)
    claims = []
    notice_fee = _fee(ladder, top, "notice")
    if notice_fee is not None:
        amount = fee_amount(notice_fee, principal, account.currency)
        claims.append(FeeClaim(f"fee:{account.account_id}:{as_of}:{top}", amount, top, None))
    for entry in rising:
        fee = _fee(ladder, entry.level, "invoice")
        if fee is not None:
            invoice_id = entry.item.invoice_id
            amount = fee_amount(fee, entry.amount, account.currency)
            claims.append(FeeClaim(f"fee:{invoice_id}:{as_of}:{entry.level}", amount, entry.level, invoice_id))
    return tuple(claim for claim in claims if claim.amount > 0)


def _fee(ladder: Ladder, level: int, per: Literal["notice", "invoice"]) -> Fee | None:
    fee = ladder.level(level).fee
    return fee if fee is not None and fee.per == per else None


def interest_on(noticed: Sequence[Noticed], ladder: Ladder, account: Account, as_of: dt.date) -> InterestResult:
    """The interest on each principal whose level bears it, since its original due date, rounded per claim.

    Nothing is charged when all of it together, unrounded, is below `min_interest`. What earlier notices of the case
    charged is taken off, the oldest item first.
    """
    terms = ladder.interest
    if terms is None:
        return InterestResult()
    bearing = [entry for entry in noticed if entry.item.is_principal and ladder.level(entry.level).interest]
    accrued = [(entry, _periods(entry, terms, account.currency, as_of)) for entry in bearing]
    together = _sum(period for _, periods in accrued for period in periods)
    if together < terms.min_interest:
        return InterestResult(waived=together if together > 0 else None)
    charged = account.case.interest_charged or ZERO
    claims = []
    for entry, periods in sorted(accrued, key=lambda pair: (pair[0].item.due_date, pair[0].item.invoice_id)):
        whole = to_minor_units(_sum(periods), account.currency)
        before = min(charged, whole)
        charged -= before
        if whole - before > 0:
            claims.append(_claim(entry, terms, as_of, whole, before, periods))
    return InterestResult(tuple(claims))


def _periods(entry: Noticed, terms: Interest, currency: str, as_of: dt.date) -> tuple[Period, ...]:
    return interest_periods(
        terms,
        outstanding=entry.amount,
        due_date=entry.item.due_date,
        as_of=as_of,
        payments=entry.item.partial_payments,
        currency=currency,
    )


def _sum(periods: Iterable[Period]) -> Decimal:
    return sum((period.interest for period in periods), ZERO)


def _claim(
    entry: Noticed, terms: Interest, as_of: dt.date, accrued: Decimal, before: Decimal, periods: tuple[Period, ...]
) -> InterestClaim:
    invoice_id = entry.item.invoice_id
    return InterestClaim(
        claim_id=f"interest:{invoice_id}:{as_of}",
        invoice_id=invoice_id,
        amount=accrued - before,
        accrued=accrued,
        already_charged=before,
        rate=terms.rate,
        basis=terms.basis,
        round=terms.round,
        periods=periods,
    )
