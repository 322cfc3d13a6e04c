"""The tree's nodes as the database has them: whole tiles, and at the right edge what is not whole yet."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from sqlalchemy import select

from api.audit.store import Store
from api.audit.tables import entry, tile
from api.audit.tree import TILE, TILE_LEVELS, perfect_root, split_hashes

_KEPT = 1024
"""Tiles kept in memory, of 256 hashes each."""


class Tiles:
    """The tiles that were read last; any number of threads may share them.

    A tile's hashes never change, they only become more until there are 256: what was read stays right.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, int], list[bytes]] = OrderedDict()
        self._lock = Lock()

    def get(self, level: int, number: int, needed: int) -> list[bytes] | None:
        """The hashes of a tile, if so many are kept."""
        with self._lock:
            found = self._kept.get((level, number))
            if found is None or len(found) < needed:
                return None
            self._kept.move_to_end((level, number))
            return found

    def keep(self, level: int, number: int, hashes: list[bytes]) -> None:
        """Keep the hashes of a tile, and let the one go that was not asked for for the longest time."""
        with self._lock:
            self._kept[level, number] = hashes
            self._kept.move_to_end((level, number))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


class Nodes:
    """Gives the hash of any node of the tree; `tiles` are those that others have read."""

    def __init__(self, store: Store, tiles: Tiles | None = None) -> None:
        self.store = store
        self._tiles = tiles or Tiles()

    def __call__(self, level: int, index: int) -> bytes:
        """The root of the perfect subtree of 2^level leaves number `index`. Raises LookupError."""
        tile_level, within = divmod(level, TILE_LEVELS)
        number, place = divmod(index << within, TILE)
        end = place + (1 << within)
        hashes = self._tiles.get(tile_level, number, end)
        if hashes is None:
            hashes = self._read(tile_level, number)
            self._tiles.keep(tile_level, number, hashes)
        if len(hashes) < end:
            msg = f"the tree has no node {index} of level {level}"
            raise LookupError(msg)
        return perfect_root(hashes[place:end])

    def _read(self, level: int, number: int) -> list[bytes]:
        """The hashes of a tile; of one that is not whole yet those that there are, read off the level below."""
        first = number * TILE
        if level == 0:
            below = select(entry.c.leaf).where(entry.c.seq >= first, entry.c.seq < first + TILE).order_by(entry.c.seq)
        else:
            numbers = (tile.c.number >= first, tile.c.number < first + TILE)
            below = select(tile.c.root).where(tile.c.level == level - 1, *numbers).order_by(tile.c.number)
        wanted = select(tile.c.hashes).where(tile.c.level == level, tile.c.number == number)
        with self.store.read() as connection:
            whole: bytes | None = connection.scalar(wanted)
            return list(connection.scalars(below)) if whole is None else split_hashes(whole)
