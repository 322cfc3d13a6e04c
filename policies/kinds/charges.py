"""Checked charges: fees, compensation and interest with their amounts and rates as expressions (domain D15 to D17)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from policies.ir import Cell, Expression
from policies.types import ContextOf, Date, ListOf, Money, Number, Text, nullable

DEBT = "debt"
"""The name under which an amount of compensation knows the overdue principal of its invoice."""

Fixing = Literal["as_of", "at_start", "floating", "floating_half_year"]
RatePeriod = Literal["year", "day"]
Basis = Literal["act/365", "act/366", "act/360", "30/360"]
Round = Literal["per_day", "per_period", "total"]


@dataclass(frozen=True, slots=True)
class AmountBand:
    """An amount for every principal the cell holds for."""

    cell: Cell
    amount: Expression

    def name(self, of: str) -> str:
        """What the trace calls it: the level whose fee it is, or `compensation`, and its test."""
        return f"{of} {self.cell.text}"


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee in one of three forms: an amount, a percentage of the principal, amounts by bands of it."""

    of: Expression | tuple[AmountBand, ...]
    kind: Literal["fixed", "percent", "bands"]
    cap: Expression | None
    per: Literal["notice", "invoice"]


@dataclass(frozen=True, slots=True)
class Compensation:
    """Statutory compensation, from the level of that number: an amount that may name `debt`, or bands of it."""

    of: Expression | tuple[AmountBand, ...]
    from_level: int


@dataclass(frozen=True, slots=True)
class Interest:
    """Interest terms: the rate in percent for a year or a day.

    `fixing` None: nothing the rate depends on has more than one value. `dated` and `minimum_dated` are the parameters
    that the rate and the legal minimum depend on.
    """

    rate: Expression
    rate_period: RatePeriod
    fixing: Fixing | None
    basis: Basis | None
    round: Round
    min_interest: Expression | None
    legal_minimum: Expression | None
    claim: Literal["charge", "review"]
    dated: frozenset[str]
    minimum_dated: frozenset[str]


def claim_type(money: Money) -> ContextOf:
    """The type of a claim in an outcome: a fee, compensation, or interest with its periods (domain D19)."""
    percent = Number("percent")
    period = (
        ("from", Date()),
        ("to", Date()),
        ("days", Number("days")),
        ("outstanding", money),
        ("rate", percent),
        ("rate_of", Date()),
        ("interest", money),
    )
    return ContextOf(
        (
            ("claim_id", Text()),
            ("kind", Text(("fee", "compensation", "interest"))),
            ("status", Text(("open", "paid", "waived"))),
            ("invoice_id", Text(nullable=True)),
            ("level", Number(nullable=True)),
            ("amount", money),
            ("accrued", nullable(money)),
            ("already_charged", nullable(money)),
            ("rate", nullable(percent)),
            ("rate_period", Text(("year", "day"), nullable=True)),
            ("fixing", Text(("as_of", "at_start", "floating", "floating_half_year"), nullable=True)),
            ("basis", Text(nullable=True)),
            ("round", Text(nullable=True)),
            ("periods", ListOf(ContextOf(period))),
        )
    )
