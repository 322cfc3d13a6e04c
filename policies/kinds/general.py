"""The kind `decision`: any typed outcome, by expression; rules give reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from policies.desk import Desk
from policies.diagnostics import Code
from policies.document import PolicyPart
from policies.document_fields import CHOICE, Expression, Identifier, Part, Short
from policies.ir import Expression as Typed
from policies.kinds.kind import Checked, Kind
from policies.rules import check_rules
from policies.types import ContextOf, Nothing, Type, describe, meet, nullable


class OutcomePart(Part):
    """One member of an outcome. Short form: the expression. `otherwise` is the value when it has none."""

    is_: Expression = Field(alias="is")
    """The value."""
    otherwise: Expression | None = None
    """The value when it has none; `null` if it may stay empty."""


class DecisionPart(PolicyPart):
    """The general kind: any typed result."""

    kind: Annotated[Literal["decision"], CHOICE]
    """What the policy decides."""
    outcome: dict[Identifier, Annotated[OutcomePart, Short("is")]]
    """The members of the answer: an expression each."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the outcome."""

    name: str
    value: Typed
    otherwise: Typed | None
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class General:
    """The body of a policy of kind `decision`."""

    members: tuple[Member, ...]


def check(part: DecisionPart, desk: Desk) -> Checked:
    """Check the outcome's members: one that may have no value must say what it is `otherwise`."""
    members, fields = [], []
    for name, written in part.outcome.items():
        value = desk.expression(written.is_)
        otherwise = desk.optional(written.otherwise)
        type_: Type = value.type
        if otherwise is None and value.type.nullable:
            mend = "write {is: …, otherwise: …}; `otherwise: null` if it may stay without a value"
            desk.error(Code.NO_OTHERWISE, f"`{name}` may have no value", written.is_.span, mend)
        elif otherwise is not None:
            both = meet(value.type, otherwise.type)
            if both is None:
                said = f"`otherwise` is {describe(otherwise.type)}, the value {describe(value.type)}"
                desk.error(Code.TYPE_MISMATCH, said, otherwise.scalar.span)
            else:
                type_ = nullable(both, otherwise.type.nullable) if not isinstance(otherwise.type, Nothing) else both
        members.append(Member(name, value, otherwise, written.is_.span.line))
        fields.append((name, type_))
    if not members:
        desk.error(Code.SHAPE, "`outcome` is empty", part.span("outcome"), "name at least one value")
    rules = check_rules(part.rules, desk, then=None)
    return Checked(General(tuple(members)), rules, ContextOf(tuple(fields)))


KIND = Kind("decision", DecisionPart, check, ("DT-MIS-01", "DT-UND-01"))
