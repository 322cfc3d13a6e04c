"""The audit log's records: their exact bytes, their leaf hash, and the answer that is read off them.

A record is JSON in a closed profile: text, whole numbers up to 2^53 - 1, true, false, null, lists and objects; every
other number is text. In this profile the canonical form is that of RFC 8785 (JCS): members in the order of their UTF-16
code units, nothing between the tokens. The bytes are stored once and never rebuilt; an answer, first or repeated, is
always made from the stored bytes, so that what was answered is what was recorded.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from engine.decision import Json, plain_decimal

FORMAT = 1
"""Version of the record's shape, in every record."""

LARGEST = 60_000
"""Bytes of the largest record; what would make it larger is stored beside it, under its SHA-256."""

_EXACT = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly (RFC 8259, section 6)."""

_MOVABLE = ("facts", "decision")


@dataclass(frozen=True, slots=True)
class Record:
    """One entry to be: its id, its exact bytes, its leaf hash, and the parts too large for it by their SHA-256."""

    id: str
    body: bytes
    leaf: bytes
    parts: Mapping[bytes, bytes] = field(default_factory=dict)


def canonical(value: Json) -> bytes:
    """The one rendering of a JSON value in the record's profile. Raises TypeError for what JSON does not have."""
    return orjson.dumps(_closed(value, _recorded))


def fingerprint(policy: str, body: Json) -> bytes:
    """SHA-256 of what a request asks, however its members are ordered and its numbers written."""
    asked = {"policy": policy, "body": body}
    return hashlib.sha256(orjson.dumps(_closed(asked, _compared))).digest()


def leaf_hash(body: bytes) -> bytes:
    """The leaf of a record in the hash tree: SHA-256 of 0x00 and the record's bytes (RFC 9162, section 2.1.1)."""
    return hashlib.sha256(b"\x00" + body).digest()


def timestamp(moment: dt.datetime) -> str:
    """A moment in UTC, to the microsecond: `2026-03-01T09:30:00.000000Z`."""
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def make_record(kind: str, id_: str, at: dt.datetime, content: Mapping[str, Json]) -> Record:
    """A record of one kind with its content; members too large for it are replaced by `<member>_sha256`."""
    members = {"writ_record": FORMAT, "kind": kind, "id": id_, "at": timestamp(at), **content}
    body = canonical(members)
    parts: dict[bytes, bytes] = {}
    movable = {name: canonical(members[name]) for name in _MOVABLE if name in members} if len(body) > LARGEST else {}
    while len(body) > LARGEST and movable:
        name = max(movable, key=lambda each: len(movable[each]))
        part = movable.pop(name)
        digest = hashlib.sha256(part).digest()
        parts[digest] = part
        del members[name]
        members[f"{name}_sha256"] = digest.hex()
        body = canonical(members)
    return Record(id_, body, leaf_hash(body), parts)


def read_record(body: bytes, part: Callable[[bytes], bytes]) -> dict[str, Json]:
    """A stored record as JSON, whole: `part` gives the bytes stored beside it."""
    members: dict[str, Json] = orjson.loads(body)
    for name in _MOVABLE:
        if (digest := members.pop(f"{name}_sha256", None)) is not None:
            members[name] = orjson.loads(part(bytes.fromhex(digest)))
    return members


def decision_answer(record: Mapping[str, Json], seq: int, leaf: bytes) -> dict[str, Json]:
    """What is answered to a decision request, read off its record and its place in the log."""
    decision = record["decision"]
    return {
        "decision_id": record["id"],
        "policy": decision["policy"],
        "kind": decision["kind"],
        "policy_digest": decision["policy_digest"],
        "revision": record["revision"],
        "engine": decision["engine"],
        "as_of": decision["as_of"],
        "decided_at": record["at"],
        "outcome": decision["outcome"],
        # Who is told what: not every decision has them.
        **{name: decision[name] for name in ("principal_reasons", "customer_text") if name in decision},
        "reasons": decision["reasons"],
        "trace": decision["trace"],
        "log": {"seq": seq, "leaf": leaf.hex()},
    }


def _closed(value: Json, number: Callable[[int | Decimal], Any]) -> Any:
    match value:
        case None | bool() | str():
            return value
        case int() | Decimal():
            return number(value)
        case Mapping():
            return {key: _closed(value[key], number) for key in sorted(value, key=_utf16)}
        case list() | tuple():
            return [_closed(item, number) for item in value]
        case _:
            msg = f"no place in a record for {type(value).__name__}"
            raise TypeError(msg)


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _recorded(number: int | Decimal) -> int | str:
    """A number as received, its trailing zeros kept: a replay must read what the decision read."""
    if isinstance(number, int) and abs(number) <= _EXACT:
        return number
    return format(Decimal(number), "f")


def _compared(number: int | Decimal) -> orjson.Fragment:
    return orjson.Fragment(plain_decimal(Decimal(number)).encode())
