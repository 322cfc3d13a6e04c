"""What dunning an account comes to: a notice, a reminder or a skip, for the account and for each item."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from engine.decision import Step
from engine.dunning.account import DocumentType
from engine.dunning.charge_terms import DayCount, HeldBand, InterestRounding
from engine.dunning.conversion import Conversion
from engine.dunning.findings import Finding
from engine.dunning.interest import Period
from engine.dunning.ladder import Effect, Unwritten
from engine.dunning.rates import Fixing
from engine.dunning.standing import LevelChange
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
    when that held the level down. `skips` are reason codes, the main one first. `level_changes` led from the level in
    the facts to the one that counts as sent; `moved_to` is when the item is due, where that is not as stated;
    `conversion` what it was in its own currency.
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
    level_changes: tuple[LevelChange, ...] = ()
    moved_to: dt.date | None = None
    conversion: Conversion | None = None


@dataclass(frozen=True, slots=True)
class CancelledClaim:
    """A fee or interest that falls with its invoice, which was credited in full (domain D19)."""

    invoice_id: str
    for_invoice: str | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class FeeClaim:
    """A fee, or compensation, as a receivable of its own; without an invoice it is the notice's (domain D15, D19)."""

    claim_id: str
    amount: Decimal
    level: int
    invoice_id: str | None
    kind: Literal["fee", "compensation"] = "fee"
    band: HeldBand | None = None


@dataclass(frozen=True, slots=True)
class CompensationResult:
    """The compensation of a notice: invoices it was charged for `before`, and those whose amount is `unknown`."""

    claims: tuple[FeeClaim, ...] = ()
    before: tuple[str, ...] = ()
    unknown: tuple[Finding, ...] = ()
    review: tuple[ForReview, ...] = ()

    def of_items(self, invoice_ids: Collection[str]) -> tuple[FeeClaim, ...]:
        """The claims for these invoices."""
        return tuple(claim for claim in self.claims if claim.invoice_id in invoice_ids)


@dataclass(frozen=True, slots=True)
class InterestClaim:
    """Interest on one item as a receivable of its own, with the terms it was computed on (domain D16, D19).

    `amount` is what this notice adds: `accrued` since the due date, less what earlier notices charged. `rate` is that
    of all periods, None where they differ; without a `basis` it is for a day.
    """

    claim_id: str
    invoice_id: str
    amount: Decimal
    accrued: Decimal
    already_charged: Decimal
    rate: Decimal | None
    fixing: Fixing | None
    basis: DayCount | None
    round: InterestRounding
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class InterestResult:
    """The interest claims of a notice; `waived` is what accrued but is below the minimum, if it is (domain D16).

    `not_claimed` is only shown to a person; `unknown` says why an item bears none, `review` what a person has to see.
    """

    claims: tuple[InterestClaim, ...] = ()
    waived: Decimal | None = None
    not_claimed: tuple[InterestClaim, ...] = ()
    unknown: tuple[Finding, ...] = ()
    review: tuple[ForReview, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenText:
    """A message's text, every blank filled in."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message to send; `channel` is None when the account cannot be reached by any named one (domain D21).

    `texts` are by language; there are none where the policy names templates that are kept elsewhere. `unwritten` says
    why there is no text.
    """

    template: str
    channel: str | None
    fallback: str | None
    unwritten: Unwritten | None = None
    texts: Mapping[str, WrittenText] = field(default_factory=dict)

    @property
    def goes(self) -> bool:
        """Whether it is sent."""
        return self.channel is not None and self.unwritten is None


@dataclass(frozen=True, slots=True)
class Deduction:
    """What of an item a letter does not ask for: the credits netted with their numbers, or promised `until` a day."""

    because: Literal["credits", "disputed", "promised"]
    amount: Decimal
    numbers: tuple[str, ...] = ()
    until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class NamedItem:
    """An item as a letter names it: what is open of it less the `deductions` is its `amount`; a credit is negative.

    `due_date` is the item's own; where that is a closed day it is `moved_to` an open one. `days` count from there and
    are negative before it. `conversion` is there where the item was invoiced in another currency than `currency`.
    """

    invoice_id: str
    document_type: DocumentType
    due_date: dt.date
    days: int
    currency: str
    amount: Decimal
    conversion: Conversion | None = None
    deductions: tuple[Deduction, ...] = ()
    moved_to: dt.date | None = None

    @property
    def open_amount(self) -> Decimal:
        """What is open of it, in `currency`."""
        return sum((deduction.amount for deduction in self.deductions), self.amount)


@dataclass(frozen=True, slots=True)
class Notice:
    """One letter to one recipient: a notice, or a reminder before the due date at level 0 (domain D9, D22).

    `open_amount` is what it asks for of its items, `listed` are items it only tells of. `principal` and `total_claim`
    are those of a notice, 0 in a reminder; of all letters together they are the account's. `compensation` is a part of
    the `fees`.
    """

    recipient: str
    level: int
    offset: int | None
    items: tuple[NamedItem, ...]
    listed: tuple[NamedItem, ...]
    capped: tuple[str, ...]
    currency: str
    open_amount: Decimal
    principal: Decimal
    fees: Decimal
    compensation: Decimal
    interest: Decimal
    total_claim: Decimal
    deadline: dt.date | None
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Unsent:
    """A letter of which nothing can be sent: its recipient is `blocked`, or none of its messages goes (domain D21)."""

    recipient: str
    level: int
    items: tuple[str, ...]
    blocked: bool
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """An effect on the account and what lifts it again (domain D21)."""

    effect: Effect
    value: str | None
    release_when: Texts
    level: int


@dataclass(frozen=True, slots=True)
class Release:
    """An effect in force that is lifted, the highest level that sets it, and what lifted it (domain D21)."""

    effect: str
    level: int
    because: Texts


@dataclass(frozen=True, slots=True)
class ForReview:
    """Something a person has to look at: the item (or the account), why by its code, and the figures (D10, D21).

    Each of the figures is a text, or the names of facts and of parameters, with the day they are missing for.
    """

    subject: str
    code: str
    figures: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """The account's result. `level` is the highest item level in the notice, 0 without one; amounts in `currency`.

    `total_claim` is principal, fees and interest in the notice, old and new. `skips` names every
    reason for which the account or an item of it is skipped, when there is no notice. `legal_since` is the day from
    which legal steps run, this one when the notice begins them. `repeat` says that the case
    names `notice_key` as its last: this notice has been sent, and is not to be sent again (domain D24). `unsent`
    letters are no part of any of it: their items are skipped (domain D6).
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
    not_claimed: tuple[InterestClaim, ...]
    total_claim: Decimal
    notices: tuple[Notice, ...]
    unsent: tuple[Unsent, ...]
    holds: tuple[Hold, ...]
    releases: tuple[Release, ...]
    cancelled_claims: tuple[CancelledClaim, ...]
    legal_since: dt.date | None
    broken_promises: tuple[str, ...]
    for_review: tuple[ForReview, ...]
    next_evaluation: dt.date | None
    notice_key: str | None
    repeat: bool
    findings: tuple[Finding, ...]
    trace: tuple[Step, ...]

    @property
    def notice(self) -> bool:
        """Whether a notice goes out."""
        return self.outcome is Outcome.NOTICE
