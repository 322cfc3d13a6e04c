"""The shape of what a notice may add to the debt: fees, statutory compensation, interest (domain D15 to D17)."""

from __future__ import annotations

from typing import Annotated, Literal

from policies.document_fields import CHOICE, Expression, Name, Part, Word


class FeePart(Part):
    """A fee on the principal, never on earlier fees; for the notice or for each invoice that rises (domain D15)."""

    fixed: Expression | None = None
    """An amount."""
    percent: Expression | None = None
    """Percent of the principal."""
    bands: dict[Word, Expression] | None = None
    """Amounts by a test of the principal: `"< 1000": 40`. They cover every amount exactly once."""
    cap: Expression | None = None
    """The most the fee may come to."""
    per: Annotated[Literal["notice", "invoice"], CHOICE]
    """Charged once a notice, or for each invoice that rises to the level."""


class CompensationPart(Part):
    """Compensation that the law gives for late payment, once for each debt (domain D15)."""

    fixed: Expression | None = None
    """An amount; it may name `debt`, the overdue principal of the invoice."""
    bands: dict[Word, Expression] | None = None
    """Amounts by a test of that principal: `"< 1000": 40`. They cover every amount exactly once."""
    from_level: Name
    """The level with which it is claimed, or with any above it."""


class InterestPart(Part):
    """Simple interest on overdue principal, from the day after it was due (domain D16, D17)."""

    rate: Expression
    """Percent a year, or a day."""
    rate_period: Annotated[Literal["year", "day"], CHOICE] = "year"
    """What the rate is for; a daily one needs no `basis`."""
    fixing: Annotated[Literal["as_of", "at_start", "floating", "floating_half_year"], CHOICE] | None = None
    """Which day's rate holds: that of the decision, of the first interest day, of each day, of each half-year."""
    basis: Annotated[Literal["act/365", "act/366", "act/360", "30/360"], CHOICE] | None = None
    """How days become a part of a year."""
    round: Annotated[Literal["per_day", "per_period", "total"], CHOICE]
    """What is rounded to the smallest coin: each day, each period, or the total."""
    min_interest: Expression | None = None
    """Interest below this amount is not charged."""
    legal_minimum: Expression | None = None
    """The least rate in law, for the same period: an item below it is for a person to look at."""
    claim: Annotated[Literal["charge", "review"], CHOICE] = "charge"
    """Whether interest is claimed, or only shown to a person."""
