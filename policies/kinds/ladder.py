"""A checked dunning ladder: its amounts, rates and days are expressions, to be evaluated for each account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from policies.ir import Expression, Texts
from policies.kinds.charges import Compensation, Fee, Interest
from policies.kinds.due_terms import Basis, BusinessDays, DefaultTerms, OnEvent, Tolerance
from policies.kinds.notices import Action, Effect, GroupBy, Reminder, Template


@dataclass(frozen=True, slots=True)
class AccountPaths:
    """Where the account stands in the facts; `items` and `case` are dotted paths of facts."""

    id: Expression
    items: Expression
    items_path: str
    case: Expression | None
    case_path: str | None
    channels: Expression | None
    rates: Expression | None
    rates_path: str | None
    language: Expression | None
    recipient: Expression | None
    head_office: Expression | None


@dataclass(frozen=True, slots=True)
class Level:
    """One level; levels are numbered from 1 in their order."""

    name: str
    title: Texts
    min_days: Expression
    basis: Basis
    min_amount: Expression | None
    min_pct: Expression | None
    fee: Fee | None
    interest: bool
    always_dun: bool
    legal: bool
    list_all_items: bool
    actions: tuple[Action, ...]
    effects: tuple[Effect, ...]
    payment_days: Expression | None
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Dunning:
    """The body of a dunning policy. Its carve-outs are the policy's rules."""

    account: AccountPaths
    escalation: Literal["step", "jump", "skip_forward"]
    on_event: OnEvent
    arrears_basis: Basis
    business_days: BusinessDays | None
    default_terms: DefaultTerms | None
    grace_days: Expression | None
    grace_mode: Literal["gate", "shift"]
    interval_days: Expression | None
    min_days_in_arrears: Expression | None
    tolerance: tuple[Tolerance, ...]
    tolerance_scope: Literal["item", "account"]
    credits: Literal["net", "list", "ignore"]
    on_credit: Literal["keep", "cancel"]
    interest: Interest | None
    compensation: Compensation | None
    group_by: GroupBy
    templates: tuple[Template, ...]
    reminders: tuple[Reminder, ...]
    levels: tuple[Level, ...]
    currency: str
    languages: tuple[str, ...]
