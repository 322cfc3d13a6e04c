"""Strict reading of a policy: its bytes to text, its text to a tree of nodes that know their place.

`decode` makes a text of bytes, `read` a tree of a text. Nothing is interpreted: every scalar is text, and what it means
is for the declared type to say. Reading walks libyaml's events with an explicit stack and stops at the first event that
is not allowed, so hostile nesting and aliases cost nothing (libyaml's own composer recurses and can be made to crash).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import NoReturn

import yaml

from policies.diagnostics import Code, Diagnostic, Refused, Related, quote
from policies.identifiers import check_identifier, check_name, did_you_mean
from policies.nodes import Mapping, Node, Plain, Scalar, Sequence, Source, Span, at, plain
from policies.yaml_problems import explained

__all__ = [
    "Mapping",
    "Node",
    "Plain",
    "Scalar",
    "Sequence",
    "Source",
    "Span",
    "at",
    "check_identifier",
    "check_name",
    "decode",
    "did_you_mean",
    "plain",
    "read",
]

MAX_BYTES = 262_144
MAX_DEPTH = 24
MAX_NODES = 20_000
_MAX_REPORTED = 20
"""Bad characters reported for one file; the rest would say the same."""


def decode(name: str, raw: bytes) -> Source:
    """The text of a policy file. A UTF-8 byte-order mark, which some editors write, is dropped.

    Raises Refused: larger than 262,144 bytes, or not UTF-8.
    """
    if len(raw) > MAX_BYTES:
        nothing = Span(Source(name, ""), 0, 0)
        message = f"policy file {len(raw)} bytes, limit {MAX_BYTES}"
        raise Refused([Diagnostic(Code.POLICY_TOO_LARGE, message, nothing, "split the policies over several files")])
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        nothing = Span(Source(name, ""), 0, 0)
        message = "policy must be UTF-8, this file is UTF-16"
        raise Refused([Diagnostic(Code.POLICY_NOT_UTF8, message, nothing, "save the file as UTF-8")])
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        offset = len(raw[: error.start].decode("utf-8"))
        place = Span(Source(name, raw.decode("utf-8", "replace")), offset, offset + 1)
        message = f"policy must be UTF-8, byte 0x{raw[error.start]:02x} is not"
        raise Refused([Diagnostic(Code.POLICY_NOT_UTF8, message, place, "save the file as UTF-8")]) from None
    return Source(name, text.removeprefix("\ufeff"))


_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff"
_BAD_IN_TEXT = re.compile(rf"(?P<bidi>[{_BIDI}])|(?P<control>[{_CONTROL}]|\r(?!\n))|(?P<tab>^ *\t)", re.MULTILINE)
_BAD_IN_VALUE = re.compile(f"(?P<bidi>[{_BIDI}])|(?P<control>[{_CONTROL}])")


def _bad_character(match: re.Match[str], span: Span) -> Diagnostic:
    point = f"U+{ord(match.group()[0]):04X}"
    match match.lastgroup:
        case "bidi":
            return Diagnostic(Code.BIDI_CONTROL, f"bidi control {point} is not allowed", span, "delete the character")
        case "tab":
            return Diagnostic(Code.TAB_INDENT, "tab used for indent", span, "use spaces")
        case _:
            return Diagnostic(Code.CONTROL_CHARACTER, f"character {point} is not allowed", span, "delete the character")


def read(source: Source) -> Node:
    """The tree of a text of one YAML document.

    Raises Refused with every repeated key and every key that is not text; anything else that is not allowed (bad
    characters, anchors, aliases, merge keys, tags, a second document, too deep, too many nodes, bad syntax) ends it.
    """
    bad = [
        _bad_character(match, Span(source, match.end() - 1, match.end()))
        for match, _ in zip(_BAD_IN_TEXT.finditer(source.text), range(_MAX_REPORTED), strict=False)
    ]
    if bad:
        raise Refused(bad)
    reader = _Reader(source)
    try:
        for event in yaml.parse(source.text, Loader=yaml.CSafeLoader):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        reader.syntax_error(error)
    if reader.root is None or (isinstance(reader.root, Scalar) and reader.root.plain and not reader.root.text):
        place = Span(source, 0, 0)
        reader.found.append(Diagnostic(Code.NO_DOCUMENT, "no rules: the file is empty or holds only comments", place))
    if reader.found or reader.root is None:
        raise Refused(reader.found)
    return reader.root


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been read."""

    start: int
    path: str
    flow: bool
    mapping: bool
    items: list[Node] = field(default_factory=list)
    entries: list[tuple[Scalar, Node]] = field(default_factory=list)
    key: Scalar | None = None
    keys: dict[str, Scalar] = field(default_factory=dict)


_SIMPLE_KEY = re.compile(r"[^\W\d][\w-]*")
_PATH_KEY = 60
"""Characters of a key shown in a path: 20,000 nodes must not hold 20,000 copies of a long key."""

_NOT_TEXT = re.compile(
    r"[-+]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d+)(?:[eE][-+]?\d+)?|0[xo][0-9a-fA-F_]+|[-+]?\.(?:inf|nan)|true|false|null|~|",
    re.IGNORECASE | re.ASCII,
)
"""Plain words that other YAML readers take for a number, a truth value or null. A date may be a key."""


class _Reader:
    """Builds the tree, event by event, guarding as it goes."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Node | None = None
        self.found: list[Diagnostic] = []
        self._stack: list[_Open] = []
        self._nodes = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event: build on, or refuse."""
        start, end = _offsets(event)
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if event.version or event.tags:
                    self._stop(
                        Code.DIRECTIVE_NOT_ALLOWED, "YAML directives are not allowed", start, end, "delete the line"
                    )
                if self._documents > 1:
                    self._stop(
                        Code.SECOND_DOCUMENT,
                        "one document per file",
                        start,
                        end,
                        "delete this `---`, or use a second file",
                    )
            case yaml.AliasEvent(anchor=name):
                message = f"aliases ({quote(f'*{name}')}) are not allowed"
                self._stop(
                    Code.ANCHOR_NOT_ALLOWED,
                    message,
                    start,
                    end,
                    "write the value out; put text that starts with * in quotes",
                )
            case yaml.ScalarEvent():
                self._count(event, start)
                self._scalar(event, start, end)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._count(event, start)
                if len(self._stack) == MAX_DEPTH:
                    self._stop(Code.TOO_DEEP, f"nesting deeper than {MAX_DEPTH}", start, start + 1)
                mapping = isinstance(event, yaml.MappingStartEvent)
                self._stack.append(_Open(start, self._path(), bool(event.flow_style), mapping))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._close(end)
            case _:
                pass

    def _count(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, start: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop(
                Code.TOO_MANY_NODES,
                f"more than {MAX_NODES} YAML nodes",
                start,
                start + 1,
                "split the policies over several files",
            )
        if event.anchor is not None:
            message = f"anchors ({quote('&' + event.anchor)}) are not allowed"
            self._stop(
                Code.ANCHOR_NOT_ALLOWED,
                message,
                start,
                start + 1 + len(event.anchor),
                "write the value out where it is used",
            )
        if event.tag is not None:
            message = f"explicit tags ({quote(event.tag)}) are not allowed"
            self._stop(
                Code.TAG_NOT_ALLOWED,
                message,
                start,
                start + 1,
                "delete the tag: the declared type decides what a value is",
            )

    def _scalar(self, event: yaml.ScalarEvent, start: int, end: int) -> None:
        text = self.source.text
        while (
            end > start and text[end - 1] in " \t\r\n"
        ):  # a block scalar's end mark stands after the blank lines below it
            end -= 1
        top = self._stack[-1] if self._stack else None
        is_key = top is not None and top.mapping and top.key is None
        path = top.path + _step(event.value) if top and is_key else self._path()
        scalar = Scalar(event.value, not event.style, Span(self.source, start, end, path), key=is_key)
        if text[start : start + 1] == '"' and (bad := _BAD_IN_VALUE.search(event.value)):
            self.found.append(_bad_character(bad, scalar.place(bad.start(), bad.end())))
        if top and is_key:
            self._key(top, scalar)
        else:
            self._put(scalar)

    def _key(self, top: _Open, key: Scalar) -> None:
        if key.plain and key.text == "<<":
            self._stop(
                Code.MERGE_KEY_NOT_ALLOWED,
                "merge keys `<<` are not allowed",
                key.span.start,
                key.span.end,
                "write the keys out",
            )
        if key.plain and _NOT_TEXT.fullmatch(key.text):
            message = f"key {quote(key.text)} is not text" if key.text else "a key is missing before `:`"
            mend = f'put it in quotes: "{key.text}"' if key.text and len(key.text) < _PATH_KEY else None
            self.found.append(Diagnostic(Code.KEY_NOT_TEXT, message, key.span, mend))
        first = top.keys.setdefault(key.text, key)
        if first is not key:
            lines = f"lines {first.span.line} and {key.span.line}"
            related = (Related(first.span, "first here"),)
            message = f"key {quote(key.text)} repeated, {lines}"
            self.found.append(Diagnostic(Code.KEY_REPEATED, message, key.span, "keep one of the two", related))
        top.key = key

    def _close(self, end: int) -> None:
        done = self._stack.pop()
        last = done.entries[-1][1] if done.entries else done.items[-1] if done.items else None
        if not done.flow and last is not None:  # a block's end mark stands where the next thing begins
            end = last.span.end
        span = Span(self.source, done.start, end, done.path)
        node = Mapping(tuple(done.entries), span) if done.mapping else Sequence(tuple(done.items), span)
        top = self._stack[-1] if self._stack else None
        if top is not None and top.mapping and top.key is None:
            kind = "a mapping" if done.mapping else "a list"
            self.found.append(
                Diagnostic(Code.KEY_NOT_TEXT, f"a key must be text, not {kind}", span, "put it in quotes")
            )
            top.key = Scalar("", plain=False, span=span, key=True)
        else:
            self._put(node)

    def _put(self, node: Node) -> None:
        if not self._stack:
            self.root = node
            return
        top = self._stack[-1]
        if top.key is None:
            top.items.append(node)
        else:
            top.entries.append((top.key, node))
            top.key = None

    def _path(self) -> str:
        """The path of the node that begins here."""
        if not self._stack:
            return "$"
        top = self._stack[-1]
        if not top.mapping:
            return f"{top.path}[{len(top.items)}]"
        return top.path if top.key is None else top.path + _step(top.key.text)

    def _stop(self, code: Code, message: str, start: int, end: int, mend: str | None = None) -> NoReturn:
        span = Span(self.source, start, max(start, min(end, len(self.source.text))), self._path())
        raise Refused([*self.found, Diagnostic(code, message, span, mend)])

    def syntax_error(self, error: yaml.MarkedYAMLError) -> NoReturn:
        """Refuse what libyaml could not read, in plain words, where the mend belongs."""
        start, words = explained(error, self.source.text)
        code = Code.TAG_NOT_ALLOWED if error.problem and "tag" in error.problem.split() else Code.YAML_SYNTAX
        self._stop(code, words.message, start, start + 1, words.help)


def _offsets(event: yaml.Event) -> tuple[int, int]:
    if event.start_mark is None or event.end_mark is None:
        msg = "libyaml gives every event its marks"
        raise AssertionError(msg)
    return event.start_mark.index, event.end_mark.index


def _step(key: str) -> str:
    """One key as a step of a path: `.limit`, or `["< 1"]` when it is not a simple word."""
    shown = key if len(key) <= _PATH_KEY else key[: _PATH_KEY - 1] + "…"
    return f".{shown}" if _SIMPLE_KEY.fullmatch(shown) else f"[{json.dumps(shown, ensure_ascii=False)}]"
