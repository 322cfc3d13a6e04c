"""Items in another currency, converted at a known rate that goes on record (domain C21, D14)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.dunning.account import Account, ExchangeRate, OpenItem
from engine.dunning.amounts import to_minor_units


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was open in the item's own currency, and the rate it was converted at."""

    currency: str
    amount: Decimal
    rate: ExchangeRate


def rate_for(account: Account, currency: str, as_of: dt.date) -> ExchangeRate | None:
    """The latest rate into the account's currency that is not dated after `as_of`."""
    known = [
        rate
        for rate in account.rates
        if (rate.source_currency, rate.currency) == (currency, account.currency) and rate.date <= as_of
    ]
    return max(known, key=lambda rate: rate.date, default=None)


def convert(item: OpenItem, rate: ExchangeRate) -> tuple[OpenItem, Conversion]:
    """The item with every amount in the rate's currency, each rounded to its minor units."""

    def converted(amount: Decimal) -> Decimal:
        return to_minor_units(amount * rate.rate, rate.currency)

    def converted_or_none(amount: Decimal | None) -> Decimal | None:
        return None if amount is None else converted(amount)

    promise = item.promise_to_pay
    in_currency = replace(
        item,
        currency=rate.currency,
        open_amount=converted(item.open_amount),
        disputed_amount=converted_or_none(item.disputed_amount),
        partial_payments=tuple(replace(payment, amount=converted(payment.amount)) for payment in item.partial_payments),
        promise_to_pay=None if promise is None else replace(promise, amount=converted_or_none(promise.amount)),
    )
    return in_currency, Conversion(item.currency, item.open_amount, rate)
