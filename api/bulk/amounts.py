"""Amounts of money as people and tables read them: with all the decimals of their currency."""

from __future__ import annotations

from decimal import Decimal

from engine.decision import plain_decimal
from policies.currencies import minor_units


def decimals_of(currency: str) -> int:
    """Decimals of a currency that a checked policy or map names (ISO 4217): 2 for EUR, 0 for JPY."""
    units = minor_units(currency)
    if units is None:
        raise LookupError(currency)
    return units


def in_cents(amount: Decimal, currency: str) -> str:
    """The amount with no fewer decimals than its currency has, `10600.40`; what has more is shown whole."""
    whole, _, fraction = plain_decimal(amount).partition(".")
    digits = fraction.ljust(decimals_of(currency), "0")
    return f"{whole}.{digits}" if digits else whole
