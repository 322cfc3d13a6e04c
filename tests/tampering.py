"""What those do who can write the log's database and should not; the key and the checkpoints outside are not theirs."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2 as driver
import zstandard

from api.audit.tree import TILE, Frontier, perfect_root
from api.audit.verify import leaf_hash
from tests.packs import checkpoint, signing_key

SIZE, YESTERDAY, STEP = 600, 400, 50
"""Entries of the log, and of yesterday's copy; it is signed every `STEP` entries, two whole tiles are in it."""


@dataclass(frozen=True)
class Made:
    """The log as it was: its folder, yesterday's, its records' bytes; and what the auditor holds."""

    folder: Path
    yesterday: Path
    bodies: tuple[bytes, ...]
    note: Path
    key: str

    @property
    def origin(self) -> str:
        return self.key.partition("+")[0]


@dataclass
class Tampering:
    """A copy of the log, its database opened by a tamperer."""

    made: Made
    folder: Path
    chance: random.Random
    connection: Any = None

    @contextmanager
    def opened(self) -> Iterator[None]:
        self.open()
        try:
            yield
            self.connection.commit()
        finally:
            self.connection.close()

    def open(self) -> None:
        self.connection = driver.connect(str(self.folder / "writ.db"))
        for (name,) in self.do("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            self.do(f"DROP TRIGGER {name}")

    def do(self, statement: str, *values: object) -> list[Any]:
        found: list[Any] = self.connection.execute(statement, values).fetchall()
        return found

    def one(self, statement: str, *values: object) -> Any:
        ((found,),) = self.do(statement, *values)
        return found

    def seq(self) -> int:
        return self.chance.randrange(SIZE)

    def flipped(self, raw: bytes) -> bytes:
        changed = bytearray(raw)
        changed[self.chance.randrange(len(raw))] ^= 1 << self.chance.randrange(8)
        return bytes(changed)

    def another(self, seq: int) -> bytes:
        """The record with one of its digits altered."""
        body = self.made.bodies[seq]
        at = self.chance.choice([found.start() for found in re.finditer(rb"[0-9]", body)])
        return body[:at] + str((body[at] - 47) % 10).encode() + body[at + 1 :]

    def unpacked(self, number: int | None, packed: bytes) -> bytes | None:
        given = None
        if number is not None:
            raw = zstandard.decompress(self.one("SELECT body FROM dictionary WHERE number = ?", number))
            given = zstandard.ZstdCompressionDict(raw, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        try:
            return bytes(zstandard.ZstdDecompressor(dict_data=given).decompress(packed))
        except (zstandard.ZstdError, MemoryError):  # what was altered may be the size that the frame says it has
            return None

    def put(self, seq: int, body: bytes) -> int:
        self.do("UPDATE entry SET body = ?, dictionary = NULL WHERE seq = ?", zstandard.compress(body), seq)
        return seq

    def put_rehashed(self, seq: int, body: bytes) -> int:
        self.do("UPDATE entry SET leaf = ? WHERE seq = ?", leaf_hash(body), seq)
        return self.put(seq, body)

    def regrow(self) -> None:
        """Make numbers, tiles, right edge and size those of the entries that are there now."""
        for number, (seq,) in enumerate(self.do("SELECT seq FROM entry ORDER BY seq")):
            self.do("UPDATE entry SET seq = ? WHERE seq = ?", number, seq)
        leaves = [leaf for (leaf,) in self.do("SELECT leaf FROM entry ORDER BY seq")]
        edge = Frontier().extend(leaves)
        self.do("DELETE FROM tile")
        for number in range(len(leaves) // TILE):
            hashes = leaves[number * TILE : number * TILE + TILE]
            self.do("INSERT INTO tile VALUES (0, ?, ?, ?)", number, perfect_root(hashes), b"".join(hashes))
        self.do("UPDATE log_state SET size = ?, frontier = ?", edge.size, edge.to_bytes())
        self.do("DELETE FROM checkpoint WHERE size > ?", edge.size)

    def forged_note(self, size: int) -> str:
        """A checkpoint in the log's name by a key of the tamperer's own."""
        leaves = [leaf for (leaf,) in self.do("SELECT leaf FROM entry WHERE seq < ? ORDER BY seq", size - 1)]
        return checkpoint([*leaves, self.chance.randbytes(32)], signing_key(7), origin=self.made.origin)


Tamper = Callable[[Tampering], int | None]
"""Alters the database; gives the first record that is wrong where the records themselves show it."""


def bit_of_a_body(t: Tampering) -> int:
    seq = t.seq()
    ((number, packed),) = t.do("SELECT dictionary, body FROM entry WHERE seq = ?", seq)
    damaged = t.flipped(packed)
    while t.unpacked(number, damaged) == t.made.bodies[seq]:  # some bits of a frame say nothing: nothing was altered
        damaged = t.flipped(packed)
    t.do("UPDATE entry SET body = ? WHERE seq = ?", damaged, seq)
    return seq


def body(t: Tampering) -> int:
    seq = t.seq()
    return t.put(seq, t.another(seq))


def bit_of_a_leaf(t: Tampering) -> int:
    seq = t.seq()
    t.do("UPDATE entry SET leaf = ? WHERE seq = ?", t.flipped(leaf_hash(t.made.bodies[seq])), seq)
    return seq


def body_and_leaf(t: Tampering) -> None:
    seq = t.seq()
    t.put_rehashed(seq, t.another(seq))


def deleted(t: Tampering) -> None:
    t.do("DELETE FROM entry WHERE seq = ?", t.seq())


def deleted_and_renumbered(t: Tampering) -> None:
    seq = t.seq()
    t.do("DELETE FROM entry WHERE seq = ?", seq)
    for later in range(seq + 1, SIZE):
        t.do("UPDATE entry SET seq = ? WHERE seq = ?", later - 1, later)


def swapped(t: Tampering) -> None:
    one, other = t.chance.sample(range(SIZE), 2)
    for old, new in ((one, -1), (other, one), (-1, other)):
        t.do("UPDATE entry SET seq = ? WHERE seq = ?", new, old)


def swapped_bodies(t: Tampering) -> int:
    one, other = t.chance.sample(range(SIZE), 2)
    t.put(one, t.made.bodies[other])
    return min(one, t.put(other, t.made.bodies[one]))


def inserted(t: Tampering) -> None:
    at, forged = t.chance.randrange(SIZE + 1), t.another(t.seq())
    for later in range(SIZE - 1, at - 1, -1):
        t.do("UPDATE entry SET seq = ? WHERE seq = ?", later + 1, later)
    packed = zstandard.compress(forged)
    t.do("INSERT INTO entry VALUES (?, 'dec_forged', NULL, ?, ?)", at, packed, leaf_hash(forged))


def one_replaced_by_an_inserted_one(t: Tampering) -> None:
    inserted(t)
    t.do("DELETE FROM entry WHERE seq = ?", SIZE)


def truncated(t: Tampering) -> None:
    t.do("DELETE FROM entry WHERE seq >= ?", t.seq())


def with_the_whole_tree(alter: Tamper) -> Tamper:
    """The same, and then every hash over it is forged, so that the database agrees with itself."""

    def forge(t: Tampering) -> None:
        alter(t)
        t.regrow()

    return forge


def bit_of_a_tile(t: Tampering) -> None:
    number = t.chance.randrange(SIZE // TILE)
    hashes = t.one("SELECT hashes FROM tile WHERE number = ?", number)
    t.do("UPDATE tile SET hashes = ? WHERE number = ?", t.flipped(hashes), number)


def root_of_a_tile(t: Tampering) -> None:
    number = t.chance.randrange(SIZE // TILE)
    t.do(
        "UPDATE tile SET root = ? WHERE number = ?",
        t.flipped(t.one("SELECT root FROM tile WHERE number = ?", number)),
        number,
    )


def tile_deleted(t: Tampering) -> None:
    t.do("DELETE FROM tile WHERE number = ?", t.chance.randrange(SIZE // TILE))


def log_state(t: Tampering) -> None:
    match t.chance.randrange(4):
        case 0:
            t.do("UPDATE log_state SET frontier = ?", t.flipped(t.one("SELECT frontier FROM log_state")))
        case 1:
            t.do("UPDATE log_state SET size = ?", t.seq())
        case 2:
            t.do("UPDATE log_state SET origin = 'writ-log-0000000000000000'")
        case _:
            t.do("DELETE FROM log_state")


def newest_checkpoint(t: Tampering) -> None:
    text = t.one("SELECT note FROM checkpoint WHERE size = ?", SIZE)
    at = t.chance.randrange(len(text))
    altered = text[:at] + chr(ord(text[at]) ^ 1 << t.chance.randrange(5)) + text[at + 1 :]
    t.do("UPDATE checkpoint SET note = ? WHERE size = ?", altered, SIZE)


def checkpoint_forged(t: Tampering) -> None:
    size = t.chance.randrange(STEP, SIZE + 1, STEP)
    t.do("UPDATE checkpoint SET note = ? WHERE size = ?", t.forged_note(size), size)


def checkpoint_inserted(t: Tampering) -> None:
    size = t.chance.choice([size for size in range(2, 2 * SIZE) if size % STEP])
    t.do("INSERT INTO checkpoint VALUES (?, ?)", size, t.forged_note(min(size, SIZE)))


def restored(t: Tampering) -> None:
    t.connection.close()
    shutil.copyfile(t.made.yesterday / "writ.db", t.folder / "writ.db")
    t.open()


def restored_and_grown_again(t: Tampering) -> None:
    """Yesterday's copy, to which as many other records have been added since as were in the log, or more."""
    restored(t)
    for seq in range(YESTERDAY, SIZE + t.chance.randrange(20)):
        forged = b'{"forged":%d}' % seq
        row = (seq, f"dec_{seq}", zstandard.compress(forged), leaf_hash(forged))
        t.do("INSERT INTO entry VALUES (?, ?, NULL, ?, ?)", *row)
    t.regrow()


def restored_with_the_checkpoints_outside(t: Tampering) -> None:
    restored(t)
    shutil.copyfile(t.made.yesterday / "writ.db.checkpoints", t.folder / "writ.db.checkpoints")


def part(t: Tampering) -> None:
    digest, packed = t.chance.choice(t.do("SELECT digest, body FROM part"))
    other = zstandard.compress(zstandard.decompress(packed).replace(b"x", b"y", 1))
    t.do("UPDATE part SET body = ? WHERE digest = ?", other, digest)


def policy_text(t: Tampering) -> None:
    t.do("UPDATE policy_text SET text = ?", t.flipped(t.one("SELECT text FROM policy_text")))


def personal_value(t: Tampering) -> int:
    """The name in a record, which its leaf only commits to; or the salt that it was committed with."""
    seq, pointer, value, salt = t.chance.choice(t.do("SELECT seq, pointer, value, salt FROM personal"))
    changed = (t.flipped(salt), value) if t.chance.random() < 0.5 else (salt, b'"somebody else"')
    t.do("UPDATE personal SET salt = ?, value = ? WHERE seq = ? AND pointer = ?", *changed, seq, pointer)
    return int(seq)


TAMPERINGS: Mapping[str, Tamper] = {
    each.__name__: each
    for each in (
        bit_of_a_body, body, bit_of_a_leaf, body_and_leaf, deleted, deleted_and_renumbered, swapped, swapped_bodies,
        inserted, one_replaced_by_an_inserted_one, truncated, bit_of_a_tile, root_of_a_tile, tile_deleted, log_state,
        newest_checkpoint, checkpoint_forged, checkpoint_inserted, restored, restored_and_grown_again,
        restored_with_the_checkpoints_outside, part, policy_text, personal_value,
    )
} | {
    f"{each.__name__}_with_the_whole_tree": with_the_whole_tree(each)
    for each in (body_and_leaf, deleted, swapped, one_replaced_by_an_inserted_one, truncated)
}  # fmt: skip
