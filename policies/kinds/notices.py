"""What a checked dunning ladder sends and does: messages with their templates, effects, reminders."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from policies.ir import Expression, Texts

GroupBy = Literal["customer", "level", "invoice", "head_office"]
"""What goes into one letter (domain D22)."""


@dataclass(frozen=True, slots=True)
class Action:
    """A message by a channel, or by its fallback."""

    send: str
    by: str
    fallback: str | None


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect on the account, what it sets, and what lifts it: in words and, where stated, as a condition."""

    effect: Literal["hold_orders", "set_payment_terms", "credit_stop", "assign_collector", "to_agency"]
    to: str | None
    release_when: Texts
    release_if: Expression | None = None


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder `days` (negative) from the due date."""

    name: str
    days: int
    title: Texts
    actions: tuple[Action, ...]
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Blank:
    """A value to be written into a text: one of the letter's own by name, or a fact."""

    name: str
    fact: Expression | None = None


Piece = str | Blank
"""A part of a template's text: written as it stands, or filled in."""


@dataclass(frozen=True, slots=True)
class TemplateText:
    """A template in one language."""

    language: str
    subject: tuple[Piece, ...]
    body: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A message's text, in each language that has both subject and body."""

    name: str
    texts: tuple[TemplateText, ...]
