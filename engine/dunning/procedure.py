"""The dunning procedure: a ladder, an account and a day give a notice, reminders, or a skip that says why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import localcontext

from engine.dunning.account import ZERO, Account
from engine.dunning.account_misfits import refuse_misfits
from engine.dunning.amounts import total
from engine.dunning.charges import Noticed, compensation_on, fee_claims, interest_on
from engine.dunning.consequences import dated_ahead, for_review, holds, not_sent
from engine.dunning.considered import Considered
from engine.dunning.evaluation_dates import next_evaluation
from engine.dunning.findings import ACCOUNT, Finding, codes, main_first
from engine.dunning.gates import carve_out_gates, pin_gate
from engine.dunning.ladder import Effect, Ladder, ladder_faults
from engine.dunning.notice import FeeClaim, Hold, InterestClaim, ItemResult, Outcome, Result
from engine.dunning.notices import notices
from engine.dunning.pinning import Procedure, notice_key
from engine.dunning.steps import item_step, steps
from engine.dunning.verdict import Verdict, reach_verdict
from policies.feel.values import FEEL_DECIMAL, Value

_EFFECT_CODES = {
    Effect.HOLD_ORDERS: "DN-HLD-01",
    Effect.CREDIT_STOP: "DN-HLD-01",
    Effect.TO_AGENCY: "DN-COL-01",
}


def dun(ladder: Ladder, account: Account, as_of: dt.date) -> Result:
    """What the ladder does with the account on that day: a pure function (domain D1 to D27).

    Raises Fault for an account that cannot be (`refuse_misfits`), ValueError for an unusable ladder (`ladder_faults`).
    """
    if faults := ladder_faults(ladder):
        msg = "; ".join(f"{place}: {words}" for place, words in faults)
        raise ValueError(msg)
    refuse_misfits(account, ladder.procedure, len(ladder.levels))
    with localcontext(FEEL_DECIMAL):
        return _result(ladder, account, as_of, reach_verdict(ladder, account, as_of))


def undecided(account: Account, procedure: Procedure | None, levels: int, as_of: dt.date) -> Result:
    """The account left alone, items and all, for its carve-outs: where no ladder or no items are known to go by.

    `levels` is how many the procedure has. Raises Fault as `dun` does.
    """
    refuse_misfits(account, procedure, levels)
    gates = (*carve_out_gates(account), *pin_gate(account, procedure))
    findings = tuple(gate.shut for gate in gates if gate.shut is not None)
    skips = codes(findings)
    items = tuple(
        ItemResult(
            invoice_id=item.invoice_id,
            outcome=Outcome.SKIP,
            days_in_arrears=(as_of - item.due_date).days,
            dunnable=ZERO,
            threshold_level=0,
            assigned_level=0,
            recorded_level=item.level_sent,
            rises=False,
            passed_over=(),
            capped_at=None,
            skips=skips,
        )
        for item in account.items
    )
    return Result(
        account_id=account.account_id,
        currency=account.currency,
        outcome=Outcome.SKIP,
        level=0,
        skips=skips,
        items=items,
        principal=ZERO,
        fees=(),
        interest=(),
        not_claimed=(),
        total_claim=ZERO,
        notices=(),
        unsent=(),
        holds=(),
        releases=(),
        cancelled_claims=(),
        legal_since=account.case.legal_since,
        broken_promises=_broken_promises(account, as_of),
        for_review=for_review(gates, ()),
        next_evaluation=None,
        notice_key=None,
        repeat=False,
        findings=main_first(findings),
        trace=tuple(item_step(item) for item in items),
    )


def _result(ladder: Ladder, account: Account, as_of: dt.date, verdict: Verdict) -> Result:
    noticed = [_noticed(item) for item in verdict.noticed]
    compensation = compensation_on(noticed, ladder, account.currency)
    fees_by_letter = {
        letter.key: (
            *fee_claims([_noticed(item) for item in letter.items], ladder, account, as_of, letter.key),
            *compensation.of_items({item.invoice_id for item in letter.items}),
        )
        for letter in verdict.letters
    }
    fees = tuple(claim for claims in fees_by_letter.values() for claim in claims)
    charged = interest_on(noticed, ladder, account, as_of)
    interest = charged.claims
    sent = notices(verdict, ladder, account, as_of, fees_by_letter, interest)
    held = holds(ladder.level(letter.level) for letter in verdict.letters)
    following = next_evaluation(account, ladder, as_of, notice=bool(verdict.noticed))
    noticed_ids = [item.invoice_id for item in verdict.noticed]
    key = notice_key(account.account_id, ladder.procedure, as_of, verdict.level, noticed_ids)
    unsent = tuple(letter.unsent for letter in verdict.unsent)
    items = verdict.item_results()
    claimed = [entry.amount for entry in noticed] + [fee.amount for fee in fees] + [claim.amount for claim in interest]
    return Result(
        account_id=account.account_id,
        currency=account.currency,
        outcome=verdict.outcome,
        level=verdict.level,
        skips=() if verdict.noticed else codes(verdict.skip_findings),
        items=items,
        principal=total(entry.amount for entry in noticed if entry.item.is_principal),
        fees=fees,
        interest=interest,
        not_claimed=charged.not_claimed,
        total_claim=total(claimed),
        notices=sent,
        unsent=unsent,
        holds=held,
        releases=(),
        cancelled_claims=verdict.cancelled,
        legal_since=account.case.legal_since or (as_of if verdict.at_law else None),
        broken_promises=_broken_promises(account, as_of),
        for_review=(
            *for_review(verdict.gates, [item.entry for item in verdict.items]),
            *dated_ahead(account, as_of),
            *not_sent(sent, unsent),
            *compensation.review,
            *charged.review,
        ),
        next_evaluation=following,
        notice_key=key,
        repeat=key is not None and key == account.case.last_notice_key,
        findings=(
            *_done(verdict, items, fees, interest, held),
            *compensation.unknown,
            *charged.unknown,
            *main_first(verdict.skip_findings),
        ),
        trace=steps(verdict.gates, items, fees, compensation, charged, following),
    )


def _noticed(item: Considered) -> Noticed:
    entry = item.entry
    return Noticed(entry.presented.index, entry.item, item.level, entry.amount, item.rises, entry.credits)


def _done(
    verdict: Verdict,
    items: tuple[ItemResult, ...],
    fees: tuple[FeeClaim, ...],
    interest: tuple[InterestClaim, ...],
    held: tuple[Hold, ...],
) -> Iterator[Finding]:
    """The codes of what is done: levels reached, reminders, caps, fees, interest, effects."""
    for item in verdict.noticed:
        observed: dict[str, Value] = {"level": item.level, "days_in_arrears": item.days}
        yield Finding("DN-LVL-01", "D6", item.invoice_id, observed)
    if verdict.at_law:
        yield Finding("DN-LEG-01", "D20", observed={"level": verdict.level})
    for item in verdict.reminded:
        observed = {"due_date": item.entry.item.due_date, "offset": item.reminder.offset if item.reminder else None}
        yield Finding("DN-PRE-01", "D9", item.invoice_id, observed)
    for end in items:
        if end.capped_at is not None and end.outcome is Outcome.NOTICE:
            yield Finding("DN-CAP-01", "D12", end.invoice_id, {"max_dunning_level": end.capped_at})
    for fee in fees:
        yield Finding("DN-FEE-01", "D15", fee.invoice_id or ACCOUNT, {"amount": fee.amount, "level": fee.level})
    for claim in interest:
        rate = {} if claim.rate is None else {"rate": claim.rate}
        yield Finding("DN-INT-01", "D16", claim.invoice_id, {"amount": claim.amount, **rate})
    for code in dict.fromkeys(_EFFECT_CODES[hold.effect] for hold in held if hold.effect in _EFFECT_CODES):
        of_code = [hold for hold in held if _EFFECT_CODES.get(hold.effect) == code]
        effects = [hold.effect.value for hold in of_code]
        yield Finding(code, "D21", observed={"effects": effects, "level": max(hold.level for hold in of_code)})


def _broken_promises(account: Account, as_of: dt.date) -> tuple[str, ...]:
    return tuple(
        item.invoice_id
        for item in account.items
        if item.promise_to_pay is not None and item.open_amount > 0 and item.promise_to_pay.broken(as_of)
    )
