"""What a signature is made of: kinds of argument, forms of a call, and why a call does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from policies.types import (
    Boolean,
    Date,
    DateTime,
    DayDuration,
    ListOf,
    MonthDuration,
    Nothing,
    Number,
    Text,
    Time,
    Type,
    Unknown,
    describe,
    meet,
    nullable,
    numeric,
)

Constant = str | Decimal | None
"""The value of an argument written out as a literal; None when it is not known before the decision."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class CallProblem:
    """Why a call does not fit: `argument` counts from 0, None when it is not one argument's fault."""

    argument: int | None
    message: str
    help: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """What a parameter takes: `words` in the singular and plural, and which types fit."""

    words: str
    plural: str
    fits: Callable[[Type], bool]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `strict` says that a null argument makes the result null."""

    name: str
    kind: Kind
    optional: bool = False
    strict: bool = True


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of one call in the order of the form's parameters; one left out is None."""

    function: str
    types: tuple[Type | None, ...]
    constants: tuple[Constant, ...]


Rule = Callable[[Given], Type | CallProblem]
"""The type of the result for arguments of the right kinds, nullability by null arguments left aside."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to call a function. A `variadic` form takes its last parameter any number of times, at least once."""

    parameters: tuple[Parameter, ...]
    result: Rule
    variadic: bool = False

    def takes(self, count: int) -> bool:
        """Whether the form takes that many arguments."""
        least = sum(not parameter.optional for parameter in self.parameters)
        return least <= count and (self.variadic or count <= len(self.parameters))

    def parameter(self, index: int) -> Parameter:
        """The parameter that the argument at `index` is for."""
        return self.parameters[min(index, len(self.parameters) - 1)]


@dataclass(frozen=True, slots=True)
class Builtin:
    """A built-in function and the ways to call it."""

    name: str
    forms: tuple[Form, ...]

    @property
    def parameter_names(self) -> tuple[tuple[str, ...], ...]:
        """The names of the parameters, form by form."""
        return tuple(tuple(parameter.name for parameter in form.parameters) for form in self.forms)


def arrange(form: Form, args: Sequence[Item], names: Sequence[str]) -> list[Item | None] | None:
    """Named arguments in the order of the form's parameters, None for one left out; None when the names do not fit."""
    given = dict(zip(names, args, strict=True))
    order = [parameter.name for parameter in form.parameters]
    needed = {parameter.name for parameter in form.parameters if not parameter.optional}
    if len(given) != len(names) or not needed <= given.keys() <= set(order):
        return None
    arranged = [given.get(name) for name in order]
    while arranged and order[len(arranged) - 1] not in given:
        arranged.pop()
    return arranged


def _is(*classes: type[Type]) -> Callable[[Type], bool]:
    return lambda type_: isinstance(type_, classes)


def _list_of(fits: Callable[[Type], bool]) -> Callable[[Type], bool]:
    return lambda type_: isinstance(type_, ListOf) and (isinstance(type_.item, Nothing | Unknown) or fits(type_.item))


def _plain_number(type_: Type) -> bool:
    return isinstance(type_, Number)


ORDERED = (Text, Date, DateTime, Time, DayDuration, MonthDuration)


def _ordered(type_: Type) -> bool:
    return numeric(type_) or isinstance(type_, ORDERED)


def listed(kind: Kind) -> Kind:
    """A list of that kind."""
    return Kind(f"a list of {kind.plural}", f"lists of {kind.plural}", _list_of(kind.fits))


NUMBER = Kind("a number", "numbers", numeric)
COUNT = Kind("a plain number", "plain numbers", _plain_number)
MEASURE = Kind(
    "a number or a duration", "numbers or durations", lambda t: numeric(t) or isinstance(t, DayDuration | MonthDuration)
)
TEXT = Kind("text", "texts", _is(Text))
BOOLEAN = Kind("true or false", "truth values", _is(Boolean))
DAY = Kind("a date", "dates", _is(Date, DateTime))
CLOCK = Kind("a time", "times", _is(Time))
TIMED = Kind("a time or a date and time", "times", _is(Time, DateTime, Date))
OFFSET = Kind("a duration in days and time", "durations in days and time", _is(DayDuration))
ORDERABLE = Kind("what can be ordered", "numbers, texts, dates, times or durations", _ordered)
ANYTHING = Kind("a value", "values", lambda _: True)
LIST = Kind("a list", "lists", _is(ListOf))


def fitting(kind: Kind, type_: Type) -> bool:
    """Whether an argument of that type may be given; `null` and what is already reported always may."""
    return isinstance(type_, Nothing | Unknown) or kind.fits(type_)


def mismatch(function: str, kind: Kind, index: int, type_: Type) -> CallProblem:
    """The problem of an argument of the wrong type."""
    return CallProblem(index, f"`{function}` takes {kind.words}, not {describe(nullable(type_, yes=False))}")


def result_type(form: Form, given: Given) -> Type | CallProblem:
    """The type of a call in that form, null arguments counted in."""
    for index, type_ in enumerate(given.types):
        kind = form.parameter(index).kind
        if type_ is not None and not fitting(kind, type_):
            return mismatch(given.function, kind, index, type_)
    result = form.result(given)
    if isinstance(result, CallProblem):
        return result
    strict = [type_ for index, type_ in enumerate(given.types) if form.parameter(index).strict and type_ is not None]
    return nullable(result) if any(type_.nullable for type_ in strict) else result


def meet_all(given: Given, types: Sequence[Type]) -> Type | CallProblem:
    """The one type that values of all the types have; a problem naming the first that does not meet those before it."""
    both: Type = Nothing()
    for index, type_ in enumerate(types):
        met = meet(both, type_) if index else type_
        if met is None:
            message = f"`{given.function}` takes values of one type, not {describe(both)} and {describe(type_)}"
            return CallProblem(index if len(given.types) == len(types) else None, message)
        both = met
    return both
