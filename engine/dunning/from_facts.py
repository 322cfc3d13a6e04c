"""The account in a caller's facts, made into the plain values that the procedure takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.decision import Fault, Misfit
from engine.dunning.account import (
    Account,
    CarveOut,
    DunningBlock,
    DunningCase,
    Event,
    ExchangeRate,
    OpenItem,
    PartialPayment,
    Promise,
)
from engine.dunning.pinning import Migration, Pin
from engine.dunning.wording import one_line
from policies.kinds.ladder import AccountPaths, Dunning
from policies.scope import dotted

Record = Mapping[str, Any]
"""A record of facts: an optional field that was not sent is None or absent."""


def account_from(
    *,
    account_id: str,
    items: list[Record],
    case: Record | None,
    channels: list[str] | None,
    rates: list[Record] | None,
    recipient: str | None,
    carve_outs: tuple[CarveOut, ...],
    body: Dunning,
) -> Account:
    """The account, in the policy's currency; so is an item that states none."""
    currency, paths = body.currency, body.account
    return Account(
        account_id=account_id,
        currency=currency,
        items=tuple(_item(record, currency) for record in items),
        case=DunningCase() if case is None else _case(case),
        channels=None if channels is None else tuple(channels),
        carve_outs=carve_outs,
        recipient=recipient,
        items_pointer=_pointer(paths.items_path),
        case_pointer=_pointer(paths.case_path or "dunning_case"),
        rates=tuple(_rate(record) for record in rates or []),
        rates_pointer=_pointer(paths.rates_path or "rates"),
    )


def refuse_nameless(account_id: str | None, items: list[Record], paths: AccountPaths) -> None:
    """Raise Fault where the account or an item has a number, but nothing to read in it: no letter could name it."""
    path = dotted(paths.id.syntax)
    numbers = [("" if path is None else _pointer(path), "the account", account_id)]
    pointer = _pointer(paths.items_path)
    numbers += [(f"{pointer}/{at}/invoice_id", "an item", item["invoice_id"]) for at, item in enumerate(items)]
    nameless = tuple(
        Misfit("fact_text", where, f"the number of {what} is empty", "send the number that the customer knows")
        for where, what, number in numbers
        if number is not None and not one_line(number)
    )
    if nameless:
        raise Fault(nameless)


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
        events=tuple(_event(event) for event in record.get("events") or []),
        invoice_date=record.get("invoice_date"),
        received_on=record.get("received_on"),
        delivered_on=record.get("delivered_on"),
        terms_agreed=record.get("terms_agreed"),
        for_invoice=record.get("for_invoice"),
        principal_status=record.get("principal_status"),
        compensation_charged=record.get("compensation_charged"),
        interest_charged=record.get("interest_charged"),
        waived_by=record.get("waived_by"),
        waived_reason=record.get("waived_reason"),
        waived_on=record.get("waived_on"),
        dunning_recipient=record.get("dunning_recipient"),
    )


def _level(record: Record, name: str) -> int | None:
    value = record.get(name)
    return None if value is None else int(value)


def _block(record: Record | None) -> DunningBlock | None:
    if record is None:
        return None
    return DunningBlock(
        reason=record["reason"],
        valid_from=record.get("valid_from"),
        valid_to=record.get("valid_to"),
        set_by=record.get("set_by"),
        stops_interest=bool(record.get("stops_interest")),
    )


def _event(record: Record) -> Event:
    return Event(record["event"], record["date"], _level(record, "level_before"))


def _rate(record: Record) -> ExchangeRate:
    return ExchangeRate(record["from"], record["to"], record["rate"], record["date"], record["source"])


def _promise(record: Record | None) -> Promise | None:
    if record is None:
        return None
    return Promise(record["date"], record.get("amount"), record.get("status") or "open")


def _case(record: Record) -> DunningCase:
    return DunningCase(
        last_notice_date=record.get("last_notice_date"),
        blocked=_block(record.get("blocked")),
        legal_since=record.get("legal_since"),
        pin=Pin(record.get("procedure_id"), record.get("procedure_version"), _migration(record.get("migrated"))),
        last_notice_key=record.get("last_notice_key"),
        holds=tuple(record.get("holds") or ()),
        recipient_blocked=record.get("recipient_blocked") or False,
    )


def _migration(record: Record | None) -> Migration | None:
    if record is None:
        return None
    return Migration(record["from_version"], record["to_version"], record["by"], record["on"])
