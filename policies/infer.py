"""The types of expressions: a parsed tree in, the same tree with every node's type out; mismatches are reported.

Unknown carries: what depends on a value that may be missing may itself be missing. Only `= null` and `!= null` ask.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from policies.diagnostics import Code, quote
from policies.feel import syntax as s
from policies.feel.builtins import BUILTINS, call_type, property_type
from policies.feel.signatures import CallProblem, Constant
from policies.identifiers import did_you_mean, named
from policies.infer_operators import arithmetic_type, compare, expect_boolean, mismatch, negated_type, type_of
from policies.infer_tests import infer_test, may_be_unknown
from policies.scope import ReportAt, Scope, certain, dotted, narrowed_item
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
    accepts,
    describe,
    lacks,
    may_hold_missing,
    may_lack,
    meet,
    nullable,
    open_throughout,
)


def infer(expr: s.Expr, scope: Scope, report: ReportAt) -> s.Expr:
    """The expression with types filled in; what cannot be typed is reported and has the type Unknown."""
    match expr:
        case s.NumberLiteral():
            return replace(expr, type=Number())
        case s.TextLiteral():
            return replace(expr, type=Text())
        case s.BooleanLiteral():
            return replace(expr, type=Boolean())
        case s.NullLiteral():
            return replace(expr, type=Nothing())
        case s.AtLiteral():
            return replace(expr, type=_temporal_type(expr))
        case s.Name():
            return replace(expr, type=_name_type(expr, scope, report))
        case s.InputValue():
            return replace(expr, type=_name_type(s.Name("?", place=expr.place), scope, report))
        case s.Path():
            return _path(expr, scope, report)
        case s.Filter():
            return _filter(expr, scope, report)
        case s.Call():
            return _call(expr, scope, report)
        case s.Negate():
            of = infer(expr.of, scope, report)
            return replace(expr, of=of, type=negated_type(of, report))
        case s.Arithmetic():
            left, right = infer(expr.left, scope, report), infer(expr.right, scope, report)
            return replace(expr, left=left, right=right, type=arithmetic_type(expr, left, right, report))
        case s.Comparison():
            left, right = infer(expr.left, scope, report), infer(expr.right, scope, report)
            return replace(expr, left=left, right=right, type=compare(expr.op, left, right, expr.place, report))
        case s.Logic():
            return _logic(expr, scope, report)
        case s.Between():
            of, low, high = (infer(part, scope, report) for part in (expr.of, expr.low, expr.high))
            sides: tuple[tuple[s.ComparisonOp, s.Expr], ...] = ((">=", low), ("<=", high))
            ends = (compare(op, of, end, expr.place, report) for op, end in sides)
            return replace(expr, of=of, low=low, high=high, type=Boolean(any(end.nullable for end in ends)))
        case s.In():
            of = infer(expr.of, scope, report)
            tests = tuple(infer_test(test, type_of(of), scope, report) for test in expr.tests)
            return replace(expr, of=of, tests=tests, type=Boolean(_may_be_unknown(of, tests)))
        case s.If():
            return _if(expr, scope, report)
        case s.For():
            iterators, inner, unknown = _iterators(expr.iterators, scope, report)
            body = infer(expr.body, inner, report)
            return replace(expr, iterators=iterators, body=body, type=ListOf(type_of(body), unknown))
        case s.Quantified():
            iterators, inner, unknown = _iterators(expr.iterators, scope, report)
            satisfies = infer(expr.satisfies, inner, report)
            expect_boolean(satisfies, f"`{expr.kind} … satisfies`", report)
            unknown = unknown or type_of(satisfies).nullable
            return replace(expr, iterators=iterators, satisfies=satisfies, type=Boolean(unknown))
        case s.ListLiteral():
            items = tuple(infer(item, scope, report) for item in expr.items)
            return replace(expr, items=items, type=ListOf(_common(items, report)))
        case s.ContextLiteral():
            return _context(expr, scope, report)
        case s.Interval():
            return infer_interval(expr, scope, report)
        case _ as never:
            assert_never(never)


def infer_interval(expr: s.Interval, scope: Scope, report: ReportAt) -> s.Interval:
    """A range with the type of its ends."""
    low = None if expr.low is None else infer(expr.low, scope, report)
    high = None if expr.high is None else infer(expr.high, scope, report)
    ends = tuple(end for end in (low, high) if end is not None)
    of = _common(ends, report)
    return replace(expr, low=low, high=high, type=RangeOf(nullable(of, yes=False), of.nullable))


def _temporal_type(expr: s.AtLiteral) -> Type:
    import datetime as dt  # noqa: PLC0415 (only here, for the match)

    match expr.value:
        case dt.datetime():
            return DateTime()
        case dt.date():
            return Date()
        case dt.time():
            return Time()
        case duration:
            return DayDuration() if duration.kind == "days" else MonthDuration()


def _name_type(expr: s.Name, scope: Scope, report: ReportAt) -> Type:
    type_ = scope.type_of(expr.name)
    if type_ is not None:
        return type_
    if expr.name in scope.broken:
        return Unknown()
    if expr.name in BUILTINS:
        report(Code.UNKNOWN_NAME, f"`{expr.name}` is a function", expr.place, f"call it: {expr.name}(…)")
        return Unknown()
    close = did_you_mean(expr.name, scope.names)
    foreign = next((letter for letter in expr.name if close and not letter.isascii() and letter not in close), None)
    report(
        Code.UNKNOWN_NAME,
        f"unknown name {quote(expr.name)}" + (f": {named(foreign)} in it" if foreign else ""),
        expr.place,
        f"did you mean `{close}`?" if close else "declare it under facts, parameters or let; text stands in quotes",
    )
    return Unknown()


def _path(expr: s.Path, scope: Scope, report: ReportAt) -> s.Path:
    of = infer(expr.of, scope, report)
    base = type_of(of)
    match base:
        case ContextOf():
            found = base.field(expr.name)
        case ListOf(item=ContextOf() as item):
            inner = item.field(expr.name)
            found = None if inner is None else ListOf(nullable(inner, inner.nullable or item.nullable))
        case Unknown():
            found = Unknown()
        case _:
            found = property_type(base, expr.name)
    if found is None:
        # The last step is what is wrong, not the whole path.
        place = (expr.place[1] - len(expr.name), expr.place[1])
        fields = base.fields if isinstance(base, ContextOf) else ()
        if isinstance(base, ListOf) and isinstance(base.item, ContextOf):
            fields = base.item.fields
        close = did_you_mean(expr.name, [name for name, _ in fields])
        report(
            Code.UNKNOWN_NAME,
            f"{quote(dotted(of) or 'this')} has no `{expr.name}`",
            place,
            f"did you mean `{close}`?" if close else f"it is {describe(base)}",
        )
        found = Unknown()
    found = nullable(found, found.nullable or base.nullable)
    if dotted(expr) in scope.known:
        found = nullable(found, yes=False)
    return replace(expr, of=of, type=found)


def _filter(expr: s.Filter, scope: Scope, report: ReportAt) -> s.Filter:
    of = infer(expr.of, scope, report)
    base = type_of(of)
    item: Type = base.item if isinstance(base, ListOf) else Unknown()
    if not isinstance(base, (ListOf, Unknown)):
        report(Code.TYPE_MISMATCH, f"only a list can be filtered, this is {describe(base)}", of.place, None)
    names = {"item": item}
    if isinstance(item, ContextOf):
        names |= {name: nullable(type_, type_.nullable or item.nullable) for name, type_ in item.fields}
    condition = infer(expr.condition, scope.adding(names), report)
    match type_of(condition):
        case Number():
            # Of what is no list, reported above, nothing further is said.
            taken = nullable(item) if isinstance(base, ListOf) else item
            return replace(expr, of=of, condition=condition, type=taken)
        case Boolean(nullable=unknown):
            kept = narrowed_item(item, certain(condition, holds=True))
            return replace(expr, of=of, condition=condition, type=ListOf(kept, unknown or base.nullable))
        case Unknown():
            return replace(expr, of=of, condition=condition, type=Unknown())
        case other:
            message = f"a filter takes a condition or a position, not {describe(other)}"
            report(Code.TYPE_MISMATCH, message, condition.place, None)
            return replace(expr, of=of, condition=condition, type=Unknown())


def _call(expr: s.Call, scope: Scope, report: ReportAt) -> s.Call:
    args = tuple(infer(arg, scope, report) for arg in expr.args)
    name = dotted(expr.function)
    if name is not None and name in scope.functions:
        return replace(expr, args=args, type=_function_type(expr, name, args, scope, report))
    if name is None or name not in BUILTINS:
        if name is None or (name.split(".")[0] not in scope.broken and name not in scope.broken):
            close = did_you_mean(name or "", [*scope.functions, *BUILTINS])
            message = f"no function {quote(name or '…')}"
            report(Code.UNKNOWN_NAME, message, expr.function.place, f"did you mean `{close}`?" if close else None)
        return replace(expr, args=args, type=Unknown())
    constants = [_constant(arg) for arg in args]
    result = call_type(name, [type_of(arg) for arg in args], expr.names, constants)
    if isinstance(result, CallProblem):
        place = expr.place if result.argument is None else args[result.argument].place
        report(Code.CALL, result.message, place, result.help)
        return replace(expr, args=args, type=Unknown())
    if isinstance(result, (Number, Money)) and name in _OF_LISTS and len(args) == 1 and _never_empty(args[0]):
        listed = type_of(args[0])
        result = nullable(result, listed.nullable or (isinstance(listed, ListOf) and listed.item.nullable))
    if name in LOOKS_INTO_LISTS and not asks_for_null(expr):
        open_ = any(type_of(arg).nullable or may_hold_missing(type_of(arg)) for arg in args)
        result = nullable(result, result.nullable or open_)
    return replace(expr, args=args, type=result)


LOOKS_INTO_LISTS = frozenset({"list contains", "index of", "distinct values", "union", "string", "string join"})
"""Built-ins that compare or print the items of a list: with an item or argument missing, their answer is unknown."""


_OF_LISTS = frozenset({"sum", "min", "max", "mean", "median"})
"""Built-ins that have a value for every list of known numbers with something in it."""


def _never_empty(expr: s.Expr) -> bool:
    """Whether a list has an item whatever the facts: `[0]`, `concatenate([0], amounts)`."""
    match expr:
        case s.ListLiteral(items=items):
            return bool(items)
        case s.Call(function=s.Name(name="concatenate"), args=args):
            return any(_never_empty(arg) for arg in args)
        case _:
            return False


def asks_for_null(call: s.Call) -> bool:
    """Whether a call looks for the literal `null`, and so asks whether something is missing."""
    return any(isinstance(arg, s.NullLiteral) for arg in call.args[1:])


def _constant(arg: s.Expr) -> Constant:
    match arg:
        case s.NumberLiteral(value=number):
            return number
        case s.Negate(of=s.NumberLiteral(value=number)):
            return -number
        case s.TextLiteral(value=text):
            return text
        case _:
            return None


def _function_type(expr: s.Call, name: str, args: tuple[s.Expr, ...], scope: Scope, report: ReportAt) -> Type:
    function = scope.functions[name]
    wanted = [param for param, _ in function.params]
    given = list(expr.names) if expr.names is not None else wanted[: len(args)]
    usage = f"{name}({', '.join(wanted)})"
    if len(args) != len(wanted) or set(given) != set(wanted):
        report(Code.CALL, f"`{name}` takes {len(wanted)} values", expr.place, f"write {usage}")
        return Unknown()
    types = dict(function.params)
    result = function.result
    for param, arg in zip(given, args, strict=True):
        if not accepts(types[param], type_of(arg)):
            lacking = lacks(types[param], type_of(arg))
            if lacking is not None:
                report(Code.TYPE_MISMATCH, f"`{param}` of `{name}` needs `{lacking}`", arg.place, None)
            else:
                mismatch(types[param], type_of(arg), arg.place, report, f"`{param}` of `{name}`")
        if may_lack(types[param], nullable(type_of(arg), yes=False)):
            result = open_throughout(result)
        result = nullable(result, result.nullable or (type_of(arg).nullable and not types[param].nullable))
    return result


def _logic(expr: s.Logic, scope: Scope, report: ReportAt) -> s.Logic:
    left = infer(expr.left, scope, report)
    right = infer(expr.right, scope.knowing(certain(left, holds=expr.op == "and")), report)
    for side in (left, right):
        expect_boolean(side, f"`{expr.op}`", report)
    return replace(expr, left=left, right=right, type=Boolean(type_of(left).nullable or type_of(right).nullable))


def _if(expr: s.If, scope: Scope, report: ReportAt) -> s.If:
    condition = infer(expr.condition, scope, report)
    expect_boolean(condition, "`if`", report)
    then = infer(expr.then, scope.knowing(certain(condition, holds=True)), report)
    otherwise = infer(expr.otherwise, scope.knowing(certain(condition, holds=False)), report)
    both = meet(type_of(then), type_of(otherwise))
    if both is None:
        mismatch(type_of(then), type_of(otherwise), otherwise.place, report, "`else`")
        both = Unknown()
    unknown = both.nullable or type_of(condition).nullable
    return replace(expr, condition=condition, then=then, otherwise=otherwise, type=nullable(both, unknown))


def _iterators(
    iterators: tuple[s.Iterator, ...], scope: Scope, report: ReportAt
) -> tuple[tuple[s.Iterator, ...], Scope, bool]:
    typed, unknown = [], False
    for iterator in iterators:
        source = infer(iterator.source, scope, report)
        until = None if iterator.until is None else infer(iterator.until, scope, report)
        item: Type
        match type_of(source), until:
            case ListOf(item=inner), None:
                item = inner
            case Unknown(), _:
                item = Unknown()
            case (Number() | Date()) as start, s.Node() if type(type_of(until)) is type(start):
                item = nullable(start, yes=False)
                # Only between whole numbers or days is there anything to count through.
                unknown = unknown or not (isinstance(start, Date) or (_is_whole(source) and _is_whole(until)))
            case other, _:
                message = f"`{iterator.name} in` takes a list or a range of whole numbers, not {describe(other)}"
                report(Code.TYPE_MISMATCH, message, source.place, None)
                item = Unknown()
        unknown = unknown or type_of(source).nullable or (until is not None and type_of(until).nullable)
        typed.append(replace(iterator, source=source, until=until))
        scope = scope.adding({iterator.name: item})
    return tuple(typed), scope, unknown


def _is_whole(expr: s.Expr | None) -> bool:
    return isinstance(expr, s.NumberLiteral) and expr.value == expr.value.to_integral_value()


def _context(expr: s.ContextLiteral, scope: Scope, report: ReportAt) -> s.ContextLiteral:
    entries: list[tuple[str, s.Expr]] = []
    for key, value in expr.entries:
        typed = infer(value, scope, report)
        entries.append((key, typed))
        scope = scope.adding({key: type_of(typed)})
    fields = tuple((key, type_of(value)) for key, value in entries)
    return replace(expr, entries=tuple(entries), type=ContextOf(fields))


def _common(items: tuple[s.Expr, ...], report: ReportAt) -> Type:
    common: Type = Unknown()
    for number, item in enumerate(items):
        both = type_of(item) if number == 0 else meet(common, type_of(item))
        if both is None:
            mismatch(common, type_of(item), item.place, report, "this list")
            return Unknown()
        common = both
    return common


def _may_be_unknown(of: s.Expr, tests: tuple[s.Test, ...]) -> bool:
    asks = all(isinstance(test, (s.NullLiteral, s.AnyTest)) for test in tests)
    tested = type_of(of)
    open_ = tested.nullable or may_hold_missing(tested)
    return not asks and (open_ or any(may_be_unknown(test) for test in tests))
