"""The blanks of a message's text: which there are, what each stands for, and where a text names one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

BLANKS: Mapping[str, str] = {
    "account_id": "the account's number",
    "recipient": "who the letter goes to",
    "as_of": "the day of the letter",
    "deadline": "the day by which to pay",
    "level_title": "the title of the level or reminder",
    "open_amount": "what the letter asks for of the items it names",
    "principal": "the part of it that is invoices",
    "fees": "the fees the letter adds, compensation among them",
    "compensation": "the part of the fees that is statutory compensation",
    "interest": "the interest it adds",
    "total_claim": "open amount, fees and interest together",
    "currency": "the currency of the amounts",
    "item_count": "how many items the letter asks for",
    "oldest_days": "the most days any of them is in arrears",
    "items": "a line for each of them",
    "items_listed": "a line for each item listed without being asked for",
}
"""Every blank that is not a fact, with its meaning."""

CLAIMS = frozenset({"deadline", "principal", "fees", "interest", "compensation", "total_claim", "oldest_days"})
"""Those that have a meaning only once something is in arrears."""

BLOCKS = frozenset({"items", "items_listed"})
"""Those of several lines."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A blank as written: its name, and where that name stands in the text."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Slip:
    """A brace that is no blank: what is wrong with it, how to mend it, where it stands in the text."""

    message: str
    help: str
    start: int
    end: int


_FULL_WIDTH = {"\uff5b": "{", "\uff5d": "}"}
"""What an input method for Chinese writes for a brace; no letter has one of its own."""


def holes(text: str) -> Iterator[str | Hole | Slip]:
    """A text in parts: what stands as written (`{{` and `}}` read as one brace), blanks, and slips."""
    for at, character in enumerate(text):
        if character in _FULL_WIDTH:
            said = f"`{character}` (U+{ord(character):04X}) is the full-width form of `{_FULL_WIDTH[character]}`"
            yield Slip(said, f"write `{_FULL_WIDTH[character]}`", at, at + 1)
    at = 0
    while (brace := text.find("{", at)) >= 0:
        yield text[at:brace].replace("}}", "}")
        close = text.find("}", brace)
        name = text[brace + 1 : close]
        if text.startswith("{{", brace):
            yield "{"
            at = brace + 2
        elif close < 0 or "{" in name or "\n" in name:
            yield Slip("this brace is not closed", "write `{name}`, or `{{` for a brace", brace, brace + 1)
            at = brace + 1
        else:
            yield (
                Hole(name, brace + 1, close)
                if name
                else Slip("these braces are empty", "write a name between them, or `{{` for a brace", brace, close + 1)
            )
            at = close + 1
    yield text[at:].replace("}}", "}")
