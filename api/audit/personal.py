"""Personal data of a record: taken out and replaced by a salted hash, so that it can be erased and proofs stay valid.

What a policy file marks `pii` is taken out of the facts, and of the decision wherever it was read or is repeated. A
bare hash of a name or a birthday could be guessed; 16 random bytes before it cannot, and are erased with it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from api.audit.canonical import canonical
from engine.decision import Json, plain_decimal
from engine.facts import pointer_step
from policies.ir import Fact

SALT = 16
"""Random bytes before a value."""

_SHORTEST = 4
"""Bytes of the shortest text that is looked for inside other texts: a shorter one stands in half of them. A Chinese
name of two characters has six.
"""

_HEADLINES: Mapping[str, frozenset[str]] = {
    "credit": frozenset({"decision"}),
    "classification": frozenset({"class", "base_class"}),
    "dunning": frozenset({"outcome"}),
}
"""By kind of policy, the members of the outcome that are words of the policy."""

_FINGERPRINT = "/fingerprint"
"""A hash of the whole request: with all but one value known, that one could be guessed from it."""

_Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """One value taken out of a record: where it stood, its salt, and the canonical bytes of the value."""

    pointer: str
    salt: bytes
    value: bytes

    @property
    def commitment(self) -> bytes:
        """What stands in the record for it."""
        return commitment(self.salt, self.value)


@dataclass(frozen=True, slots=True)
class Personal:
    """What is personal in the facts of one record: the declarations, and the facts as they were sent.

    `subject` is the dotted path of the fact that says whom the record is about, where it has a `subject`.
    """

    declared: Sequence[Fact]
    facts: Mapping[str, Any]
    subject: str | None = None

    def paths(self) -> frozenset[str]:
        """The dotted paths that are marked, without the places of items in lists."""
        return frozenset(_marked(self.declared, ""))


def commitment(salt: bytes, value: bytes) -> bytes:
    """SHA-256 of salt and value."""
    return hashlib.sha256(salt + value).digest()


def take_out(members: dict[str, Json], personal: Personal) -> tuple[Kept, ...]:
    """Replace what is personal in a record's members by null, in place; what was taken out."""
    # A place may be marked twice, by itself and by what it lies in: the larger one is taken.
    places = sorted(set(_places(personal.declared, members["facts"], ("facts",))), key=len)
    if not places:
        return ()
    taking = _Taking(members)
    taken: set[_Steps] = set()
    for steps in places:
        if not any(steps[:length] in taken for length in range(len(steps))):
            taking.take(steps)
            taken.add(steps)
    paths = personal.paths()
    if personal.subject in paths and members.get("subject") is not None:
        taking.take(("subject",))
    if "decision" in members:
        _walk(
            members["decision"], ("decision",), _test(paths, taking.texts), taking.take, members["decision"].get("kind")
        )
    if members.get("fingerprint") is not None:
        taking.take((_FINGERPRINT[1:],))
    return tuple(taking.kept)


def put_back(members: dict[str, Json], kept: Iterable[tuple[str, bytes]]) -> None:
    """Put values back where they stood, by pointer; what was erased stays null."""
    for pointer, value in kept:
        place, last = _resolve(members, pointer)
        place[last] = orjson.loads(value)


def blank(members: dict[str, Json], pointers: Iterable[str]) -> dict[str, Json]:
    """The members with null at every one of these places that they have, changed in place."""
    for pointer in pointers:
        try:
            place, last = _resolve(members, pointer)
            if isinstance(place, list) or last in place:
                place[last] = None
        except (LookupError, TypeError, ValueError):
            continue
    return members


def fingerprint_salt(kept: Iterable[tuple[str, bytes]]) -> bytes | None:
    """Of pointers and salts, the salt of the request's fingerprint."""
    return next((salt for pointer, salt in kept if pointer == _FINGERPRINT), None)


class _Taking:
    """Takes values out of a record, and remembers the texts in them."""

    def __init__(self, members: dict[str, Json]) -> None:
        self.members = members
        self.kept: list[Kept] = []
        self.texts: set[str] = set()

    def take(self, steps: _Steps) -> None:
        place: Any = self.members
        last: Any
        *before, last = steps
        for step in before:
            place = place[step]
        value = place[last]
        place[last] = None
        self.texts.update(_texts(value))
        pointer = "".join(pointer_step(str(step)) for step in steps)
        self.kept.append(Kept(pointer, secrets.token_bytes(SALT), canonical(value)))


def _marked(declared: Sequence[Fact], prefix: str) -> Iterator[str]:
    for fact in declared:
        if fact.pii:
            yield prefix + fact.name
        yield from _marked(fact.fields, f"{prefix}{fact.name}.")


def _places(declared: Sequence[Fact], value: Any, at: _Steps) -> Iterator[_Steps]:
    """Where in facts as they were sent something marked stands."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _places(declared, item, (*at, number))
    if not isinstance(value, Mapping):
        return
    for fact in declared:
        if value.get(fact.name) is None:
            continue
        if fact.pii:
            yield (*at, fact.name)
        elif fact.fields:
            yield from _places(fact.fields, value[fact.name], (*at, fact.name))


def _texts(value: Json) -> Iterator[str]:
    """The texts by which a value would be recognised elsewhere: as it is, a number also as a decision writes it."""
    match value:
        case str():
            yield value
            with suppress(InvalidOperation):
                yield plain_decimal(Decimal(value))
        case int() if not isinstance(value, bool):
            yield str(value)
        case Mapping():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
        case _:
            pass


def _test(paths: frozenset[str], texts: Iterable[str]) -> Callable[[str | None, Json], bool]:
    """Whether a value in a decision is personal: read from a marked path, or a text that repeats one."""
    texts = frozenset(texts)
    needles = tuple(text for text in texts if len(text.encode()) >= _SHORTEST)
    whole = frozenset(text for text in texts.difference(needles) if text and not text.isdigit())

    def personal(path: str | None, value: Json) -> bool:
        if path is not None and any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in paths):
            return value is not None
        return isinstance(value, str) and (value in whole or any(needle in value for needle in needles))

    return personal


def _walk(
    value: Json,
    at: _Steps,
    personal: Callable[[str | None, Json], bool],
    take: Callable[[_Steps], None],
    kind: str | None,
) -> None:
    """Take out of a decision what is personal; what was read or observed stands under the path it was read from."""
    children: Iterable[tuple[str | int, Json]]
    if isinstance(value, Mapping):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    else:
        return
    under_paths = at[-1] in ("read", "observed")
    words = _words(at, kind)
    for name, child in children:
        if name in words:
            continue
        if personal(str(name) if under_paths else None, child):
            take((*at, name))
        else:
            _walk(child, (*at, name), personal, take, kind)


def _words(at: _Steps, kind: str | None) -> frozenset[str]:
    """The members at a place of a decision that hold words of the policy and engine, whatever somebody is called."""
    match at:
        case ("decision",):
            return frozenset({"as_of", "engine", "kind", "policy", "policy_digest", "principal_reasons"})
        case ("decision", "outcome"):
            return _HEADLINES.get(kind or "", frozenset())
        case ("decision", "reasons", int()):
            return frozenset({"code", "kind", "policy", "rule", "domain", "then", "fact_paths", "missing"})
        case ("decision", "trace", *steps, int()) if all(isinstance(step, int) or step == "steps" for step in steps):
            return frozenset({"part", "status", "missing"})
        case _:
            return frozenset()


def _resolve(members: Any, pointer: str) -> tuple[Any, Any]:
    """The list or object that a pointer's last step leads out of, and that step."""
    *steps, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))
    place = members
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    return place, int(last) if isinstance(place, list) else last
