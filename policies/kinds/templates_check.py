"""Checks the texts of a dunning ladder's messages: every blank in them will have a value (domain D21)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from policies.desk import Desk
from policies.diagnostics import Code, quote
from policies.identifiers import did_you_mean
from policies.ir import Expression, Fact, Texts
from policies.kinds.blanks import BLANKS, BLOCKS, CLAIMS, Hole, Slip, holes
from policies.kinds.ladder import AccountPaths, Level
from policies.kinds.ladder_part import DunningPart
from policies.kinds.notices import Blank, Piece, Reminder, Template, TemplateText
from policies.kinds.notices_part import ActionPart, TemplatePart
from policies.mentions import fact_paths, mentioned
from policies.nodes import Scalar
from policies.types import Date, ListOf, Money, Number, Text, Unknown, describe, nullable

_PLAIN = (Text, Number, Money, Date)
"""The kinds of facts that a text can take."""


@dataclass(frozen=True, slots=True)
class _Sender:
    """A level or reminder that sends a template, with what it can fill in."""

    name: str
    title: Texts
    overdue: bool
    deadline: bool

    @property
    def words(self) -> str:
        """What messages call it."""
        return f"the {'level' if self.overdue else 'reminder'} `{self.name}`"


@dataclass(slots=True)
class _Page:
    """A template while it is checked: who sends it; a sender's lack is told once, not for every language."""

    desk: Desk
    account: AccountPaths
    senders: tuple[_Sender, ...]
    told: set[tuple[str, str]] = field(default_factory=set)


def check_templates(
    part: DunningPart, account: AccountPaths, levels: tuple[Level, ...], reminders: tuple[Reminder, ...], desk: Desk
) -> tuple[Template, ...]:
    """The templates, each sent by a level or reminder that can fill in what it asks for."""
    if not part.templates:
        return ()
    for actions in (*(each.actions for each in part.reminders), *(each.actions for each in part.levels)):
        _check_sends(actions, part, desk)
    found = []
    for name, template in part.templates.items():
        senders = tuple(_senders(name, levels, reminders))
        if not senders:
            mend = "name it under `send`, or delete it"
            desk.warn(Code.DUNNING, "no level or reminder sends this template", part.key_span("templates", name), mend)
        found.append(_check_template(name, template, _Page(desk, account, senders)))
    return tuple(found)


def _check_sends(actions: Iterable[ActionPart], part: DunningPart, desk: Desk) -> None:
    for action in actions:
        if action.send not in part.templates and action.send not in desk.scope.broken:
            close = did_you_mean(action.send, part.templates)
            mend = f"did you mean `{close}`?" if close else "the templates are " + ", ".join(part.templates)
            desk.error(Code.DUNNING, f"there is no template {quote(action.send)}", action.span("send"), mend)


def _senders(template: str, levels: Iterable[Level], reminders: Iterable[Reminder]) -> Iterator[_Sender]:
    for level in levels:
        if any(action.send == template for action in level.actions):
            yield _Sender(level.name, level.title, overdue=True, deadline=level.payment_days is not None)
    for reminder in reminders:
        if any(action.send == template for action in reminder.actions):
            yield _Sender(reminder.name, reminder.title, overdue=False, deadline=False)


def _check_template(name: str, part: TemplatePart, page: _Page) -> Template:
    desk = page.desk
    subjects = _by_language(part.subject, part, "subject", desk)
    bodies = _by_language(part.body, part, "body", desk)
    whole = [language for language in desk.languages if language in subjects and language in bodies]
    if not whole:
        mend = "write both in one language"
        desk.error(Code.DUNNING, "no language has a subject and a body", part.key_span("body"), mend)
    for subject in subjects.values():
        if "\n" in subject.text.strip():
            desk.error(Code.DUNNING, "a subject is one line", subject.span, "take the line break out")
    read = {
        (key, language): tuple(_pieces(text, language, page, subject=key == "subject"))
        for key, texts in (("subject", subjects), ("body", bodies))
        for language, text in texts.items()
    }
    return Template(
        name,
        tuple(TemplateText(language, read["subject", language], read["body", language]) for language in whole),
    )


def _by_language(texts: dict[str, Scalar], part: TemplatePart, key: str, desk: Desk) -> dict[str, Scalar]:
    desk.texts({language: text.text for language, text in texts.items()}, part.span(key))
    first = desk.languages[0] if desk.languages else "en"
    return {language or first: text for language, text in texts.items()}


def _pieces(scalar: Scalar, language: str, page: _Page, *, subject: bool) -> Iterator[Piece]:
    for found in holes(scalar.text.rstrip()):
        match found:
            case str():
                if found:
                    yield found
            case Slip(message=message, help=mend, start=start, end=end):
                page.desk.error(Code.DUNNING, message, scalar.place(start, end), mend)
            case Hole():
                blank = _blank(found, scalar, language, page, subject=subject)
                if blank is not None:
                    yield blank


def _blank(hole: Hole, scalar: Scalar, language: str, page: _Page, *, subject: bool) -> Blank | None:
    if hole.name not in BLANKS:
        return _fact(hole, scalar, page.desk)
    said = _unfit(hole.name, language, page, subject=subject)
    if said is not None and (hole.name, said[0]) not in page.told:
        page.told.add((hole.name, said[0]))
        page.desk.error(Code.DUNNING, said[0], scalar.place(hole.start, hole.end), said[1])
    return Blank(hole.name) if said is None else None


def _unfit(name: str, language: str, page: _Page, *, subject: bool) -> tuple[str, str] | None:
    """Why a blank cannot be filled in here, with the mend; None when it can."""
    delete = f"take `{{{name}}}` out"
    if subject and name in BLOCKS:
        return f"`{name}` is a block of lines, and a subject has one", "write it in the body"
    personal = next((path for path in _reads(name, page) if _is_personal(path, page.desk.facts)), None)
    if personal is not None:
        said = f"`{name}` shows `{personal}`, which is marked `pii`: the text stands in the record for good"
        return said, "write what the letter needs where it is sent, beside this text"
    for sender in page.senders:
        if name in CLAIMS and not sender.overdue:
            mend = f"{delete}; `{{open_amount}}` and `{{items}}` tell what will be due"
            return f"{sender.words} comes before anything is in arrears: there is no `{name}` yet", mend
        if name == "deadline" and not sender.deadline:
            mend = f"add `payment_days:` to the level, or {delete}"
            return f"{sender.words} has no `payment_days`, so there is no deadline", mend
        if name == "level_title" and language not in sender.title:
            mend = f"add it under `title`, or {delete}"
            return f"{sender.words} has no title in {language}", mend
    return None


def _reads(name: str, page: _Page) -> Iterator[str]:
    """The paths of the facts that a blank of the letter's own shows."""
    account = page.account
    match name:
        case "account_id":
            yield from _facts_behind((account.id,), page.desk)
        case "recipient":
            yield from _facts_behind((account.recipient, account.head_office, account.id), page.desk)
            yield f"{account.items_path}.dunning_recipient"
        case "items" | "items_listed":
            yield f"{account.items_path}.invoice_id"


def _facts_behind(expressions: tuple[Expression | None, ...], desk: Desk) -> list[str]:
    """The paths of the facts that expressions read, also through named values."""
    named = dict(desk.values)
    found: set[str] = set()
    waiting: list[object] = list(expressions)
    while waiting:
        part = waiting.pop()
        found |= fact_paths(part, {fact.name for fact in desk.facts})
        waiting += [named.pop(name) for name in mentioned(part) & named.keys()]
    return sorted(found)


def _fact(hole: Hole, scalar: Scalar, desk: Desk) -> Blank | None:
    place = scalar.place(hole.start, hole.end)
    steps = _steps(hole.name, desk.facts)
    if hole.name.split(".")[0] in desk.scope.broken:
        return None
    if steps is None:
        close = did_you_mean(hole.name, (*BLANKS, *_writable("", desk.facts)))
        mend = f"did you mean `{{{close}}}`?" if close else "a text takes a fact, or one of " + ", ".join(BLANKS)
        desk.error(Code.DUNNING, f"nothing is called {quote(hole.name)}", place, mend)
    elif any(step.pii for step in steps):
        said = f"{quote(hole.name)} is marked `pii`, and the text stands in the record for good"
        mend = "write what the letter needs where it is sent, beside this text"
        desk.error(Code.DUNNING, said, place, mend)
    elif any(isinstance(step.type, ListOf) for step in steps) or not isinstance(steps[-1].type, (*_PLAIN, Unknown)):
        said = f"{quote(hole.name)} is {describe(nullable(steps[-1].type, yes=False))}"
        if isinstance(steps[0].type, ListOf):
            said = f"{quote(hole.name)} is of a list, so there may be none or many"
        mend = "a text takes a text, a number, an amount or a day; `{items}` gives a line for each open item"
        desk.error(Code.DUNNING, said, place, mend)
    else:
        return Blank(hole.name, desk.expression(Scalar(hole.name, plain=True, span=place)))
    return None


def _steps(path: str, facts: Iterable[Fact]) -> tuple[Fact, ...] | None:
    """The facts a dotted path leads through, the last the one it names; None when there is none of that name."""
    steps: list[Fact] = []
    for name in path.split("."):
        found = next((fact for fact in facts if fact.name == name), None)
        if found is None:
            return None
        steps.append(found)
        facts = found.fields
    return tuple(steps)


def _is_personal(path: str, facts: Iterable[Fact]) -> bool:
    steps = _steps(path, facts)
    return steps is not None and any(step.pii for step in steps)


def _writable(prefix: str, facts: Iterable[Fact]) -> Iterator[str]:
    """The paths of facts that a text can take."""
    for fact in facts:
        if not fact.pii and isinstance(fact.type, _PLAIN):
            yield f"{prefix}{fact.name}"
        if not fact.pii and not isinstance(fact.type, ListOf):
            yield from _writable(f"{prefix}{fact.name}.", fact.fields)
