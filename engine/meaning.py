"""The definition: what a FEEL expression means, on known and unknown values. Plain, never optimised.

Unknown carries: an operator, test, filter or `if` that depends on what is missing has no value itself. Only a
comparison with the literal `null` asks whether something is missing. Every other reading is tested against this one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from typing import assert_never

from engine import functions, operators
from engine.decision import Fault, Misfit
from engine.parts import at, counted, field_names, has_gap, holds_missing, may_have_gaps, member
from engine.places import Places
from policies.feel import syntax as s
from policies.feel.printer import print_expression
from policies.feel.values import Range, Value
from policies.infer import LOOKS_INTO_LISTS, asks_for_null
from policies.infer_tests import speaks_of_input
from policies.ir import Function
from policies.scope import dotted
from policies.types import Number


@dataclass(frozen=True, slots=True)
class Frame:
    """The local names at a place; `records` says, for those that are the fields of a filtered item, of which one."""

    values: Mapping[str, Value] = field(default_factory=dict)
    records: Mapping[str, Value] = field(default_factory=dict)

    def adding(self, values: Mapping[str, Value]) -> Frame:
        """The frame with further names, which hide those they share."""
        kept = {name: record for name, record in self.records.items() if name not in values}
        return Frame({**self.values, **values}, kept)

    def within(self, item: Value, fields: Iterable[str]) -> Frame:
        """The frame inside a filter: the item, and its fields by their own names.

        Every field of the item's type hides an outer name, also where the item itself is missing.
        """
        known = item if isinstance(item, dict) else {}
        named = {name: known.get(name) for name in fields}
        return Frame({**self.values, "item": item, **named}, {**self.records, **dict.fromkeys(named, item)})


NAMED = 5
"""Items named that lack the same field: the first few say what to mend."""

BUDGET = 2_000_000
"""Nodes evaluated for one decision before it is given up: no facts and no policy may hold the service for ever."""


@dataclass(slots=True)
class Notes:
    """What an evaluation read, and why a value that is not there is not there.

    `formulas` are the library's that it called, each with its source. `foreign` are those of the `undefined` that come
    of a record in another currency: the record's path, and what it holds.
    """

    read: dict[str, Value] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)
    undefined: dict[str, None] = field(default_factory=dict)
    formulas: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, tuple[str, Mapping[str, Value]]] = field(default_factory=dict)

    def because_of(self, other: Notes) -> None:
        """Take over another evaluation's causes: what is missing there is missing here."""
        for path in other.missing:
            self.lacks(path)
        self.undefined.update(other.undefined)
        self.foreign.update(other.foreign)

    def lacks(self, path: str) -> None:
        """Note that a fact is missing; of the items of one list that lack the same field, the first few."""
        listed, _, within = path.partition("[")
        if not within:
            self.missing[path] = None
            return
        end = within.rpartition("]")[2]
        alike = (one for one in self.missing if one.startswith(f"{listed}[") and one.endswith(f"]{end}"))
        if sum(1 for _ in alike) < NAMED:
            self.missing[path] = None

    def settle(self, missing: int, undefined: int) -> None:
        """Keep only the first so many causes: what came after them did not matter."""
        while len(self.missing) > missing:
            self.missing.popitem()
        while len(self.undefined) > undefined:
            self.undefined.popitem()


@dataclass(slots=True)
class Meaning:
    """Evaluates expressions over `names`. `causes` says, for a name without value, why; `notes` collects as it goes."""

    names: dict[str, Value]
    functions: Mapping[str, Function]
    as_of: dt.date
    causes: dict[str, Notes] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)
    steps: int = 0
    within_formula: bool = False
    places: Places = field(default_factory=Places)

    def value(self, expr: s.Expr, local: Frame) -> Value:
        """The value of an expression; None when it is unknown or undefined."""
        self._count()
        match expr:
            case s.NumberLiteral() | s.TextLiteral() | s.BooleanLiteral() | s.AtLiteral():
                return expr.value
            case s.NullLiteral():
                return None
            case s.Name() | s.Path():
                return self._path(expr, local)
            case s.InputValue():
                return local.values["?"]
            case s.Filter() | s.Call() | s.Logic() | s.Between() | s.In() | s.Quantified():
                missing, undefined = len(self.notes.missing), len(self.notes.undefined)
                value = self._joined(expr, local)
                # These may have a value though a part of them is unknown: then nothing of it is missing.
                noted = len(self.notes.missing) > missing or len(self.notes.undefined) > undefined
                if noted and value is not None and not holds_missing(value):
                    self.notes.settle(missing, undefined)
                return value
            case s.Negate(of=of):
                return operators.negate(self.value(of, local))
            case s.Arithmetic():
                return self._arithmetic(expr, local)
            case s.Comparison(op=op, left=left, right=right):
                return self._comparison(op, left, right, local)
            case s.If(condition=condition, then=then, otherwise=otherwise):
                truth = self.value(condition, local)
                return None if truth is None else self.value(then if truth else otherwise, local)
            case s.For(iterators=iterators, body=body):
                frames = self._frames(iterators, local)
                return None if frames is None else [self.value(body, frame) for frame in frames]
            case s.ListLiteral(items=items):
                return [self.value(item, local) for item in items]
            case s.ContextLiteral(entries=entries):
                context: dict[str, Value] = {}
                for key, item in entries:
                    context[key] = self.value(item, local.adding(context))
                return context
            case s.Interval():
                return self._range(expr, local)
            case _ as never:
                assert_never(never)

    def _joined(self, expr: s.Filter | s.Call | s.Logic | s.Between | s.In | s.Quantified, local: Frame) -> Value:
        match expr:
            case s.Logic(op=op, left=left, right=right):
                join = operators.logical_and if op == "and" else operators.logical_or
                return join(self.value(left, local), self.value(right, local))
            case s.In(of=of, tests=tests):
                quiet = all(isinstance(test, (s.NullLiteral, s.AnyTest)) for test in tests)
                tested = self._quietly(of, local) if quiet else self.value(of, local)
                return self.holds(tests, tested, local)
            case s.Filter():
                return self._filter(expr, local)
            case s.Call():
                return self._call(expr, local)
            case s.Between(of=of, low=low, high=high):
                return operators.between(self.value(of, local), self.value(low, local), self.value(high, local))
            case s.Quantified(kind=kind, iterators=iterators, satisfies=satisfies):
                frames = self._frames(iterators, local)
                if frames is None:
                    return None
                truths = (self.value(satisfies, frame) for frame in frames)
                return any_of(truths) if kind == "some" else all_of(truths)
            case _ as never:
                assert_never(never)

    def holds(self, tests: Iterable[s.Test], value: Value, local: Frame) -> bool | None:
        """Whether any of the tests holds for a value; None when that is unknown."""
        return any_of([self._test(test, value, local) for test in tests])

    def _test(self, test: s.Test, value: Value, local: Frame) -> bool | None:
        self._count()
        match test:
            case s.AnyTest():
                return True
            case s.NotTest(tests=tests):
                return operators.logical_not(self.holds(tests, value, local))
            case s.NullLiteral():
                return value is None
            case s.OperatorTest(op=op, value=s.NullLiteral()):
                return (value is None) == (op == "=")
            case _ if value is None:
                return None
            case s.OperatorTest(op=op, value=operand):
                return _compared(value, op, self.value(operand, local))
            case _ if speaks_of_input(test):
                truth = self.value(test, local.adding({"?": value}))
                return truth if isinstance(truth, bool) else None
            case _:
                return _is_one_of(value, self.value(test, local))

    def _path(self, expr: s.Name | s.Path, local: Frame) -> Value:
        """A name or path: what it stands for, noted when it is not local; a path that leads nowhere has no value."""
        name = dotted(expr)
        if name is None:
            assert isinstance(expr, s.Path)  # noqa: S101 (a Name always has a dotted form)
            start, steps = self.value(expr.of, local), [expr.name]
            value = member(start, expr.name)
        else:
            root, *steps = name.split(".")
            if root in local.values:
                start = value = local.values[root]
            elif root in self.names:
                start = value = self.names[root]
            else:
                msg = f"no value under the name {root}"
                raise LookupError(msg)
            for step in steps:
                value = member(value, step)
            if root not in local.values:
                self._note(name, root, value)
            elif root in local.records:
                start, steps = local.records[root], [root, *steps]
        if value is None or (isinstance(value, list) and may_have_gaps(expr.type) and has_gap(value)):
            for path in islice(self.places.lacking(start, steps, value), NAMED):
                self.notes.lacks(path)
        return value

    def _note(self, path: str, root: str, value: Value) -> None:
        self.notes.read[path] = value
        if root in self.causes:
            # A list or record made elsewhere has the gaps of what it was made from.
            if value is None or isinstance(value, (list, dict)):
                self.notes.because_of(self.causes[root])
        elif value is None:
            self.notes.missing[path] = None

    def _quietly(self, expr: s.Expr, local: Frame) -> Value:
        """A value asked for only to see whether it is there: its absence is an answer, not a gap."""
        kept, self.notes = self.notes, Notes()
        try:
            value = self.value(expr, local)
            kept.read.update(self.notes.read)
        finally:
            self.notes = kept
        return value

    def _comparison(self, op: s.ComparisonOp, left: s.Expr, right: s.Expr, local: Frame) -> bool | None:
        if isinstance(left, s.NullLiteral) or isinstance(right, s.NullLiteral):
            tested = right if isinstance(left, s.NullLiteral) else left
            return (self._quietly(tested, local) is None) == (op == "=")
        return _compared(self.value(left, local), op, self.value(right, local))

    def _arithmetic(self, expr: s.Arithmetic, local: Frame) -> Value:
        left, right = self.value(expr.left, local), self.value(expr.right, local)
        match expr.op:
            case "+":
                return operators.add(left, right)
            case "-":
                return operators.subtract(left, right)
            case "*":
                return operators.multiply(left, right)
            case _:
                if left is not None and isinstance(right, Decimal) and right == 0:
                    self.notes.undefined[f"zero denominator in {print_expression(expr)}"] = None
                return operators.divide(left, right)

    def _filter(self, expr: s.Filter, local: Frame) -> Value:
        items = self.value(expr.of, local)
        if not isinstance(items, list):
            return None
        if isinstance(expr.condition.type, Number):
            position = self.value(expr.condition, local)
            return at(items, position)
        # A field that only a formula's caller declares hides nothing within the formula.
        fields = field_names(expr.of.type)
        truths = [self.value(expr.condition, local.within(item, fields)) for item in items]
        return None if None in truths else [item for item, truth in zip(items, truths, strict=True) if truth]

    def _call(self, expr: s.Call, local: Frame) -> Value:
        name = dotted(expr.function) or ""
        args = [self.value(arg, local) for arg in expr.args]
        function = self.functions.get(name)
        if function is not None:
            if not self.within_formula:
                self.notes.formulas[name] = function.source or name
            return self._apply(function, args, expr.names)
        if name in LOOKS_INTO_LISTS and not asks_for_null(expr) and holds_missing(args):
            return None
        if expr.names is not None:
            arranged = functions.arrange(name, args, expr.names)
            return None if arranged is None else functions.call(name, arranged, self.as_of)
        return functions.call(name, args, self.as_of)

    def _apply(self, function: Function, args: list[Value], names: tuple[str, ...] | None) -> Value:
        """A block's formula: it sees its arguments, its block's parameters and its block's formulas, nothing else."""
        params = [param for param, _ in function.params]
        given = dict(zip(names or params, args, strict=True))
        if any(given[param] is None and not type_.nullable for param, type_ in function.params):
            return None
        block = function.name.split(".")[0]
        inside = {f.name.split(".")[1]: f for f in self.functions.values() if f.name.startswith(f"{block}.")}
        constants = self.names.get(block)
        formulas = {**self.functions, **inside}
        inner = replace(self, names={}, functions=formulas, causes={}, within_formula=True)
        known = constants if isinstance(constants, dict) else {}
        value = inner.value(function.body.syntax, Frame({**known, **given}))
        self.steps = inner.steps
        if value is None and not self.notes.missing and not self.notes.undefined:
            self.notes.undefined[f"{function.name} has no value for these figures"] = None
        return value

    def _frames(self, iterators: tuple[s.Iterator, ...], local: Frame) -> list[Frame] | None:
        """The local names of each round of a `for`, `some` or `every`; None when a list to go through is unknown."""
        frames: list[Frame] = [local]
        for iterator in iterators:
            wider: list[Frame] = []
            for frame in frames:
                items = self._items(iterator, frame)
                if items is None:
                    return None
                for item in items:
                    self._count()
                    wider.append(frame.adding({iterator.name: item}))
            frames = wider
        return frames

    def _items(self, iterator: s.Iterator, local: Frame) -> Iterable[Value] | None:
        source = self.value(iterator.source, local)
        if iterator.until is None:
            return source if isinstance(source, list) else None
        return counted(source, self.value(iterator.until, local))

    def _range(self, expr: s.Interval, local: Frame) -> Range | None:
        low = None if expr.low is None else self.value(expr.low, local)
        high = None if expr.high is None else self.value(expr.high, local)
        if (low is None and expr.low is not None) or (high is None and expr.high is not None):
            return None
        return Range(low, high, expr.low_closed, expr.high_closed)

    def _count(self) -> None:
        self.steps += 1
        if self.steps > BUDGET:
            said = f"the policy would need more than {BUDGET} steps for these facts"
            raise Fault((Misfit("too_much_work", "", said, "send fewer list items in one request"),))


def any_of(truths: Iterable[bool | None]) -> bool | None:
    """Three-valued `or`: true when one is true, unknown when none is true and one unknown."""
    result: bool | None = False
    for truth in truths:
        result = operators.logical_or(result, truth)
    return result


def all_of(truths: Iterable[bool | None]) -> bool | None:
    """Three-valued `and`: false when one is false, unknown when none is false and one unknown."""
    result: bool | None = True
    for truth in truths:
        result = operators.logical_and(result, truth)
    return result


def _compared(left: Value, op: s.ComparisonOp, right: Value) -> bool | None:
    """A comparison of two values: unknown when either is, or has something missing in it."""
    if left is None or right is None or holds_missing(left) or holds_missing(right):
        return None
    match op:
        case "=":
            return operators.equal(left, right)
        case "!=":
            return operators.logical_not(operators.equal(left, right))
        case _:
            return operators.compare(left, op, right)


def _is_one_of(value: Value, tested: Value) -> bool | None:
    match tested:
        case None:
            return None
        case Range():
            return operators.in_range(value, tested)
        case list() if not isinstance(value, list):
            return any_of(_is_one_of(value, item) for item in tested)
        case _:
            return _compared(value, "=", tested)
