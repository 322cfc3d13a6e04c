"""The hash tree over the log (RFC 9162, section 2.1): its right edge, and the proofs that are read off its nodes.

Pure. A node is named by its level and index: it is the root of the perfect subtree over the leaves
`index * 2**level` to `(index + 1) * 2**level - 1`; level 0 are the leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from api.audit import verify
from api.audit.verify import node_hash

HASH = 32
"""Bytes of a hash."""

TILE = 256
"""Hashes of a tile: the children of one level of tiles (C2SP tlog-tiles)."""

TILE_LEVELS = 8
"""Levels of the tree between one level of tiles and the next: 2^8 is 256."""

Node = Callable[[int, int], bytes]
"""Gives the hash of a node by its level and index."""


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree of `size` leaves: the roots of its perfect subtrees, the largest and leftmost first.

    The verifier's own frontier does the hashing: what grows the log is what proves it.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The right edge once these leaf hashes have been added."""
        grown = verify.Frontier(self.size, self.hashes)
        grown.extend(leaves)
        return Frontier(grown.size, tuple(grown.nodes))

    def root(self) -> bytes:
        """The root of the tree."""
        return verify.Frontier(self.size, self.hashes).root()

    def to_bytes(self) -> bytes:
        """The hashes one after another; `of_bytes` reads them back."""
        return b"".join(self.hashes)

    @classmethod
    def of_bytes(cls, size: int, raw: bytes) -> Frontier:
        """The right edge from its bytes. Raises ValueError when they are not as many as the size needs."""
        if len(raw) != HASH * size.bit_count():
            msg = f"the right edge of {size} entries has {size.bit_count()} hashes, not {len(raw) / HASH:g}"
            raise ValueError(msg)
        return cls(size, tuple(split_hashes(raw)))

    @classmethod
    def of_nodes(cls, size: int, node: Node) -> Frontier:
        """The right edge read off a tree's nodes."""
        edge, start = [], 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                edge.append(node(level, start >> level))
                start += 1 << level
        return cls(size, tuple(edge))


def split_hashes(raw: bytes) -> list[bytes]:
    """Hashes that stand one after another."""
    return [raw[start : start + HASH] for start in range(0, len(raw), HASH)]


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


def root(size: int, node: Node) -> bytes:
    """The root of the first `size` leaves."""
    return Frontier.of_nodes(size, node).root()


def inclusion(seq: int, size: int, node: Node) -> list[bytes]:
    """The audit path of leaf `seq` in the tree of `size` leaves, from the leaf up (RFC 9162, section 2.1.3.1)."""
    path = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _left(high - low)
        if seq < middle:
            path.append(_subtree(middle, high, node))
            high = middle
        else:
            path.append(_subtree(low, middle, node))
            low = middle
    return path[::-1]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """Proof that the tree of `old` leaves is the beginning of that of `new` (RFC 9162, section 2.1.4.1).

    Empty where nothing is to be proved: `old` is 0, or `new` itself.
    """
    if old in (0, new):
        return []
    proof = []
    low, high, whole = 0, new, True
    while high > old:
        middle = low + _left(high - low)
        if old <= middle:
            proof.append(_subtree(middle, high, node))
            high = middle
        else:
            proof.append(_subtree(low, middle, node))
            low, whole = middle, False
    return ([] if whole else [_subtree(low, high, node)]) + proof[::-1]


def outside(first: int, end: int, size: int, node: Node) -> list[bytes]:
    """What a verifier of the leaves `first` to `end - 1` needs beside them to reach the root.

    These are the maximal subtrees without any of them, from left to right, as the tree's splitting meets them.
    """

    def within(low: int, high: int) -> list[bytes]:
        if high <= first or low >= end:
            return [_subtree(low, high, node)]
        if first <= low and high <= end:
            return []
        middle = low + _left(high - low)
        return within(low, middle) + within(middle, high)

    return within(0, size) if size else []


def _left(size: int) -> int:
    """Leaves of the left subtree: the largest power of two below `size` (at least 2)."""
    return 1 << (size - 1).bit_length() - 1


def _subtree(low: int, high: int, node: Node) -> bytes:
    size = high - low
    if size & size - 1 == 0:
        level = size.bit_length() - 1
        return node(level, low >> level)
    middle = low + _left(size)
    return node_hash(_subtree(low, middle, node), _subtree(middle, high, node))
