"""Who is in the notice, who is reminded and who is skipped: items and the account's gates brought together (D27)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from engine.dunning.account import Account
from engine.dunning.considered import Considered, consider
from engine.dunning.findings import Finding, codes
from engine.dunning.gates import Gate, account_gates, arrears_gate
from engine.dunning.ladder import Ladder
from engine.dunning.notice import ItemResult, Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """The account's gates and items, with those that are in the notice and those that are only reminded."""

    gates: tuple[Gate, ...]
    items: tuple[Considered, ...]
    noticed: tuple[Considered, ...]
    reminded: tuple[Considered, ...]

    @property
    def outcome(self) -> Outcome:
        """How the account ends."""
        return Outcome.NOTICE if self.noticed else Outcome.REMINDER if self.reminded else Outcome.SKIP

    @property
    def level(self) -> int:
        """The notice's level: the highest of its items (domain D22); 0 without a notice."""
        return max((item.level for item in self.noticed), default=0)

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
            rises=assigned > item.level_sent,
            passed_over=() if assignment is None else assignment.passed_over(item.level_sent),
            capped_at=item.entry.item.max_dunning_level if held_down else None,
            skips=codes((*self.shut, *item.skip_findings)) if outcome is Outcome.SKIP else (),
        )


def reach_verdict(ladder: Ladder, account: Account, as_of: dt.date) -> Verdict:
    """Ask every gate and every item: a notice needs all gates open and one item that rises to a new level."""
    items = consider(ladder, account, as_of)
    in_arrears = [item.days for item in items if item.assignment is not None]
    gates = (*account_gates(account, ladder, as_of), arrears_gate(in_arrears, ladder))
    noticed: tuple[Considered, ...] = ()
    if all(gate.shut is None for gate in gates) and any(item.rises for item in items):
        noticed = tuple(item for item in items if item.level > 0)
    reminded: tuple[Considered, ...] = ()
    if all(gate.shut is None or not gate.for_reminders for gate in gates):
        reminded = tuple(item for item in items if item.reminder is not None)
    return Verdict(gates, items, noticed, reminded)
