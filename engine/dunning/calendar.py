"""What happens if nothing is paid: the notices and reminders to come, each on its day (domain D26)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.decision import Fault, Status, Step
from engine.dunning.account import ZERO, Account
from engine.dunning.amounts import total
from engine.dunning.carrying import carried_forward
from engine.dunning.evaluation_dates import next_evaluation
from engine.dunning.ladder import Ladder
from engine.dunning.notice import Hold, Outcome, Result
from engine.dunning.presented import present
from engine.dunning.procedure import dun
from policies.feel.values import Value

MOST = 24
"""Notices and reminders that a calendar names at most."""

HORIZON = dt.timedelta(days=400)
"""How far a calendar looks ahead."""

WORK, FEWEST = 400, 4
"""How much a calendar looks at: an item on a day is one of `WORK`; it looks at `FEWEST` days however many items."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A notice or reminder to come. `level` is 0 for a reminder; amounts are what that notice claims by itself."""

    on: dt.date
    outcome: Outcome
    level: int
    items: tuple[str, ...]
    fees: Decimal
    interest: Decimal
    total_claim: Decimal
    effects: tuple[Hold, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """The entries in their order. `until` is the last day looked at, where they were cut short; None: that is all."""

    entries: tuple[Entry, ...] = ()
    until: dt.date | None = None


def calendar(ladder: Ladder, account: Account, as_of: dt.date, result: Result) -> Outlook:
    """What follows `result` (what the ladder does with the account on `as_of`) if it is sent and nothing is paid.

    Everything but the days stays as it is on `as_of`: the items, carve-outs, parameters, classes. It goes from one
    next evaluation to the next until nothing changes by time, at most `MOST` entries and `HORIZON` days, and less far
    for an account of very many items (`WORK`) or with a day that nothing can be worked out for.
    """
    end = as_of + min(HORIZON, dt.date.max - as_of)
    evaluations = max(FEWEST, WORK // max(len(account.items), 1))
    entries: list[Entry] = []
    day = as_of
    while result.next_evaluation is not None:
        if len(entries) >= MOST or evaluations == 0:
            return Outlook(tuple(entries), day)
        account = carried_forward(account, result, day)
        following = _next_day(ladder, account, day, result.next_evaluation)
        if following > end:
            return Outlook(tuple(entries), end)
        try:
            result = dun(ladder, account, following)
        except (Fault, ArithmeticError):
            # Too much work, or beyond 34 digits or the year 9999 by then: what is decided today stands all the same.
            return Outlook(tuple(entries), day)
        day = following
        evaluations -= 1
        entries += _of_a_day(result, day)
    return Outlook(tuple(entries))


def _next_day(ladder: Ladder, account: Account, day: dt.date, following: dt.date) -> dt.date:
    """The next day on which something may be sent: while the interval since a notice runs, reminders alone are."""
    last = account.last_notice_date
    free = following if last is None else last + min(dt.timedelta(days=ladder.interval_days), dt.date.max - last)
    if free <= following or not ladder.pre_due:
        return max(free, following)
    not_past_due = tuple(account.items[each.index] for each in present(account, ladder, day) if each.due >= day)
    reminding = next_evaluation(replace(account, items=not_past_due), ladder, day, notice=False)
    return free if reminding is None else min(reminding, free)


def _of_a_day(result: Result, on: dt.date) -> Iterator[Entry]:
    """The notice of a day, then its reminders; of a skip nothing."""
    noticed = [item for item in result.items if item.outcome is Outcome.NOTICE]
    reminded = [item for item in result.items if item.outcome is Outcome.REMINDER]
    if noticed:
        yield Entry(
            on=on,
            outcome=Outcome.NOTICE,
            level=max(item.assigned_level for item in noticed),
            items=tuple(item.invoice_id for item in noticed),
            fees=total(claim.amount for claim in result.fees),
            interest=total(claim.amount for claim in result.interest),
            total_claim=result.total_claim,
            effects=result.holds,
        )
    if reminded:
        yield Entry(on, Outcome.REMINDER, 0, tuple(item.invoice_id for item in reminded), ZERO, ZERO, ZERO, ())


def calendar_step(coming: Outlook, level_names: Sequence[str]) -> Step:
    """The calendar in the trace, a step for each entry."""
    steps = tuple(
        Step("day", entry.on.isoformat(), Status.COMPUTED, value=entry.total_claim, read=_read(entry, level_names))
        for entry in coming.entries
    )
    read: dict[str, Value] = {} if coming.until is None else {"until": coming.until}
    return Step("calendar", "if nothing is paid", Status.COMPUTED, read=read, steps=steps)


def _read(entry: Entry, level_names: Sequence[str]) -> dict[str, Value]:
    read: dict[str, Value] = {"outcome": entry.outcome.value, "items": f"{len(entry.items)} items"}
    if entry.level:
        read |= {"level": entry.level, "level_name": level_names[entry.level - 1]}
    if entry.effects:
        read["effects"] = ", ".join(hold.effect.value for hold in entry.effects)
    return read
