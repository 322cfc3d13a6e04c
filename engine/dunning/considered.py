"""Every open item with all that speaks for and against dunning it, before the account's gates are asked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from engine.dunning.account import ZERO, Account
from engine.dunning.arrears import days_in_arrears, past_grace, threshold_level
from engine.dunning.dunnable import Dunnable, dunnable_items
from engine.dunning.findings import Finding
from engine.dunning.ladder import Ladder, PreDueReminder
from engine.dunning.levels import Assignment, Minimums, assign
from engine.dunning.reminders import already_sent, due_reminder


@dataclass(frozen=True, slots=True)
class Considered:
    """One item: `findings` keep it out of a notice, `assignment` is there when it may be dunned at all.

    `reminder` is one that is to be sent today, should the account's gates allow it.
    """

    entry: Dunnable
    days: int
    threshold: int
    assignment: Assignment | None
    reminder: PreDueReminder | None
    findings: tuple[Finding, ...]

    @property
    def invoice_id(self) -> str:
        """The item's key."""
        return self.entry.item.invoice_id

    @property
    def level_sent(self) -> int:
        """The level last sent."""
        return self.entry.item.level_sent

    @property
    def level(self) -> int:
        """The level the item would have in a notice; 0 when something keeps it out."""
        return self.assignment.assigned if self.assignment is not None and not self.findings else 0

    @property
    def rises(self) -> bool:
        """Whether that level has not been sent before."""
        return self.level > self.level_sent

    @property
    def skip_findings(self) -> tuple[Finding, ...]:
        """Why the item itself calls for no notice: what keeps it out, or that its level has been sent before."""
        if self.findings or self.rises:
            return self.findings
        observed = {"level_sent": self.level_sent, "threshold_level": self.threshold}
        return (Finding("DN-SKP-09", "D6", self.invoice_id, observed, note="this level has been sent"),)


def consider(ladder: Ladder, account: Account, as_of: dt.date) -> tuple[Considered, ...]:
    """Every item of the account, in its order."""
    entries = [(entry, days_in_arrears(entry.item, ladder, as_of)) for entry in dunnable_items(account, ladder, as_of)]
    may_be_dunned = (entry for entry, days in entries if not entry.findings and past_grace(days, ladder))
    minimums = Minimums(
        dunnable=sum((entry.amount for entry in may_be_dunned), ZERO),
        total_open=sum((entry.open_amount for entry, _ in entries if entry.counted), ZERO),
    )
    return tuple(_consider_item(ladder, entry, days, minimums, as_of) for entry, days in entries)


def _consider_item(ladder: Ladder, entry: Dunnable, days: int, minimums: Minimums, as_of: dt.date) -> Considered:
    if entry.outside:
        return Considered(entry, days, 0, None, None, entry.findings)
    if past_grace(days, ladder):
        threshold = threshold_level(days, ladder)
        if entry.findings:
            return Considered(entry, days, threshold, None, None, entry.findings)
        assignment = assign(entry.item, threshold, ladder, minimums)
        return Considered(entry, days, threshold, assignment, None, assignment.findings)
    findings = [*entry.findings, _within_grace(entry, days, ladder)]
    reminder = due_reminder(entry.item, ladder, as_of) if not entry.findings else None
    if reminder is not None and already_sent(entry.item, reminder):
        findings.append(Finding("DN-SKP-09", "D9", entry.item.invoice_id, {"reminded_on": entry.item.reminded_on}))
        reminder = None
    return Considered(entry, days, 0, None, reminder, tuple(findings))


def _within_grace(entry: Dunnable, days: int, ladder: Ladder) -> Finding:
    note = "not overdue yet" if days <= 0 else None
    observed = {"days_in_arrears": days, "grace_days": ladder.grace_days}
    return Finding("DN-SKP-01", "D3", entry.item.invoice_id, observed, note=note)
