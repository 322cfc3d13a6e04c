"""A checked dunning ladder: its amounts, rates and days are expressions, to be evaluated for each account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from policies.ir import Expression, Texts


@dataclass(frozen=True, slots=True)
class AccountPaths:
    """Where the account stands in the facts; `items` and `case` are dotted paths of facts."""

    id: Expression
    items: Expression
    items_path: str
    case: Expression | None
    case_path: str | None
    channels: Expression | None


@dataclass(frozen=True, slots=True)
class Action:
    """A message by a channel, or by its fallback."""

    send: str
    by: str
    fallback: str | None


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect on the account, what it sets, and what lifts it."""

    effect: Literal["hold_orders", "set_payment_terms", "credit_stop", "assign_collector", "to_agency"]
    to: str | None
    release_when: Texts


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee: `amount` in money, or in percent of the principal with a cap."""

    kind: Literal["fixed", "percent"]
    amount: Expression
    cap: Expression | None
    per: Literal["notice", "invoice"]


@dataclass(frozen=True, slots=True)
class Interest:
    """Interest terms: the rate in percent a year."""

    rate: Expression
    basis: Literal["act/365", "act/366", "act/360", "30/360"]
    round: Literal["per_day", "per_period", "total"]
    min_interest: Expression | None


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder `days` (negative) from the due date."""

    name: str
    days: int
    title: Texts
    actions: tuple[Action, ...]
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Level:
    """One level; levels are numbered from 1 in their order."""

    name: str
    title: Texts
    min_days: Expression
    min_amount: Expression | None
    min_pct: Expression | None
    fee: Fee | None
    interest: bool
    actions: tuple[Action, ...]
    effects: tuple[Effect, ...]
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Dunning:
    """The body of a dunning policy. Its carve-outs are the policy's rules."""

    account: AccountPaths
    escalation: Literal["step", "jump", "skip_forward"]
    arrears_basis: Literal["original_due", "last_deadline", "end_of_month", "last_notice"]
    grace_days: Expression | None
    grace_mode: Literal["gate", "shift"]
    interval_days: Expression | None
    min_days_in_arrears: Expression | None
    tolerance: Expression | None
    credits: Literal["net", "list", "ignore"]
    interest: Interest | None
    reminders: tuple[Reminder, ...]
    levels: tuple[Level, ...]
    currency: str
