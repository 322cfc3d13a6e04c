"""The texts of what goes out: a policy's templates filled in for one letter; never one with a hole (domain D21)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from engine.decision import Fault, Misfit, plain_decimal
from engine.dunning.ladder import Unwritten
from engine.dunning.notice import Notice, Result, WrittenText
from engine.dunning.wording import amount_in, day_in, lines_in, one_line
from engine.sitting import Judged, Sitting
from policies.ir import Expression, Texts
from policies.kinds.blanks import BLOCKS
from policies.kinds.ladder import Dunning
from policies.kinds.notices import Blank, Piece, Template
from policies.types import Money

LONGEST = 2_000_000
"""Characters that the letters of one decision may have together: no facts may fill a record without end."""


_AMOUNTS: Mapping[str, Callable[[Notice], Decimal]] = {
    "open_amount": lambda notice: notice.open_amount,
    "principal": lambda notice: notice.principal,
    "fees": lambda notice: notice.fees,
    "compensation": lambda notice: notice.compensation,
    "interest": lambda notice: notice.interest,
    "total_claim": lambda notice: notice.total_claim,
}


@dataclass(slots=True)
class Desk:
    """What letters are written from: the templates, the facts they name, and how much has been written.

    Where the account's language is known and one of the document's, only the texts in it are written.
    """

    body: Dunning
    sitting: Sitting
    languages: tuple[str, ...]
    facts: dict[str, Judged] = field(default_factory=dict)
    written: int = 0

    @classmethod
    def of(cls, body: Dunning, sitting: Sitting) -> Desk:
        """The desk for one account."""
        spoken = None if body.account.language is None else sitting.judge(body.account.language).value
        return cls(body, sitting, (spoken,) if spoken in body.languages else body.languages)

    def fact(self, name: str, expression: Expression) -> Judged:
        """The value of a fact that a text names, worked out once."""
        if name not in self.facts:
            self.facts[name] = self.sitting.judge(expression)
        return self.facts[name]

    def unwritten(self) -> dict[str, Unwritten]:
        """By template, why it cannot be written: never is a letter sent with a hole in it (domain D21)."""
        found = ((template.name, self._lacking(template)) for template in self.body.templates)
        return {name: lacking for name, lacking in found if lacking is not None}

    def _lacking(self, template: Template) -> Unwritten | None:
        texts = [text for text in template.texts if text.language in self.languages]
        if not texts:
            return Unwritten(languages=self.languages)
        missing: dict[str, None] = {}
        for piece in (piece for text in texts for piece in (*text.subject, *text.body)):
            if isinstance(piece, Blank) and piece.fact is not None:
                judged = self.fact(piece.name, piece.fact)
                if judged.value is None:
                    missing.update(judged.notes.missing or {piece.name: None})
        return Unwritten(missing=tuple(missing)) if missing else None


def with_texts(result: Result, desk: Desk) -> Result:
    """The result with the texts of the messages that are sent. Raises Fault where they are longer than `LONGEST`."""
    templates = {template.name: template for template in desk.body.templates}
    if not templates:
        return result
    notices = tuple(
        replace(
            notice,
            messages=tuple(
                replace(message, texts=_texts(templates[message.template], notice, result.account_id, desk))
                if message.goes
                else message
                for message in notice.messages
            ),
        )
        for notice in result.notices
    )
    return replace(result, notices=notices)


def _texts(template: Template, notice: Notice, account_id: str, desk: Desk) -> dict[str, WrittenText]:
    def filled(pieces: tuple[Piece, ...], language: str) -> str:
        return "".join(_piece(piece, notice, account_id, language, desk) for piece in pieces)

    texts = {
        text.language: WrittenText(
            " ".join(filled(text.subject, text.language).split()), filled(text.body, text.language)
        )
        for text in template.texts
        if text.language in desk.languages
    }
    desk.written += sum(len(text.subject) + len(text.body) for text in texts.values())
    if desk.written > LONGEST:
        said = f"the letters for these facts have more than {LONGEST} characters"
        raise Fault((Misfit("too_much_work", "", said, "send fewer open items in one request"),))
    return texts


def _piece(piece: Piece, notice: Notice, account_id: str, language: str, desk: Desk) -> str:
    if isinstance(piece, str):
        return piece
    if piece.fact is None:
        own = _own(piece.name, notice, account_id, language, desk)
        return own if piece.name in BLOCKS else one_line(own)
    value = desk.fact(piece.name, piece.fact).value
    match value:
        case dt.date():
            return day_in(value, language)
        case Decimal() if isinstance(piece.fact.type, Money):
            return amount_in(value, piece.fact.type.currency)
        case Decimal():
            return plain_decimal(value)
        case _:
            return one_line(str(value))


def _own(name: str, notice: Notice, account_id: str, language: str, desk: Desk) -> str:
    """The value of a blank of the letter's own (`policies.kinds.blanks`)."""
    match name:
        case "account_id":
            return account_id
        case "recipient":
            return notice.recipient
        case "as_of":
            return day_in(desk.sitting.as_of, language)
        case "deadline" if notice.deadline is not None:
            return day_in(notice.deadline, language)
        case "level_title":
            return _title(notice, desk.body)[language]
        case "currency":
            return notice.currency
        case "item_count":
            return str(len(notice.items))
        case "oldest_days":
            return str(max(item.days for item in notice.items))
        case "items":
            return lines_in(notice.items, language)
        case "items_listed":
            return lines_in(notice.listed, language)
        case _:
            return amount_in(_AMOUNTS[name](notice), notice.currency)


def _title(notice: Notice, body: Dunning) -> Texts:
    if notice.level:
        return body.levels[notice.level - 1].title
    return next(reminder.title for reminder in body.reminders if reminder.days == notice.offset)
