"""The dunning procedure: a ladder, an account and a day give a notice, reminders, or a skip that says why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import localcontext

from engine.dunning.account import ZERO, Account, refuse_misfits
from engine.dunning.charges import Noticed, fee_claims, interest_on
from engine.dunning.consequences import for_review, holds, messages
from engine.dunning.evaluation_dates import next_evaluation
from engine.dunning.findings import ACCOUNT, Finding, codes, main_first
from engine.dunning.gates import carve_out_gates
from engine.dunning.ladder import Effect, Ladder, ladder_faults
from engine.dunning.notice import FeeClaim, Hold, InterestClaim, ItemResult, Message, Outcome, Result
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
    refuse_misfits(account)
    with localcontext(FEEL_DECIMAL):
        return _result(ladder, account, as_of, reach_verdict(ladder, account, as_of))


def undecided(account: Account, as_of: dt.date) -> Result:
    """The account left alone, items and all, for its carve-outs: where no ladder or no items are known to go by.

    Raises Fault as `dun` does.
    """
    refuse_misfits(account)
    gates = tuple(carve_out_gates(account))
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
        total_claim=ZERO,
        messages=(),
        holds=(),
        broken_promises=_broken_promises(account, as_of),
        for_review=for_review(gates, (), ()),
        next_evaluation=None,
        findings=main_first(findings),
        trace=tuple(item_step(item) for item in items),
    )


def _result(ladder: Ladder, account: Account, as_of: dt.date, verdict: Verdict) -> Result:
    noticed = [Noticed(item.entry.item, item.level, item.entry.amount, item.rises) for item in verdict.noticed]
    fees = fee_claims(noticed, ladder, account, as_of)
    charged = interest_on(noticed, ladder, account, as_of)
    interest = charged.claims
    sent = tuple(_messages(ladder, account, verdict))
    held = holds(ladder.level(verdict.level)) if verdict.noticed else ()
    following = next_evaluation(account, ladder, as_of, notice=bool(verdict.noticed))
    items = verdict.item_results()
    claimed = [entry.amount for entry in noticed] + [fee.amount for fee in fees] + [claim.amount for claim in interest]
    return Result(
        account_id=account.account_id,
        currency=account.currency,
        outcome=verdict.outcome,
        level=verdict.level,
        skips=() if verdict.noticed else codes(verdict.skip_findings),
        items=items,
        principal=sum((entry.amount for entry in noticed if entry.item.is_principal), ZERO),
        fees=fees,
        interest=interest,
        total_claim=sum(claimed, ZERO),
        messages=sent,
        holds=held,
        broken_promises=_broken_promises(account, as_of),
        for_review=for_review(verdict.gates, [item.entry for item in verdict.items], sent),
        next_evaluation=following,
        findings=(*_done(verdict, fees, interest, held), *main_first(verdict.skip_findings)),
        trace=steps(verdict.gates, items, fees, charged, following),
    )


def _messages(ladder: Ladder, account: Account, verdict: Verdict) -> Iterator[Message]:
    if verdict.noticed:
        ids = [item.invoice_id for item in verdict.noticed]
        yield from messages(account, ladder.level(verdict.level).actions, verdict.level, ids)
    for reminder in ladder.pre_due:
        ids = [item.invoice_id for item in verdict.reminded if item.reminder == reminder]
        if ids:
            yield from messages(account, reminder.actions, 0, ids)


def _done(
    verdict: Verdict, fees: tuple[FeeClaim, ...], interest: tuple[InterestClaim, ...], held: tuple[Hold, ...]
) -> Iterator[Finding]:
    """The codes of what is done: levels reached, reminders, caps, fees, interest, effects."""
    for item in verdict.noticed:
        observed: dict[str, Value] = {"level": item.level, "days_in_arrears": item.days}
        yield Finding("DN-LVL-01", "D6", item.invoice_id, observed)
    for item in verdict.reminded:
        observed = {"due_date": item.entry.item.due_date, "offset": item.reminder.offset if item.reminder else None}
        yield Finding("DN-PRE-01", "D9", item.invoice_id, observed)
    for end in verdict.item_results():
        if end.capped_at is not None and end.outcome is Outcome.NOTICE:
            yield Finding("DN-CAP-01", "D12", end.invoice_id, {"max_dunning_level": end.capped_at})
    for fee in fees:
        yield Finding("DN-FEE-01", "D15", fee.invoice_id or ACCOUNT, {"amount": fee.amount, "level": fee.level})
    for claim in interest:
        yield Finding("DN-INT-01", "D16", claim.invoice_id, {"amount": claim.amount, "rate": claim.rate})
    for code in dict.fromkeys(_EFFECT_CODES[hold.effect] for hold in held if hold.effect in _EFFECT_CODES):
        effects = [hold.effect.value for hold in held if _EFFECT_CODES.get(hold.effect) == code]
        yield Finding(code, "D21", observed={"effects": effects, "level": verdict.level})


def _broken_promises(account: Account, as_of: dt.date) -> tuple[str, ...]:
    return tuple(
        item.invoice_id
        for item in account.items
        if item.promise_to_pay is not None and item.open_amount > 0 and item.promise_to_pay.broken(as_of)
    )
