"""FEEL's syntax tree: frozen nodes, each with its place in the expression's text.

Places are character offsets `(start, end)` into the expression, not into the YAML file; `policies.source` maps them.
`type` is None as parsed; the checker returns the same tree with types filled in. Neither takes part in equality,
so `parse(print(tree)) == tree` is the law the printer is tested by.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from policies.feel.values import Duration
from policies.types import Type

Place = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What every node carries beside its parts."""

    place: Place = field(default=(0, 0), compare=False)
    type: Type | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NumberLiteral(Node):
    value: Decimal


@dataclass(frozen=True, slots=True)
class TextLiteral(Node):
    value: str


@dataclass(frozen=True, slots=True)
class BooleanLiteral(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class NullLiteral(Node):
    pass


@dataclass(frozen=True, slots=True)
class AtLiteral(Node):
    """`@"2026-01-31"`: a date, date and time, time or duration; `text` as written, `value` as read."""

    text: str
    value: dt.date | dt.datetime | dt.time | Duration


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name in scope; may hold spaces where the scope has such a name (`date and time`)."""

    name: str


@dataclass(frozen=True, slots=True)
class InputValue(Node):
    """`?` in a unary test: the value tested."""


@dataclass(frozen=True, slots=True)
class Path(Node):
    """`of.name`; over a list of contexts, the list of that field."""

    of: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """`of[condition]`: by position (number) or by condition (`item` and the item's fields are in scope)."""

    of: Expr
    condition: Expr


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`function(args)`; `names` runs beside `args` for a call with named arguments, else None."""

    function: Expr
    args: tuple[Expr, ...]
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Negate(Node):
    of: Expr


ArithmeticOp = Literal["+", "-", "*", "/"]
ComparisonOp = Literal["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    op: ArithmeticOp
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    op: ComparisonOp
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Logic(Node):
    op: Literal["and", "or"]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Between(Node):
    """`of between low and high`, both ends included."""

    of: Expr
    low: Expr
    high: Expr


@dataclass(frozen=True, slots=True)
class In(Node):
    """`of in tests`: true when any test holds."""

    of: Expr
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class If(Node):
    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True)
class Iterator(Node):
    """`name in source`, or `name in source..until` over whole numbers or dates when `until` is given."""

    name: str
    source: Expr
    until: Expr | None = None


@dataclass(frozen=True, slots=True)
class For(Node):
    iterators: tuple[Iterator, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    kind: Literal["some", "every"]
    iterators: tuple[Iterator, ...]
    satisfies: Expr


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ContextLiteral(Node):
    """`{a: 1, b: a + 1}`: a later entry sees the earlier ones."""

    entries: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, slots=True)
class Interval(Node):
    """`[low..high)`: a range, as a value or as a test. A `None` end is open-ended."""

    low: Expr | None
    high: Expr | None
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True)
class OperatorTest(Node):
    """A unary test such as `< 5` or `>= date("2026-01-01")`."""

    op: ComparisonOp
    value: Expr


@dataclass(frozen=True, slots=True)
class NotTest(Node):
    """`not(tests)`: no test holds."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class AnyTest(Node):
    """`-`: holds for every value, known or not."""


Expr = (
    NumberLiteral
    | TextLiteral
    | BooleanLiteral
    | NullLiteral
    | AtLiteral
    | Name
    | InputValue
    | Path
    | Filter
    | Call
    | Negate
    | Arithmetic
    | Comparison
    | Logic
    | Between
    | In
    | If
    | For
    | Quantified
    | ListLiteral
    | ContextLiteral
    | Interval
)
Test = OperatorTest | NotTest | AnyTest | Expr
"""A unary test. An `Interval` holds for what lies in it; another expression holds for a value equal to it, for a member
when it is a list, and as itself when it speaks of `?`."""


@dataclass(frozen=True, slots=True)
class UnaryTests(Node):
    """A table cell, a band: the tests of which one must hold."""

    tests: tuple[Test, ...]
