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
from engine.dunning.notice import Hold, Notice, Outcome, Result
from engine.dunning.presented import present
from engine.dunning.procedure import dun
from policies.feel.values import Value

MOST = 24
"""Entries that a calendar has at most, but for others of its last day."""

HORIZON = dt.timedelta(days=400)
"""How far a calendar looks ahead."""

WORK, FEWEST = 400, 4
"""How much a calendar looks at: an item on a day is one of `WORK`; it looks at `FEWEST` days however many items."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is sent on a day at one level, 0 for reminders; amounts are what those letters claim by themselves."""

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
        account = carried_forward(ladder, account, result, day)
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
    """The letters of a day by level, the strictest first, then its reminders; of a skip nothing."""
    noticed = _ids(result, Outcome.NOTICE)
    letters: dict[int, list[Notice]] = {}
    for letter in result.notices:
        if letter.offset is None:
            letters.setdefault(letter.level, []).append(letter)
    for level, of_level in letters.items():
        within = {item.invoice_id for letter in of_level for item in letter.items}
        yield Entry(
            on=on,
            outcome=Outcome.NOTICE,
            level=level,
            items=tuple(invoice_id for invoice_id in noticed if invoice_id in within),
            fees=total(letter.fees for letter in of_level),
            interest=total(letter.interest for letter in of_level),
            total_claim=total(letter.total_claim for letter in of_level),
            effects=tuple(hold for hold in result.holds if hold.level == level),
        )
    if noticed and not letters:
        # Legal steps begin without a letter.
        fees, interest = (total(claim.amount for claim in claims) for claims in (result.fees, result.interest))
        yield Entry(on, Outcome.NOTICE, result.level, noticed, fees, interest, result.total_claim, result.holds)
    if reminded := _ids(result, Outcome.REMINDER):
        yield Entry(on, Outcome.REMINDER, 0, reminded, ZERO, ZERO, ZERO, ())


def _ids(result: Result, outcome: Outcome) -> tuple[str, ...]:
    return tuple(item.invoice_id for item in result.items if item.outcome is outcome)


def calendar_step(coming: Outlook, level_names: Sequence[str]) -> Step:
    """The calendar in the trace: a step for each entry, with how many items are in it."""
    steps = tuple(
        Step("day", entry.on.isoformat(), Status.COMPUTED, value=entry.total_claim, read=_read(entry, level_names))
        for entry in coming.entries
    )
    read: dict[str, Value] = {} if coming.until is None else {"until": coming.until}
    return Step("calendar", "if nothing is paid", Status.COMPUTED, read=read, steps=steps)


def _read(entry: Entry, level_names: Sequence[str]) -> dict[str, Value]:
    read: dict[str, Value] = {"outcome": entry.outcome.value, "items": len(entry.items)}
    if entry.level:
        read |= {"level": entry.level, "level_name": level_names[entry.level - 1]}
    if entry.effects:
        read["effects"] = ", ".join(hold.effect.value for hold in entry.effects)
    return read
