"""What a notice adds to the debt: fees, compensation and interest, each a claim of its own (domain D15 to D19)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import assert_never

from engine.decision import plain_decimal
from engine.dunning.account import ZERO, Account, OpenItem, PartialPayment
from engine.dunning.amounts import to_minor_units, total
from engine.dunning.charge_terms import Amount, BandedFee, Fee, FeeBand, FixedFee, Interest, Per, PercentFee
from engine.dunning.charged import charged_before
from engine.dunning.findings import Finding
from engine.dunning.interest import Accrual, Period, accrue
from engine.dunning.ladder import Ladder
from engine.dunning.notice import CompensationResult, FeeClaim, ForReview, InterestClaim, InterestResult
from engine.meaning import Frame, Meaning
from engine.sitting import MISSING, UNDEFINED


@dataclass(frozen=True, slots=True)
class Noticed:
    """An item in the notice: its level, the amount dunned after netted `credits`, whether it rises with this notice.

    `index` is its place in the account.
    """

    index: int
    item: OpenItem
    level: int
    amount: Decimal
    rises: bool
    credits: tuple[PartialPayment, ...] = ()


def fee_amount(fee: Fee, principal: Decimal, currency: str) -> Amount:
    """The fee on a principal, capped and rounded to the currency's minor units (domain D15)."""
    held = None
    match fee:
        case FixedFee(amount=amount):
            pass
        case PercentFee(percent=percent):
            amount = principal * percent / 100
        case BandedFee(bands=bands):
            band = next(band for band in bands if _holds(band, principal))
            amount, held = band.amount, band.held
        case _ as never:
            assert_never(never)
    return Amount(to_minor_units(amount if fee.cap is None else min(amount, fee.cap), currency), band=held)


def _holds(band: FeeBand, principal: Decimal) -> bool:
    # The ends of bands are plain numbers: no name is looked up, and the day makes no difference.
    return Meaning({}, {}, dt.date.min).holds(band.tests.tests, principal, Frame()) is True


def fee_claims(
    noticed: Sequence[Noticed], ladder: Ladder, account: Account, as_of: dt.date, letter: str
) -> tuple[FeeClaim, ...]:
    """The fees of one letter: one for the invoices that rise, at the highest level they rise to, and one for each.

    `letter` tells it apart from the account's other letters of that day (domain D22). What does not rise has had its
    fee and costs nothing again, nor does an open fee beget another.
    """
    rising = [entry for entry in noticed if entry.rises and entry.item.is_principal]
    if not rising:
        return ()
    top = max(entry.level for entry in rising)
    principal = total(entry.amount for entry in rising)
    claims = []
    notice_fee = _fee(ladder, top, "notice")
    if notice_fee is not None:
        amount = fee_amount(notice_fee, principal, account.currency)
        claims.append(_claim(f"fee:{letter}:{as_of}:{top}", amount, top, None))
    for entry in rising:
        fee = _fee(ladder, entry.level, "invoice")
        if fee is not None:
            invoice_id = entry.item.invoice_id
            amount = fee_amount(fee, entry.amount, account.currency)
            claims.append(_claim(f"fee:{invoice_id}:{as_of}:{entry.level}", amount, entry.level, invoice_id))
    return tuple(claim for claim in claims if claim.amount > 0)


def _claim(claim_id: str, amount: Amount, level: int, invoice_id: str | None) -> FeeClaim:
    return FeeClaim(claim_id, amount.value or ZERO, level, invoice_id, band=amount.band)


def _fee(ladder: Ladder, level: int, per: Per) -> Fee | None:
    fee = ladder.level(level).fee
    return fee if fee is not None and fee.per == per else None


def compensation_on(noticed: Iterable[Noticed], ladder: Ladder, currency: str) -> CompensationResult:
    """The statutory compensation of each invoice in the notice, once for each debt (domain D15).

    It is claimed when an invoice first reaches the level it starts from, or a level above; later only where the facts
    say that it was not charged.
    """
    terms = ladder.compensation
    if terms is None:
        return CompensationResult()
    claims, before, unknown = [], [], []
    for entry in noticed:
        item = entry.item
        if not item.is_principal or entry.level < terms.from_level:
            continue
        if item.compensation_charged or (item.compensation_charged is None and item.level_sent >= terms.from_level):
            before.append(item.invoice_id)
            continue
        amount = terms.of(entry.amount)
        if amount.value is None:
            unknown.append(_unknown("D15", item.invoice_id, {"level": entry.level}, amount.missing, amount.undefined))
        elif (rounded := to_minor_units(amount.value, currency)) > 0:
            claim_id = f"compensation:{item.invoice_id}"
            claims.append(FeeClaim(claim_id, rounded, entry.level, item.invoice_id, "compensation", amount.band))
    review = tuple(_not_known(finding.subject, "compensation", finding.missing) for finding in unknown)
    return CompensationResult(tuple(claims), tuple(before), tuple(unknown), review)


def interest_on(noticed: Sequence[Noticed], ladder: Ladder, account: Account, as_of: dt.date) -> InterestResult:
    """The interest on each principal whose level bears it, since its original due date, rounded per claim.

    Nothing is charged when less than `min_interest` accrued: on all items of the notice together, whatever letters they
    go into, unrounded and before what earlier notices charged is taken off each. An item with a day whose rate is
    unknown, or of which it is unknown what was charged, is left to a person, and so is one whose rate is below the
    legal minimum, which is charged all the same (domain D17).
    """
    terms = ladder.interest
    bearing = [entry for entry in noticed if entry.item.is_principal and ladder.level(entry.level).interest]
    if terms is None or not bearing:
        return InterestResult()
    oldest_first = sorted(bearing, key=lambda entry: (entry.item.due_date, entry.item.invoice_id))
    accruals = [
        (entry, accrue(terms, _with_credits(entry), entry.amount, as_of, account.currency)) for entry in oldest_first
    ]
    unknown = tuple(_unknown_rate(entry.item, accrual) for entry, accrual in accruals if accrual.unknown)
    review = [_not_known(finding.subject, "interest", finding.missing) for finding in unknown]
    review += [line for entry, accrual in accruals for line in _under_minimum(entry.item, accrual)]
    together = total(period.interest for _, accrual in accruals for period in accrual.periods)
    minimum = terms.min_interest.value
    if minimum is None:
        blocked = tuple(
            _unknown("D16", entry.item.invoice_id, {}, terms.min_interest.missing, terms.min_interest.undefined)
            for entry, accrual in accruals
            if accrual.periods
        )
        review += [_not_known(finding.subject, "interest", finding.missing) for finding in blocked]
        return InterestResult(unknown=(*unknown, *blocked), review=tuple(review))
    if together < minimum:
        waived = together if together > 0 else None
        return InterestResult(waived=waived, unknown=unknown, review=tuple(review))
    drawn = [_Accrued(entry, accrual.periods, charged_before(entry.item, ladder)) for entry, accrual in accruals]
    uncounted = tuple(
        _unknown("D16", each.entry.item.invoice_id, {}, (account.item_path(each.entry.index, "interest_charged"),), ())
        for each in drawn
        if each.before is None and each.whole(account.currency) > 0
    )
    unknown = (*unknown, *uncounted)
    review += [_not_known(finding.subject, "interest", finding.missing) for finding in uncounted]
    claims = tuple(_interest_claims(drawn, terms, account.currency, as_of))
    if terms.claimed:
        return InterestResult(claims=claims, unknown=unknown, review=tuple(review))
    review += [ForReview(claim.invoice_id, "interest_not_claimed", {"amount": f"{claim.amount:f}"}) for claim in claims]
    return InterestResult(not_claimed=claims, unknown=unknown, review=tuple(review))


def _with_credits(entry: Noticed) -> OpenItem:
    """The item with its credits as payments: what they were netted from bore interest until they were there."""
    return replace(entry.item, partial_payments=(*entry.item.partial_payments, *entry.credits))


@dataclass(frozen=True, slots=True)
class _Accrued:
    """What bears interest in the notice, and what earlier notices charged on it; None when nobody knows."""

    entry: Noticed
    periods: tuple[Period, ...]
    before: Decimal | None

    def whole(self, currency: str) -> Decimal:
        """All that accrued since the due date."""
        return to_minor_units(total(period.interest for period in self.periods), currency)


def _interest_claims(
    drawn: Iterable[_Accrued], terms: Interest, currency: str, as_of: dt.date
) -> Iterator[InterestClaim]:
    for each in drawn:
        whole, invoice_id = each.whole(currency), each.entry.item.invoice_id
        if each.before is not None and whole > each.before:
            rates = {period.rate for period in each.periods}
            yield InterestClaim(
                claim_id=f"interest:{invoice_id}:{as_of}",
                invoice_id=invoice_id,
                amount=whole - each.before,
                accrued=whole,
                already_charged=each.before,
                rate=rates.pop() if len(rates) == 1 else None,
                fixing=terms.fixing,
                basis=terms.basis,
                round=terms.round,
                periods=each.periods,
            )


def _unknown_rate(item: OpenItem, accrual: Accrual) -> Finding:
    """Why no interest is charged on an item: the first day whose rate is unknown, with all that is missing."""
    missing = tuple(dict.fromkeys(name for span in accrual.unknown for name in span.missing))
    undefined = tuple(dict.fromkeys(text for span in accrual.unknown for text in span.stage.undefined))
    return _unknown("D17", item.invoice_id, {"day": accrual.unknown[0].first}, missing, undefined)


def _under_minimum(item: OpenItem, accrual: Accrual) -> Iterator[ForReview]:
    if accrual.below is not None:
        low = accrual.below
        figures = {"rate": plain_decimal(low.rate), "minimum": plain_decimal(low.minimum), "day": low.day.isoformat()}
        yield ForReview(item.invoice_id, "below_legal_minimum", figures)
    if accrual.unchecked is not None:
        yield _not_known(item.invoice_id, "legal_minimum", accrual.unchecked.missing)


def _unknown(
    rule: str, subject: str, observed: dict[str, object], missing: tuple[str, ...], undefined: tuple[str, ...]
) -> Finding:
    if missing:
        return Finding(MISSING, rule, subject, observed, missing)
    return Finding(UNDEFINED, rule, subject, {**observed, "why": ", ".join(undefined)})


def _not_known(subject: str, what: str, missing: tuple[str, ...]) -> ForReview:
    """That there is no compensation, interest or legal minimum to go by; without missing facts it has no value."""
    if missing:
        return ForReview(subject, f"{what}_not_known", {"what": missing})
    return ForReview(subject, f"{what}_no_value")
