"""The shape of a dunning ladder in a document: gates, reminders, levels, fees, interest, effects."""

from __future__ import annotations

from typing import Annotated, Literal

from policies.document import PolicyPart
from policies.document_fields import CHOICE, Expression, Name, Part, TextsField, Truth, Word
from policies.kinds.charges_part import CompensationPart, FeePart, InterestPart
from policies.kinds.due_terms_part import BasisWord, BusinessDaysPart, DefaultTermsPart, OnEventPart, ToleranceField
from policies.kinds.notices_part import ActionPart, EffectPart, ReminderPart, TemplatePart


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
    rates: Expression | None = None
    """The fact with exchange rates: items in another currency are converted."""
    language: Expression | None = None
    """The language it reads; its letters are written in that one alone."""
    recipient: Expression | None = None
    """Who its letters go to, when that is not the account itself."""
    head_office: Expression | None = None
    """Its head office, for `group_by: head_office`."""


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


class LevelPart(Part):
    """A level, reached at `min_days` in arrears, that stands only at its minimum amount and percentage (D6, D7)."""

    level: Name
    """The name of the level."""
    title: TextsField | None = None
    """Its name for people."""
    min_days: Expression
    """Days in arrears from which an item is at this level."""
    basis: BasisWord | None = None
    """From which day its `min_days` count, when not from the policy's `arrears_basis`."""
    min_amount: Expression | None = None
    """The smallest overdue amount for which the level stands."""
    min_pct: Expression | None = None
    """The smallest share of the overdue amount in all open items, in percent."""
    fee: FeePart | None = None
    """The fee of the level."""
    interest: Truth = False
    """Whether interest is charged at this level."""
    payment_days: Expression | None = None
    """Days from the letter until it wants to be paid: the deadline it names."""
    always_dun: Truth = False
    """Whether its notice is repeated each time the interval has passed, though no item rises."""
    legal: Truth = False
    """Whether it is internal: legal steps are taken and nothing is sent."""
    list_all_items: Truth = False
    """Whether its notice also lists the items that are not dunned."""
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
    on_event: OnEventPart
    """What becomes of the level sent after a payment of a part, a credit note, a moved due date."""
    arrears_basis: BasisWord = "original_due"
    """From which day arrears are counted, and levels that state no basis of their own."""
    business_days: BusinessDaysPart | None = None
    """The days on which nobody has to pay."""
    default_terms: DefaultTermsPart | None = None
    """When an item is due for which no terms were agreed."""
    grace_days: Expression | None = None
    """Days after the due date before an item counts."""
    grace_mode: Annotated[Literal["gate", "shift"], CHOICE] = "gate"
    """Whether grace only keeps items out (`gate`) or also moves the levels (`shift`)."""
    interval_days: Expression | None = None
    """The fewest days between two notices."""
    min_days_in_arrears: Expression | None = None
    """The fewest days the oldest item must be in arrears."""
    tolerance: ToleranceField = {}
    """An item with no more than this amount open is left alone; one amount, or one per currency."""
    tolerance_scope: Annotated[Literal["item", "account"], CHOICE] = "item"
    """Whether each item is held against the tolerance, or the account's balance."""
    credits: Annotated[Literal["net", "list", "ignore"], CHOICE]
    """What becomes of credit notes and payments: net them from the oldest item, list them, or ignore them."""
    on_credit: Annotated[Literal["keep", "cancel"], CHOICE] | None = None
    """What becomes of fees and interest when their invoice is credited in full; needed where items say so."""
    interest: InterestPart | None = None
    """How interest is computed."""
    compensation: CompensationPart | None = None
    """What the law gives for late payment, once for each debt."""
    group_by: Annotated[Literal["customer", "level", "invoice", "head_office"], CHOICE] = "customer"
    """What goes into one letter: all items of the account, those of one level, one invoice; or to the head office."""
    templates: dict[Name, TemplatePart] = {}
    """The texts of the messages, by the names that `send` uses."""
    reminders: tuple[ReminderPart, ...] = ()
    """Friendly reminders before the due date."""
    levels: tuple[LevelPart, ...]
    """The levels, from mild to strict."""
