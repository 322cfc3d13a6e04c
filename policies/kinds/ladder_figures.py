"""Figures and names as the parts of a dunning ladder write them: amounts, days, names that stand once."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from policies.desk import Desk
from policies.diagnostics import Code
from policies.document_fields import Part
from policies.feel.syntax import Negate, NumberLiteral
from policies.ir import Expression
from policies.nodes import Scalar
from policies.types import Number, Type


def literal(expression: Expression) -> Decimal | None:
    """The number an expression is, when it is written as one."""
    match expression.syntax:
        case NumberLiteral(value=value):
            return value
        case Negate(of=NumberLiteral(value=value)):
            return -value
        case _:
            return None


def amount(scalar: Scalar | None, type_: Type, desk: Desk) -> Expression | None:
    """An amount, percentage or number of days; one written as a number may not be negative, nor half a day."""
    return None if scalar is None else needed(scalar, type_, desk)


def needed(scalar: Scalar, type_: Type, desk: Desk) -> Expression:
    """The same for one that may not be left out."""
    expression = desk.expression(scalar, type_)
    value = literal(expression)
    if value is not None and value < 0:
        desk.error(Code.DUNNING, "this may not be negative", scalar.span, "write 0 for none")
    elif (
        value is not None and isinstance(type_, Number) and type_.unit == "days" and value != value.to_integral_value()
    ):
        desk.error(Code.NOT_WHOLE, "days are counted whole", scalar.span)
    return expression


def once(parts: Iterable[tuple[str, Part]], key: str, desk: Desk) -> None:
    """Report each name under `key` that an earlier part of the same kind has."""
    seen: dict[str, int] = {}
    for name, part in parts:
        if name in seen:
            said = f"`{name}` stands twice, first on line {seen[name]}"
            desk.error(Code.NAME_TAKEN, said, part.span(key), "give it another name")
        seen.setdefault(name, part.span(key).line)
