"""The tree's nodes as the database has them: whole tiles, and at the right edge what is not whole yet."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from sqlalchemy import select

from api.audit.store import Store
from api.audit.tables import entry, tile
from api.audit.tree import TILE, TILE_LEVELS, perfect_root, split_hashes

_KEPT = 1024
"""Whole tiles kept in memory, 8 KiB each."""


class WholeTiles:
    """The whole tiles that were read last, since they never change; any number of threads may share them."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, level: int, number: int) -> bytes | None:
        """The hashes of a tile, if they are kept."""
        with self._lock:
            found = self._kept.get((level, number))
            if found is not None:
                self._kept.move_to_end((level, number))
            return found

    def keep(self, level: int, number: int, hashes: bytes) -> None:
        """Keep the hashes of a tile, and let the one go that was not asked for for the longest time."""
        with self._lock:
            self._kept[level, number] = hashes
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


class Nodes:
    """Gives the hash of any node of the tree, for one proof or check: what it has read once it does not read again."""

    def __init__(self, store: Store, whole: WholeTiles | None = None) -> None:
        self.store = store
        self._whole = whole or WholeTiles()
        self._read: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """The root of the perfect subtree of 2^level leaves number `index`. Raises LookupError."""
        tile_level, within = divmod(level, TILE_LEVELS)
        number, place = divmod(index << within, TILE)
        if (tile_level, number) not in self._read:
            self._read[tile_level, number] = self._hashes(tile_level, number)
        wanted = self._read[tile_level, number][place : place + (1 << within)]
        if len(wanted) != 1 << within:
            msg = f"the tree has no node {index} of level {level}"
            raise LookupError(msg)
        return perfect_root(wanted)

    def _hashes(self, level: int, number: int) -> list[bytes]:
        """The hashes of a tile; of one that is not whole yet those that there are, read off the level below."""
        kept = self._whole.get(level, number)
        if kept is not None:
            return split_hashes(kept)
        first = number * TILE
        if level == 0:
            below = select(entry.c.leaf).where(entry.c.seq >= first, entry.c.seq < first + TILE).order_by(entry.c.seq)
        else:
            numbers = (tile.c.number >= first, tile.c.number < first + TILE)
            below = select(tile.c.root).where(tile.c.level == level - 1, *numbers).order_by(tile.c.number)
        wanted = select(tile.c.hashes).where(tile.c.level == level, tile.c.number == number)
        with self.store.read() as connection:
            whole: bytes | None = connection.scalar(wanted)
            if whole is None:
                return list(connection.scalars(below))
        self._whole.keep(level, number, whole)
        return split_hashes(whole)
