"""What in an account cannot be: input errors, each with its place in the facts (domain C21, D8, D10, D11, D12, D19)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.decision import Fault, Misfit
from engine.dunning.account import CLAIM_TYPES, ZERO, Account, DunningBlock, OpenItem
from engine.dunning.pinning import Procedure


def refuse_misfits(account: Account, procedure: Procedure | None, levels: int) -> None:
    """Raise Fault with everything in the account that cannot be (input errors of domain D10, D11, D12).

    `levels` is how many the procedure has: only a case that ran by another one may have been sent more.
    """
    misfits = (*_misfits(account), *_level_misfits(account, procedure, levels))
    if misfits:
        raise Fault(misfits)


def _level_misfits(account: Account, procedure: Procedure | None, levels: int) -> Iterator[Misfit]:
    pin = account.case.pin
    if pin.migrated is not None or pin.elsewhere(procedure):
        return
    for index, item in enumerate(account.items):
        if item.level_sent > levels:
            yield Misfit(
                "fact_range",
                f"{account.items_pointer}/{index}/dunning_level",
                f"`{item.invoice_id}` is at level {item.level_sent}, and the highest of this procedure is {levels}",
                f"send the level last sent, 0 for none up to {levels}",
            )


def _misfits(account: Account) -> Iterator[Misfit]:
    yield from _block_misfits(account.case.blocked, f"{account.case_pointer}/blocked")
    yield from account.case.pin.misfits(account.case_pointer)
    yield from _rate_misfits(account)
    seen: dict[str, int] = {}
    for index, item in enumerate(account.items):
        place = f"{account.items_pointer}/{index}"
        if item.invoice_id in seen:
            first = seen[item.invoice_id]
            yield Misfit(
                "fact_repeated",
                f"{place}/invoice_id",
                f"item `{item.invoice_id}` stands twice, first as item {first}",
                "send each open item once",
            )
        seen.setdefault(item.invoice_id, index)
        yield from _item_misfits(item, place)


def _item_misfits(item: OpenItem, place: str) -> Iterator[Misfit]:
    yield from _block_misfits(item.dunning_block, f"{place}/dunning_block")
    disputed = item.disputed_amount
    if disputed is not None and disputed < 0:
        yield Misfit("fact_range", f"{place}/disputed_amount", "a disputed amount may not be negative")
    elif disputed is not None and disputed > item.open_amount.copy_abs():
        yield Misfit(
            "fact_conflict",
            f"{place}/disputed_amount",
            f"{disputed} is disputed of `{item.invoice_id}`, but only {item.open_amount.copy_abs()} is open",
            "send at most the open amount as disputed",
        )
    if (item.interest_charged or ZERO) < 0:
        yield Misfit(
            "fact_range", f"{place}/interest_charged", "charged interest may not be negative", "send 0 for none"
        )
    if item.promise_to_pay is not None and (item.promise_to_pay.amount or ZERO) < 0:
        yield Misfit("fact_range", f"{place}/promise_to_pay/amount", "a promised amount may not be negative")
    for index, payment in enumerate(item.partial_payments):
        if payment.amount < 0:
            yield Misfit("fact_range", f"{place}/partial_payments/{index}/amount", "a payment may not be negative")
    for index, event in enumerate(item.events):
        if (event.level_before or 0) < 0:
            where = f"{place}/events/{index}/level_before"
            yield Misfit("fact_range", where, "a level may not be negative", "send 0 for none")
    yield from _waiver_misfits(item, place)
    for name in ("dunning_level", "max_dunning_level"):
        if (getattr(item, name) or 0) < 0:
            yield Misfit("fact_range", f"{place}/{name}", "a level may not be negative", "send 0 for none")


def _waiver_misfits(item: OpenItem, place: str) -> Iterator[Misfit]:
    """A waiver needs a named person and a reason (domain D19), and only fees and interest can be waived."""
    if item.waived_by is None and item.waived_reason is None and item.waived_on is None:
        return
    if not (item.waived_by or "").strip():
        yield Misfit("fact_missing", f"{place}/waived_by", "a waiver needs the person who gave it")
    if not (item.waived_reason or "").strip():
        yield Misfit("fact_missing", f"{place}/waived_reason", "a waiver needs its reason")
    if item.document_type not in CLAIM_TYPES:
        said = f"`{item.invoice_id}` is not a fee or interest, and only those can be waived"
        yield Misfit("fact_conflict", f"{place}/waived_by", said, "lower its open amount by a credit note")


def _rate_misfits(account: Account) -> Iterator[Misfit]:
    seen: dict[tuple[object, ...], int] = {}
    for index, rate in enumerate(account.rates):
        place = f"{account.rates_pointer}/{index}"
        if rate.rate <= 0:
            yield Misfit("fact_range", f"{place}/rate", "an exchange rate must be more than 0")
        key = (rate.source_currency, rate.currency, rate.date)
        if key in seen and account.rates[seen[key]].rate != rate.rate:
            said = f"{rate.source_currency} to {rate.currency} on {rate.date} has two rates, first as rate {seen[key]}"
            yield Misfit("fact_conflict", f"{place}/rate", said, "send each rate once")
        seen.setdefault(key, index)


def _block_misfits(block: DunningBlock | None, place: str) -> Iterator[Misfit]:
    if block is None:
        return
    if not (block.reason or "").strip():
        yield Misfit("fact_missing", f"{place}/reason", "a dunning block needs its reason")
    if block.valid_from is not None and block.valid_to is not None and block.valid_from > block.valid_to:
        yield Misfit(
            "fact_conflict",
            f"{place}/valid_to",
            f"the block ends on {block.valid_to}, before it starts on {block.valid_from}",
        )
