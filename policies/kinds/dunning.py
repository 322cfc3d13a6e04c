"""The kind `dunning`: a ladder of levels over an account's open items (domain D1 to D27)."""

from __future__ import annotations

from policies.desk import Desk
from policies.diagnostics import Code
from policies.ir import Expression as Typed
from policies.ir import Rule
from policies.kinds.account_facts import REQUIRED, case_shape, item_shape, misfits, rates_shape
from policies.kinds.charges_check import check_compensation, check_fee, check_interest
from policies.kinds.due_terms import Basis
from policies.kinds.due_terms_check import (
    check_business_days,
    check_default_terms,
    check_on_credit,
    check_on_event,
    check_tolerance,
    item_type,
)
from policies.kinds.dunning_outcome import outcome_type
from policies.kinds.kind import Checked, Kind
from policies.kinds.ladder import AccountPaths, Dunning, Level
from policies.kinds.ladder_figures import amount, needed, once
from policies.kinds.ladder_part import (
    AccountPart,
    CarveOutPart,
    DunningPart,
    LevelPart,
)
from policies.kinds.level_order import check_level_order
from policies.kinds.notices_check import check_actions, check_correspondence, check_effects, check_reminders
from policies.kinds.templates_check import check_templates
from policies.nodes import Scalar
from policies.scope import dotted
from policies.types import ContextOf, ListOf, Money, Number, Text, Unknown

CARVE_OUT_REASONS = ("DN-SKP-10", "DN-SKP-12", "DT-MIS-01")
AUTOMATIC_REASONS = (
    *("DT-MIS-01", "DT-MIS-05", "DT-UND-01"),
    *("DN-LVL-01", "DN-PRE-01", "DN-FEE-01", "DN-INT-01", "DN-HLD-01", "DN-COL-01", "DN-LEG-01", "DN-CAP-01"),
    *(f"DN-SKP-{number:02}" for number in range(1, 16)),
)


def check(part: DunningPart, desk: Desk) -> Checked:
    """Check the account's facts, the carve-outs and the ladder."""
    account = _check_account(part.account, desk)
    item = item_type(account)
    rules = tuple(_check_carve_out(carve_out, desk) for carve_out in part.carve_outs)
    once([(carve_out.carve_out, carve_out) for carve_out in part.carve_outs], "carve_out", desk)
    if part.rules:
        mend = "who is left out stands under `carve_outs`, what happens when under `levels`"
        desk.error(Code.DUNNING, "a dunning policy has no `rules`", part.key_span("rules"), mend)
    days = Number("days")
    interest = None if part.interest is None else check_interest(part.interest, desk)
    reminders, levels = check_reminders(part, desk), _check_levels(part, desk)
    check_correspondence(part, account, desk)
    body = Dunning(
        account=account,
        escalation=part.escalation,
        on_event=check_on_event(part.on_event),
        arrears_basis=part.arrears_basis,
        business_days=check_business_days(part.business_days, desk),
        default_terms=check_default_terms(part.default_terms, item, desk),
        grace_days=amount(part.grace_days, days, desk),
        grace_mode=part.grace_mode,
        interval_days=amount(part.interval_days, days, desk),
        min_days_in_arrears=amount(part.min_days_in_arrears, days, desk),
        tolerance=check_tolerance(part, desk),
        tolerance_scope=part.tolerance_scope,
        credits=part.credits,
        on_credit=check_on_credit(part, item, desk),
        interest=interest,
        compensation=check_compensation(part, desk),
        group_by=part.group_by,
        templates=check_templates(part, account, levels, reminders, desk),
        reminders=reminders,
        levels=levels,
        currency=desk.currency,
        languages=desk.languages,
    )
    return Checked(body, rules, outcome_type(desk.currency, desk.languages))


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
            _report_misfits(case_shape(), case.type, case_path or "case", part.case, desk)
        elif not isinstance(case.type, Unknown):
            desk.error(Code.TYPE_MISMATCH, "the dunning case must be a record", part.case.span)
    channels = desk.optional(part.channels, ListOf(Text()))
    rates = desk.optional(part.rates)
    if rates is not None and part.rates is not None:
        if isinstance(rates.type, ListOf) and isinstance(rates.type.item, ContextOf):
            shape = rates_shape()
            all_of_it = frozenset(name for name, _ in shape.fields)
            _report_misfits(shape, rates.type.item, _fact_path(rates, desk) or "rates", part.rates, desk, all_of_it)
        elif not isinstance(rates.type, Unknown):
            desk.error(Code.TYPE_MISMATCH, "the exchange rates must be a list of records", part.rates.span)
    return AccountPaths(
        id=desk.expression(part.id, Text()),
        items=items,
        items_path=items_path,
        case=case,
        case_path=case_path,
        channels=channels,
        rates=rates,
        rates_path=None if rates is None else _fact_path(rates, desk),
        language=desk.optional(part.language, Text()),
        recipient=desk.optional(part.recipient, Text()),
        head_office=desk.optional(part.head_office, Text()),
    )


def _fact_path(expression: Typed, desk: Desk) -> str | None:
    """The path of the fact an expression names; what is wrong in an item is then told where it stands in the facts."""
    path = dotted(expression.syntax)
    if path is None and not isinstance(expression.type, Unknown):
        said = "this must be the name of a fact, not computed"
        desk.error(Code.DUNNING, said, expression.scalar.span, "name it as it is declared: open_items")
    return path


def _report_misfits(
    shape: ContextOf,
    given: ContextOf,
    path: str,
    scalar: Scalar,
    desk: Desk,
    required: frozenset[str] = REQUIRED,
) -> None:
    for said in misfits(shape, given, path, required):
        desk.error(Code.TYPE_MISMATCH, said, scalar.span, "change its declaration under `facts`")


def _check_carve_out(part: CarveOutPart, desk: Desk) -> Rule:
    when = desk.condition(part.when)
    reason = desk.reason(desk.word(part.reason, CARVE_OUT_REASONS, part.span("reason")), part.span("reason"))
    title = desk.texts(part.title, part.span("title"))
    return Rule(part.carve_out, when, "skip", reason, None, (), title, part.span().line)


def _check_levels(part: DunningPart, desk: Desk) -> tuple[Level, ...]:
    if not part.levels:
        desk.error(Code.DUNNING, "`levels` is empty", part.span("levels"), "name at least one level")
    once([(level.level, level) for level in part.levels], "level", desk)
    levels = tuple(_check_level(level, part.arrears_basis, desk) for level in part.levels)
    check_level_order(part, levels, desk)
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


def _check_level(part: LevelPart, basis: Basis, desk: Desk) -> Level:
    money = Money(desk.currency)
    return Level(
        name=part.level,
        title=desk.texts(part.title, part.span("title")),
        min_days=needed(part.min_days, Number("days"), desk),
        basis=part.basis or basis,
        min_amount=amount(part.min_amount, money, desk),
        min_pct=amount(part.min_pct, Number("percent"), desk),
        fee=None if part.fee is None else check_fee(part.fee, desk),
        interest=part.interest,
        always_dun=part.always_dun,
        legal=part.legal,
        list_all_items=part.list_all_items,
        payment_days=amount(part.payment_days, Number("days"), desk),
        actions=check_actions(part.actions),
        effects=check_effects(part, desk),
        line=part.span().line,
    )


KIND = Kind("dunning", DunningPart, check, AUTOMATIC_REASONS)
