"""Which items of two lists are the same item: by key, a moved one too, else by likeness where both lists differ."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MAX_COMPARED = 10_000
"""How many pairs of one place are compared for likeness; beyond that they pair by position."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Pairs of indices, old and new, of the same item; those that moved; indices of the items that have no partner."""

    pairs: tuple[tuple[int, int], ...]
    moved: frozenset[tuple[int, int]]
    removed: tuple[int, ...]
    added: tuple[int, ...]


def align(old: Sequence[str], new: Sequence[str], likeness: Callable[[int, int], int] | None = None) -> Alignment:
    """Pair two lists by their items' keys.

    `likeness` of an old and a new item, by index: from 1 on they may be one item under another key; those that stand
    in the same place are then paired, the likest first, and where as many are left of both, by position.
    """
    pairs: list[tuple[int, int]] = []
    gaps: list[tuple[list[int], list[int]]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += zip(range(i1, i2), range(j1, j2), strict=True)
        else:
            gaps.append((list(range(i1, i2)), list(range(j1, j2))))
    moved = _moved(old, new, gaps)
    gone, came = {i for i, _ in moved}, {j for _, j in moved}
    removed: list[int] = []
    added: list[int] = []
    for before, after in gaps:
        left, right = [i for i in before if i not in gone], [j for j in after if j not in came]
        likely = [] if likeness is None else _likely(left, right, likeness)
        pairs += likely
        removed += sorted(set(left) - {i for i, _ in likely})
        added += sorted(set(right) - {j for _, j in likely})
    return Alignment(tuple(sorted([*pairs, *moved], key=lambda pair: pair[1])), moved, tuple(removed), tuple(added))


def _moved(
    old: Sequence[str], new: Sequence[str], gaps: list[tuple[list[int], list[int]]]
) -> frozenset[tuple[int, int]]:
    """Items of one key that are left over on both sides."""
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    for left, _ in gaps:
        for i in left:
            waiting[old[i]].append(i)
    return frozenset((waiting[new[j]].popleft(), j) for _, right in gaps for j in right if waiting[new[j]])


def _likely(left: list[int], right: list[int], likeness: Callable[[int, int], int]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    if len(left) * len(right) <= MAX_COMPARED:
        scored = [(-likeness(i, j), abs((i - left[0]) - (j - right[0])), i, j) for i in left for j in right]
        for score, _, i, j in sorted(scored):
            if score < 0 and i in left and j in right:
                pairs.append((i, j))
                left, right = [each for each in left if each != i], [each for each in right if each != j]
    return pairs + (list(zip(left, right, strict=True)) if len(left) == len(right) else [])
