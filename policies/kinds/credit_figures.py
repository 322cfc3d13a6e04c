"""Figures, amounts, reasons and lists of records of a credit policy, checked where they are written."""

from __future__ import annotations

from decimal import Decimal

from policies.desk import Desk
from policies.diagnostics import Code
from policies.feel import syntax as s
from policies.feel.errors import FeelSyntaxError
from policies.feel.parser import parse_expression
from policies.feel.printer import print_expression
from policies.ir import Expression as Typed
from policies.nodes import Scalar, Span
from policies.types import ContextOf, ListOf, Money, Type, Unknown, describe, meet, nullable

HUNDRED = Decimal(100)
"""Percent: more than all of something cannot be prepaid, secured or taken away."""


def within(expression: Typed, desk: Desk, highest: Decimal | None = None) -> Typed:
    """The expression; a plain number below 0, or above the highest there can be, is refused where it is written."""
    written = expression.syntax
    if isinstance(written, s.NumberLiteral) and written.value < 0:
        desk.error(Code.CREDIT, f"{written.value} is below 0", expression.scalar.span, "write 0 or more")
    elif isinstance(written, s.NumberLiteral) and highest is not None and written.value > highest:
        desk.error(Code.CREDIT, f"{written.value} is above {highest}", expression.scalar.span, f"write 0 to {highest}")
    return expression


def optional_within(scalar: Scalar | None, wanted: Type, desk: Desk, highest: Decimal | None = None) -> Typed | None:
    """The same for a figure that may be left out."""
    return None if scalar is None else within(desk.expression(scalar, wanted), desk, highest)


def told(code: str, span: Span, desk: Desk, *, then: str) -> str:
    """A reason that is declared; one for a decline or for conditions must be one the customer may be told."""
    desk.reason(code, span)
    if then not in {"approve", "refer"} and not desk.disclosable(code):
        what = "a decline" if then == "decline" else "a conditional approval"
        said = f"{what} for {code} could give the customer no reason"
        desk.error(Code.NOT_DISCLOSABLE, said, span, "use a reason that may be disclosed")
    return code


def known_amount(scalar: Scalar, lets: dict[str, Scalar], desk: Desk, mend: str) -> Typed:
    """An amount that is not 0 for being missing: `if x = null then 0 else x` makes a finding of nothing (C1, C4).

    `lets` are the policy's named values as written, since a default may hide behind a name.
    """
    amount = desk.expression(scalar, Money(desk.currency))
    hidden = _default_for_missing(amount.syntax, lets, desk)
    if hidden is not None:
        said = f"`{print_expression(hidden)}` is 0 where nobody knows the amount"
        desk.error(Code.CREDIT, said, scalar.span, mend)
    return amount


def _default_for_missing(expr: s.Expr, lets: dict[str, Scalar], desk: Desk) -> s.If | None:
    """The `if` that gives 0 for null, here or in the let this is the name of."""
    seen: set[str] = set()
    while isinstance(expr, s.Name) and expr.name in lets and expr.name not in seen:
        seen.add(expr.name)
        try:
            expr = parse_expression(lets[expr.name].text, desk.scope.names)
        except FeelSyntaxError:
            return None
    match expr:
        case s.If(condition=s.Comparison(op="=", left=left, right=right), then=s.NumberLiteral(value=number)):
            asks = isinstance(left, s.NullLiteral) or isinstance(right, s.NullLiteral)
        case s.If(condition=s.Comparison(op="!=", left=left, right=right), otherwise=s.NumberLiteral(value=number)):
            asks = isinstance(left, s.NullLiteral) or isinstance(right, s.NullLiteral)
        case _:
            return None
    return expr if asks and number == 0 else None


def records(scalar: Scalar, wanted: tuple[tuple[str, Type], ...], needed: int, what: str, desk: Desk) -> Typed:
    """A list of records with these fields, of which the first `needed` must be declared, the others may be.

    One whose type is not nullable may never be missing. `what` reads the list, for messages: `documents`.
    """
    expression = desk.expression(scalar)
    match expression.type:
        case Unknown():
            return expression
        case ListOf(item=ContextOf() as item):
            for at, (name, type_) in enumerate(wanted):
                said = _misfit(name, type_, item, what, needed=at < needed)
                if said is not None:
                    desk.error(Code.CREDIT, said, scalar.span, "declare it so under `facts:`, or make it with a `for`")
        case other:
            names = ", ".join(name for name, _ in wanted[:needed])
            said = f"{what} reads a list of records with {names}; this is {describe(other)}"
            desk.error(Code.CREDIT, said, scalar.span)
    return expression


def _misfit(name: str, wanted: Type, item: ContextOf, what: str, *, needed: bool) -> str | None:
    given = item.field(name)
    kind = describe(nullable(wanted, yes=False))
    if given is None:
        return None if not needed else f"these records have no `{name}`, which {what} needs: {kind}"
    if meet(wanted, given) is None:
        return f"`{name}` is {describe(nullable(given, yes=False))}, but {what} reads {kind}"
    if item.nullable or (given.nullable and not wanted.nullable):
        return f"`{name}` may be missing, but {what} cannot do without it"
    return None
