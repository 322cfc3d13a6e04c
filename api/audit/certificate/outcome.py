"""The outcome on a certificate: what it came to in large print, its figures, its lists, what the customer is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from api.audit.certificate.markup import Markup, identifier, tag, text, together
from api.audit.certificate.members import MEMBERS, MONEY, headline_in, member_in, place_of
from api.audit.certificate.values import (
    Gone,
    Reader,
    flat,
    is_records,
    money,
    records_table,
    show,
    show_entry,
    show_text,
    show_texts,
)
from api.preview_words import Coming, sentence
from engine.decision import Json

_HEADED = {"credit": "decision", "classification": "class", "dunning": "outcome"}
"""The member that a kind's decisions come to; other kinds have none that stands above the rest."""

_HEADLINE_HAS = {
    "credit": ("decision",),
    "classification": ("class",),
    "dunning": ("outcome", "level", "level_name"),
}
"""What a kind's headline says already."""

_TONES = {"approve": "good", "approve_with_conditions": "fair", "refer": "fair", "decline": "bad", "notice": "fair"}

_LONG = 28
"""Characters of a figure that needs a line of its own."""

_DIGEST = 64
"""Characters of a SHA-256 in hex: nothing for a person to read first."""


def headline(decision: Mapping[str, Json], reader: Reader) -> Markup:
    """What the decision came to: a word, a class, a dunning level with its name."""
    kind, policy, outcome = str(decision.get("kind")), str(decision.get("policy")), _members(decision)
    result = outcome.get(_HEADED.get(kind, ""))
    told: list[Markup] = [result_in(result, reader, policy)] if kind in _HEADED else _first(outcome, reader)
    if kind == "dunning" and result == "notice":
        level = together([text(f"{member_in('level', reader.language)} "), show(outcome.get("level"), reader)])
        told += [level, named_in(outcome.get("level_name"), reader, policy)]
    return tag("p", together(told, " · "), class_=f"headline {_TONES.get(str(result), 'plain')}")


def result_in(result: Json, reader: Reader, policy: str) -> Markup:
    """What a policy or its rule comes to, in words, with the policy's own name for it where that is another."""
    part = reader.policy.part(policy)
    if isinstance(result, str) and (part is None or part.kind != "classification"):
        return _titled(result, headline_in(result, reader.language))
    return named_in(result, reader, policy)


def named_in(name: Json, reader: Reader, policy: str) -> Markup:
    """A class, level or reminder by its title in the policy, with its name."""
    if not isinstance(name, str):
        return show(name, reader)
    part = reader.policy.part(policy)
    return _titled(name, (reader.title(part.results.get(name)) if part else "") or name)


def _titled(name: str, title: str) -> Markup:
    if name.replace("_", " ") == title.lower():
        return text(title)
    return together([text(f"{title[:1].upper()}{title[1:]} "), tag("small", "(", identifier(name), ")")])


def _first(outcome: Mapping[str, Json], reader: Reader) -> list[Markup]:
    """The first members that fit in a line, for kinds whose outcome the policy itself names."""
    shown = [(name, value) for name, value in flat(outcome) if not isinstance(value, (list, tuple, Mapping))]
    return [together([text(f"{name}{reader.say('colon')}"), show(value, reader)]) for name, value in shown[:2]]


def figures(decision: Mapping[str, Json], reader: Reader) -> Markup:
    """The outcome's members that are no lists, in reading order; what has no value is named in one line."""
    headed = _HEADLINE_HAS.get(str(decision.get("kind")), ())
    policy = str(decision.get("policy"))
    absent, none, tiles = [], [], []
    for path, value in sorted(flat(_members(decision)), key=lambda member: place_of(member[0])):
        name = text(member_in(path, reader.language))
        if path in headed or is_records(value) or _is_digest(value) or path == "procedure.id":
            continue
        if value is None:
            absent.append(name)
        elif value in ([], {}):
            none.append(name)
        else:
            told = _shown(path, value, reader, policy)
            wide = isinstance(value, (str, list)) and len(str(value)) > _LONG
            tiles.append(tag("div", tag("dt", name), tag("dd", told), class_="wide" if wide else "tile"))
    left = [
        together([text(reader.say(word) + reader.say("colon")), together(names, reader.say("comma"))])
        for word, names in (("no_value", absent), ("none_of", none))
        if names
    ]
    rest = [tag("p", together(left, " · "), class_="left-out")] if left else []
    return together([tag("dl", *tiles, class_="figures"), *rest] if tiles else rest)


def details(decision: Mapping[str, Json], reader: Reader) -> Iterator[Markup]:
    """The outcome's lists of records as tables, and the digests; columns without any value are left out."""
    outcome, policy = _members(decision), str(decision.get("policy"))
    if coming := _calendar(decision, reader):
        yield tag("p", coming)
    for path, value in sorted(flat(outcome), key=lambda member: place_of(member[0])):
        if is_records(value):
            entries = [_without_texts(dict(entry)) for entry in value]
            used = {name for entry in entries for name, inner in flat(entry) if inner not in (None, [], {}, False)}
            yield tag("h3", member_in(path, reader.language))
            yield records_table(
                [{name: inner for name, inner in flat(entry) if name in used} for entry in entries],
                lambda name: text(member_in(name, reader.language)) if name in MEMBERS else identifier(name),
                lambda name, inner: _shown(name, inner, reader, policy, listed=True),
                place_of,
            )
    small = [(path, value) for path, value in flat(outcome) if _is_digest(value) or path == "procedure.id"]
    if small:
        told = (
            together([text(member_in(path, reader.language) + reader.say("colon")), identifier(str(value))])
            for path, value in small
        )
        yield tag("p", together(told, Markup("<br>")), class_="fine")


def told_to_customer(decision: Mapping[str, Json], reader: Reader) -> Iterator[Markup]:
    """The text of a credit decision, or the letters of a dunning decision, as the customer reads them."""
    if "customer_text" in decision:
        yield tag("h2", reader.say("told"))
        yield tag("blockquote", show_texts(decision["customer_text"], reader))
    notices = _members(decision).get("notices")
    letters = list(_letters(notices, reader, str(decision.get("policy")))) if is_records(notices) else []
    if letters:
        yield tag("h2", reader.say("told"))
        yield from letters


def _letters(notices: Json, reader: Reader, policy: str) -> Iterator[Markup]:
    for notice in notices:
        for message in notice.get("messages") or []:
            head = [show(notice.get("recipient"), reader), named_in(notice.get("level_name"), reader, policy)]
            head += [show(message.get("by"), reader)]
            texts = message.get("texts")
            written = texts if isinstance(texts, Mapping) else {"": texts}
            there = {name: each for name, each in written.items() if each is not None}
            own = {reader.language: there[reader.language]} if reader.language in there else there
            yield from (
                tag("blockquote", tag("p", together(head, " · "), class_="letter-head"), _letter(each, reader))
                for each in own.values()
            )


def _letter(letter: Json, reader: Reader) -> Markup:
    if not isinstance(letter, Mapping):
        return show(letter, reader)
    return together(
        [tag("p", tag("b", show_text(letter.get("subject"), reader))), tag("p", show_text(letter.get("body"), reader))]
    )


def _members(decision: Mapping[str, Json]) -> Mapping[str, Json]:
    outcome = decision.get("outcome")
    return outcome if isinstance(outcome, Mapping) else {"outcome": outcome}


def _shown(path: str, value: Json, reader: Reader, policy: str, *, listed: bool = False) -> Markup:
    """A member's value: an amount with its currency, a class or decision in words, a truth value as yes or no."""
    match value:
        case bool():
            return text(reader.say("yes" if value else "no"))
        case Mapping() if listed and set(value) & {"en", "zh-Hans", "zh-Hant"}:
            return show_texts(value, reader)
        case str() if path in MONEY and not listed:
            return money(value, reader)
        case str() if path == "outcome":
            return result_in(value, reader, policy)
        case str() if path in {"base_class", "held_back", "expired", "level_name"}:
            return named_in(value, reader, policy)
        case _:
            return show_entry(value, reader) if listed else show(value, reader)


def _without_texts(entry: dict[str, Json]) -> dict[str, Json]:
    """A notice without its letters, which stand by themselves; any other entry as it is."""
    return {name: value for name, value in entry.items() if name != "messages"}


def _calendar(decision: Mapping[str, Json], reader: Reader) -> str:
    """The calendar as a sentence; nothing where a decision has none or one in another shape."""
    outcome = _members(decision)
    calendar, until = outcome.get("calendar"), outcome.get("calendar_until")
    if not isinstance(calendar, list) or Gone.ERASED in calendar:
        return ""
    try:
        coming = tuple(
            Coming(
                dt.date.fromisoformat(entry["on"]),
                int(entry["level"]),
                len(entry["items"]),
                tuple(effect["effect"] for effect in entry["effects"]),
            )
            for entry in calendar
        )
        last = dt.date.fromisoformat(until) if until else None
        told = sentence(coming, last, dt.date.fromisoformat(decision["as_of"]), reader.language)
    except (KeyError, TypeError, ValueError):
        return ""
    return told[:1].upper() + told[1:]


def _is_digest(value: Json) -> bool:
    return isinstance(value, str) and len(value) == _DIGEST and value.isalnum()
