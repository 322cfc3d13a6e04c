"""Hypothesis: FEEL expressions as text, made from the kind of value wanted and the names in scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

COLOURS = ("red", "green", "blue")
RECORD = {"m": "money", "d": "days", "b": "boolean", "e": "colour"}
"""The fields of a record in the list `items`, with their kinds."""

SCALARS = ("number", "money", "percent", "days", "boolean", "text", "colour", "date")
ORDERED = ("number", "money", "percent", "days", "text", "date", "points")

numbers = st.one_of(
    st.integers(-20, 20).map(str), st.integers(-2000, 2000).map(lambda n: f"{n / 100:.2f}"), st.sampled_from(["0", "1"])
)
days_of_year = st.dates().map(lambda day: day.replace(year=2000 + day.year % 50, day=min(day.day, 28)).isoformat())


@dataclass(frozen=True)
class Names:
    """The names in scope by kind. `asks`: whether a test for null may be made; `facts` are amounts sure to be money."""

    of_kind: dict[str, tuple[str, ...]]
    asks: bool = True

    def adding(self, path: str, kind: str) -> Names:
        return replace(self, of_kind={**self.of_kind, kind: (*self.of_kind.get(kind, ()), path)})

    def within(self, names: dict[str, str]) -> Names:
        """The names inside a filter or loop, where `names` hide others."""
        kept = {
            kind: tuple(path for path in paths if path.split(".")[0] not in names)
            for kind, paths in self.of_kind.items()
        }
        inner = replace(self, of_kind=kept)
        for path, kind in names.items():
            inner = inner.adding(path, kind)
        return inner

    def paths(self, kind: str) -> tuple[str, ...]:
        return self.of_kind.get(kind, ())


def literal(draw: DrawFn, kind: str) -> str:
    match kind:
        case "boolean":
            return draw(st.sampled_from(["true", "false"]))
        case "text":
            return draw(st.sampled_from(['"a"', '"Ab"', '""', '"客户"']))
        case "colour":
            return draw(st.sampled_from([f'"{colour}"' for colour in COLOURS]))
        case "date":
            return f'date("{draw(days_of_year)}")'
        case "list":
            return f"[{draw(numbers)}, {draw(numbers)}]"
        case _:
            return draw(numbers)


def expression(draw: DrawFn, kind: str, names: Names, depth: int) -> str:
    """An expression whose value, when it has one, is of this kind."""
    paths = names.paths(kind)
    if kind == "items":
        return _items(draw, names, depth)
    if depth <= 0 or draw(st.sampled_from(["leaf", "more", "more"])) == "leaf":
        if paths and draw(st.sampled_from(["path", "path", "path", "literal"])) == "path":
            return draw(st.sampled_from(paths))
        return literal(draw, kind)
    form: Form = draw(st.sampled_from(FORMS[kind]))
    return form(_Making(draw, names, depth - 1))


@dataclass(frozen=True)
class _Making:
    """What a form needs to make its parts."""

    draw: DrawFn
    names: Names
    depth: int

    def one(self, kind: str) -> str:
        return expression(self.draw, kind, self.names, self.depth)

    def within(self, kind: str, names: dict[str, str]) -> str:
        return expression(self.draw, kind, self.names.within(names), self.depth)

    def pick(self, *words: str) -> str:
        return self.draw(st.sampled_from(words))

    def path(self, kind: str) -> str | None:
        paths = self.names.paths(kind)
        return self.draw(st.sampled_from(paths)) if paths else None


Form = Callable[[_Making], str]
"""One way to make an expression of a kind."""


def _items(draw: DrawFn, names: Names, depth: int) -> str:
    if depth <= 0 or draw(st.booleans().map(str)) == "True":
        return "items"
    inner = names.within({**RECORD, "item": "record"})
    return f"items[{expression(draw, 'boolean', inner, depth - 1)}]"


def _if(kind: str) -> Form:
    return lambda making: f"(if {making.one('boolean')} then {making.one(kind)} else {making.one(kind)})"


def _sum(kind: str) -> Form:
    return lambda making: f"({making.one(kind)} {making.pick('+', '-')} {making.one(kind)})"


def _scaled(kind: str) -> Form:
    return lambda making: f"({making.one(kind)} {making.pick('*', '/')} {making.one('number')})"


def _of(function: str, *kinds: str) -> Form:
    return lambda making: f"{function}({', '.join(making.one(kind) for kind in kinds)})"


def _aggregate(making: _Making) -> str:
    return f"{making.pick('sum', 'min', 'max', 'mean', 'median', 'count')}({making.one('list')})"


def _rounded(kind: str) -> Form:
    def rounded(making: _Making) -> str:
        how = making.pick("decimal", "round half up", "round half even", "round up", "round down")
        return f"{how}({making.one(kind)}, {making.pick('0', '1', '2')})"

    return rounded


def _quotient_of_amounts(making: _Making) -> str:
    top, bottom = making.path("amount"), making.path("amount")
    return f"({top} / {bottom})" if top and bottom else making.one("number")


def _compared(making: _Making) -> str:
    kind = making.pick(*ORDERED)
    return f"({making.one(kind)} {making.pick('<', '<=', '>', '>=', '=', '!=')} {making.one(kind)})"


def _equal(making: _Making) -> str:
    kind = making.pick("boolean", "colour")
    return f"({making.one(kind)} {making.pick('=', '!=')} {making.one(kind)})"


def _asked(making: _Making) -> str:
    path = making.path(making.pick(*SCALARS))
    if path is None or not making.names.asks:
        return making.one("boolean")
    return f"({path} {making.pick('=', '!=')} null)"


def _guarded(making: _Making) -> str:
    """A test for null that makes a later use certain, as people write it."""
    path = making.path("number")
    if path is None or not making.names.asks:
        return making.one("boolean")
    test = f"{path} {making.pick('<', '>')} {making.one('number')}"
    return making.pick(f"({path} != null and {test})", f"({path} = null or {test})")


def _logic(making: _Making) -> str:
    return f"({making.one('boolean')} {making.pick('and', 'or')} {making.one('boolean')})"


def _ranged(making: _Making) -> str:
    kind = making.pick("number", "money", "date")
    low, high = making.one(kind), making.one(kind)
    ends = making.pick(
        f"[{low}..{high}]", f"({low}..{high})", f"(> {low})", f"({low}, {high}, < {high})", f"(not({low}))"
    )
    return f"({making.one(kind)} in {ends})"


def _between(making: _Making) -> str:
    kind = making.pick("number", "date")
    return f"({making.one(kind)} between {making.one(kind)} and {making.one(kind)})"


def _chosen(making: _Making) -> str:
    return f"({making.one('colour')} in ({literal(making.draw, 'colour')}, {literal(making.draw, 'colour')}))"


def _quantified(making: _Making) -> str:
    fields = {f"one.{name}": kind for name, kind in RECORD.items()}
    inner = making.within("boolean", {"one": "record", **fields})
    return f"({making.pick('some', 'every')} one in {making.one('items')} satisfies {inner})"


def _mapped(making: _Making) -> str:
    return f"(for n1 in {making.one('list')} return {making.within('number', {'n1': 'number'})})"


def _filtered(making: _Making) -> str:
    return f"{making.one('list')}[{making.within('boolean', {'item': 'number'})}]"


def _duration(making: _Making) -> str:
    step = making.pick('duration("P10D")', 'duration("P1M")', 'duration("-P1Y")')
    return f"({making.one('date')} {making.pick('+', '-')} {step})"


FORMS: dict[str, tuple[Form, ...]] = {
    "number": (
        _if("number"),
        _sum("number"),
        _scaled("number"),
        _aggregate,
        _of("abs", "number"),
        _of("floor", "number"),
        _of("modulo", "number", "number"),
        _of("string length", "text"),
        _rounded("number"),
        _quotient_of_amounts,
        lambda making: f"count({making.one('items')})",
        lambda making: f"{making.one('list')}[{making.pick('1', '2', '-1')}]",
        lambda making: f"{making.one('date')}.{making.pick('year', 'month', 'day')}",
        lambda making: f"(-{making.one('number')})",
    ),
    "money": (
        _if("money"),
        _sum("money"),
        _scaled("money"),
        _rounded("money"),
        _of("max", "money", "money"),
        lambda making: f"{making.pick('sum', 'max')}({making.one('items')}.m)",
        lambda making: f"sum(concatenate([0], {making.one('items')}.m))",
    ),
    "percent": (_if("percent"), _sum("percent"), _scaled("percent")),
    "days": (_if("days"), _sum("days"), lambda making: f"({making.one('date')} - {making.one('date')}).days"),
    "points": (_if("points"),),
    "boolean": (
        _compared,
        _compared,
        _equal,
        _asked,
        _guarded,
        _logic,
        _logic,
        _ranged,
        _between,
        _chosen,
        _quantified,
        _if("boolean"),
        _of("not", "boolean"),
        _of("contains", "text", "text"),
        lambda making: f"{making.pick('all', 'any')}([{making.one('boolean')}, {making.one('boolean')}])",
    ),
    "text": (
        _if("text"),
        lambda making: f"({making.one('text')} + {making.one('text')})",
        _of("upper case", "text"),
        _of("string", "number"),
        lambda making: f"substring({making.one('text')}, 1, 2)",
    ),
    "colour": (_if("colour"),),
    "date": (_if("date"), _duration),
    "list": (
        _if("list"),
        _mapped,
        _filtered,
        lambda making: f"[{making.one('number')}, {making.one('number')}]",
        lambda making: f"concatenate({making.one('list')}, {making.one('list')})",
    ),
}
"""The ways to make a value of each kind."""
