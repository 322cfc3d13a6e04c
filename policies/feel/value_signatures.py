"""The types of FEEL's functions on numbers, texts, dates and times (DMN 1.5, 10.3.4.1-3 and 10.3.4.5-8)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from policies.feel.signatures import (
    ANYTHING,
    BOOLEAN,
    CLOCK,
    COUNT,
    DAY,
    MEASURE,
    NUMBER,
    OFFSET,
    TEXT,
    TIMED,
    Builtin,
    CallProblem,
    Form,
    Given,
    Parameter,
    Rule,
    meet_all,
)
from policies.feel.temporal import read_date, read_date_time, read_duration, read_time
from policies.feel.values import LEAST_SCALE, MOST_SCALE, WEEKDAYS, YEAR_MONTHS, is_pattern
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
    nullable,
)


def _always(type_: Type) -> Rule:
    return lambda _: type_


def _like_first(given: Given) -> Type | CallProblem:
    return given.types[0] or Nothing()


def _rounded(given: Given) -> Type | CallProblem:
    """The number's own type, null only for a scale no decimal has."""
    of = given.types[0] or Nothing()
    scale = given.constants[1] if len(given.constants) > 1 else Decimal(0)
    safe = isinstance(scale, Decimal) and LEAST_SCALE <= scale <= MOST_SCALE
    return of if safe else nullable(of)


def _modulo(given: Given) -> Type | CallProblem:
    both = meet_all(given, [type_ for type_ in given.types if type_ is not None])
    return both if isinstance(both, CallProblem) or given.constants[1] else nullable(both)


def _read(reader: Callable[[str], object], type_: Type) -> Rule:
    """The type of a function that reads a text: known not to be null when the text is written out."""

    def rule(given: Given) -> Type | CallProblem:
        text = given.constants[0]
        if not isinstance(text, str):
            return nullable(type_)
        try:
            reader(text)
        except ValueError as error:
            return CallProblem(0, str(error))
        return type_

    return rule


def _duration(given: Given) -> Type | CallProblem:
    text = given.constants[0]
    if not isinstance(text, str):
        if isinstance(given.types[0], Nothing | Unknown):
            return Unknown(nullable=True)
        message = "`duration` takes a text written out: days or months must be known before the decision"
        return CallProblem(0, message, 'write duration("P30D") or duration("P6M")')
    try:
        duration = read_duration(text)
    except ValueError as error:
        return CallProblem(0, str(error))
    return DayDuration() if duration.kind == "days" else MonthDuration()


def _substring(given: Given) -> Type | CallProblem:
    start = given.constants[1]
    length = given.constants[2] if len(given.constants) > 2 else Decimal(0)  # noqa: PLR2004 (text, start, length)
    safe = isinstance(start, Decimal) and int(start) and isinstance(length, Decimal) and length >= 0
    return Text(nullable=not safe)


def _split(given: Given) -> Type | CallProblem:
    delimiter = given.constants[1]
    if not isinstance(delimiter, str):
        return ListOf(Text(), nullable=True)
    if is_pattern(delimiter):
        message = f"`split` takes a plain text as delimiter, and `{delimiter}` is a pattern"
        return CallProblem(1, message, "split at a text without any of . ^ $ * + ? ( ) [ ] { } | \\")
    return ListOf(Text())


_TEXT_FROM = Parameter("from", TEXT)
_STRING = Parameter("string", TEXT)
_SCALE = Parameter("scale", COUNT)


def _rounding(name: str) -> Builtin:
    return Builtin(name, (Form((Parameter("n", NUMBER), _SCALE), _rounded),))


def _to_whole(name: str) -> Builtin:
    return Builtin(
        name,
        (Form((Parameter("n", NUMBER), Parameter("scale", COUNT, optional=True)), _rounded),),
    )


def _of_text(name: str, type_: Type, *others: str) -> Builtin:
    """A function of `string` and maybe further texts, with one type of result."""
    parameters = (_STRING, *(Parameter(other, TEXT) for other in others))
    return Builtin(name, (Form(parameters, _always(type_)),))


def _of_day(name: str, type_: Type) -> Builtin:
    return Builtin(name, (Form((Parameter("date", DAY),), _always(type_)),))


def _parts(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, COUNT) for name in names)


VALUE_FUNCTIONS = (
    Builtin("not", (Form((Parameter("negand", BOOLEAN),), _always(Boolean())),)),
    Builtin("abs", (Form((Parameter("n", MEASURE),), _like_first),)),
    _to_whole("floor"),
    _to_whole("ceiling"),
    *map(_rounding, ("decimal", "round half even", "round half up", "round half down", "round up", "round down")),
    Builtin("modulo", (Form((Parameter("dividend", NUMBER), Parameter("divisor", NUMBER)), _modulo),)),
    Builtin(
        "number",
        (
            Form((_TEXT_FROM,), _always(Number(nullable=True))),
            Form(
                (
                    _TEXT_FROM,
                    Parameter("grouping separator", TEXT, strict=False),
                    Parameter("decimal separator", TEXT, strict=False),
                ),
                _always(Number(nullable=True)),
            ),
        ),
    ),
    Builtin("string", (Form((Parameter("from", ANYTHING),), _always(Text())),)),
    _of_text("string length", Number()),
    Builtin(
        "substring",
        (
            Form(
                (_STRING, Parameter("start position", COUNT), Parameter("length", COUNT, optional=True)),
                _substring,
            ),
        ),
    ),
    _of_text("substring before", Text(), "match"),
    _of_text("substring after", Text(), "match"),
    _of_text("upper case", Text()),
    _of_text("lower case", Text()),
    _of_text("contains", Boolean(), "match"),
    _of_text("starts with", Boolean(), "match"),
    _of_text("ends with", Boolean(), "match"),
    Builtin("split", (Form((_STRING, Parameter("delimiter", TEXT)), _split),)),
    Builtin(
        "date",
        (
            Form((_TEXT_FROM,), _read(read_date, Date())),
            Form((Parameter("from", DAY),), _always(Date())),
            Form(_parts("year", "month", "day"), _always(Date(nullable=True))),
        ),
    ),
    Builtin(
        "date and time",
        (
            Form((_TEXT_FROM,), _read(read_date_time, DateTime())),
            Form((Parameter("date", DAY), Parameter("time", CLOCK)), _always(DateTime())),
        ),
    ),
    Builtin(
        "time",
        (
            Form((_TEXT_FROM,), _read(read_time, Time())),
            Form((Parameter("from", TIMED),), _always(Time())),
            Form(
                (*_parts("hour", "minute", "second"), Parameter("offset", OFFSET, optional=True, strict=False)),
                _always(Time(nullable=True)),
            ),
        ),
    ),
    Builtin("duration", (Form((_TEXT_FROM,), _duration),)),
    Builtin(
        "years and months duration",
        (Form((Parameter("from", DAY), Parameter("to", DAY)), _always(MonthDuration())),),
    ),
    Builtin("today", (Form((), _always(Date())),)),
    Builtin("now", (Form((), _always(DateTime())),)),
    _of_day("day of week", Text(WEEKDAYS)),
    _of_day("day of year", Number()),
    _of_day("week of year", Number()),
    _of_day("month of year", Text(YEAR_MONTHS)),
)
