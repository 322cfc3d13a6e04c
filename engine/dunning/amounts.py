"""Sums of money, and its rounding: once, at the point a rule names, half-up to minor units (domain 0)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce

from policies.currencies import minor_units
from policies.feel.values import FEEL_DECIMAL


def to_minor_units(amount: Decimal, currency: str) -> Decimal:
    """The amount rounded half-up to what the currency counts in; ValueError for a currency ISO 4217 does not know."""
    units = minor_units(currency)
    if units is None:
        msg = f"currency `{currency}` is not one of ISO 4217"
        raise ValueError(msg)
    # More room than 34 digits, so that a number of 34 digits before the point keeps its minor units until it is cut.
    wide = FEEL_DECIMAL.copy()
    wide.prec = max(amount.adjusted() + units + 2, FEEL_DECIMAL.prec)
    return FEEL_DECIMAL.plus(amount.quantize(Decimal(1).scaleb(-units), rounding=ROUND_HALF_UP, context=wide))


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, in FEEL's 34 digits; 0 of no amounts."""
    return reduce(FEEL_DECIMAL.add, amounts, Decimal(0))
