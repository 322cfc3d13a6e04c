"""Every open item with all that speaks for and against dunning it, before the account's gates are asked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from engine.dunning.account import ZERO, Account
from engine.dunning.arrears import days_in_arrears, past_grace, threshold_level
from engine.dunning.dunnable import Dunnable, dunnable_items
from engine.dunning.findings import Finding
from engine.dunning.ladder import Ladder, PreDueReminder
from engine.dunning.levels import Assignment, Minimums, assign, cap, stand
from engine.dunning.presented import Presented
from engine.dunning.reminders import already_sent, due_reminder
from engine.dunning.standing import Standing, stand_after
from policies.feel.values import Value


@dataclass(frozen=True, slots=True)
class Considered:
    """One item: `findings` keep it out of a notice, `assignment` is there when it may be dunned at all.

    `standing` is the level that counts as sent, after events. `repeats`: its level is one whose notice is repeated
    though the item does not rise. `reminder` is one that is to be sent today, should the account's gates allow it.
    `invoice` is the one that a fee or interest goes along with: it is in the letter that this is in, and by itself
    calls for none (domain D19).
    """

    entry: Dunnable
    days: int
    threshold: int
    standing: Standing
    assignment: Assignment | None
    findings: tuple[Finding, ...]
    repeats: bool = False
    reminder: PreDueReminder | None = None
    invoice: Considered | None = None

    @property
    def invoice_id(self) -> str:
        """The item's key."""
        return self.entry.item.invoice_id

    @property
    def level_sent(self) -> int:
        """The level last sent, as it stands today."""
        return self.standing.level

    @property
    def level(self) -> int:
        """The level the item would have in a notice; 0 when something keeps it out."""
        return self.assignment.assigned if self.assignment is not None and not self.findings else 0

    @property
    def rises(self) -> bool:
        """Whether that level has not been sent before."""
        return self.level > self.level_sent

    @property
    def calls(self) -> bool:
        """Whether the item calls for a notice by itself (domain D6, D20)."""
        return self.invoice is None and (self.rises or (self.repeats and self.level > 0))

    @property
    def lead(self) -> Considered:
        """The item that says which letter this one goes into: itself, or the invoice it goes along with."""
        return self.invoice or self

    @property
    def skip_findings(self) -> tuple[Finding, ...]:
        """Why the item itself calls for no notice: what keeps it out, or that its level has been sent before."""
        if self.findings or self.calls:
            return self.findings
        observed: dict[str, Value] = {"level_sent": self.level_sent, "threshold_level": self.threshold}
        if self.invoice is not None:
            observed = {"for_invoice": self.invoice.invoice_id, **observed}
        return (Finding("DN-SKP-09", "D6", self.invoice_id, observed),)

    def left_to_law(self) -> Considered:
        """The item, skipped since legal steps begin with this notice and external steps stop (domain D20)."""
        observed = {"level_sent": self.level_sent, "threshold_level": self.threshold}
        return self.left_out(Finding("DN-SKP-10", "D20", self.invoice_id, observed))

    def left_out(self, *because: Finding) -> Considered:
        """The item, skipped for these findings beside its own."""
        return replace(self, findings=(*self.findings, *because), reminder=None)


def consider(ladder: Ladder, account: Account, items: tuple[Presented, ...], as_of: dt.date) -> tuple[Considered, ...]:
    """Every item of the account, in its order."""
    entries = [
        (entry, days_in_arrears(entry.presented, ladder, as_of))
        for entry in dunnable_items(items, account, ladder, as_of)
    ]
    by_themselves = [(entry, days) for entry, days in entries if entry.goes_with is None]
    may_be_dunned = (entry for entry, days in by_themselves if not entry.findings and past_grace(days, ladder))
    minimums = Minimums(
        dunnable=sum((entry.amount for entry in may_be_dunned), ZERO),
        total_open=sum((entry.open_amount for entry, _ in by_themselves if entry.counted), ZERO),
    )
    considered = {
        entry.item.invoice_id: _consider_item(ladder, entry, days, minimums, as_of) for entry, days in by_themselves
    }
    return tuple(
        considered[entry.item.invoice_id]
        if entry.goes_with is None
        else _going_along(entry, days, considered[entry.goes_with], as_of)
        for entry, days in entries
    )


def _going_along(entry: Dunnable, days: int, invoice: Considered, as_of: dt.date) -> Considered:
    """A fee or interest beside its invoice: at that one's level once it is due itself, and kept out where that is.

    Neither grace nor minimums are its own; its dunning key is.
    """
    item, level = entry.item, invoice.level
    capped = cap(level, item.max_dunning_level, item.level_sent)
    findings = list(entry.findings)
    if as_of <= entry.presented.due:
        findings.append(Finding("DN-SKP-01", "D3", item.invoice_id, {"days_in_arrears": days}))
    elif level > 0 and capped == 0:
        findings.append(Finding("DN-CAP-01", "D12", item.invoice_id, {"max_dunning_level": item.max_dunning_level}))
    findings += (
        replace(finding, subject=item.invoice_id, observed={"for_invoice": invoice.invoice_id, **finding.observed})
        for finding in invoice.findings
    )
    assignment = None if findings else Assignment(invoice.threshold, level, capped, capped, ())
    standing = Standing(item.level_sent)
    return Considered(entry, days, invoice.threshold, standing, assignment, tuple(findings), invoice=invoice)


def _consider_item(ladder: Ladder, entry: Dunnable, days: int, minimums: Minimums, as_of: dt.date) -> Considered:
    item = entry.item
    if entry.outside:
        return Considered(entry, days, 0, Standing(item.level_sent), None, entry.findings)
    threshold = threshold_level(entry.presented, ladder, as_of, item.level_sent) if past_grace(days, ladder) else 0

    def recomputed(level: int) -> int:
        return stand(min(level, threshold), ladder, minimums, item.invoice_id)[0]

    standing = stand_after(item, ladder.on_event, as_of, None if entry.findings else recomputed)
    if past_grace(days, ladder):
        threshold = threshold_level(entry.presented, ladder, as_of, standing.level)
        if entry.findings:
            return Considered(entry, days, threshold, standing, None, entry.findings)
        assignment = assign(item, standing.level, threshold, ladder, minimums)
        level = assignment.assigned
        repeats = level > 0 and ladder.level(level).always_dun
        return Considered(entry, days, threshold, standing, assignment, assignment.findings, repeats)
    findings = [*entry.findings, _within_grace(entry, days, ladder)]
    reminder = due_reminder(entry.presented, ladder, as_of) if not entry.findings else None
    if reminder is not None and already_sent(entry.presented, reminder):
        findings.append(Finding("DN-SKP-09", "D9", item.invoice_id, {"reminded_on": item.reminded_on}))
        reminder = None
    return Considered(entry, days, 0, standing, None, tuple(findings), reminder=reminder)


def _within_grace(entry: Dunnable, days: int, ladder: Ladder) -> Finding:
    observed = {"days_in_arrears": days, "grace_days": ladder.grace_days}
    return Finding("DN-SKP-01", "D3", entry.item.invoice_id, observed)
