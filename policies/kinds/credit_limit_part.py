"""The shape of a credit limit in a document: computed by methods, or set earlier; lifted by security."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from policies.document_fields import CHOICE, Count, Expression, Identifier, Part, Short, Truth, Word


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


class SecurityPart(Part):
    """Collateral or credit insurance that lifts the limit while it is valid (domain C19)."""

    collateral: Expression | None = None
    """The value of the collateral."""
    insured: Expression | None = None
    """The amount insured. With collateral beside it the smaller one counts."""
    pct: Expression
    """How much of it lifts the limit, in percent: 0 to 100."""
    valid_to: Expression
    """The last day of the security, that day included."""
    no_end: Annotated[Literal["open_ended", "no_lift"], CHOICE]
    """What it means when the last day is unknown: the security has none, or it lifts nothing."""
    at_zero_limit: Truth
    """Whether it makes credit possible where the limit is 0."""


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
    none_set: Annotated[Literal["decline", "refer", "fallback"], CHOICE] | None = None
    """What follows when no limit is set. No limit is not a limit of 0."""
    fallback: dict[Identifier, Expression] = {}
    """The limits that hold in its place, by name, the first that is set: of the segment, the group, the company."""
    unlimited: Expression | None = None
    """When this holds there is no limit. Nothing else means unlimited, least of all 0."""
    valid_from: Expression | None = None
    """The first day of the limit that was set earlier."""
    valid_to: Expression | None = None
    """The last day of the limit that was set earlier."""
    expired: Annotated[Literal["treat_as_zero", "refer"], CHOICE] | None = None
    """What a limit means outside its days: 0, or refer."""
    no_end: Annotated[Literal["open_ended", "refer"], CHOICE] | None = None
    """What it means when the last day is unknown: the limit has none, or refer."""
    security: SecurityPart | None = None
    """What lifts the limit. Not together with `exposure: {secured: …}`."""
