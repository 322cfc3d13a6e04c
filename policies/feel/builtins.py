"""The built-in functions of FEEL that Writ knows: names, parameters and types (DMN 1.5, 10.3.4).

Left out: regular expressions (`matches`, `replace`), functions as arguments (`sort`), contexts built at run time.
`split` takes a plain text as delimiter, not a pattern.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from policies.feel.list_signatures import LIST_FUNCTIONS
from policies.feel.signatures import Builtin, CallProblem, Constant, Form, Given, arrange, result_type
from policies.feel.value_signatures import VALUE_FUNCTIONS
from policies.types import (
    Boolean,
    Date,
    DateTime,
    DayDuration,
    MonthDuration,
    Number,
    RangeOf,
    Text,
    Time,
    Type,
    Unknown,
    nullable,
)

BUILTINS: Mapping[str, Builtin] = {builtin.name: builtin for builtin in (*LIST_FUNCTIONS, *VALUE_FUNCTIONS)}


def call_type(
    name: str,
    args: Sequence[Type],
    named: Sequence[str] | None = None,
    constants: Sequence[Constant] | None = None,
) -> Type | CallProblem:
    """The type of `name(args)`, or why the call does not fit.

    `named` runs beside `args` for named arguments. `constants` runs beside `args` and holds the value of an argument
    that is a text or number literal: with it `date("2026-01-31")` is known not to be null, `date("2026-02-30")` is
    a problem, and `duration("P30D")` has a type at all.
    """
    builtin = BUILTINS.get(name)
    if builtin is None:
        return CallProblem(None, f"no function `{name}`")
    values = list(constants) if constants is not None else [None] * len(args)
    if named is not None:
        return _named_type(builtin, args, named, values)
    form = _form(builtin, args)
    if form is None:
        return CallProblem(None, f"`{name}` takes {_counts(builtin)}, not {len(args)}", _usage(builtin))
    return result_type(form, Given(name, tuple(args), tuple(values)))


def _form(builtin: Builtin, args: Sequence[Type]) -> Form | None:
    """The form for that many arguments; where several take as many, the one the first argument fits, else the first."""
    taking = [form for form in builtin.forms if form.takes(len(args))]
    fit = [form for form in taking if all(form.parameter(i).kind.fits(type_) for i, type_ in enumerate(args))]
    return next(iter(fit or taking), None)


def _named_type(
    builtin: Builtin, args: Sequence[Type], named: Sequence[str], constants: Sequence[Constant]
) -> Type | CallProblem:
    problem: CallProblem | None = None
    for form in builtin.forms:
        types = arrange(form, args, named)
        if types is None:
            continue
        given = Given(builtin.name, tuple(types), tuple(arrange(form, constants, named) or ()))
        result = result_type(form, given)
        if not isinstance(result, CallProblem):
            return result
        if problem is None:
            problem = _as_written(form, result, named)
    return problem or CallProblem(None, f"`{builtin.name}` has no such parameters", _usage(builtin))


def _as_written(form: Form, problem: CallProblem, named: Sequence[str]) -> CallProblem:
    """The problem with its argument counted as the call writes them."""
    if problem.argument is None:
        return problem
    return CallProblem(named.index(form.parameter(problem.argument).name), problem.message, problem.help)


def _counts(builtin: Builtin) -> str:
    if any(form.variadic for form in builtin.forms):
        least = min(len(form.parameters) for form in builtin.forms)
        return f"at least {least} argument{'' if least == 1 else 's'}"
    counts = sorted({count for form in builtin.forms for count in range(8) if form.takes(count)})
    if counts == [0]:
        return "no argument"
    return " or ".join(map(str, counts)) + (" argument" if counts == [1] else " arguments")


def _usage(builtin: Builtin) -> str:
    ways = [f"`{builtin.name}({', '.join(names)})`" for names in builtin.parameter_names]
    return "write " + " or ".join(dict.fromkeys(ways))


_DAY_PROPERTIES: Mapping[str, Type] = {name: Number() for name in ("year", "month", "day", "weekday")}
_CLOCK_PROPERTIES: Mapping[str, Type] = {
    **{name: Number() for name in ("hour", "minute", "second")},
    "time offset": DayDuration(nullable=True),
    "timezone": Text(nullable=True),
}


def property_type(type_: Type, name: str) -> Type | None:
    """The type of `value.name` for a date, time, duration or range (DMN 1.5, table 65); None when it has no such part.

    Nullable where the value is. A part of a duration is a number with that unit: `.days` is a number (days).
    """
    of: Mapping[str, Type] = {}
    match type_:
        case Date():
            of = _DAY_PROPERTIES
        case DateTime():
            of = {**_DAY_PROPERTIES, **_CLOCK_PROPERTIES}
        case Time():
            of = _CLOCK_PROPERTIES
        case DayDuration():
            of = {unit: Number(unit) for unit in ("days", "hours", "minutes", "seconds")}
        case MonthDuration():
            of = {unit: Number(unit) for unit in ("years", "months")}
        case RangeOf(of=end):
            ends = nullable(end)
            of = {"start": ends, "end": ends, "start included": Boolean(), "end included": Boolean()}
        case Unknown():
            return type_
        case _:
            return None
    part = of.get(name)
    return nullable(part) if part is not None and type_.nullable else part


_PROPERTY_NAMES = ("time offset", "start included", "end included")

SPACED_NAMES = frozenset(
    name
    for name in (
        *BUILTINS,
        *(name for builtin in BUILTINS.values() for names in builtin.parameter_names for name in names),
        *_PROPERTY_NAMES,
    )
    if " " in name
)
"""The names with spaces that FEEL itself knows: functions, parameters and properties."""
