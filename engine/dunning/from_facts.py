"""The account in a caller's facts, made into the plain values that the procedure takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.dunning.account import (
    Account,
    CarveOut,
    DunningBlock,
    DunningCase,
    OpenItem,
    PartialPayment,
    Promise,
)

Record = Mapping[str, Any]
"""A record of facts: an optional field that was not sent is None or absent."""


def account_from(
    *,
    account_id: str,
    currency: str,
    items: list[Record],
    case: Record | None,
    channels: list[str] | None,
    carve_outs: tuple[CarveOut, ...],
    items_path: str,
    case_path: str | None,
) -> Account:
    """The account. An item that states no currency is in the account's."""
    return Account(
        account_id=account_id,
        currency=currency,
        items=tuple(_item(record, currency) for record in items),
        case=DunningCase() if case is None else _case(case),
        channels=None if channels is None else tuple(channels),
        carve_outs=carve_outs,
        items_pointer=_pointer(items_path),
        case_pointer=_pointer(case_path or "dunning_case"),
    )


def _pointer(path: str) -> str:
    return "/" + path.replace(".", "/")


def _item(record: Record, currency: str) -> OpenItem:
    payments = record.get("partial_payments") or []
    return OpenItem(
        invoice_id=record["invoice_id"],
        due_date=record["due_date"],
        open_amount=record["open_amount"],
        currency=record.get("currency") or currency,
        document_type=record.get("document_type") or "invoice",
        disputed_amount=record.get("disputed_amount"),
        dunning_block=_block(record.get("dunning_block")),
        max_dunning_level=_level(record, "max_dunning_level"),
        dunning_level=_level(record, "dunning_level"),
        last_dunned_on=record.get("last_dunned_on"),
        notice_deadline=record.get("notice_deadline"),
        reminded_on=record.get("reminded_on"),
        partial_payments=tuple(PartialPayment(payment["date"], payment["amount"]) for payment in payments),
        promise_to_pay=_promise(record.get("promise_to_pay")),
    )


def _level(record: Record, name: str) -> int | None:
    value = record.get(name)
    return None if value is None else int(value)


def _block(record: Record | None) -> DunningBlock | None:
    if record is None:
        return None
    return DunningBlock(record["reason"], record.get("valid_from"), record.get("valid_to"))


def _promise(record: Record | None) -> Promise | None:
    if record is None:
        return None
    return Promise(record["date"], record.get("amount"), record.get("status") or "open")


def _case(record: Record) -> DunningCase:
    return DunningCase(
        last_notice_date=record.get("last_notice_date"),
        blocked=_block(record.get("blocked")),
        legal_since=record.get("legal_since"),
        interest_charged=record.get("interest_charged"),
    )
