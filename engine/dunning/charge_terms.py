"""What a ladder adds to the debt, as plain values: fees, statutory compensation, interest (domain D15 to D17)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal, assert_never

from engine.dunning.rates import Fixing, Schedule
from policies.feel.syntax import UnaryTests

Per = Literal["notice", "invoice"]


class DayCount(StrEnum):
    """How interest days are counted and what a year has of them (domain D16)."""

    ACT_365 = "act/365"
    ACT_366 = "act/366"
    ACT_360 = "act/360"
    THIRTY_360 = "30/360"


class InterestRounding(StrEnum):
    """The one point at which interest is rounded to the currency's minor units (domain D16)."""

    PER_DAY = "per_day"
    PER_PERIOD = "per_period"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class FixedFee:
    """An amount for the notice, or for each invoice that rises with it; `cap` bounds each fee claimed."""

    amount: Decimal
    per: Per
    cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PercentFee:
    """A percentage of the principal; `cap` bounds each fee claimed, and equals it at most."""

    percent: Decimal
    per: Per
    cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class HeldBand:
    """The band that gave an amount: what the trace calls it, and its line in the policy."""

    name: str
    line: int | None


@dataclass(frozen=True, slots=True)
class FeeBand:
    """An amount for every principal that the tests hold for; their ends are plain numbers."""

    tests: UnaryTests
    amount: Decimal
    held: HeldBand | None = None


@dataclass(frozen=True, slots=True)
class BandedFee:
    """Amounts by bands of the principal, which cover every amount exactly once."""

    bands: tuple[FeeBand, ...]
    per: Per
    cap: Decimal | None = None


Fee = FixedFee | PercentFee | BandedFee


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money, of a band where it is of one; without it, `missing` or `undefined` say why."""

    value: Decimal | None
    missing: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    band: HeldBand | None = None


@dataclass(frozen=True, slots=True)
class Compensation:
    """Statutory compensation, once for each debt, from the level of that number: its amount by the debt."""

    of: Callable[[Decimal], Amount]
    from_level: int


@dataclass(frozen=True, slots=True)
class Interest:
    """Simple interest: a rate in percent a year of `basis`, or a day where there is none.

    Where less than `min_interest` accrued on the items of a notice together, none is charged (domain D16). A rate below
    `legal_minimum`, and all interest under `claimed` False, is for a person to look at.
    """

    rates: Schedule
    basis: DayCount | None
    round: InterestRounding
    min_interest: Amount = Amount(Decimal(0))
    fixing: Fixing | None = None
    legal_minimum: Schedule | None = None
    claimed: bool = True


def fee_is_negative(fee: Fee) -> bool:
    """Whether the fee or its cap is below zero, which no fee may be."""
    match fee:
        case FixedFee(amount=amount):
            amounts = [amount]
        case PercentFee(percent=percent):
            amounts = [percent]
        case BandedFee(bands=bands):
            amounts = [band.amount for band in bands]
        case _ as never:
            assert_never(never)
    return any(amount < 0 for amount in amounts) or (fee.cap is not None and fee.cap < 0)
