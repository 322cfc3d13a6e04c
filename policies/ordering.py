"""Puts what needs each other in order: each name after those it uses, with circles found and told of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping


def in_order(uses: Mapping[str, Iterable[str]], circle: Callable[[tuple[str, ...]], None]) -> Iterator[str]:
    """Every name of `uses` once, after those of them it uses; names it uses beside these are passed over.

    `circle` is told of each circle, from a name on to that name again; there the use is left aside.
    """
    done: set[str] = set()
    for start in uses:
        if start in done:
            continue
        # The names under way, each with those it still waits for: a stack of our own, since Python's is shallow.
        path = {start: iter(uses[start])}
        while path:
            name = next(reversed(path))
            used = next(path[name], None)
            if used is None:
                del path[name]
                done.add(name)
                yield name
            elif used in path:
                names = list(path)
                circle((*names[names.index(used) :], used))
            elif used in uses and used not in done:
                path[used] = iter(uses[used])
