"""Which level an item gets: escalation, dunning key, minimum amount and percentage (domain D6, D7, D12)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import assert_never

from engine.dunning.account import ZERO, OpenItem
from engine.dunning.findings import Finding
from engine.dunning.ladder import Escalation, Ladder

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Minimums:
    """The sums that minimum amount and percentage are tested on: blocked items are in neither (domain D7)."""

    dunnable: Decimal
    total_open: Decimal

    @property
    def pct(self) -> Decimal | None:
        """The dunnable share of what is open, in percent; None when nothing is open."""
        return self.dunnable / self.total_open * HUNDRED if self.total_open > 0 else None


@dataclass(frozen=True, slots=True)
class Assignment:
    """The level an item would get in a notice now, with each step that led to it."""

    threshold: int
    escalated: int
    capped: int
    assigned: int
    findings: tuple[Finding, ...]

    def passed_over(self, sent: int) -> tuple[int, ...]:
        """The levels between the one last sent and this one: their fees and actions do not apply (domain D6)."""
        return tuple(range(sent + 1, self.assigned))


def assign(item: OpenItem, sent: int, threshold: int, ladder: Ladder, minimums: Minimums) -> Assignment:
    """The item's level: escalated from what counts as sent, capped by its key, dropped until its minimums are met."""
    escalated = escalate(ladder.escalation, sent, threshold)
    capped = cap(escalated, item.max_dunning_level, sent)
    assigned, dropped = stand(capped, ladder, minimums, item.invoice_id)
    findings: tuple[Finding, ...] = ()
    if threshold == 0:
        observed = {"first_level_days": ladder.level(1).min_days}
        findings = (Finding("DN-SKP-01", "D6", item.invoice_id, observed),)
    elif capped == 0:
        findings = (Finding("DN-CAP-01", "D12", item.invoice_id, {"max_dunning_level": item.max_dunning_level}),)
    elif assigned == 0:
        findings = dropped
    return Assignment(threshold, escalated, capped, assigned, findings)


def escalate(escalation: Escalation, sent: int, threshold: int) -> int:
    """The level after escalation, never above the threshold level (domain D6)."""
    match escalation:
        case Escalation.STEP:
            return min(threshold, sent + 1)
        case Escalation.JUMP:
            return threshold
        case Escalation.SKIP_FORWARD:
            return threshold if sent > 0 else min(threshold, 1)
        case _ as never:
            assert_never(never)


def cap(level: int, key: int | None, sent: int) -> int:
    """The level under the item's dunning key: 0 is never dunned, and one sent before the key was set is kept (D12)."""
    if key is None:
        return level
    return 0 if key == 0 else min(level, max(key, sent))


def stand(level: int, ladder: Ladder, minimums: Minimums, subject: str) -> tuple[int, tuple[Finding, ...]]:
    """The highest level, from `level` down, whose minimums are met; 0 with the reasons when none is (domain D7)."""
    if level > 0 and minimums.pct is None:
        return 0, (Finding("DN-SKP-08", "D7", subject, {"total_open": minimums.total_open}),)
    pct = minimums.pct or ZERO
    failed: list[Finding] = []
    for number in range(level, 0, -1):
        step = ladder.level(number)
        short = minimums.dunnable < step.min_amount
        small = pct < step.min_pct
        if not short and not small:
            return number, tuple(failed)
        if short:
            observed = {"level": number, "dunnable": minimums.dunnable, "min_amount": step.min_amount}
            failed.append(Finding("DN-SKP-03", "D7", subject, observed))
        if small:
            failed.append(Finding("DN-SKP-04", "D7", subject, {"level": number, "pct": pct, "min_pct": step.min_pct}))
    return 0, tuple(failed)
