"""Rounding of money: once, at the point a rule names, half-up to the currency's minor units (domain 0)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from policies.currencies import minor_units


def to_minor_units(amount: Decimal, currency: str) -> Decimal:
    """The amount rounded half-up to what the currency counts in; ValueError for a currency ISO 4217 does not know."""
    units = minor_units(currency)
    if units is None:
        msg = f"currency `{currency}` is not one of ISO 4217"
        raise ValueError(msg)
    return amount.quantize(Decimal(1).scaleb(-units), rounding=ROUND_HALF_UP)
