"""The policy's ladder with its amounts, rates and days worked out for one account; what has no value is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from engine.decision import Status
from engine.dunning import ladder as rungs
from engine.meaning import Notes
from engine.sitting import Sitting
from policies.ir import Expression
from policies.kinds import ladder as written

NONE = Decimal(0)


@dataclass(slots=True)
class Terms:
    """The values of a ladder's expressions as they are asked for; `unknown` holds those without value, by place."""

    sitting: Sitting
    unknown: dict[str, Notes] = field(default_factory=dict)

    def number(self, place: str, expression: Expression | None) -> Decimal:
        """The value at a place of the ladder; one left out is 0, one without value is noted and stands as 0."""
        if expression is None:
            return NONE
        judged = self.sitting.judge(expression)
        status = Status.UNKNOWN if judged.value is None else Status.COMPUTED
        if judged.value is None:
            self.unknown[place] = judged.notes
        if judged.value is None or judged.notes.read:
            self.sitting.steps.append(judged.step("term", place, status, expression.line, value=judged.value))
        return NONE if judged.value is None else judged.value

    def days(self, place: str, expression: Expression | None) -> int:
        """Whole days; a fraction of a day has no meaning and counts as a value that is not there."""
        value = self.number(place, expression)
        if value != value.to_integral_value():
            self.unknown[place] = Notes(undefined={f"{place} is {value}: days are counted whole": None})
        return int(value)


def evaluate_ladder(body: written.Dunning, terms: Terms) -> rungs.Ladder:
    """The ladder for this account; usable only while `terms.unknown` is empty."""
    return rungs.Ladder(
        levels=tuple(_level(number, level, terms) for number, level in enumerate(body.levels, start=1)),
        escalation=rungs.Escalation(body.escalation),
        grace_days=terms.days("grace_days", body.grace_days),
        grace_mode=rungs.GraceMode(body.grace_mode),
        arrears_basis=rungs.ArrearsBasis(body.arrears_basis),
        interval_days=terms.days("interval_days", body.interval_days),
        min_days_in_arrears_account=terms.days("min_days_in_arrears", body.min_days_in_arrears),
        tolerance=terms.number("tolerance", body.tolerance),
        credits=rungs.Credits(body.credits),
        interest=None if body.interest is None else _interest(body.interest, terms),
        pre_due=tuple(rungs.PreDueReminder(reminder.days, _actions(reminder.actions)) for reminder in body.reminders),
    )


def _interest(interest: written.Interest, terms: Terms) -> rungs.Interest:
    return rungs.Interest(
        rate=terms.number("interest.rate", interest.rate),
        basis=rungs.DayCount(interest.basis),
        round=rungs.InterestRounding(interest.round),
        min_interest=terms.number("interest.min_interest", interest.min_interest),
    )


def _level(number: int, level: written.Level, terms: Terms) -> rungs.Level:
    place = f"levels[{number - 1}]"
    return rungs.Level(
        number=number,
        min_days=terms.days(f"{place}.min_days", level.min_days),
        min_amount=terms.number(f"{place}.min_amount", level.min_amount),
        min_pct=terms.number(f"{place}.min_pct", level.min_pct),
        fee=None if level.fee is None else _fee(f"{place}.fee", level.fee, terms),
        interest=level.interest,
        actions=_actions(level.actions),
        side_effects=tuple(
            rungs.SideEffect(rungs.Effect(effect.effect), effect.release_when, effect.to) for effect in level.effects
        ),
    )


def _fee(place: str, fee: written.Fee, terms: Terms) -> rungs.Fee:
    amount = terms.number(place, fee.amount)
    if fee.kind == "fixed":
        return rungs.FixedFee(amount, fee.per)
    cap = None if fee.cap is None else terms.number(f"{place}.cap", fee.cap)
    return rungs.PercentFee(amount, fee.per, cap)


def _actions(actions: tuple[written.Action, ...]) -> tuple[rungs.Action, ...]:
    return tuple(rungs.Action(action.by, action.send, action.fallback) for action in actions)
