"""The tree's nodes as the database has them: whole tiles, and at the right edge what is not whole yet.

Whole tiles never change, so those that were read last are kept.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from sqlalchemy import select

from api.audit.store import Store
from api.audit.tables import entry, tile
from api.audit.tree import TILE, TILE_LEVELS, perfect_root, split_hashes

_KEPT = 1024
"""Whole tiles kept in memory, 8 KiB each."""


class Nodes:
    """Gives the hash of any node of the tree as it stands; any number of threads may ask. Raises LookupError."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._whole: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._lock = Lock()

    def __call__(self, level: int, index: int) -> bytes:
        """The root of the perfect subtree of 2^level leaves number `index`."""
        tile_level, within = divmod(level, TILE_LEVELS)
        first = index << within
        number, place = divmod(first, TILE)
        hashes = self._hashes(tile_level, number)
        wanted = hashes[place : place + (1 << within)]
        if len(wanted) != 1 << within:
            msg = f"the tree has no node {index} of level {level}"
            raise LookupError(msg)
        return perfect_root(wanted)

    def _hashes(self, level: int, number: int) -> list[bytes]:
        with self._lock:
            if (level, number) in self._whole:
                self._whole.move_to_end((level, number))
                return split_hashes(self._whole[level, number])
        first = number * TILE
        wanted = select(tile.c.hashes).where(tile.c.level == level, tile.c.number == number)
        if level == 0:
            below = select(entry.c.leaf).where(entry.c.seq >= first, entry.c.seq < first + TILE).order_by(entry.c.seq)
        else:
            numbers = (tile.c.number >= first, tile.c.number < first + TILE)
            below = select(tile.c.root).where(tile.c.level == level - 1, *numbers).order_by(tile.c.number)
        with self.store.read() as connection:
            whole: bytes | None = connection.scalar(wanted)
            if whole is None:
                return list(connection.scalars(below))
        with self._lock:
            self._whole[level, number] = whole
            while len(self._whole) > _KEPT:
                self._whole.popitem(last=False)
        return split_hashes(whole)
