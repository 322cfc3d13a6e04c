"""What is wrong with a policy, where, and how to mend it: diagnostics, their closed list of codes, their renderings."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from policies.nodes import Span


class Severity(StrEnum):
    """An error refuses the policy; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Code(StrEnum):
    """What kind of mistake: a stable slug with its meaning. A code is never reused; DIAGNOSTICS.md explains each."""

    meaning: str

    def __new__(cls, slug: str, meaning: str) -> Self:
        """A member whose value is the slug."""
        member = str.__new__(cls, slug)
        member._value_ = slug
        member.meaning = meaning
        return member

    POLICY_TOO_LARGE = "policy-too-large", "the policy file is larger than 262144 bytes"
    POLICY_NOT_UTF8 = "policy-not-utf8", "the policy file is not UTF-8 text"
    CONTROL_CHARACTER = "control-character", "a control or other invisible character stands in the text"
    BIDI_CONTROL = "bidi-control", "a character that reorders the text on screen stands in the text"
    TAB_INDENT = "tab-indent", "a line is indented with a tab"
    NO_DOCUMENT = "no-document", "the file is empty or holds only comments"
    SECOND_DOCUMENT = "second-document", "the file holds more than one YAML document"
    YAML_SYNTAX = "yaml-syntax", "the text is not YAML at this place"
    ANCHOR_NOT_ALLOWED = "anchor-not-allowed", "an anchor `&name` or an alias `*name` is used"
    MERGE_KEY_NOT_ALLOWED = "merge-key-not-allowed", "a merge key `<<` is used"
    TAG_NOT_ALLOWED = "tag-not-allowed", "an explicit tag such as `!!str` is used"
    DIRECTIVE_NOT_ALLOWED = "directive-not-allowed", "a YAML directive such as `%YAML` is used"
    TOO_DEEP = "too-deep", "lists and mappings are nested deeper than 24"
    TOO_MANY_NODES = "too-many-nodes", "the file has more than 20000 YAML nodes"
    KEY_REPEATED = "key-repeated", "a mapping has the same key twice"
    KEY_NOT_TEXT = "key-not-text", "a mapping key is a number, true, false, null, a list or a mapping"
    NOT_A_NUMBER = "not-a-number", "a number is expected and something else is written"
    NUMBER_TOO_LONG = "number-too-long", "a number has more than 40 digits"
    LEADING_ZERO = "leading-zero", "a number starts with a zero that may belong to an identifier"
    UNDERSCORE_IN_NUMBER = "underscore-in-number", "a number has an underscore between its digits"
    EXPONENT_IN_NUMBER = "exponent-in-number", "a number is written with an exponent"
    NOT_FINITE = "not-finite", "a number is written as infinity or not-a-number"
    NOT_WHOLE = "not-whole", "a whole number is expected and a fraction is written"
    NOT_TRUE_OR_FALSE = "not-true-or-false", "true or false is expected and something else is written"
    NOT_A_DATE = "not-a-date", "a date is expected and something else is written"
    NO_SUCH_DATE = "no-such-date", "a date is well written but the calendar has no such day"
    SHAPE = "shape", "a value has another form than the language wants at this place"
    UNKNOWN_KEY = "unknown-key", "a mapping has a key the language does not know"
    MISSING_KEY = "missing-key", "a key that must be there is missing"
    CHOICE = "choice", "a word is not one of those allowed here"
    NAME = "name", "a name breaks the rules for names"
    CURRENCY = "currency", "a currency code is not one of ISO 4217"
    LANGUAGE = "language", "a language is not one of those Writ speaks"
    TEXT_MISSING = "text-missing", "a text is missing in one of the document's languages"
    FEEL_SYNTAX = "feel-syntax", "an expression is not FEEL at this place"
    FEEL_TOO_LONG = "feel-too-long", "an expression is longer than 2000 characters"
    FEEL_TOO_DEEP = "feel-too-deep", "an expression is nested deeper than 24"
    FEEL_NOT_ALLOWED = "feel-not-allowed", "an expression uses something that is not allowed"
    FEEL_TEMPORAL = "feel-temporal", "a date, time or duration in an expression cannot be read"
    UNKNOWN_NAME = "unknown-name", "an expression uses a name that nothing declares"
    NAME_TAKEN = "name-taken", "two things that expressions can name have the same name"
    TYPE_MISMATCH = "type-mismatch", "values of types that may not meet are combined"
    UNIT_MISMATCH = "unit-mismatch", "values of different units or currencies are combined"
    CALL = "call", "a function is called with the wrong arguments"
    CYCLE = "cycle", "names or policies need each other in a circle"
    NEEDS_TOO_DEEP = "needs-too-deep", "policies need each other in a chain of more than 30"
    UNKNOWN_POLICY = "unknown-policy", "a policy is named that does not exist"
    UNKNOWN_BLOCK = "unknown-block", "a library block is used that does not exist"
    UNKNOWN_REASON = "unknown-reason", "a reason code is used that is not declared"
    NOT_DISCLOSABLE = "not-disclosable", "a decline or a conditional approval has no reason that may be told"
    REASON_KIND = "reason-kind", "a standard reason code is declared with another kind"
    BANNED_TEXT = "banned-text", "a reason's text does not name the factor really used"
    PROTECTED_FACT = "protected-fact", "a protected characteristic stands among facts, factors, classes or reasons"
    NO_OTHERWISE = "no-otherwise", "an outcome may have no value and nothing says what follows"
    WEIGHTS = "weights", "the weights of a scorecard are negative or do not sum to 100"
    GAP = "gap", "a value is covered by no band or row"
    OVERLAP = "overlap", "a value is covered by two bands or rows"
    NEVER = "never", "a row can never be the answer, or a condition never hold"
    IDLE = "idle", "a column of a table decides nothing"
    ROW_WIDTH = "row-width", "a row has more or fewer cells than the table has columns"
    TOO_MANY_RULES = "too-many-rules", "a document has more than 10000 rules and rows"
    PARAMETER = "parameter", "a parameter's values are missing, out of order, said twice, overlap or have no source"
    CASE = "case", "a test case cannot be run as written"
    BACKDATED = "backdated", "a changed document would take effect on a day that has passed"
    CREDIT = "credit", "the parts of a credit policy do not fit together"
    CLASSIFICATION = "classification", "the parts of a classification do not fit together"
    DUNNING = "dunning", "the parts of a dunning ladder do not fit together"


CODES: Mapping[str, Code] = {code.value: code for code in Code}
"""Every code by its slug."""


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that has to do with the mistake, with its own sentence."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: `message` says what is wrong and `help`, where there is one, the mend; each is a single line."""

    code: Code
    message: str
    span: Span
    help: str | None = None
    related: tuple[Related, ...] = ()
    severity: Severity = Severity.ERROR


class Refused(Exception):  # noqa: N818 (a word of the design, not an error class's name)
    """The policy is refused: every diagnostic found, in the order of their places."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics, key=_place))
        super().__init__(render_gnu(self.diagnostics))


def _place(diagnostic: Diagnostic) -> tuple[str, int, int, str]:
    span = diagnostic.span
    return (span.source.name, span.start, span.end, diagnostic.code)


def quote(text: str, limit: int = 60) -> str:
    """User text in backticks for a message, cut to `limit` characters."""
    return f"`{text}`" if len(text) <= limit else f"`{text[: limit - 1]}…`"


def visible(text: str) -> str:
    """The text with every character escaped that a terminal could obey or hide: controls, bidi marks, line breaks."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LAST_OF_FOUR_DIGITS = 0xFFFF


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    point = ord(character)
    return f"\\u{point:04x}" if point <= _LAST_OF_FOUR_DIGITS else f"\\U{point:08x}"


def _columns(text: str) -> int:
    """Terminal columns that visible text takes: East Asian wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(character) in {"Mn", "Me"}
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )


def render_text(diagnostics: Iterable[Diagnostic]) -> str:
    """For people: each mistake with its source line, a caret under the place and the help; last a count."""
    found = tuple(diagnostics)
    parts = ["\n".join(_paragraph(diagnostic)) for diagnostic in found]
    return "\n\n".join([*parts, _count(found)]) + "\n"


def _paragraph(diagnostic: Diagnostic) -> Iterator[str]:
    span = diagnostic.span
    label = "" if diagnostic.severity is Severity.ERROR else f"{diagnostic.severity}: "
    gutter = max(len(str(place.line)) for place in (span, *(related.span for related in diagnostic.related)))
    yield f"{_locator(span)}: {label}{visible(diagnostic.message)}"
    yield from _snippet(span, diagnostic.help, gutter)
    for related in diagnostic.related:
        if related.span.source.name != span.source.name:
            yield f"{' ' * gutter} ╰ {_locator(related.span)}"
        yield from _snippet(related.span, related.message, gutter)


def _locator(span: Span) -> str:
    return f"{visible(span.source.name)}:{span.line}:{span.column}"


_WINDOW = 100
"""Columns of source shown: a longer line is cut around its caret."""

_NEAR = 2 * _WINDOW
"""Characters on either side that are looked at: a line may have 262,144."""

_TAB = "    "


def _snippet(span: Span, note: str | None, gutter: int) -> Iterator[str]:
    """The span's first line and the caret line under it; a note too long for it gets a line of its own."""
    line = span.source.line_text(span.line)
    if not line.strip():
        if note:
            yield f"{' ' * gutter} │ {visible(note)}"
        return
    start = span.column - 1
    end = (
        min(max(span.end_column - 1, start + 1), max(len(line), start + 1)) if span.end_line == span.line else len(line)
    )
    before, marked, after = (
        _displayed(piece)
        for piece in (
            line[max(start - _NEAR, 0) : start],
            line[start : min(end, start + _NEAR)],
            line[end : end + _NEAR],
        )
    )
    before, marked, after = _cut(before, marked, after)
    yield f"{span.line:>{gutter}} │ {before}{marked}{after}".rstrip()
    carets = f"{' ' * gutter} │ {' ' * _columns(before)}{'^' * max(_columns(marked), 1)}"
    if note is None:
        yield carets
    elif _columns(carets) + 1 + _columns(visible(note)) <= _WINDOW + gutter + 3:
        yield f"{carets} {visible(note)}"
    else:
        yield carets
        yield f"{' ' * gutter} │ {visible(note)}"


def _displayed(piece: str) -> str:
    return visible(piece.replace("\t", _TAB))


def _cut(before: str, marked: str, after: str) -> tuple[str, str, str]:
    """The three pieces shortened to the window, an ellipsis where something was left out."""
    if _columns(marked) > _WINDOW // 2:
        marked = _head(marked, _WINDOW // 2 - 1) + "…"
    if _columns(before) + _columns(marked) > _WINDOW * 3 // 4:
        before = "…" + _head(before[::-1], max(_WINDOW * 3 // 4 - _columns(marked) - 1, 10))[::-1]
    room = _WINDOW - _columns(before) - _columns(marked)
    if _columns(after) > room:
        after = _head(after, room - 1) + "…"
    return before, marked, after


def _head(text: str, columns: int) -> str:
    """The longest beginning that takes at most so many columns."""
    taken = 0
    for at, character in enumerate(text):
        taken += _columns(character)
        if taken > columns:
            return text[:at]
    return text


def _count(diagnostics: tuple[Diagnostic, ...]) -> str:
    counts = []
    for severity in Severity:
        number = sum(diagnostic.severity is severity for diagnostic in diagnostics)
        if number:
            counts.append(f"{number} {severity}{'' if number == 1 else 's'}")
    return ", ".join(counts) or "no errors"


def render_gnu(diagnostics: Iterable[Diagnostic]) -> str:
    """For editors: one line per diagnostic, `file:line:column: severity: message [code]`."""
    return "\n".join(
        f"{_locator(diagnostic.span)}: {diagnostic.severity}: {visible(diagnostic.message)} [{diagnostic.code}]"
        for diagnostic in diagnostics
    )


def to_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, object]]:
    """For programs: one object per diagnostic; lines and columns count from 1, columns in characters."""
    return [
        {
            "code": diagnostic.code.value,
            "severity": diagnostic.severity.value,
            "message": visible(diagnostic.message),
            "help": None if diagnostic.help is None else visible(diagnostic.help),
            **_place_json(diagnostic.span),
            "related": [
                {"message": visible(related.message), **_place_json(related.span)} for related in diagnostic.related
            ],
        }
        for diagnostic in diagnostics
    ]


def _place_json(span: Span) -> dict[str, object]:
    return {
        "file": visible(span.source.name),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "path": visible(span.path),
    }
