"""Appends records to the log within one transaction: keys looked up, entries numbered, the tree grown with them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from api.audit.canonical import canonical
from api.audit.database import KeyReusedError
from api.audit.moments import microseconds
from api.audit.packing import pack_alone
from api.audit.personal import commitment, fingerprint_salt
from api.audit.records import Record
from api.audit.store import Kept, State, Store
from api.audit.tables import catalogue, entry, idempotency, log_state, part, personal, reason, tile
from api.audit.tree import TILE, perfect_root


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key in its scope, and what it was used for: SHA-256 of each."""

    hash: bytes
    asked: bytes


@dataclass(frozen=True, slots=True)
class Item:
    """A record to be appended, compressed, and its key if it has one."""

    record: Record
    dictionary: int | None
    packed: bytes
    key: Key | None = None

    @classmethod
    def of(cls, store: Store, record: Record, key: Key | None = None) -> Item:
        """A record as it will be stored."""
        return cls(record, *store.packing.pack(record.like, record.body), key)


def key_hash(scope: str, key: str) -> bytes:
    """SHA-256 of an idempotency key in its scope: of the principal, the method and the route it is used for."""
    return hashlib.sha256(f"{scope}\0{key}".encode()).digest()


def append(store: Store, connection: Connection, state: State, items: Sequence[Item]) -> list[Kept | KeyReusedError]:
    """What became of each item: its new entry, the entry that its key already had, or the key's refusal.

    The caller holds the log's lock (`read_state(connection, lock=True)`) and commits.
    """
    became = _known(store, connection, [item.key for item in items if item.key is not None])
    entered = _entered(store, connection, [item.record.id for item in items if item.key is None])
    results: list[Kept | KeyReusedError] = []
    new: list[Item] = []
    for item in items:
        before = None if item.key is None else became.get(item.key.hash)
        if before is not None:
            results.append(before.answer(item))
            continue
        if item.record.id in entered:
            results.append(entered[item.record.id])
            continue
        kept = Kept(state.size + len(new), item.record.body, item.record.leaf)
        new.append(item)
        results.append(kept)
        if item.key is not None:
            became[item.key.hash] = _Before(kept, item.record.id, item.key.asked, None)
    if new:
        _insert(store, connection, state, new)
    return results


def find_key(store: Store, key: Key) -> Kept | None:
    """The entry that the key has, if any. Raises KeyReusedError and AuditUnavailableError."""
    with store.read() as connection:
        before = _known(store, connection, [key]).get(key.hash)
    if before is None:
        return None
    found = before.of(key)
    if isinstance(found, KeyReusedError):
        raise found
    return found


@dataclass(frozen=True, slots=True)
class _Before:
    """The entry that a key has, with what it was used for; salted when the request held personal data."""

    kept: Kept
    id: str
    fingerprint: bytes
    salt: bytes | None

    def of(self, key: Key) -> Kept | KeyReusedError:
        asked = key.asked if self.salt is None else commitment(self.salt, canonical(key.asked.hex()))
        if asked != self.fingerprint:
            return KeyReusedError()
        return Kept(self.kept.seq, self.kept.body, self.kept.leaf, replayed=True)

    def answer(self, item: Item) -> Kept | KeyReusedError:
        # The very record: an earlier try of this batch was committed, and the connection lost before that was known.
        return self.kept if self.id == item.record.id or item.key is None else self.of(item.key)


def _entered(store: Store, connection: Connection, ids: Sequence[str]) -> dict[str, Kept]:
    """Those records without a key that an earlier try committed, before the connection was lost."""
    if not ids:
        return {}
    rows = connection.execute(select(entry).where(entry.c.id.in_(ids))).all()
    return {row.id: store.kept(row) for row in rows}


def _known(store: Store, connection: Connection, keys: Sequence[Key]) -> dict[bytes, _Before]:
    there = store.database.known(connection, [key.hash for key in keys]) if keys else set()
    if not there:
        return {}
    joined = select(idempotency.c.key_hash, idempotency.c.fingerprint, entry).join_from(idempotency, entry)
    rows = connection.execute(joined.where(idempotency.c.key_hash.in_(list(there)))).all()
    found = {}
    for row in rows:
        salts = connection.execute(select(personal.c.pointer, personal.c.salt).where(personal.c.seq == row.seq)).all()
        found[row.key_hash] = _Before(
            store.kept(row), row.id, row.fingerprint, fingerprint_salt((p, salt) for p, salt in salts)
        )
    return found


def _insert(store: Store, connection: Connection, state: State, items: Sequence[Item]) -> None:
    insert = store.database.insert
    numbered = list(enumerate(items, start=state.size))
    records = [(seq, item.record) for seq, item in numbered]
    rows = [(seq, item.record.id, item.dictionary, item.packed, item.record.leaf) for seq, item in numbered]
    insert(connection, entry, rows)
    insert(
        connection,
        idempotency,
        [(item.key.hash, _fingerprint(item.record, item.key), seq) for seq, item in numbered if item.key is not None],
    )
    insert(connection, catalogue, [_catalogued(seq, record) for seq, record in records])
    insert(
        connection,
        reason,
        [(code, seq) for seq, record in records for code in dict.fromkeys(record.catalogued.reasons)],
    )
    insert(
        connection,
        personal,
        [(seq, one.pointer, one.salt, one.value) for seq, record in records for one in record.personal],
    )
    _keep_parts(store, connection, {digest: body for _, record in records for digest, body in record.parts.items()})
    frontier = state.frontier.extend(record.leaf for _, record in records)
    for number in range(state.size // TILE, frontier.size // TILE):
        _keep_tile(store, connection, number)
    latest = max(state.latest, *(microseconds(record.at) for _, record in records))
    grown = {"size": frontier.size, "frontier": frontier.to_bytes(), "latest": latest}
    connection.execute(update(log_state).values(**grown))


def _fingerprint(record: Record, key: Key) -> bytes:
    """What is kept of the request: its hash, or the salted one of a record with personal data."""
    return next((one.commitment for one in record.personal if one.pointer == "/fingerprint"), key.asked)


def _catalogued(seq: int, record: Record) -> tuple[object, ...]:
    found = record.catalogued
    at = microseconds(record.at)
    return (seq, at, record.kind, found.policy, found.outcome, found.revision, found.principal, found.subject)


def _keep_parts(store: Store, connection: Connection, parts: dict[bytes, bytes]) -> None:
    if parts:
        known = set(connection.scalars(select(part.c.digest).where(part.c.digest.in_(list(parts)))))
        new = [(digest, pack_alone(body)) for digest, body in parts.items() if digest not in known]
        store.database.insert(connection, part, new)


def _keep_tile(store: Store, connection: Connection, number: int) -> None:
    """Store the tile that has just become whole, and the one above it that this may complete."""
    first = number * TILE
    leaves = select(entry.c.leaf).where(entry.c.seq >= first, entry.c.seq < first + TILE).order_by(entry.c.seq)
    level, hashes = 0, list(connection.scalars(leaves))
    while True:
        row = (level, number, perfect_root(hashes), b"".join(hashes))
        store.database.insert(connection, tile, [row])
        level, number, place = level + 1, number // TILE, number % TILE
        if place != TILE - 1:
            return
        below = select(tile.c.root).where(tile.c.level == level - 1, tile.c.number >= number * TILE)
        hashes = list(connection.scalars(below.order_by(tile.c.number)))
