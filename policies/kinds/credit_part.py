"""The shape of a credit policy in a document: exposure, limit, order, terms and what follows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from policies.document import PolicyPart
from policies.document_fields import CHOICE, Count, Expression, Identifier, Part, Short, Word


class ExposurePart(Part):
    """What the customer owes or is about to owe, from its components (domain C1)."""

    components: dict[Identifier, Expression]
    """What counts as exposure: a name and an amount each. One that is unknown or negative makes the sum unknown."""
    credits: Expression | None = None
    """What reduces the sum, as a positive amount."""


class MethodPart(Part):
    """One way to compute a limit. Short form: the expression. `missing`: leave it out, or refer."""

    is_: Expression = Field(alias="is")
    """The amount. Below 0 it counts as 0."""
    reason: Word | None = None
    """The reason code given when this method or cap is what bounds the limit."""
    missing: Annotated[Literal["skip", "refer"], CHOICE] = "refer"
    """What follows when the amount is unknown: leave the method out, or refer the decision to a person."""


class RoundPart(Part):
    """Round a limit down to a multiple of a step (domain C12)."""

    down_to: Expression
    """The step, an amount above 0: 500 makes 1,820 a limit of 1,500."""


class ChangePart(Part):
    """The largest change against the previous limit, in percent of it (domain C12)."""

    previous: Expression
    """The limit until now."""
    no_previous: Annotated[Literal["unbounded", "refer"], CHOICE]
    """What follows when the previous limit is unknown: no bound, or refer."""
    up_pct: Expression | None = None
    """The most the limit may rise, in percent of the previous one."""
    down_pct: Expression | None = None
    """The most the limit may fall, in percent of the previous one: 0 to 100."""


class FloorPart(Part):
    """The smallest limit worth granting, and what a smaller one becomes (domain C12)."""

    amount: Expression
    """The smallest limit."""
    below: Annotated[Literal["zero", "floor"], CHOICE]
    """What a smaller one becomes: 0, or the smallest limit."""


class LimitPart(Part):
    """A limit computed by methods (domain C11, C12), or one set earlier (`current`, domain C4, C13)."""

    methods: dict[Identifier, Annotated[MethodPart, Short("is")]] | None = None
    """The amounts from which a limit is computed, by name."""
    combine: Annotated[Literal["min", "median", "average", "max"], CHOICE] | None = None
    """How the methods make one amount."""
    caps: dict[Identifier, Annotated[MethodPart, Short("is")]] = {}
    """Amounts the limit never exceeds, by name."""
    change: ChangePart | None = None
    """How far the limit may move from the previous one."""
    round: RoundPart | None = None
    """To what it is rounded down."""
    floor: FloorPart | None = None
    """The smallest limit worth granting."""
    valid_days: Count | None = None
    """Days from the decision for which the limit holds."""
    current: Expression | None = None
    """A limit that was set earlier; stands instead of `methods`."""
    none_set: Annotated[Literal["decline", "refer"], CHOICE] | None = None
    """What follows when no limit is set. No limit is not a limit of 0."""
    valid_to: Expression | None = None
    """The last day of the limit that was set earlier."""
    expired: Annotated[Literal["treat_as_zero", "refer"], CHOICE] | None = None
    """What an expired limit means: 0, or refer."""
    no_end: Annotated[Literal["open_ended", "refer"], CHOICE] | None = None
    """What it means when the last day is unknown: the limit has none, or refer."""


class OrderPart(Part):
    """The order to be tested against the limit (domain C3, C16)."""

    amount: Expression
    """The amount of the order. A return, below 0, always fits."""
    included_in_exposure: Expression
    """Whether the exposure counts the order already: true or false."""
    prepaid: Expression | None = None
    """How much of it is paid in advance."""
    over_limit: Annotated[Literal["refer", "decline"], CHOICE]
    """What follows when exposure and order exceed the limit. Equality fits."""
    reason: Word = "CR-EXP-01"
    """The reason code given then."""


class CreditPart(PolicyPart):
    """A credit decision: the strictest of its rules, a limit, exposure, terms and conditions (domain C14)."""

    kind: Annotated[Literal["credit"], CHOICE]
    """What the policy decides."""
    exposure: ExposurePart | None = None
    """What the customer owes or is about to owe."""
    limit: LimitPart | None = None
    """The credit limit, computed or set earlier."""
    order: OrderPart | None = None
    """The order to be tested against the limit."""
    terms_days: Expression | None = None
    """Days of credit."""
    default: Annotated[Literal["approve", "refer", "decline"], CHOICE]
    """What follows when nothing else applies."""
    default_reason: Word | None = None
    """The reason code given then; a decline by default needs one that may be told to the customer."""
    missing: Annotated[Literal["refer", "decline"], CHOICE]
    """What follows from what is unknown."""
