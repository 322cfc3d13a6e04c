"""Two versions of a part compared, field by field and item by item, down to what is one text for a reader.

INVARIANT: a comparison finds something if and only if the canonical forms differ, but for what follows from other
parts (`FOLLOWS`, `ORDER_FOLLOWS`), which is only compared when a place is `thorough`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

from policies import nodes
from policies.difference import Change, Difference
from policies.difference_matching import Alignment, align
from policies.difference_text import TYPES, form, shown
from policies.difference_words import FIELDS, FOLLOWS, MAIN, ORDER_FOLLOWS, PARTS, UNNAMED, essence, identity
from policies.feel.values import Duration, Range
from policies.ir import Band, Cell, DatedValue, Expression, Fact, Factor, Row, Scale
from policies.kinds.charges import AmountBand
from policies.kinds.classification import ClassBand
from policies.source import read

_ONE_TEXT = (Expression, Cell, Scale, Duration, Range, *TYPES)
"""What a reader takes in as one text."""

Step = str | tuple[str, int, int]
"""A step in the text: a key, or an item by its name, its index and how many there are."""


@dataclass(frozen=True)
class Text:
    """A document's text, read for the lines of what has none of its own."""

    source: nodes.Source

    @cached_property
    def _root(self) -> nodes.Node:
        return read(self.source)

    def line(self, steps: tuple[Step, ...]) -> int | None:
        """The line of the deepest place on the way; None when not even the second step is there."""
        node, line = self._root, None
        for depth, step in enumerate(steps):
            name = step if isinstance(step, str) else step[0]
            match node, step:
                case nodes.Mapping(), _ if (key := node.key(name)) is not None and (inner := node.get(name)):
                    node, line = inner, key.span.line
                case nodes.Sequence(items=items), (_, index, count) if count == len(items):
                    node = items[index]
                    line = node.span.line
                case _:
                    return None if depth < 2 else line  # noqa: PLR2004 (the section and the name in it)
        return line


@dataclass(frozen=True, slots=True)
class Side:
    """A part in one of the documents: its value, None where it is absent, and where it stands in the text."""

    value: Any
    text: Text
    steps: tuple[Step, ...]
    near: int | None = None

    def into(self, value: Any, step: Step) -> Side:
        """What stands within it."""
        return Side(value, self.text, (*self.steps, step), self._own)

    @property
    def _own(self) -> int | None:
        match self.value:
            case Expression() | Cell():
                span = self.value.scalar.span
                return span.line if span.source is self.text.source else None
            case Band(cell=cell) | ClassBand(cell=cell) | AmountBand(cell=cell):
                return cell.scalar.span.line
            case _:
                line = getattr(self.value, "line", None)
                return line if isinstance(line, int) and line else self.near

    @property
    def line(self) -> int | None:
        """Its line in the text, else that of the closest part around it; None where the library says it."""
        if self.value is None:
            return None
        own = self._own
        if own is not None and own != self.near:
            return own
        return max((line for line in (own, self.text.line(self.steps)) if line is not None), default=None)


@dataclass(frozen=True, slots=True)
class Place:
    """What a comparison has come to: whose part it is, by which word and name."""

    policy: str | None
    part: str
    name: str = ""
    thorough: bool = False

    def said(self, old: Side, new: Side) -> Difference:
        """The difference, its texts as people read them, or canonical where these would be the same."""
        change: Change = "added" if old.value is None else "removed" if new.value is None else "changed"
        was, now = (None if side.value is None else shown(side.value) for side in (old, new))
        if was == now:
            was, now = form(old.value), form(new.value)
        return self.told(change, was, now, old, new)

    def told(self, change: Change, was: str | None, now: str | None, old: Side, new: Side) -> Difference:
        """A difference in these words."""
        return Difference(self.policy, self.part, self.name or self.part, change, was, now, old.line, new.line)

    def dotted(self, name: str) -> Place:
        """What stands within, under its dotted name."""
        return replace(self, name=f"{self.name}.{name}" if self.name else name)


def compare(place: Place, old: Side, new: Side) -> Iterator[Difference]:
    """Everything in which the canonical forms of two versions of a part differ; None is a part that is absent."""
    was, now = old.value, new.value
    if was is now or form(was) == form(now):
        return
    if was is None or now is None:
        yield place.said(old, new)
    elif type(was) is type(now) and is_dataclass(was) and not isinstance(was, _ONE_TEXT):
        contents = _contents(was), _contents(now)
        if isinstance(was, Row) and form(contents[0]) == form(contents[1]):
            return
        rewritten = isinstance(was, (Row, *_BANDS)) and form(contents[0][0]) != form(contents[1][0])
        yield from [place.said(old, new)] if rewritten or isinstance(was, Row) else _fields(place, old, new)
    elif isinstance(was, tuple) and isinstance(now, tuple) and all(_known(item) for item in was + now):
        yield from _items(place, old, new)
    elif isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys([*was, *now]):
            sides = [side.into(_present(side.value, key), str(key)) for side in (old, new)]
            yield from compare(place.dotted(str(key)), *sides)
    else:
        yield place.said(old, new)


_NULL = ("null",)
"""Stands for a null that is there, where None is what is absent; its text and form are its own."""

_BANDS = (Band, ClassBand, AmountBand)


def _present(entries: Mapping[Any, Any], key: Any) -> Any:
    value = entries.get(key)
    return _NULL if value is None and key in entries else value


def _known(item: Any) -> bool:
    return isinstance(item, Row) or identity(item) is not None


def _fields(place: Place, old: Side, new: Side) -> Iterator[Difference]:
    kind = type(old.value)
    follows = frozenset() if place.thorough else FOLLOWS.get(kind, frozenset())
    for field in fields(kind):
        if not field.compare or field.name in follows:
            continue
        take = getattr if place.thorough else essence
        was, now = take(old.value, field.name), take(new.value, field.name)
        within = _within(place, kind, field.name, now if was in (None, ()) else was)
        yield from compare(within, old.into(was, field.name), new.into(now, field.name))


def _within(place: Place, kind: type, field: str, value: Any) -> Place:
    """What the comparison comes to in a field: a part of its own, the gist of this one, or a detail of it."""
    word = FIELDS.get((kind, field))
    if word is not None:
        named = replace(place, part=word)
        return named if (kind, field) in UNNAMED else named.dotted(field)
    if type(value) in PARTS:
        return replace(place, part=PARTS[type(value)])
    if MAIN.get(kind) == field or (isinstance(value, tuple) and value and _of_its_own(value[0])):
        return place
    if kind is Fact:
        return replace(place, name=f"{place.name} ({field})")
    return place.dotted(field)


def _of_its_own(item: Any) -> bool:
    return isinstance(item, DatedValue) or type(item) in PARTS


def _items(place: Place, old: Side, new: Side) -> Iterator[Difference]:
    found = _aligned(old.value, new.value)
    names = [_names(side.value) for side in (old, new)]
    were, are = (
        [side.into(_gist(item), (identity(item) or "", at, len(side.value))) for at, item in enumerate(side.value)]
        for side in (old, new)
    )
    for at in found.removed:
        yield _item(place, old.value[at], names[0][at], alone=True).said(were[at], replace(new, value=None))
    for i, j in found.pairs:
        item = _item(place, new.value[j], names[1][j], alone=False)
        if (i, j) in found.moved and (place.thorough or not isinstance(new.value[j], ORDER_FOLLOWS)):
            yield item.told("changed", f"position {i + 1}", f"position {j + 1}", were[i], are[j])
        yield from compare(item, were[i], are[j])
    for at in found.added:
        yield _item(place, new.value[at], names[1][at], alone=True).said(replace(old, value=None), are[at])


def _gist(item: Any) -> Any:
    """An item without the name that it is found by."""
    match item:
        case (str(), value):
            return _NULL if value is None else value
        case _:
            return item


def _aligned(old: tuple[Any, ...], new: tuple[Any, ...]) -> Alignment:
    """Rows are known by their cells, bands by their tests, both also by likeness; other items by their names."""
    before, after = (
        [form(item.cells) if isinstance(item, Row) else identity(item) or "" for item in each] for each in (old, new)
    )
    if not all(isinstance(item, (Row, *_BANDS)) for item in old + new):
        return align(before, after)
    said = [[[form(cell) for cell in _contents(item)] for item in each] for each in (old, new)]
    return align(before, after, lambda i, j: sum(a == b for a, b in zip(said[0][i], said[1][j], strict=False)))


def _contents(item: Any) -> tuple[Any, ...]:
    match item:
        case Row(cells=cells, outputs=outputs):
            return (*cells, *outputs)
        case ClassBand(cell=cell, then=then):
            return (cell, then)
        case Band(cell=cell, points=then) | AmountBand(cell=cell, amount=then):
            return (cell, then)
        case _:
            return ()


def _names(items: tuple[Any, ...]) -> list[str]:
    """What each item is called: rows by number, the others by what they are known by, repeated ones counted."""
    seen: Counter[str] = Counter()
    names = []
    for item in items:
        if isinstance(item, Row):
            names.append(f"row {item.number}")
            continue
        name = identity(item) or ""
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return names


def _item(place: Place, item: Any, name: str, *, alone: bool) -> Place:
    """What the comparison comes to in an item; `alone`: the other document has nothing that is this item."""
    part = PARTS.get(type(item), place.part)
    if part == "method":
        part = place.part if place.part == "cap" else part
    match item:
        case Factor():
            return replace(place, part=part, name=name)
        case DatedValue(start=None):
            return replace(place, name=f"{place.name} undated" if alone else place.name)
        case DatedValue():
            return replace(place, name=f"{place.name} from {name}")
        case Row() | Band() | ClassBand() | AmountBand():
            return replace(place, part=part, name=f"{place.name} {name}".strip())
        case _:
            return replace(place, part=part).dotted(name)
