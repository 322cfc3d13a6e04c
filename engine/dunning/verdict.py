"""Who is in the notice, who is reminded and who is skipped: items and the account's gates brought together (D27)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from engine.dunning.account import Account
from engine.dunning.considered import Considered, consider
from engine.dunning.findings import Finding, codes
from engine.dunning.gates import Gate, account_gates, arrears_gate
from engine.dunning.ladder import GroupBy, Ladder
from engine.dunning.letters import Letter, notice_letters, reminder_letters
from engine.dunning.notice import CancelledClaim, ItemResult, Outcome
from engine.dunning.presented import present


@dataclass(frozen=True, slots=True)
class Verdict:
    """The account's gates and items, with those that are in the notice and those that are only reminded.

    `letters` and `reminders` are the same items by the letter they go into (domain D22). `unsent` are letters of which
    nothing can be sent: their items are skipped (domain D6, D21). `at_law`: legal steps begin, the notice is internal
    and nothing of it is sent (domain D20).
    """

    gates: tuple[Gate, ...]
    items: tuple[Considered, ...]
    noticed: tuple[Considered, ...]
    reminded: tuple[Considered, ...]
    letters: tuple[Letter, ...]
    reminders: tuple[Letter, ...]
    unsent: tuple[Letter, ...]
    at_law: bool

    @property
    def outcome(self) -> Outcome:
        """How the account ends."""
        return Outcome.NOTICE if self.noticed else Outcome.REMINDER if self.reminded else Outcome.SKIP

    @property
    def level(self) -> int:
        """The notice's level: the highest of its items (domain D22); 0 without a notice."""
        return max((item.level for item in self.noticed), default=0)

    @property
    def cancelled(self) -> tuple[CancelledClaim, ...]:
        """The fees and interest that fall with their invoice (domain D19)."""
        fallen = (item.entry.item for item in self.items if item.entry.presented.cancelled)
        return tuple(CancelledClaim(item.invoice_id, item.for_invoice, item.open_amount) for item in fallen)

    @property
    def shut(self) -> tuple[Finding, ...]:
        """Why the account's gates are shut."""
        return tuple(gate.shut for gate in self.gates if gate.shut is not None)

    @property
    def skip_findings(self) -> tuple[Finding, ...]:
        """Every reason for which the account or an item of it is skipped."""
        active = {item.invoice_id for item in (*self.noticed, *self.reminded)}
        skipped = (item for item in self.items if item.invoice_id not in active)
        return (*self.shut, *(finding for item in skipped for finding in item.skip_findings))

    @property
    def capped(self) -> frozenset[str]:
        """The items that their dunning key holds down (domain D12)."""
        return frozenset(end.invoice_id for end in self.item_results() if end.capped_at is not None)

    def item_results(self) -> tuple[ItemResult, ...]:
        """How each item ends, in the account's order."""
        ends = dict.fromkeys((item.invoice_id for item in self.reminded), Outcome.REMINDER)
        ends.update(dict.fromkeys((item.invoice_id for item in self.noticed), Outcome.NOTICE))
        return tuple(self._item_result(item, ends.get(item.invoice_id, Outcome.SKIP)) for item in self.items)

    def _item_result(self, item: Considered, outcome: Outcome) -> ItemResult:
        assignment = item.assignment if outcome is Outcome.NOTICE else None
        assigned = 0 if assignment is None else assignment.assigned
        held_down = item.assignment is not None and item.assignment.capped < item.assignment.escalated
        return ItemResult(
            invoice_id=item.invoice_id,
            outcome=outcome,
            days_in_arrears=item.days,
            dunnable=item.entry.amount,
            threshold_level=item.threshold,
            assigned_level=assigned,
            recorded_level=max(item.level_sent, assigned),
            level_changes=item.standing.changes,
            moved_to=item.entry.presented.moved_to,
            conversion=item.entry.presented.conversion,
            rises=assigned > item.level_sent,
            passed_over=() if assignment is None or item.invoice else assignment.passed_over(item.level_sent),
            capped_at=item.entry.item.max_dunning_level if held_down else None,
            skips=codes((*self.shut, *item.skip_findings)) if outcome is Outcome.SKIP else (),
        )


def reach_verdict(ladder: Ladder, account: Account, as_of: dt.date) -> Verdict:
    """Ask every gate and every item: a letter needs all gates open and one item that rises, or is always dunned.

    A letter of one level, or of one invoice, holds only such items and what goes along with them (domain D22).

    With the first item at a legal level external steps stop: all others are left alone (domain D20).
    """
    presented = present(account, ladder, as_of)
    items = consider(ladder, account, presented, as_of)
    in_arrears = [item.days for item in items if item.assignment is not None and item.invoice is None]
    gates = (*account_gates(account, presented, ladder, as_of), arrears_gate(in_arrears, ladder))
    open_gates = all(gate.shut is None for gate in gates)
    at_law = open_gates and any(_goes_to_law(item, ladder) for item in items)
    if at_law:
        items = tuple(item if _goes_to_law(item, ladder) else item.left_to_law() for item in items)
    letters: tuple[Letter, ...] = ()
    if open_gates:
        dunned = [item for item in items if item.level > 0]
        if ladder.group_by in {GroupBy.LEVEL, GroupBy.INVOICE}:
            dunned = [item for item in dunned if item.lead.calls]
        standing = notice_letters(dunned, account, ladder)
        letters = tuple(letter for letter in standing if any(item.calls for item in letter.items))
    reminders: tuple[Letter, ...] = ()
    if all(gate.shut is None or not gate.for_reminders for gate in gates):
        reminders = reminder_letters(items, account, ladder)
    unsent = tuple(letter for letter in (*(() if at_law else letters), *reminders) if not letter.goes)
    kept_back = {item.invoice_id: item.left_out(*letter.findings(item)) for letter in unsent for item in letter.items}
    items = tuple(kept_back.get(item.invoice_id, item) for item in items)
    letters = tuple(letter for letter in letters if at_law or letter.goes)
    reminders = tuple(letter for letter in reminders if letter.goes)
    return Verdict(
        gates=gates,
        items=items,
        noticed=_named_in(letters, items),
        reminded=_named_in(reminders, items),
        letters=letters,
        reminders=reminders,
        unsent=unsent,
        at_law=at_law,
    )


def _named_in(letters: Iterable[Letter], items: Iterable[Considered]) -> tuple[Considered, ...]:
    """The items of these letters, in the account's order."""
    named = {item.invoice_id for letter in letters for item in letter.items}
    return tuple(item for item in items if item.invoice_id in named)


def _goes_to_law(item: Considered, ladder: Ladder) -> bool:
    return item.lead.rises and ladder.level(item.lead.level).legal
