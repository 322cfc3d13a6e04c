"""The gates an account passes before anything of it is dunned (domain D1, D4, D5, D10, D13, D20, D23, D25)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.dunning.account import ZERO, Account
from engine.dunning.due_terms import ToleranceScope
from engine.dunning.findings import Finding
from engine.dunning.ladder import Ladder
from engine.dunning.pinning import Procedure
from engine.dunning.presented import Presented, balance
from policies.feel.values import Value


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of the account: what it looked at, and why it is shut (None when it is open).

    `for_reminders` says whether it also holds back reminders before the due date (domain D9).
    """

    name: str
    rule: str
    read: Mapping[str, Value]
    shut: Finding | None
    for_reminders: bool = True


def account_gates(account: Account, items: tuple[Presented, ...], ladder: Ladder, as_of: dt.date) -> tuple[Gate, ...]:
    """Every gate but the one on days in arrears, each tested, so that every reason is named."""
    return (
        *carve_out_gates(account),
        *pin_gate(account, ladder.procedure),
        _legal_gate(account, items, ladder, as_of),
        _block_gate(account, as_of),
        _balance_gate("balance", "D13", "DN-SKP-08", balance(items) <= 0, {"balance": balance(items)}, items),
        *_tolerance_gate(account, items, ladder),
        *_notice_gates(account, ladder, as_of),
    )


def arrears_gate(days: Iterable[int], ladder: Ladder) -> Gate:
    """The gate on the oldest of the items that may be dunned (domain D4)."""
    oldest = max(days, default=None)
    read = {"oldest_days_in_arrears": oldest, "min_days_in_arrears_account": ladder.min_days_in_arrears_account}
    young = oldest is not None and oldest < ladder.min_days_in_arrears_account
    return _gate("arrears", "D4", "DN-SKP-11", young, read, for_reminders=False)


def _gate(
    name: str, rule: str, code: str, shut: bool, read: Mapping[str, Value], *, for_reminders: bool = True
) -> Gate:
    return Gate(name, rule, read, Finding(code, rule, observed=read) if shut else None, for_reminders)


def carve_out_gates(account: Account) -> Iterator[Gate]:
    """A shut gate for each carve-out."""
    for carve_out in account.carve_outs:
        read = {"carve_out": carve_out.name}
        finding = Finding(carve_out.code, "D25", observed=read, missing=carve_out.missing)
        yield Gate(f"carve-out {carve_out.name}", "D25", read, finding)


def pin_gate(account: Account, procedure: Procedure | None) -> Iterator[Gate]:
    """For a case that is pinned: shut when that is to another version than this one (domain D23)."""
    pin = account.case.pin
    if procedure is not None and (read := pin.read(procedure)):
        yield _gate("procedure", "D23", "DN-SKP-12", pin.elsewhere(procedure), read)


def legal_steps_run(account: Account, items: tuple[Presented, ...], ladder: Ladder, as_of: dt.date) -> bool:
    """Whether external steps have stopped for legal ones: since the case's day, else since an item's legal level."""
    since = account.case.legal_since
    return as_of >= since if since is not None else bool(_at_legal_level(items, ladder))


def _legal_gate(account: Account, items: tuple[Presented, ...], ladder: Ladder, as_of: dt.date) -> Gate:
    read: dict[str, Value] = {"legal_since": account.case.legal_since}
    if account.case.legal_since is None and (at_level := _at_legal_level(items, ladder)):
        read["at_legal_level"] = ", ".join(at_level)
    return _gate("legal", "D20", "DN-SKP-10", legal_steps_run(account, items, ladder, as_of), read)


def _at_legal_level(items: tuple[Presented, ...], ladder: Ladder) -> list[str]:
    legal = min((level.number for level in ladder.levels if level.legal), default=None)
    if legal is None:
        return []
    return [each.item.invoice_id for each in items if each.outside is None and each.item.level_sent >= legal]


def _tolerance_gate(account: Account, items: tuple[Presented, ...], ladder: Ladder) -> Iterator[Gate]:
    """Where the tolerance is the account's: shut while no more than that is open of it (domain D14)."""
    if ladder.tolerance_scope is ToleranceScope.ACCOUNT:
        owed, tolerance = balance(items), ladder.tolerance.get(account.currency, ZERO)
        read = {"balance": owed, "tolerance": tolerance}
        yield _balance_gate("tolerance", "D14", "DN-SKP-03", owed <= tolerance, read, items)


def _balance_gate(
    name: str, rule: str, code: str, shut: bool, read: Mapping[str, Value], items: tuple[Presented, ...]
) -> Gate:
    """A gate on the balance: with a debt that is not converted nobody knows whether so little is owed, or more."""
    debts = (each.item for each in items if each.unconverted and not each.item.is_credit and each.item.open_amount)
    currencies = sorted({item.currency for item in debts})
    if not shut or not currencies:
        return _gate(name, rule, code, shut, read)
    observed = {**read, "currency": ", ".join(currencies)}
    return Gate(name, rule, read, Finding("DT-MIS-05", "C21", observed=observed))


def _block_gate(account: Account, as_of: dt.date) -> Gate:
    block = account.case.blocked
    if block is None:
        return Gate("block", "D10", {}, None)
    read = {"reason": block.reason, "valid_from": block.valid_from, "valid_to": block.valid_to}
    return _gate("block", "D10", "DN-SKP-05", block.active(as_of), read)


def _notice_gates(account: Account, ladder: Ladder, as_of: dt.date) -> Iterator[Gate]:
    last = account.last_notice_date
    earlier = last is not None and as_of < last
    yield _gate("as of", "D1", "DN-SKP-09", earlier, {"as_of": as_of, "last_notice_date": last})
    days = None if last is None else (as_of - last).days
    early = days is not None and 0 <= days < ladder.interval_days
    read = {"days_since_notice": days, "interval_days": ladder.interval_days}
    # A later notice than the last one known can only make it earlier, so what is undated matters only to the others.
    if ladder.interval_days > 0 and not early and account.undated:
        unknown = Finding("DT-MIS-01", "D5", observed=read, missing=account.undated)
        yield Gate("interval", "D5", read, unknown, for_reminders=False)
    else:
        yield _gate("interval", "D5", "DN-SKP-02", early, read, for_reminders=False)
