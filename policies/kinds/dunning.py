"""The kind `dunning`: a ladder of levels over an account's open items (domain D1 to D27)."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from policies.desk import Desk
from policies.diagnostics import Code
from policies.feel.syntax import Negate, NumberLiteral
from policies.ir import Expression as Typed
from policies.ir import Rule
from policies.kinds.account_facts import case_shape, item_shape, misfits
from policies.kinds.dunning_outcome import outcome_type
from policies.kinds.kind import Checked, Kind
from policies.kinds.ladder import AccountPaths, Action, Dunning, Effect, Fee, Interest, Level, Reminder
from policies.kinds.ladder_part import (
    AccountPart,
    ActionPart,
    CarveOutPart,
    DunningPart,
    EffectPart,
    FeePart,
    InterestPart,
    LevelPart,
    ReminderPart,
)
from policies.nodes import Scalar
from policies.scope import dotted
from policies.types import ContextOf, ListOf, Money, Number, Text, Type, Unknown

CARVE_OUT_REASONS = ("DN-SKP-10", "DN-SKP-12", "DT-MIS-01")
SETTING_EFFECTS = frozenset({"set_payment_terms", "assign_collector"})
"""Effects that set something, and so must say `to` what."""

AUTOMATIC_REASONS = (
    *("DT-MIS-01", "DT-MIS-05", "DT-UND-01"),
    *("DN-LVL-01", "DN-PRE-01", "DN-FEE-01", "DN-INT-01", "DN-HLD-01", "DN-COL-01", "DN-CAP-01"),
    *(f"DN-SKP-{number:02}" for number in range(1, 12)),
)


def check(part: DunningPart, desk: Desk) -> Checked:
    """Check the account's facts, the carve-outs and the ladder."""
    account = _check_account(part.account, desk)
    rules = tuple(_check_carve_out(carve_out, desk) for carve_out in part.carve_outs)
    _once([(carve_out.carve_out, carve_out) for carve_out in part.carve_outs], "carve_out", desk)
    if part.rules:
        mend = "who is left out stands under `carve_outs`, what happens when under `levels`"
        desk.error(Code.DUNNING, "a dunning policy has no `rules`", part.key_span("rules"), mend)
    money, days = Money(desk.currency), Number("days")
    interest = None if part.interest is None else _check_interest(part.interest, desk)
    body = Dunning(
        account=account,
        escalation=part.escalation,
        arrears_basis=part.arrears_basis,
        grace_days=_amount(part.grace_days, days, desk),
        grace_mode=part.grace_mode,
        interval_days=_amount(part.interval_days, days, desk),
        min_days_in_arrears=_amount(part.min_days_in_arrears, days, desk),
        tolerance=_amount(part.tolerance, money, desk),
        credits=part.credits,
        interest=interest,
        reminders=_check_reminders(part, desk),
        levels=_check_levels(part, desk),
        currency=desk.currency,
    )
    return Checked(body, rules, outcome_type(desk.currency, desk.languages))


def literal(expression: Typed) -> Decimal | None:
    """The number an expression is, when it is written as one."""
    match expression.syntax:
        case NumberLiteral(value=value):
            return value
        case Negate(of=NumberLiteral(value=value)):
            return -value
        case _:
            return None


def _amount(scalar: Scalar | None, type_: Type, desk: Desk) -> Typed | None:
    """An amount, percentage or number of days; one written as a number may not be negative, nor half a day."""
    if scalar is None:
        return None
    expression = desk.expression(scalar, type_)
    value = literal(expression)
    if value is not None and value < 0:
        desk.error(Code.DUNNING, "this may not be negative", scalar.span, "write 0 for none")
    elif (
        value is not None and isinstance(type_, Number) and type_.unit == "days" and value != value.to_integral_value()
    ):
        desk.error(Code.NOT_WHOLE, "days are counted whole", scalar.span)
    return expression


def _needed(scalar: Scalar, type_: Type, desk: Desk) -> Typed:
    expression = _amount(scalar, type_, desk)
    assert expression is not None  # noqa: S101 (only a scalar left out gives none)
    return expression


def _check_account(part: AccountPart, desk: Desk) -> AccountPaths:
    items = desk.expression(part.items)
    items_path = _fact_path(items, desk) or "items"
    item = items.type.item if isinstance(items.type, ListOf) else items.type
    if isinstance(items.type, ListOf) and isinstance(item, ContextOf):
        _report_misfits(item_shape(desk.currency), item, items_path, part.items, desk)
    elif not isinstance(items.type, Unknown):
        desk.error(Code.TYPE_MISMATCH, "the account's items must be a list of records", part.items.span)
    case = desk.optional(part.case)
    case_path = None if case is None else _fact_path(case, desk)
    if case is not None and part.case is not None:
        if isinstance(case.type, ContextOf):
            _report_misfits(case_shape(desk.currency), case.type, case_path or "case", part.case, desk)
        elif not isinstance(case.type, Unknown):
            desk.error(Code.TYPE_MISMATCH, "the dunning case must be a record", part.case.span)
    channels = desk.optional(part.channels, ListOf(Text()))
    return AccountPaths(desk.expression(part.id, Text()), items, items_path, case, case_path, channels)


def _fact_path(expression: Typed, desk: Desk) -> str | None:
    """The path of the fact an expression names; what is wrong in an item is then told where it stands in the facts."""
    path = dotted(expression.syntax)
    if path is None and not isinstance(expression.type, Unknown):
        said = "this must be the name of a fact, not computed"
        desk.error(Code.DUNNING, said, expression.scalar.span, "name it as it is declared: open_items")
    return path


def _report_misfits(shape: ContextOf, given: ContextOf, path: str, scalar: Scalar, desk: Desk) -> None:
    for said in misfits(shape, given, path):
        desk.error(Code.TYPE_MISMATCH, said, scalar.span, "change its declaration under `facts`")


def _check_carve_out(part: CarveOutPart, desk: Desk) -> Rule:
    when = desk.condition(part.when)
    reason = desk.reason(desk.word(part.reason, CARVE_OUT_REASONS, part.span("reason")), part.span("reason"))
    title = desk.texts(part.title, part.span("title"))
    return Rule(part.carve_out, when, "skip", reason, None, (), title, part.span().line)


def _once(parts: list[tuple[str, CarveOutPart | ReminderPart | LevelPart]], key: str, desk: Desk) -> None:
    seen: dict[str, int] = {}
    for name, part in parts:
        if name in seen:
            said = f"`{name}` stands twice, first on line {seen[name]}"
            desk.error(Code.NAME_TAKEN, said, part.span(key), "give it another name")
        seen.setdefault(name, part.span(key).line)


def _check_interest(part: InterestPart, desk: Desk) -> Interest:
    rate = desk.expression(part.rate, Number("percent"))
    minimum = _amount(part.min_interest, Money(desk.currency), desk)
    return Interest(rate, part.basis, part.round, minimum)


def _check_reminders(part: DunningPart, desk: Desk) -> tuple[Reminder, ...]:
    _once([(reminder.reminder, reminder) for reminder in part.reminders], "reminder", desk)
    days: set[int] = set()
    for reminder in part.reminders:
        if reminder.days >= 0:
            mend = f"write -{reminder.days or 3} for days before it; after it come the levels"
            said = "a reminder comes before the due date: its `days` are negative"
            desk.error(Code.DUNNING, said, reminder.span("days"), mend)
        elif reminder.days in days:
            desk.error(Code.DUNNING, "two reminders fall on the same day", reminder.span("days"), "keep one of them")
        days.add(reminder.days)
    return tuple(
        Reminder(
            reminder.reminder,
            reminder.days,
            desk.texts(reminder.title, reminder.span("title")),
            _actions(reminder.actions),
            reminder.span().line,
        )
        for reminder in part.reminders
    )


def _check_levels(part: DunningPart, desk: Desk) -> tuple[Level, ...]:
    if not part.levels:
        desk.error(Code.DUNNING, "`levels` is empty", part.span("levels"), "name at least one level")
    _once([(level.level, level) for level in part.levels], "level", desk)
    levels = tuple(_check_level(level, desk) for level in part.levels)
    for before, level in pairwise(levels):
        earlier, later = literal(before.min_days), literal(level.min_days)
        if earlier is not None and later is not None and later <= earlier:
            said = f"`{level.name}` must come later than `{before.name}` ({earlier} days)"
            mend = f"write more than {earlier}, or change the order of the levels"
            desk.error(Code.DUNNING, said, level.min_days.scalar.span, mend)
    for written in part.levels:
        if written.interest and part.interest is None:
            mend = "add `interest:` with rate, basis and round to the policy"
            desk.error(
                Code.DUNNING, "this level bears interest, but no terms are stated", written.span("interest"), mend
            )
    if part.interest is not None and not any(level.interest for level in levels):
        mend = "write `interest: true` at the levels that bear it"
        desk.warn(Code.DUNNING, "no level bears interest", part.key_span("interest"), mend)
    return levels


def _check_level(part: LevelPart, desk: Desk) -> Level:
    money = Money(desk.currency)
    return Level(
        name=part.level,
        title=desk.texts(part.title, part.span("title")),
        min_days=_needed(part.min_days, Number("days"), desk),
        min_amount=_amount(part.min_amount, money, desk),
        min_pct=_amount(part.min_pct, Number("percent"), desk),
        fee=None if part.fee is None else _check_fee(part.fee, desk),
        interest=part.interest,
        actions=_actions(part.actions),
        effects=tuple(_check_effect(effect, desk) for effect in part.effects),
        line=part.span().line,
    )


def _check_fee(part: FeePart, desk: Desk) -> Fee | None:
    money = Money(desk.currency)
    cap = _amount(part.cap, money, desk)
    match part.fixed, part.percent:
        case Scalar() as fixed, None:
            if cap is not None:
                desk.error(Code.DUNNING, "`cap` goes with `percent`", part.key_span("cap"), "delete it")
            return Fee("fixed", _needed(fixed, money, desk), None, part.per)
        case None, Scalar() as percent:
            return Fee("percent", _needed(percent, Number("percent"), desk), cap, part.per)
        case _:
            desk.error(Code.DUNNING, "a fee needs one of `fixed` and `percent`", part.span(), "keep one of them")
            return None


def _check_effect(part: EffectPart, desk: Desk) -> Effect:
    if part.effect in SETTING_EFFECTS and part.to is None:
        desk.error(Code.DUNNING, f"`{part.effect}` must say `to` what", part.span("effect"), "add `to:`")
    elif part.effect not in SETTING_EFFECTS and part.to is not None:
        desk.error(Code.DUNNING, f"`{part.effect}` sets nothing", part.key_span("to"), "delete `to`")
    return Effect(part.effect, part.to, desk.texts(part.release_when, part.span("release_when")))


def _actions(parts: tuple[ActionPart, ...]) -> tuple[Action, ...]:
    return tuple(Action(part.send, part.by, part.fallback) for part in parts)


KIND = Kind("dunning", DunningPart, check, AUTOMATIC_REASONS)
