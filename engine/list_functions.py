"""FEEL's functions on lists (DMN 1.5, 10.3.4.4); positions count from 1, or from the end when negative."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import Decimal

from engine.identity import identity
from engine.number_functions import values_of
from engine.operators import equal, logical_and, logical_not, logical_or
from policies.feel.values import Value


def _listed(value: Value) -> list[Value] | None:
    """The list, or the one value as a list of one (DMN 1.5, 10.3.2.9.4); None for null."""
    if value is None:
        return None
    return value if isinstance(value, list) else [value]


def _of_list(function: Callable[[list[Value]], Value]) -> Callable[[Sequence[Value]], Value]:
    def of_list(args: Sequence[Value]) -> Value:
        items = _listed(args[0]) if len(args) == 1 else None
        return None if items is None else function(items)

    return of_list


def _of_list_and(function: Callable[[list[Value], Value], Value]) -> Callable[[Sequence[Value]], Value]:
    def of_list_and(args: Sequence[Value]) -> Value:
        items = _listed(args[0]) if len(args) == 2 else None  # noqa: PLR2004 (the list and the other)
        return None if items is None else function(items, args[1])

    return of_list_and


def _truth(join: Callable[[Value, Value], bool | None], start: bool) -> Callable[[Sequence[Value]], Value]:
    def truth(args: Sequence[Value]) -> Value:
        values = values_of(args)
        if values is None or not all(value is None or isinstance(value, bool) for value in values):
            return None
        result: bool | None = start
        for value in values:
            result = join(result, value)
        return result

    return truth


def _negated(args: Sequence[Value]) -> Value:
    return logical_not(args[0]) if len(args) == 1 else None


def _count(items: list[Value]) -> Value:
    return Decimal(len(items))


def _holds(items: list[Value], element: Value) -> bool:
    return any(equal(item, element) is True for item in items)


def _distinct(items: list[Value]) -> list[Value]:
    first: dict[Hashable, Value] = {}
    for item in items:
        first.setdefault(identity(item), item)
    return list(first.values())


def _flat(items: list[Value]) -> list[Value]:
    result: list[Value] = []
    for item in items:
        result.extend(_flat(item) if isinstance(item, list) else [item])
    return result


def _concatenate(args: Sequence[Value]) -> list[Value] | None:
    lists = [_listed(arg) for arg in args]
    if not lists or any(items is None for items in lists):
        return None
    return [item for items in lists for item in items or []]


def _union(args: Sequence[Value]) -> Value:
    joined = _concatenate(args)
    return None if joined is None else _distinct(joined)


def _append(args: Sequence[Value]) -> Value:
    items = _listed(args[0]) if len(args) > 1 else None
    return None if items is None else [*items, *args[1:]]


def _index_of(items: list[Value], match: Value) -> Value:
    return [Decimal(index) for index, item in enumerate(items, 1) if equal(item, match) is True]


def _index(position: Value, length: int) -> int | None:
    """The index from 0 of a position in a list of that length; None outside of it."""
    if not isinstance(position, Decimal) or not 1 <= abs(position) <= length:
        return None
    return int(position) - 1 if position > 0 else length + int(position)


def _insert(args: Sequence[Value]) -> Value:
    match args:
        case [list() as items, position, new]:
            # One past the end is a place to insert at, though it is no item's.
            index = len(items) if position == len(items) + 1 else _index(position, len(items))
            return None if index is None else [*items[:index], new, *items[index:]]
        case _:
            return None


def _remove(items: list[Value], position: Value) -> Value:
    index = _index(position, len(items))
    return None if index is None else [*items[:index], *items[index + 1 :]]


def _sublist(args: Sequence[Value]) -> Value:
    match args:
        case [list() as items, start]:
            length = Decimal(len(items))
        case [list() as items, start, Decimal() as length] if length >= 0:
            pass
        case _:
            return None
    index = _index(start, len(items))
    return None if index is None else items[index : index + int(min(length, Decimal(len(items))))]


LIST_FUNCTIONS: Mapping[str, Callable[[Sequence[Value]], Value]] = {
    "not": _negated,
    "all": _truth(logical_and, start=True),
    "any": _truth(logical_or, start=False),
    "count": _of_list(_count),
    "list contains": _of_list_and(_holds),
    "distinct values": _of_list(_distinct),
    "reverse": _of_list(lambda items: items[::-1]),
    "flatten": _of_list(_flat),
    "concatenate": _concatenate,
    "union": _union,
    "append": _append,
    "index of": _of_list_and(_index_of),
    "insert before": _insert,
    "remove": _of_list_and(_remove),
    "sublist": _sublist,
}
