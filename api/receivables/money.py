"""The one rounding to a currency's minor units, and conversion at a stated rate (C21)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from api.bulk.amounts import decimals_of
from api.receivables.cells import Unfit
from api.receivables.map import Convert, LedgerMap, Rate
from policies.feel.values import FEEL_DECIMAL

LARGEST = Decimal("1e24")
"""Amounts from here on are a mistake, not money; below it, sums stay exact in 34 digits."""


@dataclass(slots=True)
class Money:
    """Turns written amounts into amounts of account; counts what was rounded and what was converted."""

    map: LedgerMap
    as_of: dt.date
    rounded: int = field(default=0, init=False)
    converted: int = field(default=0, init=False)

    def settle(self, written: Decimal, currency: str) -> Decimal:
        """The amount with no more decimals than its currency has: rounded half-up if the map says so, else unfit."""
        if abs(written) >= LARGEST:
            raise Unfit("amount", f"`{written}` is too large to be an amount")
        digits = decimals_of(currency)
        cents = half_up(written, digits)
        if cents == written:
            return cents
        if self.map.amounts.round is None:
            raise Unfit("decimals", f"`{written}` has more than the {digits} decimals of {currency}")
        self.rounded += 1
        return cents

    def rate(self, currency: str) -> Rate | None:
        """The latest rate on or before the day asked for; None when the currency needs none."""
        convert = self.map.convert
        if convert is None or currency == convert.to:
            return None
        known = [rate for rate in convert.rates if rate.from_ == currency and rate.date <= self.as_of]
        if not known:
            raise Unfit("DT-MIS-05", f"no rate from {currency} to {convert.to} on or before {self.as_of}")
        return max(known, key=lambda rate: rate.date)

    def convert(self, amount: Decimal, rate: Rate | None) -> Decimal:
        """The amount in the currency of account, rounded half-up to its minor units."""
        convert = self.map.convert
        if rate is None or convert is None:
            return amount
        self.converted += 1
        return half_up(FEEL_DECIMAL.multiply(amount, rate.rate), decimals_of(convert.to))


def half_up(amount: Decimal, digits: int) -> Decimal:
    """Rounded half-up (away from zero at the half) to so many decimals."""
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=FEEL_DECIMAL)


def fx_fact(rate: Rate, convert: Convert) -> dict[str, str]:
    """A rate that was used, as a fact."""
    return {
        "from": rate.from_,
        "to": convert.to,
        "rate": format(rate.rate, "f"),
        "date": rate.date.isoformat(),
        "source": rate.source,
    }
