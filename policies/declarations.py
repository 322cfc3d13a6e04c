"""What a document declares for its policies: facts with their types, dated parameters, reason codes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from policies.currencies import minor_units
from policies.diagnostics import Code, Diagnostic, Severity, quote
from policies.document import DatedValuePart, FactPart, ParameterPart
from policies.feel.values import Value
from policies.identifiers import did_you_mean
from policies.ir import DatedValue, Fact, Parameter, Texts
from policies.nodes import Scalar, Span
from policies.protected import named_by
from policies.reading import Report
from policies.scalars import ScalarProblem, boolean_of, date_of, decimal_of
from policies.types import (
    Boolean,
    ContextOf,
    Date,
    DateTime,
    DayDuration,
    ListOf,
    Money,
    MonthDuration,
    Number,
    Text,
    Time,
    Type,
    Unknown,
    describe,
    nullable,
)

UNITS = ("percent", "ratio", "days", "months", "years", "points", "count")
"""Types that are a number with this unit."""

_SIMPLE: Mapping[str, Type] = {
    "number": Number(),
    "text": Text(),
    "boolean": Boolean(),
    "date": Date(),
    "date-time": DateTime(),
    "time": Time(),
    "duration": DayDuration(),
    "months-duration": MonthDuration(),
    **{unit: Number(unit) for unit in UNITS if unit != "count"},
    "count": Number(),
}
TYPE_WORDS = (*_SIMPLE, "money", "list", "context")
_UNWRITTEN = {"list", "context", "date-time", "time", "duration", "months-duration"}
"""Types whose values a plain scalar cannot be."""


@dataclass(frozen=True, slots=True)
class Declaring:
    """What declarations are read against."""

    currency: str
    languages: tuple[str, ...]
    report: Report


def texts(part: dict[str, str] | None, languages: tuple[str, ...]) -> Texts:
    """Texts by language; plain text is in the document's first language, English where all were refused."""
    first = languages[0] if languages else "en"
    return {} if part is None else {language or first: text for language, text in part.items()}


def declare_fact(name: str, part: FactPart, span: Span, declaring: Declaring) -> Fact:
    """One declared fact, with its members when it is a context or a list of contexts."""
    word = part.type or ("context" if part.fields is not None else "")
    word, optional = (word[:-1], True) if word.endswith("?") else (word, part.optional)
    members: tuple[Fact, ...] = ()
    if part.fields is not None:
        members = tuple(
            declare_fact(key, inner, _member_span(part, key, span), declaring) for key, inner in part.fields.items()
        )
    type_ = declared_type(word, part, members, span, declaring)
    refuse_protected(name, "a fact", span, declaring.report)
    if part.subject and not isinstance(type_, (Text, Unknown)):
        said = f"`subject` marks a text, by which somebody is found; {quote(name)} is {describe(type_)}"
        declaring.report(Diagnostic(Code.SHAPE, said, part.span("subject"), "mark the customer number"))
    default = None if part.default is None else literal_value(part.default, type_, declaring.report)
    missing = optional and part.default is None
    return Fact(
        name,
        nullable(type_, missing),
        optional=optional or part.default is not None,
        default=default,
        low=part.min,
        high=part.max,
        whole=part.whole or word == "count",
        pii=part.pii,
        subject=part.subject,
        from_customer=part.from_customer,
        title=texts(part.title, declaring.languages),
        fields=members,
    )


def _member_span(part: FactPart, key: str, span: Span) -> Span:
    return part.key_span("fields", key) if part.has_node else span


def refuse_protected(name: str, what: str, span: Span, report: Report) -> None:
    """Report a name that stands for a protected characteristic; `what` says of what it is the name: `a fact`."""
    if (protected := named_by(name)) is not None:
        named = f"`{name}` is" if protected == name else f"`{name}` has `{protected}` in it,"
        message = f"{named} a protected characteristic, and cannot be {what}"
        report(Diagnostic(Code.PROTECTED_FACT, message, span, "decide on conduct and ability to pay"))


def declared_type(
    word: str, part: FactPart | ParameterPart, members: tuple[Fact, ...], span: Span, declaring: Declaring
) -> Type:
    """The type a declaration's words stand for; Unknown, reported, when there is no such type."""
    where = part.span("type") if part.has_node else span
    match word:
        case "money":
            return Money(part.currency or declaring.currency)
        case "context":
            return ContextOf(tuple((member.name, member.type) for member in members))
        case "list" if isinstance(part, FactPart):
            if members:
                return ListOf(ContextOf(tuple((member.name, member.type) for member in members)))
            if part.of is not None:
                return ListOf(declare_fact("item", part.of, where, declaring).type)
            declaring.report(Diagnostic(Code.SHAPE, "a list must say `of` what it is, or its `fields`", where))
            return Unknown()
        case "list":
            return _list_of(part, where, declaring)
        case "number" if part.unit is not None:
            return Number(part.unit)
        case "text" if isinstance(part, FactPart) and part.one_of:
            return Text(part.one_of)
        case "" if isinstance(part, FactPart) and part.one_of:
            return Text(part.one_of)
        case _ if word in _SIMPLE:
            return _SIMPLE[word]
        case _:
            close = did_you_mean(word, TYPE_WORDS)
            mend = f"did you mean `{close}`?" if close else "the types are " + ", ".join(TYPE_WORDS)
            said = f"unknown type {quote(word)}" if word else "a fact must say its `type`"
            declaring.report(Diagnostic(Code.CHOICE, said, where, mend))
            return Unknown()


def _list_of(part: FactPart | ParameterPart, where: Span, declaring: Declaring) -> Type:
    """The list a parameter is: of one kind of plain value."""
    word = part.of if isinstance(part, ParameterPart) else None
    if word is None or word in _UNWRITTEN:
        plain = ", ".join(known for known in TYPE_WORDS if known not in _UNWRITTEN)
        said = "a list must say `of` what it is" if word is None else f"a parameter cannot be a list of {quote(word)}"
        declaring.report(Diagnostic(Code.SHAPE, said, where, f"write `of:` with one of: {plain}"))
        return Unknown()
    return ListOf(declared_type(word, part, (), part.span("of"), declaring))


def figures_value(written: Scalar | tuple[Scalar, ...], type_: Type, span: Span, report: Report) -> Value:
    """The value of a parameter as written under its type: one plain value, or a list of them."""
    match written, type_:
        case _, Unknown():
            return None
        case tuple(), ListOf(item=item):
            return [literal_value(scalar, item, report) for scalar in written]
        case tuple(), _:
            said = f"this is a list, and {describe(type_)} is wanted"
            report(Diagnostic(Code.SHAPE, said, span, "write one value, or `type: list` with `of:` what it is of"))
            return None
        case Scalar(), ListOf():
            said = "one value stands where a list is wanted"
            report(Diagnostic(Code.SHAPE, said, written.span, f"write the values in brackets: [{written.text}]"))
            return None
        case _:
            return literal_value(written, type_, report)


def literal_value(scalar: Scalar, type_: Type, report: Report) -> Value:
    """The value a plain scalar has under a declared type; None, reported, when it has none."""
    try:
        match type_:
            case Number() | Money():
                return _decimal(scalar.text, type_)
            case Boolean():
                return boolean_of(scalar.text)
            case Date():
                return date_of(scalar.text)
            case Text(one_of=values) if values and scalar.text not in values:
                close = did_you_mean(scalar.text, values)
                mend = f"did you mean `{close}`?" if close else "the values are " + ", ".join(values)
                report(Diagnostic(Code.CHOICE, f"{quote(scalar.text)} is not one of its values", scalar.span, mend))
                return None
            case Text():
                return scalar.text
            case Unknown():
                return None
            case _:
                message = "a value of this type cannot be written here"
                report(Diagnostic(Code.SHAPE, message, scalar.span, "use a number, money, text, boolean or date"))
                return None
    except ScalarProblem as problem:
        report(Diagnostic(problem.code, problem.message, scalar.span, problem.help))
        return None


def _decimal(text: str, type_: Type) -> Decimal:
    value = decimal_of(text)
    if isinstance(type_, Money):
        places = minor_units(type_.currency) or 0
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > places:
            raise ScalarProblem(Code.NOT_A_NUMBER, f"{type_.currency} has {places} decimals", None)
    return value


def declare_parameter(name: str, part: ParameterPart, declaring: Declaring) -> Parameter:
    """One parameter with its dated values in order."""
    if part.has_node:
        refuse_protected(name, "a parameter", part.span(), declaring.report)
    type_ = declared_type(part.type, part, (), part.span("type"), declaring)
    if part.of is not None and part.type != "list":
        declaring.report(Diagnostic(Code.SHAPE, "`of` goes with `type: list`", part.key_span("of"), "take it out"))
    dated: list[DatedValue] = []
    if part.states("value") == part.states("values"):
        mend = "write `value: …`, or `values:` with a `from` day each"
        declaring.report(Diagnostic(Code.PARAMETER, f"`{name}` needs one of `value` and `values`", part.span(), mend))
    if part.value is not None:
        value = figures_value(part.value, type_, part.span("value"), declaring.report)
        dated = [DatedValue(None, value, part.source, part.verify)]
    previous: dt.date | None = None
    rows = part.values or ()
    for row, following in zip(rows, (*rows[1:], None), strict=True) if rows else ():
        if previous is not None and row.from_ <= previous:
            message = f"`{name}`: {row.from_} does not come after {previous}"
            declaring.report(
                Diagnostic(Code.PARAMETER, message, row.span("from"), "write the days in order, each once")
            )
        previous = row.from_
        _check_end(name, row, following, declaring)
        value = figures_value(row.value, type_, row.span("value"), declaring.report)
        dated.append(DatedValue(row.from_, value, row.source or part.source, row.verify or part.verify, row.to))
    if any(row.source is None for row in dated):
        declaring.report(
            Diagnostic(
                Code.PARAMETER,
                f"`{name}` says no source",
                part.span(),
                "add `source:` with where the figure comes from",
                severity=Severity.WARNING,
            )
        )
    # Outside its days a dated parameter has no value, so what it is used in may be unknown.
    return Parameter(name, nullable(type_, part.value is None), tuple(dated), texts(part.title, declaring.languages))


def _check_end(name: str, row: DatedValuePart, following: DatedValuePart | None, declaring: Declaring) -> None:
    """Refuse a last day before the first, and one that the next value does not leave room for."""
    if row.to is None:
        return
    if row.to < row.from_:
        said, mend = f"`{name}`: ends on {row.to}, before it starts on {row.from_}", "write its last day"
    elif following is not None and row.from_ < following.from_ <= row.to:
        said = f"`{name}`: ends on {row.to}, but the next value holds from {following.from_}"
        mend = "leave `to` out where the next value follows at once"
    else:
        return
    declaring.report(Diagnostic(Code.PARAMETER, said, row.span("to"), mend))
