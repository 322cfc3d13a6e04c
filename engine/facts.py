"""Do the facts fit? JSON as a caller sent it, made into typed values by what the policy declares."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, assert_never

from engine.decision import Fault, Misfit, plain_decimal
from policies.currencies import minor_units
from policies.diagnostics import quote
from policies.feel.temporal import read_date_time, read_duration, read_time
from policies.feel.values import FEEL_DECIMAL, Duration, Value
from policies.identifiers import did_you_mean, named
from policies.ir import Fact
from policies.scalars import MAX_DIGITS, ScalarProblem, date_of, decimal_of
from policies.types import (
    Boolean,
    ContextOf,
    Date,
    DateTime,
    DayDuration,
    ListOf,
    Money,
    MonthDuration,
    Nothing,
    Number,
    RangeOf,
    Text,
    Time,
    Type,
    Unknown,
    describe,
    nullable,
)

MAX_TEXT = 10_000
MAX_SUBJECT = 400
"""Characters of the text that says whom a decision is about: it stands in an index."""

EXACT_INTEGER = 2**53 - 1
"""The largest whole number every JSON reader keeps exactly (RFC 8259, section 6), so that a record can be replayed."""

MAX_MISFITS = 1_000
"""Misfits reported for one document: past it, one more tells nobody anything."""

_CONTROL = re.compile(
    "(?P<bidi>[\\u202a-\\u202e\\u2066-\\u2069])|[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]"
)
"""What no text of a fact may hold: it reorders or breaks lines unseen, or is no character. Tab and line feed may."""

_WHOLE_TEXT = re.compile(r"-?(?:0|[1-9][0-9]*)")
_WHOLE_MEND = "send it without a point: 5"

_MAX_SUGGESTIONS = 50
"""Unknown names for which the meant one is looked for: looking costs more than everything else."""


def fit(declared: Sequence[Fact], raw: Mapping[str, Any], reads: frozenset[str] | None = None) -> dict[str, Value]:
    """The declared facts as typed values, one entry per declared fact; None is unknown.

    `raw` is JSON as `api.strict_json.parse` gives it. An optional fact that is absent or null becomes its default. A
    required one is missing when absent or null; at the top only if the policy reads it, that is, if a dotted path in
    `reads` is it, lies under it or contains it (None: all are demanded). Within a block or list item that is present,
    every required field is demanded (domain.md, 4).

    Raises Fault with every misfit found (at most 1,000).
    """
    if not isinstance(raw, Mapping):
        raise Fault((Misfit("fact_type", "", f"facts must be an object, not {_kind(raw)}"),))
    fitting = _Fitting()
    values = fitting.members(declared, raw, "", reads)
    if fitting.misfits:
        raise Fault(tuple(fitting.misfits))
    return values


def pointer_step(step: str) -> str:
    """One step of a JSON pointer, escaped (RFC 6901, 3): `a/b` is `/a~1b`."""
    return "/" + step.replace("~", "~0").replace("/", "~1")


def members_of(fact: Fact, type_: ContextOf) -> tuple[Fact, ...]:
    """The declared fields of a block; where only their types are declared, facts made of those.

    What lies in a block of personal data is personal data.
    """
    fields = fact.fields or tuple(Fact(name, inner, optional=inner.nullable) for name, inner in type_.fields)
    return tuple(replace(member, pii=True) for member in fields) if fact.pii else fields


def demanded(name: str, reads: frozenset[str] | None) -> bool:
    """Whether a policy that reads these paths needs the fact of this name."""
    if reads is None:
        return True
    return any(path == name or path.startswith(f"{name}.") or name.startswith(f"{path}.") for path in reads)


class _DoesNotFit(Exception):  # noqa: N818 (an answer on its way to the list of misfits)
    """One value does not fit; the rest is still looked at."""

    def __init__(self, code: str, message: str, mend: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = mend


@dataclass(slots=True)
class _Fitting:
    """Goes through one document and gathers what does not fit."""

    misfits: list[Misfit] = field(default_factory=list)
    suggestions: int = 0

    def members(
        self, declared: Sequence[Fact], raw: Mapping[str, Any], pointer: str, reads: frozenset[str] | None
    ) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for fact in declared:
            given = raw.get(fact.name)
            if given is not None:
                values[fact.name] = self.value(fact, fact.type, given, pointer + pointer_step(fact.name))
                continue
            values[fact.name] = fact.default
            if not fact.optional and demanded(fact.name, reads):
                message = f"{quote(fact.name)} is missing"
                self._add(pointer + pointer_step(fact.name), "fact_missing", message, f"send {describe(fact.type)}")
        known = {fact.name for fact in declared}
        for name in raw:
            if name not in known:
                self._unknown(str(name), known, pointer)
        return values

    def value(self, fact: Fact, type_: Type, given: Any, pointer: str) -> Value:
        match type_:
            case ContextOf():
                if isinstance(given, Mapping):
                    return self.members(members_of(fact, type_), given, pointer, None)
                self._add(pointer, "fact_type", f"{quote(fact.name)} must be an object, not {_kind(given)}")
            case ListOf(item=item):
                if isinstance(given, list):
                    return [self._item(fact, item, one, f"{pointer}/{at}") for at, one in enumerate(given)]
                self._add(pointer, "fact_type", f"{quote(fact.name)} must be a list, not {_kind(given)}")
            case _:
                try:
                    return _scalar(fact, type_, given)
                except _DoesNotFit as misfit:
                    self._add(pointer, misfit.code, misfit.message, misfit.help)
        return None

    def _item(self, fact: Fact, type_: Type, given: Any, pointer: str) -> Value:
        if given is not None:
            return self.value(fact, type_, given, pointer)
        if not type_.nullable:
            self._add(pointer, "fact_missing", f"an item of {quote(fact.name)} is null", f"send {describe(type_)}")
        return None

    def _unknown(self, name: str, known: set[str], pointer: str) -> None:
        self.suggestions += 1
        meant = did_you_mean(name, sorted(known)) if self.suggestions <= _MAX_SUGGESTIONS else None
        foreign = next((letter for letter in name if not letter.isascii()), None) if meant else None
        message = f"unknown fact {quote(name)}" + (f": {named(foreign)} in it" if foreign else "")
        self._add(pointer + pointer_step(name), "fact_unknown", message, f"did you mean `{meant}`?" if meant else None)

    def _add(self, pointer: str, code: str, message: str, mend: str | None = None) -> None:
        if len(self.misfits) < MAX_MISFITS:
            self.misfits.append(Misfit(code, pointer, message, mend))


def _scalar(fact: Fact, type_: Type, given: Any) -> Value:
    match type_:
        case Number() | Money():
            return _number(fact, type_, given)
        case Text():
            return _text(fact, type_, given)
        case Boolean():
            if not isinstance(given, bool):
                raise _wrong(fact, type_, given, "send true or false, without quotes")
            return given
        case Date():
            return _date(fact, type_, given)
        case DateTime():
            return _date_time(fact, type_, given)
        case Time():
            return _temporal(fact, type_, given, read_time, "write HH:MM:SS")
        case DayDuration():
            return _duration(fact, type_, given, "days", "write P30D or P1DT12H")
        case MonthDuration():
            return _duration(fact, type_, given, "months", "write P1Y or P6M")
        case ContextOf() | ListOf() | RangeOf() | Nothing() | Unknown():
            msg = f"a fact cannot be declared as {describe(type_)}"
            raise AssertionError(msg)
        case _ as never:
            assert_never(never)


def _kind(given: Any) -> str:
    match given:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float() | Decimal():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def _wrong(fact: Fact, type_: Type, given: Any, mend: str | None = None) -> _DoesNotFit:
    what = describe(nullable(type_, yes=False))
    return _DoesNotFit("fact_type", f"{quote(fact.name)} must be {what}, not {_kind(given)}", mend)


def _number(fact: Fact, type_: Number | Money, given: Any) -> Decimal:
    """A decimal within the fact's bounds, of JSON's number or of decimal text.

    A whole number has no point. An amount has no more decimals than its currency: by value when it came as a number,
    as written when it came as text, where `1.000` may mean a thousand.
    """
    value = _whole(fact, given) if fact.whole else _decimal(fact, type_, given)
    if len(value.as_tuple().digits) > FEEL_DECIMAL.prec:
        raise _DoesNotFit("fact_range", f"{quote(fact.name)} has more than {FEEL_DECIMAL.prec} digits")
    if isinstance(type_, Money):
        _check_decimals(fact, type_, value, as_written=isinstance(given, str))
    if fact.low is not None and value < fact.low:
        raise _DoesNotFit("fact_range", f"{quote(fact.name)} must be at least {plain_decimal(fact.low)}")
    if fact.high is not None and value > fact.high:
        raise _DoesNotFit("fact_range", f"{quote(fact.name)} must be at most {plain_decimal(fact.high)}")
    return value


def _whole(fact: Fact, given: Any) -> Decimal:
    """A whole number of JSON's integer or of its text, such as an earlier answer's: never one with a point."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        what = _kind(given)
        message = f"{quote(fact.name)} must be an integer" + ("" if what == "a number" else f", not {what}")
        raise _DoesNotFit("fact_type", message, _WHOLE_MEND)
    if isinstance(given, str) and not _WHOLE_TEXT.fullmatch(given):
        shown = "" if fact.pii else f", not {quote(given)}"
        raise _DoesNotFit("fact_type", f"{quote(fact.name)} must be an integer{shown}", _WHOLE_MEND)
    value = int(given) if isinstance(given, int) or len(given) <= MAX_DIGITS else EXACT_INTEGER + 1
    if abs(value) > EXACT_INTEGER:
        raise _DoesNotFit("fact_range", f"{quote(fact.name)} is beyond {EXACT_INTEGER}")
    return Decimal(value)


def _decimal(fact: Fact, type_: Number | Money, given: Any) -> Decimal:
    match given:
        case bool():
            raise _wrong(fact, type_, given)
        case int() | Decimal():
            return _bounded_digits(fact, given)
        case str():
            try:
                return decimal_of(given)
            except ScalarProblem as problem:
                raise _problem(fact, type_, problem) from None
        case float():
            raise _DoesNotFit("fact_type", f"{quote(fact.name)} is a binary float", "send a decimal or decimal text")
        case _:
            raise _wrong(fact, type_, given)


def _bounded_digits(fact: Fact, given: int | Decimal) -> Decimal:
    """The number as a decimal, if its digits, written out, are at most 40. Minus zero is zero."""
    if isinstance(given, int):
        fits = abs(given) < 10**MAX_DIGITS
    else:
        exponent = given.as_tuple().exponent
        fits = given.is_finite() and isinstance(exponent, int) and exponent >= -MAX_DIGITS
        fits = fits and (given.is_zero() or given.adjusted() - min(int(exponent), 0) < MAX_DIGITS)
    if not fits:
        raise _DoesNotFit("fact_range", f"{quote(fact.name)} is longer than {MAX_DIGITS} digits")
    value = Decimal(given)
    return value or abs(value)


def _check_decimals(fact: Fact, type_: Money, value: Decimal, *, as_written: bool) -> None:
    digits = minor_units(type_.currency)
    exponent = value.as_tuple().exponent
    if digits is None or not isinstance(exponent, int) or -exponent <= digits:
        return
    if as_written or any(value.as_tuple().digits[exponent + digits :]):
        message = f"{quote(fact.name)} has {-exponent} decimals; {type_.currency} has {digits or 'no'} decimals"
        raise _DoesNotFit("fact_decimals", message)


def _problem(fact: Fact, type_: Type, problem: ScalarProblem) -> _DoesNotFit:
    """A scalar's own message, or, for personal data, one that does not repeat what was sent."""
    if fact.pii:
        return _DoesNotFit("fact_type", f"{quote(fact.name)} must be {describe(nullable(type_, yes=False))}")
    return _DoesNotFit("fact_type", f"{quote(fact.name)}: {problem.message}", problem.help)


def longest(fact: Fact) -> int:
    """How many characters a fact that is text may have."""
    return MAX_SUBJECT if fact.subject else MAX_TEXT


def _text(fact: Fact, type_: Text, given: Any) -> str:
    """The text as received; nothing is trimmed or normalised."""
    if not isinstance(given, str):
        raise _wrong(fact, Text() if type_.one_of else type_, given)
    if len(given) > (limit := longest(fact)):
        raise _DoesNotFit("fact_text", f"{quote(fact.name)} has {len(given)} characters, limit {limit}")
    if (bad := _CONTROL.search(given)) is not None:
        what = "bidi control" if bad["bidi"] else "control character"
        raise _DoesNotFit("fact_text", f"{quote(fact.name)} has the {what} U+{ord(bad[0]):04X}", "send it without that")
    if type_.one_of and given not in type_.one_of:
        meant = None if fact.pii else did_you_mean(given, type_.one_of)
        shown = f"the text sent for {quote(fact.name)}" if fact.pii else quote(given)
        message = f"{shown} is not one of {', '.join(quote(one) for one in type_.one_of)}"
        raise _DoesNotFit("fact_choice", message, f"did you mean `{meant}`?" if meant else None)
    return given


def _date(fact: Fact, type_: Date, given: Any) -> dt.date:
    if not isinstance(given, str):
        raise _wrong(fact, type_, given, "write YYYY-MM-DD")
    try:
        return date_of(given)
    except ScalarProblem as problem:
        raise _problem(fact, type_, problem) from None


def _date_time(fact: Fact, type_: DateTime, given: Any) -> dt.datetime:
    mend = "write YYYY-MM-DDTHH:MM:SS and the zone, Z or +08:00"
    value: dt.datetime = _temporal(fact, type_, given, read_date_time, mend)
    try:
        fits = value.tzinfo is not None and value.astimezone(dt.UTC) is not None
    except OverflowError:  # the last or first hours of the calendar are outside it in UTC
        fits = False
    if not fits:
        raise _DoesNotFit("fact_type", f"{quote(fact.name)} must be a date-time with zone, year 1-9999", mend)
    return value


def _temporal(fact: Fact, type_: Type, given: Any, read: Any, mend: str) -> Any:
    if not isinstance(given, str):
        raise _wrong(fact, type_, given, mend)
    try:
        return read(given)
    except ValueError:
        what = (
            "a date-time with zone, year 1-9999"
            if isinstance(type_, DateTime)
            else describe(nullable(type_, yes=False))
        )
        raise _DoesNotFit("fact_type", f"{quote(fact.name)} must be {what}", mend) from None


def _duration(fact: Fact, type_: Type, given: Any, kind: str, mend: str) -> Duration:
    value: Duration = _temporal(fact, type_, given, read_duration, mend)
    if value.kind != kind:
        raise _wrong(fact, type_, given, mend)
    return value
