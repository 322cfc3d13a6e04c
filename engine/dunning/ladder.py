"""The ladder of a dunning procedure: its levels, gates and charges, as plain values (domain D2 to D21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from engine.dunning.charge_terms import Compensation, Fee, Interest, fee_is_negative
from engine.dunning.due_terms import BusinessDays, DefaultTerms, OnCredit, OnEvent, ToleranceScope
from engine.dunning.pinning import Procedure
from policies.ir import Texts


class ArrearsBasis(StrEnum):
    """The date from which the days in arrears count (domain D2)."""

    ORIGINAL_DUE = "original_due"
    LAST_DEADLINE = "last_deadline"
    END_OF_MONTH = "end_of_month"
    LAST_NOTICE = "last_notice"


COUNTED_AFRESH = frozenset({ArrearsBasis.LAST_DEADLINE, ArrearsBasis.LAST_NOTICE})
"""Bases whose date moves with every notice: under `step` each level counts from the notice of the one before it."""


class GraceMode(StrEnum):
    """Whether grace only gates an item, or also shifts the days its level is read from (domain D3)."""

    GATE = "gate"
    SHIFT = "shift"


class Escalation(StrEnum):
    """How far an item may rise in one notice (domain D6)."""

    STEP = "step"
    JUMP = "jump"
    SKIP_FORWARD = "skip_forward"


class Credits(StrEnum):
    """What becomes of unapplied cash and credit notes (domain D13)."""

    NET = "net"
    LIST = "list"
    IGNORE = "ignore"


class GroupBy(StrEnum):
    """What goes into one letter (domain D22)."""

    CUSTOMER = "customer"
    LEVEL = "level"
    INVOICE = "invoice"
    HEAD_OFFICE = "head_office"


class Effect(StrEnum):
    """What a level does to the account besides writing to it (domain D21)."""

    HOLD_ORDERS = "hold_orders"
    SET_PAYMENT_TERMS = "set_payment_terms"
    CREDIT_STOP = "credit_stop"
    ASSIGN_COLLECTOR = "assign_collector"
    TO_AGENCY = "to_agency"


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Why a text cannot be written: facts that are missing for it, or languages none of which it stands in."""

    missing: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """A message to send: by `channel`, or by `fallback` when the account cannot be reached by it.

    `unwritten` says why there is no text for it today, where there is none.
    """

    channel: str
    template: str
    fallback: str | None = None
    unwritten: Unwritten | None = None


@dataclass(frozen=True, slots=True)
class SideEffect:
    """An effect on the account, what it sets (`value`, such as the terms), and what lifts it again."""

    effect: Effect
    release_when: Texts
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """One level: reached `min_days` after its basis, and standing only at its minimum amount and percentage.

    Without a `basis` of its own it counts from the ladder's. The notice of an `always_dun` level is repeated each
    time the interval has passed; a `legal` one sends nothing and begins legal steps; `list_all_items` lists in the
    notice also what is not dunned (domain D20).
    """

    number: int
    min_days: int
    min_amount: Decimal = Decimal(0)
    min_pct: Decimal = Decimal(0)
    fee: Fee | None = None
    interest: bool = False
    actions: tuple[Action, ...] = ()
    side_effects: tuple[SideEffect, ...] = ()
    basis: ArrearsBasis | None = None
    always_dun: bool = False
    legal: bool = False
    list_all_items: bool = False
    payment_days: int | None = None


@dataclass(frozen=True, slots=True)
class PreDueReminder:
    """A reminder before the due date: `offset` days (negative) from it. No fee, no interest, no notice (domain D9)."""

    offset: int
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """A dunning procedure. Days are whole calendar days; `tolerance` is an amount for each currency.

    Levels are numbered 1, 2, 3 … with thresholds strictly increasing among those of one basis: `ladder_faults` says
    where they are not. `procedure` is the policy and version it belongs to, where it belongs to one.
    """

    levels: tuple[Level, ...]
    escalation: Escalation
    grace_days: int = 0
    grace_mode: GraceMode = GraceMode.GATE
    arrears_basis: ArrearsBasis = ArrearsBasis.ORIGINAL_DUE
    interval_days: int = 0
    min_days_in_arrears_account: int = 0
    tolerance: Mapping[str, Decimal] = field(default_factory=dict)
    tolerance_scope: ToleranceScope = ToleranceScope.ITEM
    credits: Credits = Credits.NET
    on_credit: OnCredit = OnCredit.KEEP
    on_event: OnEvent = field(default_factory=OnEvent)
    business_days: BusinessDays = field(default_factory=BusinessDays)
    default_terms: DefaultTerms | None = None
    interest: Interest | None = None
    compensation: Compensation | None = None
    pre_due: tuple[PreDueReminder, ...] = ()
    procedure: Procedure | None = None
    group_by: GroupBy = GroupBy.CUSTOMER

    def basis(self, level: Level) -> ArrearsBasis:
        """The date from which the level counts."""
        return level.basis or self.arrears_basis

    def level(self, number: int) -> Level:
        """The level of that number, counted from 1."""
        return self.levels[number - 1]

    @property
    def level_shift(self) -> int:
        """The days that grace takes from the days a level is read from."""
        return self.grace_days if self.grace_mode is GraceMode.SHIFT else 0


def ladder_faults(ladder: Ladder) -> tuple[tuple[str, str], ...]:
    """What makes the ladder unusable: pairs of (place such as `levels[2].min_days`, what is wrong with it)."""
    faults: list[tuple[str, str]] = []
    if not ladder.levels:
        faults.append(("levels", "a ladder needs at least one level"))
    days = ("grace_days", "interval_days", "min_days_in_arrears_account")
    faults += [(name, f"`{name}` may not be negative") for name in days if getattr(ladder, name) < 0]
    if any(amount < 0 for amount in ladder.tolerance.values()):
        faults.append(("tolerance", "`tolerance` may not be negative"))
    if ladder.default_terms is not None and min(ladder.default_terms.days, ladder.default_terms.longest or 0) < 0:
        faults.append(("default_terms", "`default_terms` may not be negative"))
    if ladder.interval_days < 1 and any(level.always_dun for level in ladder.levels):
        faults.append(("interval_days", "a level that is repeated needs an interval of at least 1 day"))
    lowest = None if ladder.interest is None else ladder.interest.min_interest.value
    if lowest is not None and lowest < 0:
        faults.append(("interest.min_interest", "`min_interest` may not be negative"))
    for index, reminder in enumerate(ladder.pre_due):
        if reminder.offset >= 0:
            faults.append((f"pre_due[{index}].offset", "a reminder before the due date needs a negative offset"))
    before: dict[ArrearsBasis, Level] = {}
    for index, level in enumerate(ladder.levels):
        basis = ladder.basis(level)
        afresh = basis in COUNTED_AFRESH and ladder.escalation is Escalation.STEP
        earlier = None if afresh else before.get(basis)
        faults += [(f"levels[{index}].{place}", words) for place, words in _level_faults(level, index, earlier)]
        before[basis] = level
    return tuple(faults)


def _level_faults(level: Level, index: int, earlier: Level | None) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    if level.number != index + 1:
        faults.append(("number", f"levels are numbered from 1 without a gap: this one is {index + 1}"))
    if level.payment_days is not None and level.payment_days < 0:
        faults.append(("payment_days", "`payment_days` may not be negative"))
    if level.min_days < 0:
        faults.append(("min_days", "a level cannot be reached before the due date; that is what a reminder is for"))
    if earlier is not None and level.min_days <= earlier.min_days:
        said = f"level {index + 1} must come later than level {earlier.number} ({earlier.min_days} days)"
        faults.append(("min_days", said))
    minimums = {"min_amount": level.min_amount, "min_pct": level.min_pct}
    faults += [(name, f"`{name}` may not be negative") for name, value in minimums.items() if value < 0]
    if level.fee is not None and fee_is_negative(level.fee):
        faults.append(("fee", "a fee and its cap may not be negative"))
    return faults
