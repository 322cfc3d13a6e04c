"""Exposure from single documents and reservations: each chain once, at its furthest stage (domain C1, C2, C22)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.decision import Status, Step
from engine.meaning import Notes
from engine.operators import compare
from engine.sitting import Judged, Sitting, shown
from policies.feel.values import FEEL_DECIMAL, Value
from policies.ir import Expression
from policies.kinds.credit_exposure import STAGES, Documents, Reservations
from policies.scope import dotted
from policies.types import ContextOf, DateTime, ListOf

ZERO = Decimal(0)


@dataclass(slots=True)
class Tally:
    """What a list adds to the exposure; `total` is None when that cannot be known, `orders` are those it holds."""

    total: Decimal | None = ZERO
    notes: Notes = field(default_factory=Notes)
    steps: list[Step] = field(default_factory=list)
    orders: frozenset[str] = frozenset()

    def add(self, judged: Judged, part: str, name: str, value: Decimal | None, note: str | None) -> None:
        """One record's contribution, None for one that cannot be told; written into the trace."""
        if value is None or self.total is None:
            self.total = None
        else:
            self.total = FEEL_DECIMAL.add(self.total, value)
        if value is None:
            self.notes.because_of(judged.notes)
        status = Status.UNKNOWN if value is None else Status.COMPUTED
        self.steps.append(judged.step(part, name, status, None, value=value, note=note))

    def unknown(self, judged: Judged, part: str, name: str, line: int) -> None:
        """The whole list is not known."""
        self.total = None
        self.notes.because_of(judged.notes)
        self.steps.append(judged.step(part, name, Status.UNKNOWN, line))


@dataclass(frozen=True, slots=True)
class _Horizon:
    """The last day on which an order counts; None for all of them, and for one that cannot be told."""

    last_day: dt.date | None
    known: bool = True


def last_counting_day(documents: Documents, sitting: Sitting, notes: Notes) -> _Horizon:
    """As-of plus the horizon (C2). A horizon that is unknown or negative leaves open which orders count."""
    if documents.horizon_days is None:
        return _Horizon(None)
    judged = sitting.judge(documents.horizon_days)
    days = judged.value
    if days is not None and (days < 0 or days != days.to_integral_value()):
        judged.notes.undefined[f"horizon_days is {days}"] = None
        days = None
    if days is None:
        notes.because_of(judged.notes)
        return _Horizon(None, known=False)
    return _Horizon(sitting.as_of + dt.timedelta(days=min(int(days), (dt.date.max - sitting.as_of).days)))


def count_documents(documents: Documents, sitting: Sitting) -> Tally:
    """Each document's part of the exposure: what has moved on counts where it has gone, never twice."""
    tally = Tally()
    judged = sitting.judge(documents.of)
    source = dotted(documents.of.syntax) or "documents"
    horizon = last_counting_day(documents, sitting, judged.notes)
    if not isinstance(judged.value, list) or not horizon.known:
        tally.unknown(judged, "document", source, documents.of.line)
        return tally
    items: list[Mapping[str, Value]] = judged.value
    tally.orders = frozenset(item["order_id"] for item in items if item.get("order_id") is not None)
    chains = _Chains(documents, _furthest(items), Counter(item.get("document_id") for item in items), horizon.last_day)
    for at, item in enumerate(items):
        notes = Notes(read={key: item[key] for key in _SHOWN if item.get(key) is not None})
        path = f"{source}[{at}]"
        value, said = _part_of(item, chains, path, notes, sitting)
        tally.add(Judged(value, notes), "document", path, value, said)
    return tally


_SHOWN = ("document_id", "order_id", "stage", "amount", "moved_amount", "delivery_date", "currency")
"""What the trace shows of a document."""


@dataclass(frozen=True, slots=True)
class _Chains:
    """What one document needs to know of all: how far its chain has come, how often its number stands."""

    documents: Documents
    furthest: Mapping[str, int]
    numbers: Mapping[str | None, int]
    last_day: dt.date | None


def _furthest(items: list[Mapping[str, Value]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in items:
        chain, stage = item.get("order_id"), item["stage"]
        if chain is not None and stage in STAGES:
            found[chain] = max(found.get(chain, 0), STAGES.index(stage))
    return found


def _part_of(
    item: Mapping[str, Value], chains: _Chains, path: str, notes: Notes, sitting: Sitting
) -> tuple[Decimal | None, str | None]:
    """What a document adds, and why it is not its amount; None, with `notes` saying why, when that is not known."""
    stage, amount, moved, chain = item["stage"], item["amount"], item.get("moved_amount"), item.get("order_id")
    if amount is None:
        notes.missing[f"{path}.amount"] = None
        return None, None
    if _is_wrong(item, chains, path, notes) or foreign_currency(item, path, notes, sitting.policy.currency):
        return None, None
    reached = stage if chain is None else STAGES[chains.furthest[chain]]
    if moved is None and reached != stage:
        return ZERO, f"moved on to {reached}"
    if stage not in chains.documents.stages:
        return ZERO, f"stage {stage} does not count"
    delivered, last = item.get("delivery_date"), chains.last_day
    if stage == STAGES[0] and delivered is not None and last is not None and delivered > last:
        return ZERO, f"delivered after {last.isoformat()}, beyond the horizon"
    return FEEL_DECIMAL.subtract(amount, moved or ZERO), None


def _is_wrong(item: Mapping[str, Value], chains: _Chains, path: str, notes: Notes) -> bool:
    """Whether the document is an input error: nothing may be guessed of it."""
    stage, amount, moved, number = item["stage"], item["amount"], item.get("moved_amount"), item.get("document_id")
    if stage not in STAGES:
        notes.undefined[f"{path}.stage is {stage}"] = None
    if amount < 0:
        notes.undefined[f"{path}.amount is negative: {amount}"] = None
    elif moved is not None and not ZERO <= moved <= amount:
        notes.undefined[f"{path}.moved_amount is {moved}"] = None
    if number is not None and chains.numbers[number] > 1:
        notes.undefined[f"{path}.document_id stands twice: {number}"] = None
    return bool(notes.undefined)


def foreign_currency(item: Mapping[str, Value], path: str, notes: Notes, reporting: str) -> bool:
    """Whether a record is in another currency than the policy's: it is never added without a rate (C21)."""
    currency = item.get("currency")
    if currency is None or currency == reporting:
        return False
    said = f"{path} is in {currency}, not in {reporting}"
    notes.undefined[said], notes.foreign[said] = None, (path, notes.read)
    return True


def count_reservations(reservations: Reservations, orders: frozenset[str], sitting: Sitting) -> Tally:
    """What is reserved and neither expired nor used: one used for an order that counts itself would count twice."""
    tally = Tally()
    judged = sitting.judge(reservations.of)
    source = dotted(reservations.of.syntax) or "reservations"
    moment = _moment(reservations, sitting, judged)
    if not isinstance(judged.value, list) or moment is None:
        tally.unknown(judged, "reservation", source, reservations.of.line)
        return tally
    for at, item in enumerate(judged.value):
        notes = Notes(read=shown(item))
        path = f"{source}[{at}]"
        amount, running = item["amount"], compare(moment, "<", item["expires_at"])
        value, note = amount, None
        if amount < 0:
            notes.undefined[f"{path}.amount is negative: {amount}"] = None
            value = None
        elif running is None:
            notes.undefined[f"{path}.expires_at has no zone to compare it in"] = None
            value = None
        elif not running:
            value, note = ZERO, "expired"
        elif item.get("order_id") in orders:
            value, note = ZERO, f"used by order {item['order_id']}"
        tally.add(Judged(value, notes), "reservation", path, value, note)
    return tally


def _moment(reservations: Reservations, sitting: Sitting, judged: Judged) -> Value:
    """The instant of the decision, at which a reservation that ends then has expired."""
    if reservations.at is not None:
        at = sitting.judge(reservations.at)
        if at.value is None:
            judged.notes.because_of(at.notes)
        return at.value
    return dt.datetime.combine(sitting.as_of, dt.time(), dt.UTC) if _by_moment(reservations.of) else sitting.as_of


def _by_moment(expression: Expression) -> bool:
    item = expression.type.item if isinstance(expression.type, ListOf) else None
    return isinstance(item, ContextOf) and isinstance(item.field("expires_at"), DateTime)
