"""FEEL's tokens: a text cut into numbers, texts, names, keywords and symbols, each with its place.

FEEL lets a name hold spaces and operator characters, so cutting needs the names in scope: the longest name wins
(DMN 1.5, 10.3.1.2, rule 22 and following).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from policies.feel.builtins import SPACED_NAMES
from policies.feel.errors import FeelSyntaxError
from policies.feel.slips import NOT_ALLOWED, slip_at, word_meant
from policies.feel.values import FEEL_DECIMAL

LONGEST_TEXT = 2000
MOST_DIGITS = 34
"""What FEEL's number holds: a longer one would be another number than the one written."""

KEYWORDS = frozenset(
    {
        "and",
        "between",
        "else",
        "every",
        "external",
        "false",
        "for",
        "function",
        "if",
        "in",
        "null",
        "or",
        "return",
        "satisfies",
        "some",
        "then",
        "true",
    },
)

Kind = Literal["number", "text", "at", "name", "keyword", "symbol", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `text` is the symbol, keyword, name (NFC) or the text's content; `number` is set for a number."""

    kind: Kind
    text: str
    start: int
    end: int
    number: Decimal = Decimal(0)


_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_EXPONENT = re.compile(r"[eE][+-]?[0-9]+")
_SYMBOL = re.compile(r"\.\.|<=|>=|!=|[()\[\]{},:.+\-*/<>=?]")
_TEXT = re.compile(r'"((?:[^"\\\n\r]|\\.)*)"')
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(.))", re.DOTALL)
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}


def tokens(text: str, names: Iterable[str] = ()) -> list[Token]:
    """The tokens of `text`, the last of kind `end`; `names` are the names in scope. Raises `FeelSyntaxError`."""
    if len(text) > LONGEST_TEXT:
        message = f"expression longer than {LONGEST_TEXT} characters"
        raise FeelSyntaxError("feel-too-long", message, (LONGEST_TEXT, len(text)), "name its parts under let")
    return list(_cut(text, _spaced(frozenset(names))))


@lru_cache(maxsize=16_384)
def is_plain_name(text: str) -> bool:
    """Whether `text` is one name without spaces or operator characters, and no keyword."""
    return _plain_end(text, 0) == len(text) > 0 and text not in KEYWORDS


def is_exact(written: str) -> bool:
    """Whether FEEL's number holds a plain decimal as it is written, with no digit rounded away."""
    return len(written) <= LONGEST_TEXT and len(written.replace(".", "").strip("-0")) <= MOST_DIGITS


@lru_cache(maxsize=64)
def _spaced(names: frozenset[str]) -> re.Pattern[str]:
    """What matches, at a place, the longest known name that is more than one plain word."""
    known = {unicodedata.normalize("NFC", name) for name in names if not is_plain_name(name)} | SPACED_NAMES
    forms = {form for name in known if name for form in (name, unicodedata.normalize("NFD", name))}
    ordered = sorted(forms, key=lambda name: (-len(name), name))
    return re.compile("|".join(r"\s+".join(map(re.escape, name.split())) for name in ordered))


def _cut(text: str, spaced: re.Pattern[str]) -> Iterator[Token]:
    at = 0
    while at < len(text):
        character = text[at]
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        if character == '"' or text.startswith('@"', at):
            token = _text(text, at)
        elif number := _NUMBER.match(text, at):
            token = _number(text, number)
        elif _starts_name(character):
            token = _name(text, at, spaced)
        else:
            token = _symbol(text, at)
        yield token
        at = token.end
    yield Token("end", "", at, at)


def _starts_name(character: str) -> bool:
    return character == "_" or character.isalpha()


def _goes_on_name(character: str) -> bool:
    return _starts_name(character) or unicodedata.category(character) in {"Mn", "Mc", "Nd", "Nl"}


def _plain_end(text: str, at: int) -> int:
    """Where the plain name that starts at `at` ends; `at` itself when none does."""
    end = at
    while end < len(text) and (_goes_on_name(text[end]) if end > at else _starts_name(text[end])):
        end += 1
    return end


def _name(text: str, at: int, spaced: re.Pattern[str]) -> Token:
    end = _plain_end(text, at)
    known = spaced.match(text, at)
    if known is not None and known.end() > end and not _splits_word(text, known.end()):
        end = known.end()
    name = unicodedata.normalize("NFC", " ".join(text[at:end].split()))
    if name.startswith("__"):
        what = "attribute" if text[:at].rstrip().endswith(".") else "name"
        raise FeelSyntaxError("feel-not-allowed", f"{what} {name} not allowed", (at, end), "names start with a letter")
    return Token("keyword" if name in KEYWORDS else "name", name, at, end)


def _splits_word(text: str, at: int) -> bool:
    return at < len(text) and _goes_on_name(text[at]) and _goes_on_name(text[at - 1])


def _number(text: str, match: re.Match[str]) -> Token:
    written, start, end = match[0], match.start(), match.end()
    if exponent := _EXPONENT.match(text, end):
        place = (start, exponent.end())
        raise FeelSyntaxError("feel-not-allowed", "exponent not allowed", place, _plain_help(written, exponent[0]))
    if not is_exact(written):
        mend = f"write at most {MOST_DIGITS} digits"
        raise FeelSyntaxError("feel-syntax", f"number longer than {MOST_DIGITS} digits", (start, end), mend)
    if end < len(text) and text[end] == "_":
        rest = re.compile(r"[0-9_.]*").match(text, end)
        until = rest.end() if rest else end
        help_ = f"write {text[start:until].replace('_', '')}"
        raise FeelSyntaxError("feel-syntax", "underscore in number", (start, until), help_)
    if end < len(text) and _goes_on_name(text[end]):
        until = max(_plain_end(text, end), end + 1)
        message = f"`{text[start:until]}` is neither a number nor a name"
        # `金额 > 5且评分 < 3`: Chinese puts no space between a number and a word.
        meant = next((word_meant(text[end:stop]) for stop in range(until, end, -1) if word_meant(text[end:stop])), None)
        mend = "a name starts with a letter" if meant is None else f"write {meant}, with a space on both sides"
        raise FeelSyntaxError("feel-syntax", message, (start, until), mend)
    return Token("number", written, start, end, FEEL_DECIMAL.create_decimal(written))


def _plain_help(written: str, exponent: str) -> str | None:
    """`write 1000` for `1e3`; None where that would be a long number."""
    power = int(exponent[1:]) if len(exponent) <= len("e+99") else MOST_DIGITS + 1
    if abs(power) > MOST_DIGITS or len(written) > MOST_DIGITS:
        return None
    return f"write {FEEL_DECIMAL.create_decimal(written).scaleb(power, FEEL_DECIMAL):f}"


def _text(text: str, at: int) -> Token:
    start = at + 1 if text[at] == "@" else at
    match = _TEXT.match(text, start)
    if match is None:
        line_end = min((end for end in (text.find("\n", start), text.find("\r", start)) if end >= 0), default=len(text))
        raise FeelSyntaxError("feel-syntax", "text is not closed", (at, line_end), 'close it with "')
    content = _ESCAPE.sub(lambda escape: _unescape(escape, match.start(1)), match[1])
    content = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), content)
    if _SURROGATE.search(content):
        raise FeelSyntaxError("feel-syntax", "half of a surrogate pair in a text", (at, match.end()))
    return Token("at" if text[at] == "@" else "text", content, at, match.end())


def _unescape(escape: re.Match[str], offset: int) -> str:
    place = (offset + escape.start(), offset + escape.end())
    if digits := escape[1] or escape[2]:
        code = int(digits, 16)
        if code > 0x10FFFF:  # noqa: PLR2004 (the last code point)
            raise FeelSyntaxError("feel-syntax", f"`{escape[0]}`: no such character", place)
        return chr(code)
    if escape[3] not in _ESCAPED:
        help_ = r"write \\ for a backslash; \u takes 4 hexadecimal digits, \U takes 6"
        raise FeelSyntaxError("feel-syntax", f"`{escape[0]}` is not an escape", place, help_)
    return _ESCAPED[escape[3]]


def _symbol(text: str, at: int) -> Token:
    if slip := slip_at(text, at):
        sign, message, help_ = slip
        code = "feel-not-allowed" if sign in NOT_ALLOWED else "feel-syntax"
        raise FeelSyntaxError(code, message, (at, at + len(sign)), help_)
    if match := _SYMBOL.match(text, at):
        return Token("symbol", match[0], at, match.end())
    if text[at] == "'":
        closing = text.find("'", at + 1)
        end = closing + 1 if closing > 0 else len(text)
        content = text[at + 1 : closing] if closing > 0 else text[at + 1 :]
        raise FeelSyntaxError("feel-syntax", "text stands in double quotes", (at, end), f'write "{content}"')
    if unicodedata.category(text[at]) == "Nd":
        raise FeelSyntaxError("feel-syntax", f"`{text[at]}` is not a digit of FEEL", (at, at + 1), "write only 0-9")
    if text[at] == "@":
        raise FeelSyntaxError("feel-syntax", "`@` stands before a text", (at, at + 1), 'write @"2026-01-31"')
    message = f"character `{text[at]}` (U+{ord(text[at]):04X}) has no meaning here"
    raise FeelSyntaxError("feel-syntax", message, (at, at + 1))
