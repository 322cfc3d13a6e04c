"""The types of FEEL's functions on lists (DMN 1.5, 10.3.4.4)."""

from __future__ import annotations

from collections.abc import Callable

from policies.feel.signatures import (
    ANYTHING,
    BOOLEAN,
    COUNT,
    LIST,
    NUMBER,
    ORDERABLE,
    TEXT,
    Builtin,
    CallProblem,
    Form,
    Given,
    Kind,
    Parameter,
    listed,
    meet_all,
)
from policies.types import (
    Boolean,
    DateTime,
    ListOf,
    Nothing,
    Number,
    Text,
    Time,
    Type,
    Unknown,
    nullable,
)


def _item(given: Given) -> Type:
    """The type of the items of the list that comes first."""
    first = given.types[0]
    if isinstance(first, ListOf):
        return first.item
    return Unknown() if isinstance(first, Unknown) else Nothing()


def _items_of(given: Given, index: int) -> Type:
    return _item(Given(given.function, given.types[index:], given.constants[index:]))


def _same(of: Type) -> Type:
    return of


def _partly_ordered(of: Type) -> Type:
    """Times with and without zone have no order between them."""
    return nullable(of) if isinstance(of, DateTime | Time) else of


def _over_list(result: Callable[[Type], Type], *, empty_is_null: bool) -> Callable[[Given], Type | CallProblem]:
    def rule(given: Given) -> Type | CallProblem:
        item = _item(given)
        of = result(item)
        return nullable(of) if empty_is_null or item.nullable else of

    return rule


def _over_values(result: Callable[[Type], Type]) -> Callable[[Given], Type | CallProblem]:
    def rule(given: Given) -> Type | CallProblem:
        of = meet_all(given, [type_ for type_ in given.types if type_ is not None])
        return of if isinstance(of, CallProblem) else result(of)

    return rule


def _aggregate(name: str, kind: Kind, result: Callable[[Type], Type] = _same, *, empty_is_null: bool = True) -> Builtin:
    """A function of a list, or of the values one by one, which then are at least one."""
    return Builtin(
        name,
        (
            Form((Parameter("list", listed(kind)),), _over_list(result, empty_is_null=empty_is_null)),
            Form((Parameter("c", kind),), _over_values(result), variadic=True),
        ),
    )


def _truth(_: Type) -> Type:
    return Boolean()


def _modes(of: Type) -> Type:
    return ListOf(nullable(of, yes=False))


def _always(type_: Type) -> Callable[[Given], Type | CallProblem]:
    return lambda _: type_


def _whole_list(given: Given) -> Type | CallProblem:
    return ListOf(_item(given))


def _part_of_list(given: Given) -> Type | CallProblem:
    return ListOf(_item(given), nullable=True)


def _append(given: Given) -> Type | CallProblem:
    return _joined(given, [_item(given), *(type_ for type_ in given.types[1:] if type_ is not None)])


def _concatenate(given: Given) -> Type | CallProblem:
    return _joined(given, [_items_of(given, index) for index in range(len(given.types))])


def _insert(given: Given) -> Type | CallProblem:
    new = given.types[2]
    joined = _joined(given, [_item(given), *([] if new is None else [new])])
    return joined if isinstance(joined, CallProblem) else nullable(joined)


def _joined(given: Given, items: list[Type]) -> Type | CallProblem:
    item = meet_all(given, items)
    return item if isinstance(item, CallProblem) else ListOf(item)


def _flatten(given: Given) -> Type | CallProblem:
    item, missing = _item(given), False
    while isinstance(item, ListOf):
        missing, item = missing or item.nullable, item.item
    return ListOf(nullable(item) if missing else item)


_LIST = Parameter("list", LIST)
_POSITION = Parameter("position", COUNT)

LIST_FUNCTIONS = (
    _aggregate("sum", NUMBER),
    _aggregate("mean", NUMBER),
    _aggregate("median", NUMBER),
    _aggregate("min", ORDERABLE, _partly_ordered),
    _aggregate("max", ORDERABLE, _partly_ordered),
    _aggregate("mode", NUMBER, _modes, empty_is_null=False),
    _aggregate("all", BOOLEAN, _truth, empty_is_null=False),
    _aggregate("any", BOOLEAN, _truth, empty_is_null=False),
    Builtin("count", (Form((_LIST,), _always(Number())),)),
    Builtin("list contains", (Form((_LIST, Parameter("element", ANYTHING, strict=False)), _always(Boolean())),)),
    Builtin("distinct values", (Form((_LIST,), _whole_list),)),
    Builtin("reverse", (Form((_LIST,), _whole_list),)),
    Builtin("flatten", (Form((_LIST,), _flatten),)),
    Builtin("concatenate", (Form((_LIST,), _concatenate, variadic=True),)),
    Builtin("union", (Form((_LIST,), _concatenate, variadic=True),)),
    Builtin("append", (Form((_LIST, Parameter("item", ANYTHING, strict=False)), _append, variadic=True),)),
    Builtin(
        "index of",
        (Form((_LIST, Parameter("match", ANYTHING, strict=False)), _always(ListOf(Number()))),),
    ),
    Builtin(
        "insert before",
        (Form((_LIST, _POSITION, Parameter("newItem", ANYTHING, strict=False)), _insert),),
    ),
    Builtin("remove", (Form((_LIST, _POSITION), _part_of_list),)),
    Builtin(
        "sublist",
        (
            Form(
                (_LIST, Parameter("start position", COUNT), Parameter("length", COUNT, optional=True)),
                _part_of_list,
            ),
        ),
    ),
    Builtin(
        "string join",
        (
            Form(
                (Parameter("list", listed(TEXT)), Parameter("delimiter", TEXT, optional=True, strict=False)),
                _always(Text()),
            ),
        ),
    ),
)
