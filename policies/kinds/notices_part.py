"""The shape of what a dunning ladder sends and does: messages and their templates, effects, reminders."""

from __future__ import annotations

from typing import Annotated, Literal

from policies.document_fields import CHOICE, Count, Expression, Name, Part, PlacedTexts, TextsField, Word


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
    release_if: Expression | None = None
    """The same as a condition: where it holds, an effect in force is released."""


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


class TemplatePart(Part):
    """The text of a message in each language, with blanks in braces: `{total_claim}` (domain D21)."""

    subject: PlacedTexts
    """Its subject, one line."""
    body: PlacedTexts
    """Its text."""
