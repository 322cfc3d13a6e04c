"""The text of a policy as a certificate quotes it: the lines of the policies that decided, and the titles in it.

It is read as a tree of nodes and not checked: a text that decided once is quoted even where a later release would
refuse it, and one that cannot be read at all is quoted whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from collections.abc import Mapping as Members
from dataclasses import dataclass, field

from policies.diagnostics import Refused
from policies.ir import Texts
from policies.source import Mapping, Node, Scalar, Sequence, Source, at, read


@dataclass(frozen=True, slots=True)
class Part:
    """One policy's own lines; `first` is the number of the first of them in the whole text, from 1.

    `results` are the titles of what its decisions can come to: its classes, its levels and reminders.
    """

    name: str
    title: Texts
    first: int
    lines: tuple[str, ...]
    kind: str = ""
    results: Members[str, Texts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PolicyText:
    """What a certificate takes from the text.

    `parts` are the policy that decided, then those it needs. `titles` are those of the parts of policies by name and
    line; `facts` those of facts by dotted path, empty where one has none, in the order declared. `sha256` is that of
    the whole text, in hex.
    """

    sha256: str
    parts: tuple[Part, ...]
    currency: str = ""
    titles: Members[tuple[str, int], Texts] = field(default_factory=dict)
    facts: Members[str, Texts] = field(default_factory=dict)

    def part(self, policy: str) -> Part | None:
        """The lines of a policy of this name, or None."""
        return next((part for part in self.parts if part.name == policy), None)

    @property
    def shown_lines(self) -> frozenset[int]:
        """The numbers of the lines that are quoted."""
        return frozenset(part.first + number for part in self.parts for number in range(len(part.lines)))


def read_policy_text(text: str, policy: str) -> PolicyText:
    """The text, as far as it speaks of one policy."""
    written = text.removeprefix("\ufeff")
    digest = hashlib.sha256(written.encode()).hexdigest()
    whole = PolicyText(digest, (Part(policy, {}, 1, tuple(written.split("\n"))),))
    try:
        root = read(Source("policy", written))
    except Refused:
        return whole
    policies = at(root, ["policies"])
    if not (isinstance(root, Mapping) and isinstance(policies, Mapping) and policies.get(policy)):
        return whole
    currency = root.get("reporting_currency")
    return PolicyText(
        sha256=digest,
        parts=tuple(_part(written, policies, name) for name in _needed(policies, policy)),
        currency=currency.text if isinstance(currency, Scalar) else "",
        titles=dict(_titles(policies, None)),
        facts=dict(_facts(root.get("facts"), "")),
    )


def _needed(policies: Mapping, policy: str) -> list[str]:
    """The policy and all it needs, each once, the policy itself first."""
    names = [policy]
    for name in names:
        needs = at(policies, [name, "needs"])
        wanted = [item.text for item in needs.items if isinstance(item, Scalar)] if isinstance(needs, Sequence) else []
        names.extend(other for other in wanted if other not in names and policies.get(other))
    return names


def _part(text: str, policies: Mapping, name: str) -> Part:
    key, node = policies.key(name), policies.get(name)
    if key is None or node is None:
        raise KeyError(name)
    first = key.span.line
    start = text.rfind("\n", 0, key.span.start) + 1
    # A block of YAML ends where the next one begins: the blank lines and comments between them are the next one's.
    own = text[start : node.span.end].split("\n")
    least = len(text[start : _last(node)].rstrip().split("\n"))
    while len(own) > least and (not own[-1].strip() or own[-1].lstrip().startswith("#")):
        own.pop()
    lines = text.split("\n")[first - 1 : first - 1 + len(own)]
    kind = at(node, ["kind"])
    return Part(
        name=name,
        title=_texts(node),
        first=first,
        lines=tuple(line.removesuffix("\r") for line in lines),
        kind=kind.text if isinstance(kind, Scalar) else "",
        results=dict(_results(node)),
    )


def _last(node: Node) -> int:
    """Where the last scalar of a node ends; what follows it is brackets or no part of the node."""
    match node:
        case Mapping(entries=entries) if entries:
            return _last(entries[-1][1])
        case Sequence(items=items) if items:
            return _last(items[-1])
        case _:
            return node.span.end


def _texts(node: Node | None) -> Texts:
    """The title of a part; none where it has none."""
    title = node.get("title") if isinstance(node, Mapping) else None
    if not isinstance(title, Mapping):
        return {}
    return {key.text: value.text for key, value in title.entries if isinstance(value, Scalar)}


def _titles(node: Node, key: Scalar | None) -> Iterator[tuple[tuple[str, int], Texts]]:
    """Every title below, by each name its part may have (its key, or a text in it: `rule: slow-payer`) and its line."""
    match node:
        case Mapping():
            title = _texts(node)
            if title and key is not None:
                yield (key.text, key.span.line), title
            elif title:
                names = [value.text for _, value in node.entries if isinstance(value, Scalar)]
                yield from (((name, node.span.line), title) for name in names)
            for inner, value in node.entries:
                yield from _titles(value, inner)
        case Sequence():
            for item in node.items:
                yield from _titles(item, None)
        case Scalar():
            pass


def _facts(node: Node | None, prefix: str) -> Iterator[tuple[str, Texts]]:
    for key, value in node.entries if isinstance(node, Mapping) else ():
        yield f"{prefix}{key.text}", _texts(value)
        yield from _facts(at(value, ["fields"]) if _has(value, "fields") else None, f"{prefix}{key.text}.")


def _results(node: Node | None) -> Iterator[tuple[str, Texts]]:
    """Classes by name; levels and reminders wherever the policy has them."""
    match node:
        case Mapping():
            for key, value in node.entries:
                if key.text == "classes" and isinstance(value, Mapping):
                    yield from ((name.text, _texts(inner)) for name, inner in value.entries)
                elif key.text in {"levels", "reminders"} and isinstance(value, Sequence):
                    for item in value.items:
                        name = at(item, [key.text.removesuffix("s")])
                        if isinstance(name, Scalar):
                            yield name.text, _texts(item)
                else:
                    yield from _results(value)
        case Sequence() | Scalar() | None:
            pass


def _has(node: Node, key: str) -> bool:
    return isinstance(node, Mapping) and node.get(key) is not None
