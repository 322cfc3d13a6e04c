"""A text and the tree read from it: every node and every place in it knows its line, its column and its `$.path`."""

from __future__ import annotations

import collections.abc
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from policies import scalar_places


@dataclass(frozen=True)
class Source:
    """A text with the name it is known by, usually its file's. Offsets into it count characters, from 0."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def line_column(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both from 1."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """One line, counted from 1, without its line break."""
        start = self._line_starts[line - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")


@dataclass(frozen=True, slots=True)
class Span:
    """A place: the characters from offset `start` up to, not including, `end`; `path` leads there from the root `$`."""

    source: Source
    start: int
    end: int
    path: str = "$"

    @property
    def line(self) -> int:
        """The line of the first character, from 1."""
        return self.source.line_column(self.start)[0]

    @property
    def column(self) -> int:
        """The column of the first character, from 1."""
        return self.source.line_column(self.start)[1]

    @property
    def end_line(self) -> int:
        """The line of the end, from 1."""
        return self.source.line_column(self.end)[0]

    @property
    def end_column(self) -> int:
        """The column after the last character, from 1."""
        return self.source.line_column(self.end)[1]


@dataclass(frozen=True)
class Scalar:
    """Text; `plain` when written without quotes or block header, `key` when it is a mapping's key."""

    text: str
    plain: bool
    span: Span
    key: bool = False

    @cached_property
    def _places(self) -> tuple[scalar_places.Place, ...]:
        span = self.span
        return scalar_places.places(self.text, span.source.text, span.start, span.end, plain=self.plain)

    def place(self, start: int, end: int) -> Span:
        """The source span of `text[start:end]`: right for every style, since quotes, escapes and folding are undone."""
        span, places = self.span, self._places
        if not places:
            return span
        first = places[start][0] if start < len(places) else places[-1][1]
        last = places[end - 1][1] if end > start else first
        return Span(span.source, first, last, span.path)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True)
class Mapping:
    """Keys with their nodes, in the order written; keys are unique."""

    entries: tuple[tuple[Scalar, Node], ...]
    span: Span

    @cached_property
    def _by_key(self) -> dict[str, tuple[Scalar, Node]]:
        return {entry[0].text: entry for entry in self.entries}

    def get(self, key: str) -> Node | None:
        """The node under a key, or None."""
        entry = self._by_key.get(key)
        return entry[1] if entry else None

    def key(self, key: str) -> Scalar | None:
        """The key itself, for its place, or None."""
        entry = self._by_key.get(key)
        return entry[0] if entry else None


Node = Scalar | Sequence | Mapping


def at(node: Node, location: collections.abc.Sequence[str | int]) -> Node:
    """The node that keys and indices lead to; where one does not exist, the deepest that does on the way."""
    for step in location:
        inner: Node | None = None
        match node, step:
            case Mapping(), str():
                inner = node.get(step)
            case Sequence(items=items), int() if 0 <= step < len(items):
                inner = items[step]
            case _:
                pass
        if inner is None:
            return node
        node = inner
    return node


Plain = str | list["Plain"] | dict[str, "Plain"]
"""A tree of nothing but text."""


def plain(node: Node) -> Plain:
    """The tree as plain text, lists and dicts, without places."""
    match node:
        case Scalar():
            return node.text
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key.text: plain(value) for key, value in node.entries}
