"""The limit of a credit policy, checked: computed by methods or set earlier, lifted by security (domain C4, C11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from policies.desk import Desk
from policies.diagnostics import Code
from policies.feel.parser import children
from policies.feel.printer import print_expression
from policies.feel.syntax import Comparison, Expr, Node, NullLiteral, NumberLiteral
from policies.ir import Expression as Typed
from policies.kinds.credit_figures import HUNDRED, known_amount, optional_within, within
from policies.kinds.credit_limit_part import LimitPart, MethodPart, SecurityPart
from policies.nodes import Scalar, Span
from policies.types import Boolean, Date, Money, Number


@dataclass(frozen=True, slots=True)
class Security:
    """What lifts a limit while it is valid."""

    collateral: Typed | None
    insured: Typed | None
    pct: Typed
    valid_to: Typed
    no_end: Literal["open_ended", "no_lift"]
    at_zero_limit: bool


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
    security: Security | None
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class CurrentLimit:
    """A limit set earlier; what follows when none is set (null is not 0), and outside the days it holds."""

    value: Typed
    none_set: Literal["decline", "refer", "fallback"]
    fallback: tuple[tuple[str, Typed], ...]
    unlimited: Typed | None
    valid_from: Typed | None
    valid_to: Typed | None
    expired: Literal["treat_as_zero", "refer"] | None
    no_end: Literal["open_ended", "refer"] | None
    security: Security | None


_OF_CURRENT = ("none_set", "fallback", "unlimited", "valid_from", "valid_to", "expired", "no_end")
_OF_METHODS = ("combine", "caps", "change", "round", "floor", "valid_days")
_NO_LIMIT = "write it alone: `none_set` says what follows when no limit is set, which is not a limit of 0"


def check_limit(
    part: LimitPart, span: Span, lets: dict[str, Scalar], desk: Desk
) -> ComputedLimit | CurrentLimit | None:
    """The checked limit, None when it is not one; `lets` are the policy's named values as written."""
    if (part.methods is None) == (part.current is None):
        mend = "write `methods:` to compute a limit, or `current:` for one set earlier"
        desk.error(Code.CREDIT, "a limit needs one of `methods` and `current`", span, mend)
        return None
    wrong, other = (_OF_CURRENT, "current") if part.methods is not None else (_OF_METHODS, "methods")
    for key in wrong:
        if getattr(part, key):
            desk.error(Code.CREDIT, f"`{key}` goes with `{other}`", part.key_span(key))
    security = None if part.security is None else _check_security(part.security, desk)
    if part.methods is not None:
        return _check_computed(part, span, security, desk)
    return _check_current(part, span, security, lets, desk)


def _check_security(part: SecurityPart, desk: Desk) -> Security:
    money = Money(desk.currency)
    if part.collateral is None and part.insured is None:
        mend = "name `collateral:`, `insured:` or both"
        desk.error(Code.CREDIT, "a security says what it is worth", part.span(), mend)
    return Security(
        desk.optional(part.collateral, money),
        desk.optional(part.insured, money),
        within(desk.expression(part.pct, Number("percent")), desk, HUNDRED),
        desk.expression(part.valid_to, Date()),
        part.no_end,
        part.at_zero_limit,
    )


def _check_computed(part: LimitPart, span: Span, security: Security | None, desk: Desk) -> ComputedLimit | None:
    money, percent = Money(desk.currency), Number("percent")
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
        None if change is None else optional_within(change.up_pct, percent, desk),
        None if change is None else optional_within(change.down_pct, percent, desk, HUNDRED),
        None if part.round is None else _check_step(part.round.down_to, desk),
        None if floor is None else within(desk.expression(floor.amount, money), desk),
        None if floor is None else floor.below,
        _checked_days(part, desk),
        security,
        span.line,
    )


def _check_step(scalar: Scalar, desk: Desk) -> Typed:
    """The step a limit is rounded down to; one written as 0 or less is refused (C12)."""
    step = desk.expression(scalar, Money(desk.currency))
    if isinstance(step.syntax, NumberLiteral) and step.syntax.value <= 0:
        desk.error(Code.CREDIT, f"a step of {step.syntax.value} cannot be rounded to", scalar.span, "write 500 or 1000")
    return step


def _checked_days(part: LimitPart, desk: Desk) -> int | None:
    if part.valid_days is not None and part.valid_days < 0:
        desk.error(Code.CREDIT, f"{part.valid_days} is below 0", part.span("valid_days"), "write 0 or more")
    return part.valid_days


def _check_method(name: str, part: MethodPart, span: Span, desk: Desk) -> Method:
    value = desk.expression(part.is_, Money(desk.currency))
    if part.reason is not None:
        desk.reason(part.reason, part.span("reason") if part.has_node else span)
    return Method(name, value, part.reason, part.missing)


def _check_current(
    part: LimitPart, span: Span, security: Security | None, lets: dict[str, Scalar], desk: Desk
) -> CurrentLimit | None:
    if part.none_set is None or part.current is None:
        mend = "write `none_set: decline`, `refer` or `fallback`; no limit is not a limit of 0"
        desk.error(Code.CREDIT, "`none_set` must say what follows when no limit is set", span, mend)
        return None
    if (part.none_set == "fallback") != bool(part.fallback):
        mend = "write `none_set: fallback` and name the limits under `fallback:`"
        desk.error(Code.CREDIT, "`none_set: fallback` and `fallback` go together", part.span("none_set"), mend)
    bounded = part.valid_from is not None or part.valid_to is not None
    if bounded != (part.expired is not None):
        mend = "write `expired: treat_as_zero` or `refer` beside the days"
        said = "`valid_from` and `valid_to` go together with `expired`, which says what a limit means outside its days"
        desk.error(Code.CREDIT, said, span, mend)
    if (part.valid_to is None) != (part.no_end is None):
        mend = "write `no_end: open_ended` or `refer` for a last day that is missing"
        desk.error(Code.CREDIT, "`valid_to` and `no_end` go together", span, mend)
    current = known_amount(part.current, lets, desk, _NO_LIMIT)
    unlimited = desk.optional(part.unlimited, Boolean())
    if unlimited is not None and _read_off(unlimited.syntax, current.syntax):
        said = "a limit of 0, or none, would mean unlimited"
        mend = "let a fact say it: `unlimited` is true only where somebody has decided so"
        desk.error(Code.CREDIT, said, unlimited.scalar.span, mend)
    return CurrentLimit(
        current,
        part.none_set,
        tuple((name, known_amount(scalar, lets, desk, _NO_LIMIT)) for name, scalar in part.fallback.items()),
        unlimited,
        desk.optional(part.valid_from, Date()),
        desk.optional(part.valid_to, Date()),
        part.expired,
        part.no_end,
        security,
    )


def _read_off(condition: Node, limit: Expr) -> bool:
    """Whether the condition asks if the limit is 0 or missing, anywhere in it: neither means unlimited (C4)."""
    match condition:
        case Comparison(op="=", left=left, right=right):
            for asked, other in ((left, right), (right, left)):
                nothing = isinstance(other, NullLiteral) or (isinstance(other, NumberLiteral) and other.value == 0)
                if nothing and print_expression(asked) == print_expression(limit):
                    return True
    return any(_read_off(inner, limit) for inner in children(condition))
