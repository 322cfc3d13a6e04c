"""YAML's syntax errors in plain words: what libyaml reports, said so that a risk officer can mend it."""
# ruff: noqa: RUF001 (the full-width signs that a Chinese keyboard types for YAML's)

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml


@dataclass(frozen=True, slots=True)
class Plain:
    """A syntax error in plain words; `at_opening` puts it where the unfinished thing began."""

    message: str
    help: str | None = None
    at_opening: bool = False


_QUOTE_IT = "put the text in quotes"

_INDENT = Plain("the indentation does not match the lines above", "keys of one mapping start in the same column")

_UNCLOSED_QUOTE = Plain("this quote is not closed", "add the closing quote", at_opening=True)

_AFTER_VALUE = Plain(
    "this cannot follow the value before it", "put the whole value in quotes; inside single quotes write '' for '"
)

_UNKNOWN = Plain("the text is not YAML here")

_PROBLEMS: dict[str, Plain] = {
    "mapping values are not allowed in this context": Plain(
        "a second `:` on the line, or a key in the wrong column", "put text that contains `: ` in quotes"
    ),
    "mapping keys are not allowed in this context": Plain("a key cannot start here", _QUOTE_IT),
    "block sequence entries are not allowed in this context": Plain(
        "a list item `- ` cannot start here", "start the list on its own line under the key"
    ),
    "could not find expected ':'": Plain("`:` is missing after this key", "write `key: value`", at_opening=True),
    "did not find expected key": _INDENT,
    "did not find expected '-' indicator": Plain(
        "a list item `- ` is expected here", "items of one list start in the same column"
    ),
    "did not find expected ',' or ']'": Plain(
        "this `[` is not closed, or a comma is missing", "close it with `]`", at_opening=True
    ),
    "did not find expected ',' or '}'": Plain(
        "this `{` is not closed, or a comma is missing", "close it with `}`", at_opening=True
    ),
    "did not find expected node content": Plain("a value is expected here"),
    "found unexpected end of stream": _UNCLOSED_QUOTE,
    "found unexpected document indicator": _UNCLOSED_QUOTE,
    "found unknown escape character": Plain(
        "this `\\` starts no escape that YAML knows", "write `\\\\`, or use single quotes"
    ),
    "did not find expected hexdecimal number": Plain("a character escape needs hex digits after its letter"),
    "found invalid Unicode character escape code": Plain("this escape names no Unicode character"),
    "found character that cannot start any token": Plain("text cannot start with this character", _QUOTE_IT),
    "did not find expected alphabetic or numeric character": Plain(
        "text cannot start with `*` or `&`", _QUOTE_IT, at_opening=True
    ),
    "did not find the expected whitespace or line break": Plain("a space is expected here"),
    "did not find expected comment or line break": Plain("only a comment may follow here", "start a new line"),
    "did not find expected <document start>": Plain(
        "the document has ended before this line", "keep one document per file, without `...`"
    ),
    "found undefined tag handle": Plain("explicit tags are not allowed", "put text that starts with ! in quotes"),
    "found a tab character that violates indentation": Plain("tab used for indent", "use spaces"),
    "found a tab character where an indentation space is expected": Plain("tab used for indent", "use spaces"),
}


_FULL_WIDTH_KEY = re.compile(r"^[ -]*[^\s:：\"'#]+(：)", re.MULTILINE)
"""A line that begins like `key：`, with a full-width colon."""

_FULL_WIDTH = {
    "：": Plain("`：` (U+FF1A) is not YAML's colon", "write `: `, with a space after it"),
    "，": Plain("`，` (U+FF0C) is not YAML's comma", "write `, `"),
}


def full_width(text: str) -> tuple[int, Plain] | None:
    """The first full-width colon or comma in a text, where YAML's own was meant, in plain words; None without one."""
    found = re.search("[：，]", text)
    return None if found is None else (found.start(), _FULL_WIDTH[found[0]])


def explained(error: yaml.MarkedYAMLError, text: str) -> tuple[int, Plain]:
    """Where the mend of a syntax error belongs (an offset into the text), and the error in plain words."""
    at = error.problem_mark.index if error.problem_mark else 0
    opening = error.context_mark.index if error.context_mark else at
    found = _in_flow(text, at) if (error.problem or "").startswith("did not find expected ','") else None
    return found or _full_width_key(text, min(opening, at), at) or _plain_words(error.problem, text, at, opening)


def _in_flow(text: str, at: int) -> tuple[int, Plain] | None:
    """What breaks a list or mapping in brackets: a full-width sign, or an expression that needs quotes."""
    begins = max(text.rfind(mark, 0, at) for mark in ",{[\n") + 1
    wide = full_width(text[begins : at + 1])
    if wide is not None:
        return begins + wide[0], wide[1]
    if text[at : at + 1] not in {"[", "{"} or not text[begins:at].strip():
        return None
    return at, Plain(f"`{text[at]}` cannot stand in a text without quotes here", "put the expression in quotes")


def _full_width_key(text: str, opening: int, at: int) -> tuple[int, Plain] | None:
    """A full-width colon after a key in the lines the error is about, or in the one before them."""
    line = text.rfind("\n", 0, opening) + 1
    before = text.rfind("\n", 0, max(line - 1, 0)) + 1
    keys = list(_FULL_WIDTH_KEY.finditer(text, before, at))
    return (keys[-1].start(1), _FULL_WIDTH["："]) if keys else None


def _plain_words(problem: str | None, text: str, at: int, opening: int) -> tuple[int, Plain]:
    """A problem not in the table gets a sentence that says only that it is not YAML here."""
    words = _PROBLEMS.get(problem or "", _UNKNOWN)
    # Only where nothing but blanks stands before it can a missing key be a matter of indentation.
    if words is _INDENT and text[text.rfind("\n", 0, at) + 1 : at].strip():
        words = _AFTER_VALUE
    return opening if words.at_opening else at, words
