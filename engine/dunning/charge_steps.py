"""Fees, compensation and interest in the trace, with the terms they were computed on (domain D15 to D17)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.decision import Status, Step
from engine.dunning.findings import Finding
from engine.dunning.interest import Period
from engine.dunning.notice import CompensationResult, FeeClaim, InterestClaim, InterestResult
from engine.sitting import shown


def charge_steps(
    fees: Sequence[FeeClaim], compensation: CompensationResult, interest: InterestResult
) -> Iterator[Step]:
    """What was charged, what was not, and what is not known; `fees` holds the compensation that is claimed."""
    for fee in fees:
        band = () if fee.band is None else (Step("band", fee.band.name, Status.FIRED, line=fee.band.line),)
        yield Step(fee.kind, fee.claim_id, Status.COMPUTED, fee.amount, {"level": fee.level}, note="D15", steps=band)
    for invoice_id in compensation.before:
        yield Step("compensation", invoice_id, Status.NOT_FIRED, note="D15: charged before, once for each debt")
    for finding in compensation.unknown:
        yield _unknown_step("compensation", finding)
    for claim in interest.claims:
        yield _interest_step(claim, "D16")
    for claim in interest.not_claimed:
        yield _interest_step(claim, "D16: shown to a person, not claimed")
    for finding in interest.unknown:
        yield _unknown_step("interest", finding)
    if interest.waived is not None:
        note = "D16: below min_interest, not charged"
        yield Step("interest", "min_interest", Status.NOT_FIRED, interest.waived, note=note)


def _unknown_step(part: str, finding: Finding) -> Step:
    undefined = () if finding.missing else (str(finding.observed["why"]),)
    read = {name: value for name, value in finding.observed.items() if name != "why"}
    status, missing = Status.UNKNOWN, finding.missing
    return Step(part, finding.subject, status, read=read, missing=missing, undefined=undefined, note=finding.rule)


def _interest_step(claim: InterestClaim, note: str) -> Step:
    read = {
        "rate": claim.rate,
        "rate_period": "day" if claim.basis is None else "year",
        "fixing": None if claim.fixing is None else claim.fixing.value,
        "basis": None if claim.basis is None else claim.basis.value,
        "round": claim.round.value,
        "accrued": claim.accrued,
        "already_charged": claim.already_charged,
    }
    known = {name: value for name, value in read.items() if value is not None}
    periods = tuple(_period_step(period) for period in claim.periods)
    return Step("interest", claim.claim_id, Status.COMPUTED, claim.amount, known, note=note, steps=periods)


def _period_step(period: Period) -> Step:
    """Days of one outstanding amount and one rate, with what the rate was read from on its day."""
    rate = Step(
        "rate", period.span.source.isoformat(), Status.COMPUTED, period.rate, shown(period.span.stage.read), note="D17"
    )
    return Step(
        "period",
        f"{period.first.isoformat()}..{period.last.isoformat()}",
        Status.COMPUTED,
        period.interest,
        {"days": period.days, "outstanding": period.outstanding},
        steps=(rate,),
    )
