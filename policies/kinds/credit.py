"""The kind `credit`: exposure, limit, order, and rules of which the strictest wins (C1, C3, C4, C11 to C14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from policies.desk import Desk
from policies.diagnostics import Code
from policies.document import PolicyPart
from policies.document_fields import CHOICE, Count, Expression, Identifier, Part, Short, Word
from policies.feel.syntax import NumberLiteral
from policies.ir import Expression as Typed
from policies.ir import Rule
from policies.kinds.kind import Checked, Kind
from policies.nodes import Scalar, Span
from policies.rules import check_rules
from policies.types import Boolean, ContextOf, Date, ListOf, Money, Number, Text, Type, nullable

OUTCOMES = ("approve", "approve_with_conditions", "refer", "decline")
"""From mildest to strictest: the strictest of all that apply wins (domain C14)."""


class ExposurePart(Part):
    """What the customer owes or is about to owe, from its components (domain C1)."""

    components: dict[Identifier, Expression]
    credits: Expression | None = None


class MethodPart(Part):
    """One way to compute a limit. Short form: the expression. `missing`: leave it out, or refer."""

    is_: Expression = Field(alias="is")
    reason: Word | None = None
    missing: Annotated[Literal["skip", "refer"], CHOICE] = "refer"


class RoundPart(Part):
    """Round a limit down to a multiple of a step (domain C12)."""

    down_to: Expression


class ChangePart(Part):
    """The largest change against the previous limit, in percent of it (domain C12)."""

    previous: Expression
    no_previous: Annotated[Literal["unbounded", "refer"], CHOICE]
    up_pct: Expression | None = None
    down_pct: Expression | None = None


class FloorPart(Part):
    """The smallest limit worth granting, and what a smaller one becomes (domain C12)."""

    amount: Expression
    below: Annotated[Literal["zero", "floor"], CHOICE]


class LimitPart(Part):
    """A limit computed by methods (domain C11, C12), or one set earlier (`current`, domain C4, C13)."""

    methods: dict[Identifier, Annotated[MethodPart, Short("is")]] | None = None
    combine: Annotated[Literal["min", "median", "average", "max"], CHOICE] | None = None
    caps: dict[Identifier, Annotated[MethodPart, Short("is")]] = {}
    change: ChangePart | None = None
    round: RoundPart | None = None
    floor: FloorPart | None = None
    valid_days: Count | None = None
    current: Expression | None = None
    none_set: Annotated[Literal["decline", "refer"], CHOICE] | None = None
    valid_to: Expression | None = None
    expired: Annotated[Literal["treat_as_zero", "refer"], CHOICE] | None = None
    no_end: Annotated[Literal["open_ended", "refer"], CHOICE] | None = None


class OrderPart(Part):
    """The order to be tested against the limit (domain C3, C16)."""

    amount: Expression
    included_in_exposure: Expression
    prepaid: Expression | None = None
    over_limit: Annotated[Literal["refer", "decline"], CHOICE]
    reason: Word = "CR-EXP-01"


class CreditPart(PolicyPart):
    """A credit decision: the strictest of its rules, a limit, exposure, terms and conditions (domain C14)."""

    kind: Annotated[Literal["credit"], CHOICE]
    exposure: ExposurePart | None = None
    limit: LimitPart | None = None
    order: OrderPart | None = None
    terms_days: Expression | None = None
    default: Annotated[Literal["approve", "refer", "decline"], CHOICE]
    missing: Annotated[Literal["refer", "decline"], CHOICE]


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
    terms = desk.optional(part.terms_days, Number("days"))
    rules = _check_rules(part, desk)
    body = Credit(exposure, limit, order, terms, part.default, part.missing)
    return Checked(body, rules, _outcome(desk.currency))


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
        None if change is None else desk.optional(change.up_pct, percent),
        None if change is None else desk.optional(change.down_pct, percent),
        None if part.round is None else _check_step(part.round.down_to, desk),
        None if floor is None else desk.expression(floor.amount, money),
        None if floor is None else floor.below,
        part.valid_days,
        span.line,
    )


def _check_step(scalar: Scalar, desk: Desk) -> Typed:
    """The step a limit is rounded down to; one written as 0 or less is refused (C12)."""
    step = desk.expression(scalar, Money(desk.currency))
    if isinstance(step.syntax, NumberLiteral) and step.syntax.value <= 0:
        desk.error(Code.CREDIT, f"a step of {step.syntax.value} cannot be rounded to", scalar.span, "write 500 or 1000")
    return step


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
    reason = desk.reason(part.reason, part.span("reason"))
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
        if rule.then == "decline" and not desk.disclosable(rule.reason):
            said = f"a decline for {rule.reason} could give the customer no reason"
            desk.error(Code.NOT_DISCLOSABLE, said, written.span("reason"), "use a reason that may be disclosed")
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
