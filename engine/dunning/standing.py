"""The level an item stands at after what happened to it since its last notice: no level falls silently (domain D8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.dunning.account import Event, EventKind, OpenItem
from engine.dunning.due_terms import AfterEvent, OnEvent

_LAST_OF_THE_DAY: EventKind = "payment_reversed"


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A change of an item's level, with the event that caused it."""

    event: EventKind
    on: dt.date
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The level that counts as sent today, and every change that led to it from the level in the facts."""

    level: int
    changes: tuple[LevelChange, ...] = ()


def missing_for_standing(
    item: OpenItem, on_event: OnEvent, last_notice: dt.date | None, as_of: dt.date
) -> tuple[str, ...]:
    """The facts, as paths within the item, without which nobody knows what an event does to its level.

    `last_notice` is the day of the account's last notice: an event after it is also after the item's own.
    """
    missing: dict[str, None] = {}
    for place, event in _events(item, as_of):
        if not _matters(item, event, on_event):
            continue
        dated = item.level_sent == 0 or item.last_dunned_on is not None
        after_all = last_notice is not None and event.date > last_notice
        if not dated and not after_all:
            missing["last_dunned_on"] = None
        elif event.event == "payment_reversed" and event.level_before is None and _counts(item, event):
            missing[f"{place}.level_before"] = None
    return tuple(missing)


def stand_after(item: OpenItem, on_event: OnEvent, as_of: dt.date, recomputed: Callable[[int], int] | None) -> Standing:
    """The item's level after its events, in their order; on one day a payment taken back comes last.

    `recomputed` gives the level, at most the one sent, that stands on today's days and amounts; None for an item that
    is held back today: it keeps its level until it can be looked at again (domain D10).
    """
    level = item.level_sent
    changes = []
    for _, event in _events(item, as_of):
        if not _counts(item, event):
            continue
        after = _after(level, event, on_event, recomputed)
        if after != level:
            changes.append(LevelChange(event.event, event.date, level, after))
            level = after
    return Standing(level, tuple(changes))


def _after(level: int, event: Event, on_event: OnEvent, recomputed: Callable[[int], int] | None) -> int:
    if event.event == "payment_reversed":
        return max(level, event.level_before or 0)
    match on_event.after(event.event):
        case AfterEvent.KEEP:
            return level
        case AfterEvent.RESET:
            return 0
        case AfterEvent.RECOMPUTE:
            return level if recomputed is None else recomputed(level)


def _events(item: OpenItem, as_of: dt.date) -> Iterator[tuple[str, Event]]:
    """The events up to `as_of`, each with its path in the item: those stated, and the payments of a part."""
    stated = [(f"events[{number}]", event) for number, event in enumerate(item.events)]
    told = {event.date for event in item.events if event.event == "partial_payment"}
    paid = [
        (f"partial_payments[{number}]", Event("partial_payment", payment.date))
        for number, payment in enumerate(item.partial_payments)
        if payment.date not in told and payment.amount > 0
    ]
    known = [(place, event) for place, event in (*stated, *paid) if event.date <= as_of]
    yield from sorted(known, key=lambda pair: (pair[1].date, pair[1].event == _LAST_OF_THE_DAY, pair[1].event))


def _counts(item: OpenItem, event: Event) -> bool:
    """Whether the event is later than the item's last notice."""
    return item.last_dunned_on is None or event.date > item.last_dunned_on


def _matters(item: OpenItem, event: Event, on_event: OnEvent) -> bool:
    """Whether the event could change the item's level."""
    if event.event == "payment_reversed" and event.level_before is not None:
        return event.level_before > item.level_sent or on_event.partial_payment is not AfterEvent.KEEP
    changes = on_event.after(event.event) is not AfterEvent.KEEP
    return changes and (item.level_sent > 0 or event.event == "payment_reversed")
