"""YAML's syntax errors in plain words: what libyaml reports, said so that a risk officer can mend it."""

from __future__ import annotations

from dataclasses import dataclass


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


def plain_words(problem: str | None, *, begins_line: bool) -> Plain:
    """The error in plain words; a problem not in the table gets a sentence that says only that it is not YAML here.

    `begins_line` says that nothing but blanks stands before it: only then can a missing key be a matter of indentation.
    """
    words = _PROBLEMS.get(problem or "", _UNKNOWN)
    return _AFTER_VALUE if words is _INDENT and not begins_line else words
