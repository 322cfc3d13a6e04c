"""Values of a record as a certificate shows them: the erased as erased, null as a dash, lists of records as tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from api.audit.certificate.markup import Markup, identifier, lines, table, tag, text, together
from api.audit.certificate.text import PolicyText
from api.audit.certificate.words import say
from api.tree_words import phrase_in, text_in
from engine.decision import Json
from policies.currencies import minor_units

NOTHING = "–"  # noqa: RUF001 (a dash as printed tables have it)
"""Stands for null, as on the terminal."""

DECIMALS = 6
"""Decimals of a number that the trace shows; the record has them all."""

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)


class Gone(Enum):
    """What stands in the place of a value that is no longer there."""

    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the language, and the policy text that titles and the currency are taken from."""

    language: str
    policy: PolicyText

    def say(self, key: str) -> str:
        """A word of the certificate."""
        return say(key, self.language)

    def title(self, texts: Mapping[str, str] | None) -> str:
        """A title in the reader's language, also where it is written in another; none where there is none."""
        return text_in(texts, self.language) if texts else ""

    def table(self, columns: Sequence[str], rows: Sequence[str], class_: str) -> Markup:
        """A table whose columns are named by words of the certificate."""
        return table([self.say(column) for column in columns], rows, class_)


def with_erased(value: Json, erased: frozenset[str], pointer: str = "") -> Json:
    """The record with `Gone.ERASED` wherever one of the JSON pointers (RFC 6901) leads."""
    if pointer in erased:
        return Gone.ERASED
    match value:
        case Mapping():
            return {name: with_erased(inner, erased, f"{pointer}/{_token(name)}") for name, inner in value.items()}
        case list() | tuple():
            return [with_erased(inner, erased, f"{pointer}/{number}") for number, inner in enumerate(value)]
        case _:
            return value


def _token(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def erased_mark(reader: Reader) -> Markup:
    """The word that stands for an erased value."""
    return tag("span", reader.say("erased"), class_="erased")


def show(value: Json, reader: Reader) -> Markup:
    """A value whole, in one line."""
    match value:
        case Gone():
            return erased_mark(reader)
        case None:
            return tag("span", NOTHING, class_="null")
        case bool():
            return text("true" if value else "false")
        case Mapping() if value:
            told = (together([identifier(name), text(" "), show(inner, reader)]) for name, inner in value.items())
            return together(told, reader.say("comma"))
        case list() | tuple() if value:
            between = "semicolon" if any(isinstance(item, (Mapping, list, tuple)) for item in value) else "comma"
            return together((show(item, reader) for item in value), reader.say(between))
        case Mapping() | list() | tuple():
            return text(reader.say("none"))
        case _:
            return text(str(value))


def show_text(value: Json, reader: Reader) -> Markup:
    """A text of several lines; also one that is erased or not there."""
    return lines(value) if isinstance(value, str) else show(value, reader)


def show_texts(texts: Json, reader: Reader) -> Markup:
    """A text by language in the reader's; erased where that one is, or all are."""
    if not isinstance(texts, Mapping):
        return show_text(texts, reader)
    if texts.get(reader.language) is Gone.ERASED:
        return erased_mark(reader)
    known = {name: each for name, each in texts.items() if isinstance(each, str)}
    if not known and Gone.ERASED in texts.values():
        return erased_mark(reader)
    return lines(text_in(known, reader.language))


def show_read(value: Json, reader: Reader) -> Markup:
    """A value that was read: long decimals cut, the length of a list in words."""
    if isinstance(value, str):
        if _NUMBER.fullmatch(value) and len(value.partition(".")[2]) > DECIMALS:
            whole, _, decimals = value.partition(".")
            return text(f"{whole}.{decimals[:DECIMALS]}…")
        if value.endswith(" items"):
            return text(phrase_in(value, reader.language))
    return show(value, reader)


def show_paths(paths: Json, reader: Reader) -> Markup:
    """Dotted paths of facts, one after the other."""
    if not isinstance(paths, (list, tuple)):
        return show(paths, reader)
    told = (identifier(path) if isinstance(path, str) else show(path, reader) for path in paths)
    return together(told, reader.say("comma"))


def show_entry(value: Json, reader: Reader) -> Markup:
    """A value within an entry of an outcome's list: of records only what has a value, long decimals cut."""
    match value:
        case Mapping() if value:
            told = (
                together([identifier(name), text(" "), show_entry(inner, reader)])
                for name, inner in value.items()
                if inner not in (None, [], {})
            )
            return together(told, reader.say("comma"))
        case list() | tuple() if is_records(value):
            return together((show_entry(item, reader) for item in value), reader.say("semicolon"))
        case _:
            return show_read(value, reader)


def read_values(read: Json, reader: Reader) -> Markup:
    """What was read: each name with its value."""
    if not isinstance(read, Mapping):
        return show(read, reader)
    told = (
        tag("span", identifier(path), text(" = "), tag("b", show_read(value, reader)), class_="pair")
        for path, value in read.items()
    )
    return together(told, Markup(" "))


def money(value: Json, reader: Reader) -> Markup:
    """An amount in the reporting currency, with all the decimals it has and at least those of the currency."""
    if not (isinstance(value, str) and _NUMBER.fullmatch(value)):
        return show(value, reader)
    whole, _, decimals = value.partition(".")
    digits = whole.removeprefix("-")
    grouped = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", digits)
    decimals = decimals.ljust(minor_units(reader.policy.currency) or 0, "0")
    sign = "−" if whole.startswith("-") else ""  # noqa: RUF001 (the sign that is as wide as a digit)
    amount = f"{sign}{grouped}{'.' if decimals else ''}{decimals}"
    return together([tag("span", reader.policy.currency, class_="currency"), text(f" {amount}")])


def is_records(value: Json) -> bool:
    """Whether a value is a list of records."""
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(item, Mapping) for item in value)


def flat(members: Mapping[str, Json], prefix: str = "") -> Iterator[tuple[str, Json]]:
    """Every member by its dotted path; a list, and an empty record, is one member."""
    for name, value in members.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def records_table(
    records: Sequence[Mapping[str, Json]],
    named: Callable[[str], str],
    shown: Callable[[str, Json], str],
    place: Callable[[str], tuple[int, str]],
) -> Markup:
    """A list of records: a row for each, a column for each member that any of them has; an absent one stays empty."""
    rows = [dict(flat(record)) for record in records]
    columns = sorted({path for row in rows for path in row}, key=place)
    classes = [_column_class([row[path] for row in rows if path in row]) for path in columns]
    body = (
        tag(
            "tr",
            *(
                tag("td", shown(path, row[path]) if path in row else "", class_=class_)
                for path, class_ in zip(columns, classes, strict=True)
            ),
        )
        for row in rows
    )
    width = sum(len(columns) > many for many in _MANY_COLUMNS)
    return table([named(path) for path in columns], body, ("sub", "sub wide", "sub huge")[width], classes)


_MANY_COLUMNS = (8, 14)
"""More columns than the first need smaller print on A4; more than the second also broken words."""


_SHORT = 12
"""Characters of a value that is not broken: a date, a small amount."""


def _column_class(values: Sequence[Json]) -> str:
    """How a column is set: numbers to the right, what is short on one line."""
    told = [value for value in values if value is not None]
    if told and all(isinstance(value, int) or (isinstance(value, str) and _NUMBER.fullmatch(value)) for value in told):
        return "num" if not any(isinstance(value, bool) for value in told) else "short"
    return "short" if all(len(str(value)) <= _SHORT for value in told if not isinstance(value, Gone)) else "long"


def facts_table(facts: Mapping[str, Json], reader: Reader) -> Markup:
    """All the facts: dotted path, what it is in the policy's own words, value; a list of records as a table."""
    declared = {path: number for number, path in enumerate(reader.policy.facts)}

    def place(path: str) -> tuple[int, str]:
        return declared.get(path, len(declared)), path

    rows, group = [], ""
    for path, value in sorted(flat(facts), key=lambda fact: place(fact[0])):
        top, group = path.partition(".")[0] != group, path.partition(".")[0]
        listed = is_records(value)
        told = _many(value, reader) if listed else show(value, reader)
        rows.append(
            tag(
                "tr",
                tag("th", identifier(path), scope="row"),
                tag("td", reader.title(reader.policy.facts.get(path)), class_="meaning"),
                tag("td", told, class_="value"),
                class_=("first" if top else "next") + (" has-sub" if listed else ""),
            )
        )
        if listed:
            inner = records_table(
                value,
                identifier,
                lambda _, each: show(each, reader),
                lambda name, under=path: place(f"{under}.{name}"),  # type: ignore[misc] # mypy infers no default in a lambda
            )
            rows.append(tag("tr", tag("td", inner, colspan="3"), class_="holds-sub"))
    return reader.table(["fact", "meaning", "value"], rows, "facts")


def _many(records: Sequence[Json], reader: Reader) -> str:
    return reader.say("one_record") if len(records) == 1 else reader.say("records").format(len(records))
