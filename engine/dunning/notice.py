"""What dunning an account comes to: a notice, a reminder or a skip, for the account and for each item."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from engine.decision import Step
from engine.dunning.findings import Finding
from engine.dunning.interest import Period
from engine.dunning.ladder import DayCount, Effect, InterestRounding
from policies.ir import Texts


class Outcome(StrEnum):
    """How an item or an account ends; never in silence (domain D27)."""

    NOTICE = "notice"
    REMINDER = "reminder"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One item. `assigned_level` is 0 unless it is in the notice; `recorded_level` is what the case keeps for it.

    `rises` says that this notice takes it to a level it has not been sent before. `capped_at` names the dunning key
    when that held the level down. `skips` are reason codes, the main one first.
    """

    invoice_id: str
    outcome: Outcome
    days_in_arrears: int
    dunnable: Decimal
    threshold_level: int
    assigned_level: int
    recorded_level: int
    rises: bool
    passed_over: tuple[int, ...]
    capped_at: int | None
    skips: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeeClaim:
    """A fee as a receivable of its own; without an invoice it is the notice's (domain D15, D19)."""

    claim_id: str
    amount: Decimal
    level: int
    invoice_id: str | None


@dataclass(frozen=True, slots=True)
class InterestClaim:
    """Interest on one item as a receivable of its own, with the terms it was computed on (domain D16, D19).

    `amount` is what this notice adds: `accrued` since the due date, less what earlier notices charged.
    """

    claim_id: str
    invoice_id: str
    amount: Decimal
    accrued: Decimal
    already_charged: Decimal
    rate: Decimal
    basis: DayCount
    round: InterestRounding
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class InterestResult:
    """The interest claims of a notice; `waived` is what accrued but is below the minimum, if it is (domain D16)."""

    claims: tuple[InterestClaim, ...] = ()
    waived: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message to send; `channel` is None when the account cannot be reached by any named one (domain D21)."""

    template: str
    channel: str | None
    fallback: str | None
    level: int
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """An effect on the account and what lifts it again (domain D21)."""

    effect: Effect
    value: str | None
    release_when: Texts
    level: int


@dataclass(frozen=True, slots=True)
class ForReview:
    """Something a person has to look at: the item (or the account) and why (domain D10, D21)."""

    subject: str
    why: str


@dataclass(frozen=True, slots=True)
class Result:
    """The account's result. `level` is the highest item level in the notice, 0 without one; amounts in `currency`.

    `total_claim` is principal, fees and interest in the notice, old and new. `skips` names every
    reason for which the account or an item of it is skipped, when there is no notice.
    """

    account_id: str
    currency: str
    outcome: Outcome
    level: int
    skips: tuple[str, ...]
    items: tuple[ItemResult, ...]
    principal: Decimal
    fees: tuple[FeeClaim, ...]
    interest: tuple[InterestClaim, ...]
    total_claim: Decimal
    messages: tuple[Message, ...]
    holds: tuple[Hold, ...]
    broken_promises: tuple[str, ...]
    for_review: tuple[ForReview, ...]
    next_evaluation: dt.date | None
    findings: tuple[Finding, ...]
    trace: tuple[Step, ...]

    @property
    def notice(self) -> bool:
        """Whether a notice goes out."""
        return self.outcome is Outcome.NOTICE
