"""From YAML nodes to document parts: every mistake of shape is reported, and the rest is still read.

A node that does not fit is taken out and the part read again, so that one mistake does not hide the next. Names that
were written but taken out stay known (see `Reading.broken`), so that their users are not reported as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from policies.diagnostics import CODES, Code, Diagnostic, quote
from policies.document_fields import Part, words_of
from policies.identifiers import did_you_mean
from policies.nodes import Mapping, Node, Scalar, Sequence, Span
from policies.yaml_problems import full_width

P = TypeVar("P", bound=Part)

_ROUNDS = 200
"""Mistakes taken out of one part before giving it up; every round removes one."""


class Entries(dict[str, Any]):
    """A mapping's values by key, with the node they came from."""

    node: Mapping


class Items(list[Any]):
    """A list's items, with the node they came from."""

    node: Sequence


Tree = Entries | Items | Scalar


@dataclass(slots=True)
class Reading:
    """What has been found wrong so far, and the names whose declarations were taken out."""

    found: list[Diagnostic] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    _kept: set[tuple[Code, str, int, int]] = field(default_factory=set)

    def report(self, diagnostic: Diagnostic) -> None:
        """Keep one diagnostic; the same one is kept once."""
        key = (diagnostic.code, diagnostic.message, diagnostic.span.start, diagnostic.span.end)
        if key not in self._kept:
            self._kept.add(key)
            self.found.append(diagnostic)


def unfold(node: Node) -> Tree:
    """The node as containers pydantic can read, scalars left as they are."""
    match node:
        case Scalar():
            return node
        case Sequence():
            items = Items(unfold(item) for item in node.items)
            items.node = node
            return items
        case Mapping():
            entries = Entries((key.text, unfold(value)) for key, value in node.entries)
            entries.node = node
            return entries


def read_part(model: type[P], tree: Tree, reading: Reading) -> P | None:
    """The part a tree stands for, or None when what is left after taking out mistakes is not one."""
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(tree, context={"report": reading.report})
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
            # Deepest first: taking out an inner node must not shift the place of an outer one.
            for detail in sorted(details, key=lambda detail: -len(detail["loc"])):
                _report(detail, model, tree, reading)
            if not _take_out(details, tree, reading):
                return None
    return None


def _walk(tree: Tree, location: tuple[int | str, ...]) -> tuple[Tree, tuple[int | str, ...]]:
    """The deepest subtree a pydantic location leads to, and the steps that led there."""
    taken: list[int | str] = []
    for step in location:
        match tree, step:
            case Entries(), str() if step in tree:
                tree = tree[step]
            case Items(), int() if step < len(tree):
                tree = tree[step]
            case _:
                continue  # `[key]` and validators' own labels are not steps of the document
        taken.append(step)
    return tree, tuple(taken)


def _report(detail: ErrorDetails, model: type[Part], tree: Tree, reading: Reading) -> None:
    location = detail["loc"]
    spot, steps = _walk(tree, location)
    of_key = location[-1:] == ("[key]",)
    if detail["type"] == "missing":
        key = str(location[-1])
        if isinstance(spot, Entries) and spot.node.get(key) is not None:
            return  # it was there and has been taken out, with its own diagnostic
        if isinstance(spot, Entries) and any(written.startswith(f"{key}\uff1a") for written in spot):
            return  # a key with a full-width colon has its own diagnostic
        allowed = words_of(model, location)
        mend = f"add `{key}:` with one of: {', '.join(allowed)}" if allowed else f"add `{key}: …`"
        reading.report(Diagnostic(Code.MISSING_KEY, f"`{key}` is missing", _opening(spot), mend))
        return
    if not of_key and isinstance(spot, Scalar) and not spot.text and steps and "\uff1a" in str(steps[-1]):
        return  # the value is in the key, behind its full-width colon
    span = _key_span(tree, steps) if of_key else _span(spot)
    found = _diagnostic(detail, spot, span)
    reading.report(_about_full_width(found, _key(tree, steps) if of_key else spot) or found)


def _about_full_width(found: Diagnostic, written: Tree | None) -> Diagnostic | None:
    """The same mistake at the full-width sign that caused it; None where there is no such sign."""
    if not isinstance(written, Scalar) or not written.plain:
        return None
    wide = full_width(written.text) if found.code in {Code.SHAPE, Code.NAME, Code.LANGUAGE} else None
    if wide is None:
        return None
    at, words = wide
    return Diagnostic(found.code, words.message, written.place(at, at + 1), words.help)


def _diagnostic(detail: ErrorDetails, spot: Tree, span: Span) -> Diagnostic:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "literal_error":
        allowed = [word.strip("'") for word in str(context.get("expected", "")).replace(" or ", ", ").split(", ")]
        written = spot.text if isinstance(spot, Scalar) else "this"
        close = did_you_mean(written, allowed)
        mend = f"did you mean `{close}`?" if close else "write one of: " + ", ".join(allowed)
        return Diagnostic(Code.CHOICE, f"{quote(written)} is not known here", span, mend)
    if kind in CODES:
        return Diagnostic(CODES[kind], detail["msg"], span, context.get("help"))
    wanted = {"dict_type": "a mapping", "tuple_type": "a list"}.get(kind, "written differently")
    return Diagnostic(Code.SHAPE, f"this must be {wanted}", span)


def _span(spot: Tree) -> Span:
    return spot.span if isinstance(spot, Scalar) else _opening(spot)


def _opening(spot: Tree) -> Span:
    """A short place for something long: the first key or item of a container."""
    if isinstance(spot, Scalar):
        return spot.span
    node = spot.node
    if isinstance(node, Mapping) and node.entries:
        return node.entries[0][0].span
    return Span(node.span.source, node.span.start, min(node.span.start + 1, node.span.end), node.span.path)


def _key(tree: Tree, steps: tuple[int | str, ...]) -> Scalar | None:
    parent, _ = _walk(tree, steps[:-1])
    return parent.node.key(str(steps[-1])) if isinstance(parent, Entries) else None


def _key_span(tree: Tree, steps: tuple[int | str, ...]) -> Span:
    key = _key(tree, steps)
    return key.span if key else _span(_walk(tree, steps[:-1])[0])


def _take_out(details: list[ErrorDetails], tree: Tree, reading: Reading) -> bool:
    """Remove the mistaken nodes; False when nothing can be removed because the part itself is the mistake."""
    doomed = set()
    for detail in details:
        _, steps = _walk(tree, detail["loc"])
        doomed.add(steps)
    if () in doomed:
        return False
    # Later items first, so that removing one does not shift another.
    for steps in sorted(doomed, key=_removal_order, reverse=True):
        parent, reached = _walk(tree, steps[:-1])
        if reached != steps[:-1]:
            continue
        last = steps[-1]
        if isinstance(parent, Entries):
            parent.pop(str(last), None)
            reading.broken.add(str(last))
        elif isinstance(parent, Items) and isinstance(last, int):
            lost = parent.pop(last)
            if isinstance(lost, Entries):
                reading.broken.update(value.text for value in lost.values() if isinstance(value, Scalar))
    return True


def _removal_order(steps: tuple[int | str, ...]) -> list[tuple[int, int, str]]:
    return [(1, step, "") if isinstance(step, int) else (0, 0, step) for step in steps]


Report = Callable[[Diagnostic], None]
