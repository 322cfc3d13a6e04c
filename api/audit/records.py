"""The audit log's records: their exact bytes, their leaf hash, and the answer that is read off them.

A record is JSON in a closed profile: text, whole numbers up to 2^53 - 1, true, false, null, lists and objects; every
other number is text. In this profile the canonical form is that of RFC 8785 (JCS): members in the order of their UTF-16
code units, nothing between the tokens. The bytes are stored once and never rebuilt; an answer, first or repeated, is
always made from the stored bytes, so that what was answered is what was recorded.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from api.audit.canonical import canonical, closed
from api.audit.personal import Kept as KeptPersonal
from api.audit.personal import Personal, put_back, take_out
from api.audit.verify import leaf_hash
from engine.decision import Json

FORMAT = 1
"""Version of the record's shape, in every record."""

LARGEST = 60_000
"""Bytes of the largest record; what would make it larger is stored beside it, under its SHA-256."""

_MOVABLE = ("facts", "decision", "entries", "personal", "policies")


@dataclass(frozen=True, slots=True)
class Catalogued:
    """What a record is found by. `outcome` is the one word that says most; `subject` whom it is about."""

    policy: str | None = None
    outcome: str | None = None
    revision: int | None = None
    principal: str | None = None
    subject: str | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One entry to be: what it is, its exact bytes and leaf hash, and what is stored beside it.

    `parts` are those too large for it, by their SHA-256; `personal` is what can be erased later. `like` names what it
    resembles, for compression: records with the same word say most in the same words.
    """

    kind: str
    id: str
    at: dt.datetime
    body: bytes
    leaf: bytes
    parts: Mapping[bytes, bytes] = field(default_factory=dict)
    personal: tuple[KeptPersonal, ...] = ()
    catalogued: Catalogued = Catalogued()
    like: str | None = None


def timestamp(moment: dt.datetime) -> str:
    """A moment in UTC, to the microsecond: `2026-03-01T09:30:00.000000Z`."""
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def make_record(
    kind: str,
    id_: str,
    at: dt.datetime,
    content: Mapping[str, Json],
    *,
    personal: Personal | None = None,
    catalogued: Catalogued | None = None,
    like: str | None = None,
) -> Record:
    """A record of one kind with its content; members too large for it are replaced by `<member>_sha256`.

    What is `personal` in it is taken out, and a salted hash stands for it under `personal`.
    """
    members = closed({"writ_record": FORMAT, "kind": kind, "id": id_, "at": timestamp(at), **content})
    taken = () if personal is None else take_out(members, personal)
    if taken:
        members["personal"] = {one.pointer: one.commitment.hex() for one in taken}
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
    return Record(kind, id_, at, body, leaf_hash(body), parts, taken, catalogued or Catalogued(), like)


def read_record(
    body: bytes, part: Callable[[bytes], bytes], personal: Iterable[tuple[str, bytes]] = ()
) -> dict[str, Json]:
    """A stored record as JSON, whole: `part` gives the bytes stored beside it, `personal` what was not erased."""
    members: dict[str, Json] = orjson.loads(body)
    for name in _MOVABLE:
        if (digest := members.pop(f"{name}_sha256", None)) is not None:
            members[name] = orjson.loads(part(bytes.fromhex(digest)))
    put_back(members, personal)
    return members


def erased(record: Mapping[str, Json], personal: Iterable[tuple[str, bytes]]) -> frozenset[str]:
    """The pointers of a record's personal data that is not there any more."""
    return frozenset(record.get("personal", ())) - {pointer for pointer, _ in personal}


def decision_answer(record: Mapping[str, Json], seq: int, leaf: bytes) -> dict[str, Json]:
    """What is answered to a decision request, or to a trial of one, read off its record and its place in the log."""
    decision = record["decision"]
    trial = record["kind"] == "test"
    return {
        **({"test": True, "test_id": record["id"]} if trial else {"decision_id": record["id"]}),
        "policy": decision["policy"],
        "kind": decision["kind"],
        "policy_digest": decision["policy_digest"],
        "revision": record["revision"],
        **({"revision_named": True} if record.get("revision_named") else {}),
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
