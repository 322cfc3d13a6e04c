"""The shape of a dunning ladder in a document: gates, reminders, levels, fees, interest, effects."""

from __future__ import annotations

from typing import Annotated, Literal

from policies.document import PolicyPart
from policies.document_fields import CHOICE, Count, Expression, Name, Part, TextsField, Truth, Word


class AccountPart(Part):
    """Where the account stands in the facts: whose it is, its open items, its dunning case, how it is reached."""

    id: Expression
    """The account's number."""
    items: Expression
    """The fact with its open items, a list of records."""
    case: Expression | None = None
    """The fact with its dunning case: last notice, interest charged."""
    channels: Expression | None = None
    """The fact with the channels it can be reached by."""


class CarveOutPart(Part):
    """Who is kept out of the ladder (domain D25); so is everyone for whom the condition is unknown."""

    carve_out: Name
    """The name of the carve-out."""
    when: Expression
    """Who is left alone."""
    reason: Word
    """The reason code: DN-SKP-10, DN-SKP-12 or DT-MIS-01."""
    title: TextsField | None = None
    """Its name for people."""


class ActionPart(Part):
    """A message: the template to send, by which channel, and by which other when the account has not that one."""

    send: Name
    """The template."""
    by: Word
    """The channel."""
    fallback: Word | None = None
    """The channel when the account has not the first."""


class EffectPart(Part):
    """What a level does to the account, what it sets (`to`), and what lifts it again (domain D21)."""

    effect: Annotated[
        Literal["hold_orders", "set_payment_terms", "credit_stop", "assign_collector", "to_agency"], CHOICE
    ]
    """What happens to the account."""
    to: Word | None = None
    """What is set, for `set_payment_terms` and `assign_collector`."""
    release_when: TextsField
    """What lifts it again, in words."""


class FeePart(Part):
    """A fee: `fixed`, or a `percent` of the principal with a cap; for the notice or for each invoice that rises."""

    fixed: Expression | None = None
    """An amount."""
    percent: Expression | None = None
    """Percent of the principal."""
    cap: Expression | None = None
    """The most a percentage may come to."""
    per: Annotated[Literal["notice", "invoice"], CHOICE]
    """Charged once a notice, or for each invoice that rises to the level."""


class InterestPart(Part):
    """Simple interest on overdue principal, from the day after it was due (domain D16)."""

    rate: Expression
    """Percent a year."""
    basis: Annotated[Literal["act/365", "act/366", "act/360", "30/360"], CHOICE]
    """How days become a part of a year."""
    round: Annotated[Literal["per_day", "per_period", "total"], CHOICE]
    """What is rounded to the smallest coin: each day, each period, or the total."""
    min_interest: Expression | None = None
    """Interest below this amount is not charged."""


class ReminderPart(Part):
    """A reminder before the due date: `days` (negative) from it. No fee, no interest, no notice (domain D9)."""

    reminder: Name
    """The name of the reminder."""
    days: Count
    """Days before the due date, as a negative number."""
    title: TextsField | None = None
    """Its name for people."""
    actions: tuple[ActionPart, ...] = ()
    """Messages to send."""


class LevelPart(Part):
    """A level, reached at `min_days` in arrears, that stands only at its minimum amount and percentage (D6, D7)."""

    level: Name
    """The name of the level."""
    title: TextsField | None = None
    """Its name for people."""
    min_days: Expression
    """Days in arrears from which an item is at this level."""
    min_amount: Expression | None = None
    """The smallest overdue amount for which the level stands."""
    min_pct: Expression | None = None
    """The smallest share of the overdue amount in all open items, in percent."""
    fee: FeePart | None = None
    """The fee of the level."""
    interest: Truth = False
    """Whether interest is charged at this level."""
    actions: tuple[ActionPart, ...] = ()
    """Messages to send."""
    effects: tuple[EffectPart, ...] = ()
    """What the level does to the account."""


class DunningPart(PolicyPart):
    """A dunning procedure: who is left out, the gates of the account, reminders, and the levels from mild to strict."""

    kind: Annotated[Literal["dunning"], CHOICE]
    """What the policy decides."""
    account: AccountPart
    """Where the account stands in the facts."""
    carve_outs: tuple[CarveOutPart, ...] = ()
    """Who is left alone; so is everyone for whom the condition is unknown."""
    escalation: Annotated[Literal["step", "jump", "skip_forward"], CHOICE]
    """How items rise: one level a notice, to the level of their days, or first the lowest and then by their days."""
    arrears_basis: Annotated[Literal["original_due", "last_deadline", "end_of_month", "last_notice"], CHOICE] = (
        "original_due"
    )
    """From which day arrears are counted."""
    grace_days: Expression | None = None
    """Days after the due date before an item counts."""
    grace_mode: Annotated[Literal["gate", "shift"], CHOICE] = "gate"
    """Whether grace only keeps items out (`gate`) or also moves the levels (`shift`)."""
    interval_days: Expression | None = None
    """The fewest days between two notices."""
    min_days_in_arrears: Expression | None = None
    """The fewest days the oldest item must be in arrears."""
    tolerance: Expression | None = None
    """An item with no more than this amount open is left alone."""
    credits: Annotated[Literal["net", "list", "ignore"], CHOICE]
    """What becomes of credit notes and payments: net them from the oldest item, list them, or ignore them."""
    interest: InterestPart | None = None
    """How interest is computed."""
    reminders: tuple[ReminderPart, ...] = ()
    """Friendly reminders before the due date."""
    levels: tuple[LevelPart, ...]
    """The levels, from mild to strict."""
