"""The kind `credit`: exposure, limit, order, and rules of which the strictest wins (C1, C3, C4, C11 to C14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from policies.desk import Desk
from policies.diagnostics import Code
from policies.feel.syntax import NumberLiteral
from policies.ir import Expression as Typed
from policies.ir import Rule
from policies.kinds.credit_part import CreditPart, ExposurePart, LimitPart, MethodPart, OrderPart
from policies.kinds.kind import Checked, Kind
from policies.nodes import Scalar, Span
from policies.rules import check_rules
from policies.types import Boolean, ContextOf, Date, ListOf, Money, Number, Text, Type, nullable

OUTCOMES = ("approve", "approve_with_conditions", "refer", "decline")
"""From mildest to strictest: the strictest of all that apply wins (domain C14)."""

_HUNDRED = Decimal(100)
"""Percent: more than all of something cannot be prepaid or taken away."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Components by name, and credits that reduce their sum."""

    components: tuple[tuple[str, Typed], ...]
    credits: Typed | None


@dataclass(frozen=True, slots=True)
class Method:
    """A way to compute a limit, or a cap on it."""

    name: str
    value: Typed
    reason: str | None
    missing: Literal["skip", "refer"]


@dataclass(frozen=True, slots=True)
class ComputedLimit:
    """A limit by methods: combine, cap, bound the change, round down, floor, in this order (domain C12)."""

    methods: tuple[Method, ...]
    combine: Literal["min", "median", "average", "max"]
    caps: tuple[Method, ...]
    previous: Typed | None
    no_previous: Literal["unbounded", "refer"] | None
    up_pct: Typed | None
    down_pct: Typed | None
    round_down_to: Typed | None
    floor: Typed | None
    below_floor: Literal["zero", "floor"] | None
    valid_days: int | None
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class CurrentLimit:
    """A limit set earlier; what follows when none is set (null is not 0), has expired, or has no known end."""

    value: Typed
    none_set: Literal["decline", "refer"]
    valid_to: Typed | None
    expired: Literal["treat_as_zero", "refer"] | None
    no_end: Literal["open_ended", "refer"] | None


@dataclass(frozen=True, slots=True)
class OrderCheck:
    """The order tested against the limit; `over_limit` follows when it does not fit."""

    amount: Typed
    included: Typed
    prepaid: Typed | None
    over_limit: Literal["refer", "decline"]
    reason: str


@dataclass(frozen=True, slots=True)
class Credit:
    """The body of a credit policy."""

    exposure: Exposure | None
    limit: ComputedLimit | CurrentLimit | None
    order: OrderCheck | None
    terms_days: Typed | None
    default: Literal["approve", "refer", "decline"]
    default_reason: str | None
    missing: Literal["refer", "decline"]


def condition_types(currency: str) -> Mapping[str, Type]:
    """The conditions an approval may carry (domain C14), with their types."""
    return {
        "prepayment_pct": Number("percent"),
        "shorter_terms_days": Number("days"),
        "amount_counter_offer": Money(currency),
        "guarantee": Boolean(),
        "insured": Boolean(),
    }


def check(part: CreditPart, desk: Desk) -> Checked:
    """Check exposure, limit and order, then the rules, which see `exposure`, `limit` and `available`."""
    money = Money(desk.currency)
    exposure = None if part.exposure is None else _check_exposure(part.exposure, desk)
    if exposure is not None:
        _declare(desk, "exposure", nullable(money), part.span("exposure"))
    limit = None if part.limit is None else _check_limit(part.limit, part.span("limit"), desk)
    if limit is not None:
        _declare(desk, "limit", nullable(money), part.span("limit"))
    if exposure is not None and limit is not None:
        _declare(desk, "available", nullable(money), part.span("limit"))
    order = None if part.order is None else _check_order(part.order, desk)
    if order is not None and (exposure is None or limit is None):
        mend = "add `exposure:` and `limit:`"
        desk.error(Code.CREDIT, "`order` is tested against exposure and limit", part.span("order"), mend)
    terms = _optional_within(part.terms_days, Number("days"), desk)
    rules = _check_rules(part, desk)
    reason = _check_default(part, desk)
    body = Credit(exposure, limit, order, terms, part.default, reason, part.missing)
    return Checked(body, rules, _outcome(desk.currency))


def _check_default(part: CreditPart, desk: Desk) -> str | None:
    """A decline by default needs a reason that the customer may be told, as any decline does."""
    if part.default_reason is None:
        if part.default == "decline":
            mend = "add `default_reason:` with a reason that may be disclosed"
            desk.error(Code.NOT_DISCLOSABLE, "`default: decline` gives no reason", part.span("default"), mend)
        return None
    return _told(part.default_reason, part.span("default_reason"), desk, declines=part.default == "decline")


def _told(code: str, span: Span, desk: Desk, *, declines: bool) -> str:
    """A reason that is declared; one that can lead to a decline must be one the customer may be told."""
    desk.reason(code, span)
    if declines and not desk.disclosable(code):
        said = f"a decline for {code} could give the customer no reason"
        desk.error(Code.NOT_DISCLOSABLE, said, span, "use a reason that may be disclosed")
    return code


def _declare(desk: Desk, name: str, type_: Type, span: Span) -> None:
    if desk.scope.type_of(name) is not None:
        said = f"`{name}` is already a name here, and a credit policy gives it a meaning of its own"
        desk.error(Code.NAME_TAKEN, said, span, "give the fact, parameter or let another name")
    desk.declare(name, type_)


def _check_exposure(part: ExposurePart, desk: Desk) -> Exposure:
    money = Money(desk.currency)
    if not part.components:
        desk.error(Code.CREDIT, "`components` is empty", part.span("components"), "name what counts as exposure")
    components = tuple((name, desk.expression(scalar, money)) for name, scalar in part.components.items())
    return Exposure(components, desk.optional(part.credits, money))


def _check_limit(part: LimitPart, span: Span, desk: Desk) -> ComputedLimit | CurrentLimit | None:
    if (part.methods is None) == (part.current is None):
        mend = "write `methods:` to compute a limit, or `current:` for one set earlier"
        desk.error(Code.CREDIT, "a limit needs one of `methods` and `current`", span, mend)
        return None
    return _check_computed(part, span, desk) if part.methods is not None else _check_current(part, span, desk)


def _check_computed(part: LimitPart, span: Span, desk: Desk) -> ComputedLimit | None:
    money, percent = Money(desk.currency), Number("percent")
    for key in ("none_set", "valid_to", "expired", "no_end"):
        if getattr(part, key) is not None:
            desk.error(Code.CREDIT, f"`{key}` goes with `current`", part.key_span(key))
    if not part.methods or part.combine is None:
        absent = "combine" if part.methods else "methods"
        mend = "write `combine: min`, median, average or max" if part.methods else "name at least one method"
        desk.error(Code.CREDIT, f"`{absent}` is missing", span, mend)
        return None
    change, floor = part.change, part.floor
    return ComputedLimit(
        tuple(
            _check_method(name, method, part.key_span("methods", name), desk) for name, method in part.methods.items()
        ),
        part.combine,
        tuple(_check_method(name, cap, part.key_span("caps", name), desk) for name, cap in part.caps.items()),
        None if change is None else desk.expression(change.previous, money),
        None if change is None else change.no_previous,
        None if change is None else _optional_within(change.up_pct, percent, desk),
        None if change is None else _optional_within(change.down_pct, percent, desk, _HUNDRED),
        None if part.round is None else _check_step(part.round.down_to, desk),
        None if floor is None else _within(desk.expression(floor.amount, money), desk),
        None if floor is None else floor.below,
        _checked_days(part, desk),
        span.line,
    )


def _check_step(scalar: Scalar, desk: Desk) -> Typed:
    """The step a limit is rounded down to; one written as 0 or less is refused (C12)."""
    step = desk.expression(scalar, Money(desk.currency))
    if isinstance(step.syntax, NumberLiteral) and step.syntax.value <= 0:
        desk.error(Code.CREDIT, f"a step of {step.syntax.value} cannot be rounded to", scalar.span, "write 500 or 1000")
    return step


def _within(expression: Typed, desk: Desk, highest: Decimal | None = None) -> Typed:
    """The expression; a plain number below 0, or above the highest there can be, is refused where it is written."""
    written = expression.syntax
    if isinstance(written, NumberLiteral) and written.value < 0:
        desk.error(Code.CREDIT, f"{written.value} is below 0", expression.scalar.span, "write 0 or more")
    elif isinstance(written, NumberLiteral) and highest is not None and written.value > highest:
        desk.error(Code.CREDIT, f"{written.value} is above {highest}", expression.scalar.span, f"write 0 to {highest}")
    return expression


def _optional_within(scalar: Scalar | None, wanted: Type, desk: Desk, highest: Decimal | None = None) -> Typed | None:
    return None if scalar is None else _within(desk.expression(scalar, wanted), desk, highest)


def _checked_days(part: LimitPart, desk: Desk) -> int | None:
    if part.valid_days is not None and part.valid_days < 0:
        desk.error(Code.CREDIT, f"{part.valid_days} is below 0", part.span("valid_days"), "write 0 or more")
    return part.valid_days


def _check_method(name: str, part: MethodPart, span: Span, desk: Desk) -> Method:
    value = desk.expression(part.is_, Money(desk.currency))
    if part.reason is not None:
        desk.reason(part.reason, part.span("reason") if part.has_node else span)
    return Method(name, value, part.reason, part.missing)


def _check_current(part: LimitPart, span: Span, desk: Desk) -> CurrentLimit | None:
    for key in ("combine", "change", "round", "floor", "valid_days"):
        if getattr(part, key) is not None:
            desk.error(Code.CREDIT, f"`{key}` goes with `methods`", part.key_span(key))
    if part.none_set is None or part.current is None:
        mend = "write `none_set: decline` or `none_set: refer`; no limit is not a limit of 0"
        desk.error(Code.CREDIT, "`none_set` must say what follows when no limit is set", span, mend)
        return None
    if len({part.valid_to is None, part.expired is None, part.no_end is None}) > 1:
        mend = (
            "write `expired: treat_as_zero` or `refer`, and `no_end: open_ended` or `refer` for a day that is missing"
        )
        desk.error(Code.CREDIT, "`valid_to`, `expired` and `no_end` go together", span, mend)
    return CurrentLimit(
        desk.expression(part.current, Money(desk.currency)),
        part.none_set,
        desk.optional(part.valid_to, Date()),
        part.expired,
        part.no_end,
    )


def _check_order(part: OrderPart, desk: Desk) -> OrderCheck:
    money = Money(desk.currency)
    reason = _told(part.reason, part.span("reason"), desk, declines=part.over_limit == "decline")
    return OrderCheck(
        desk.expression(part.amount, money),
        desk.expression(part.included_in_exposure, Boolean()),
        desk.optional(part.prepaid, money),
        part.over_limit,
        reason,
    )


def _check_rules(part: CreditPart, desk: Desk) -> tuple[Rule, ...]:
    rules = check_rules(
        part.rules,
        desk,
        then=OUTCOMES[1:],
        missing=("refer", "decline"),
        conditions=condition_types(desk.currency),
    )
    for rule, written in zip(rules, part.rules, strict=True):
        for name, condition in rule.conditions:
            _within(condition, desk, _HUNDRED if name == "prepayment_pct" else None)
        may_decline = rule.then == "decline" or any(name == "amount_counter_offer" for name, _ in rule.conditions)
        _told(rule.reason, written.span("reason"), desk, declines=may_decline)
        if (rule.then == "approve_with_conditions") != bool(rule.conditions):
            said = "`approve_with_conditions` and `conditions` go together"
            desk.error(Code.CREDIT, said, written.span("then"), "name at least one condition, or another outcome")
    return rules


def _outcome(currency: str) -> Type:
    money = nullable(Money(currency))
    conditions = ContextOf(tuple((name, nullable(type_)) for name, type_ in condition_types(currency).items()))
    return ContextOf(
        (
            ("decision", Text(OUTCOMES)),
            ("limit", money),
            ("exposure", money),
            ("available", money),
            ("binding", ListOf(Text())),
            ("terms_days", Number("days", nullable=True)),
            ("conditions", conditions),
            ("valid_to", Date(nullable=True)),
        )
    )


AUTOMATIC_REASONS = ("DT-MIS-01", "DT-UND-01", "CR-LEV-02", "CR-VAL-01", "CR-EXP-01")
KIND = Kind("credit", CreditPart, check, AUTOMATIC_REASONS)
