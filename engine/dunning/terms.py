"""The policy's ladder with its amounts, rates and days worked out for one account; what has no value is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.decision import Status
from engine.dunning import ladder as rungs
from engine.dunning.account import ZERO
from engine.dunning.charge_figures import compensation_terms, interest_terms
from engine.dunning.charge_terms import BandedFee, Fee, FeeBand, FixedFee, HeldBand, PercentFee
from engine.dunning.due_terms import AfterEvent, BusinessDays, DefaultTerms, OnCredit, OnEvent, ToleranceScope
from engine.dunning.pinning import Procedure
from engine.meaning import Notes
from engine.sitting import Sitting
from policies.ir import Expression
from policies.kinds import charges, notices
from policies.kinds import ladder as written
from policies.kinds.due_terms import Tolerance


@dataclass(slots=True)
class Terms:
    """The values of a ladder's expressions as they are asked for; `unknown` holds those without value, by place."""

    sitting: Sitting
    unknown: dict[str, Notes] = field(default_factory=dict)

    def number(self, place: str, expression: Expression | None) -> Decimal:
        """The value at a place of the ladder; one left out is 0, one without value is noted and stands as 0."""
        if expression is None:
            return ZERO
        judged = self.sitting.judge(expression)
        status = Status.UNKNOWN if judged.value is None else Status.COMPUTED
        if judged.value is None:
            self.unknown[place] = judged.notes
        if judged.value is None or judged.notes.read:
            self.sitting.steps.append(judged.step("term", place, status, expression.line, value=judged.value))
        return ZERO if judged.value is None else judged.value

    def days(self, place: str, expression: Expression | None) -> int:
        """Whole days; a fraction of a day has no meaning and counts as a value that is not there."""
        value = self.number(place, expression)
        if value != value.to_integral_value():
            self.unknown[place] = Notes(undefined={f"{place} is {value}: days are counted whole": None})
        return int(value)

    def days_off(self, place: str, expression: Expression | None) -> frozenset[dt.date]:
        """The dates of a list; one without value, as a whole or in a date, is noted and closes no day."""
        if expression is None:
            return frozenset()
        judged = self.sitting.judge(expression)
        if judged.value is None or None in judged.value:
            self.unknown[place] = judged.notes
            self.sitting.steps.append(judged.step("term", place, Status.UNKNOWN, expression.line))
            return frozenset()
        return frozenset(judged.value)


def evaluate_ladder(
    body: written.Dunning, terms: Terms, procedure: Procedure, unwritten: Mapping[str, rungs.Unwritten]
) -> rungs.Ladder:
    """The ladder for this account; usable only while `terms.unknown` is empty.

    `unwritten` are, by template, the texts that cannot be written for it.
    """
    return rungs.Ladder(
        levels=tuple(_level(number, level, terms, unwritten) for number, level in enumerate(body.levels, start=1)),
        escalation=rungs.Escalation(body.escalation),
        grace_days=terms.days("grace_days", body.grace_days),
        grace_mode=rungs.GraceMode(body.grace_mode),
        arrears_basis=rungs.ArrearsBasis(body.arrears_basis),
        interval_days=terms.days("interval_days", body.interval_days),
        min_days_in_arrears_account=terms.days("min_days_in_arrears", body.min_days_in_arrears),
        tolerance={each.currency: terms.number(_tolerance_place(each, body), each.amount) for each in body.tolerance},
        tolerance_scope=ToleranceScope(body.tolerance_scope),
        credits=rungs.Credits(body.credits),
        on_credit=OnCredit(body.on_credit),
        on_event=OnEvent(
            partial_payment=AfterEvent(body.on_event.partial_payment),
            credit_note=AfterEvent(body.on_event.credit_note),
            due_date_change=AfterEvent(body.on_event.due_date_change),
        ),
        business_days=_business_days(body, terms),
        default_terms=_default_terms(body, terms),
        interest=None if body.interest is None else interest_terms(body.interest, terms.sitting),
        compensation=None if body.compensation is None else compensation_terms(body.compensation, terms.sitting),
        pre_due=tuple(
            rungs.PreDueReminder(reminder.days, _actions(reminder.actions, unwritten)) for reminder in body.reminders
        ),
        procedure=procedure,
        group_by=rungs.GroupBy(body.group_by),
    )


def _tolerance_place(tolerance: Tolerance, body: written.Dunning) -> str:
    return "tolerance" if tolerance.currency == body.currency else f"tolerance.{tolerance.currency}"


def _business_days(body: written.Dunning, terms: Terms) -> BusinessDays:
    if body.business_days is None:
        return BusinessDays()
    holidays = terms.days_off("business_days.holidays", body.business_days.holidays)
    working_days = terms.days_off("business_days.working_days", body.business_days.working_days)
    return BusinessDays(frozenset(body.business_days.weekend), holidays, working_days)


def _default_terms(body: written.Dunning, terms: Terms) -> DefaultTerms | None:
    stated = body.default_terms
    if stated is None:
        return None
    longest = None if stated.longest is None else terms.days("default_terms.longest", stated.longest)
    return DefaultTerms(terms.days("default_terms.days", stated.days), longest)


def _level(number: int, level: written.Level, terms: Terms, unwritten: Mapping[str, rungs.Unwritten]) -> rungs.Level:
    place = f"levels[{number - 1}]"
    return rungs.Level(
        number=number,
        min_days=terms.days(f"{place}.min_days", level.min_days),
        min_amount=terms.number(f"{place}.min_amount", level.min_amount),
        min_pct=terms.number(f"{place}.min_pct", level.min_pct),
        fee=None if level.fee is None else _fee(f"{place}.fee", level.name, level.fee, terms),
        interest=level.interest,
        basis=rungs.ArrearsBasis(level.basis),
        always_dun=level.always_dun,
        legal=level.legal,
        list_all_items=level.list_all_items,
        payment_days=None if level.payment_days is None else terms.days(f"{place}.payment_days", level.payment_days),
        actions=_actions(level.actions, unwritten),
        side_effects=tuple(
            rungs.SideEffect(rungs.Effect(effect.effect), effect.release_when, effect.to) for effect in level.effects
        ),
    )


def _fee(place: str, level: str, fee: charges.Fee, terms: Terms) -> Fee:
    cap = None if fee.cap is None else terms.number(f"{place}.cap", fee.cap)
    if isinstance(fee.of, tuple):
        return BandedFee(tuple(_fee_band(place, level, band, terms) for band in fee.of), fee.per, cap)
    amount = terms.number(place, fee.of)
    return FixedFee(amount, fee.per, cap) if fee.kind == "fixed" else PercentFee(amount, fee.per, cap)


def _fee_band(place: str, level: str, band: charges.AmountBand, terms: Terms) -> FeeBand:
    amount = terms.number(f"{place} {band.cell.text}", band.amount)
    return FeeBand(band.cell.tests, amount, HeldBand(band.name(level), band.cell.scalar.span.line))


def _actions(actions: tuple[notices.Action, ...], unwritten: Mapping[str, rungs.Unwritten]) -> tuple[rungs.Action, ...]:
    return tuple(
        rungs.Action(action.by, action.send, action.fallback, unwritten.get(action.send)) for action in actions
    )
