"""The shape of a dunning ladder in a document: gates, reminders, levels, fees, interest, effects."""

from __future__ import annotations

from typing import Annotated, Literal

from policies.document import PolicyPart
from policies.document_fields import CHOICE, Count, Expression, Name, Part, TextsField, Truth, Word


class AccountPart(Part):
    """Where the account stands in the facts: whose it is, its open items, its dunning case, how it is reached."""

    id: Expression
    items: Expression
    case: Expression | None = None
    channels: Expression | None = None


class CarveOutPart(Part):
    """Who is kept out of the ladder (domain D25); so is everyone for whom the condition is unknown."""

    carve_out: Name
    when: Expression
    reason: Word
    title: TextsField | None = None


class ActionPart(Part):
    """A message: the template to send, by which channel, and by which other when the account has not that one."""

    send: Name
    by: Word
    fallback: Word | None = None


class EffectPart(Part):
    """What a level does to the account, what it sets (`to`), and what lifts it again (domain D21)."""

    effect: Annotated[
        Literal["hold_orders", "set_payment_terms", "credit_stop", "assign_collector", "to_agency"], CHOICE
    ]
    to: Word | None = None
    release_when: TextsField


class FeePart(Part):
    """A fee: `fixed`, or a `percent` of the principal with a cap; for the notice or for each invoice that rises."""

    fixed: Expression | None = None
    percent: Expression | None = None
    cap: Expression | None = None
    per: Annotated[Literal["notice", "invoice"], CHOICE]


class InterestPart(Part):
    """Simple interest on overdue principal, from the day after it was due (domain D16)."""

    rate: Expression
    basis: Annotated[Literal["act/365", "act/366", "act/360", "30/360"], CHOICE]
    round: Annotated[Literal["per_day", "per_period", "total"], CHOICE]
    min_interest: Expression | None = None


class ReminderPart(Part):
    """A reminder before the due date: `days` (negative) from it. No fee, no interest, no notice (domain D9)."""

    reminder: Name
    days: Count
    title: TextsField | None = None
    actions: tuple[ActionPart, ...] = ()


class LevelPart(Part):
    """A level, reached at `min_days` in arrears, that stands only at its minimum amount and percentage (D6, D7)."""

    level: Name
    title: TextsField | None = None
    min_days: Expression
    min_amount: Expression | None = None
    min_pct: Expression | None = None
    fee: FeePart | None = None
    interest: Truth = False
    actions: tuple[ActionPart, ...] = ()
    effects: tuple[EffectPart, ...] = ()


class DunningPart(PolicyPart):
    """A dunning procedure: who is left out, the gates of the account, reminders, and the levels from mild to strict."""

    kind: Annotated[Literal["dunning"], CHOICE]
    account: AccountPart
    carve_outs: tuple[CarveOutPart, ...] = ()
    escalation: Annotated[Literal["step", "jump", "skip_forward"], CHOICE]
    arrears_basis: Annotated[Literal["original_due", "last_deadline", "end_of_month", "last_notice"], CHOICE] = (
        "original_due"
    )
    grace_days: Expression | None = None
    grace_mode: Annotated[Literal["gate", "shift"], CHOICE] = "gate"
    interval_days: Expression | None = None
    min_days_in_arrears: Expression | None = None
    tolerance: Expression | None = None
    credits: Annotated[Literal["net", "list", "ignore"], CHOICE]
    interest: InterestPart | None = None
    reminders: tuple[ReminderPart, ...] = ()
    levels: tuple[LevelPart, ...]
