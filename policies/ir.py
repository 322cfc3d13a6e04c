"""A checked policy: frozen, typed, ready for any reading of it (evaluate, generate, prove, draw).

Places (`line`, `Expression.scalar`, `Cell.scalar`) serve messages and traces and take no part in a policy's digest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from policies.diagnostics import Diagnostic
from policies.feel.syntax import Expr, UnaryTests
from policies.feel.values import Value
from policies.nodes import Scalar, Source, Span
from policies.types import Type

Texts = Mapping[str, str]
"""A text per language: `{"en": …, "zh-Hans": …, "zh-Hant": …}`."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A typed FEEL expression; every node of `syntax` carries its type."""

    syntax: Expr
    type: Type
    scalar: Scalar = field(compare=False, repr=False)

    @property
    def line(self) -> int:
        """Its line in the policy text."""
        return self.scalar.span.line


@dataclass(frozen=True, slots=True)
class Cell:
    """A typed set of unary tests: a table's cell, a band."""

    tests: UnaryTests
    scalar: Scalar = field(compare=False, repr=False)

    @property
    def text(self) -> str:
        """The tests as written."""
        return self.scalar.text


@dataclass(frozen=True, slots=True)
class Fact:
    """One declared fact. `type` includes nullability: an optional fact without default is nullable.

    For a context, or a list of contexts, `fields` declares the members (and `type` agrees with them).
    `low` and `high` bound a number or amount, both ends included. What is `from_customer` the customer supplies, all
    members with it. `subject` marks the text that says whom a decision is about.
    """

    name: str
    type: Type
    optional: bool = False
    default: Value = None
    low: Decimal | None = None
    high: Decimal | None = None
    whole: bool = False
    pii: bool = False
    subject: bool = False
    from_customer: bool = False
    title: Texts = field(default_factory=dict)
    fields: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class DatedValue:
    """A parameter's value from a day on (None: always), up to `end` where that is known, that day included.

    `verify` marks a figure somebody must still confirm.
    """

    start: dt.date | None
    value: Value
    source: str | None = None
    verify: bool = False
    end: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named, dated value. Outside its days it has none: its type is nullable when that can happen."""

    name: str
    type: Type
    values: tuple[DatedValue, ...]
    title: Texts = field(default_factory=dict)

    def on(self, day: dt.date) -> DatedValue | None:
        """The value in force on a day: the last one that started on or before it, unless it has ended."""
        started = [dated for dated in self.values if dated.start is None or dated.start <= day]
        return started[-1] if started and (started[-1].end is None or day <= started[-1].end) else None


@dataclass(frozen=True, slots=True)
class Function:
    """A formula of a library block, `block.name`; not evaluated when an argument it requires is unknown."""

    name: str
    params: tuple[tuple[str, Type], ...]
    body: Expression
    title: Texts = field(default_factory=dict)
    source: str | None = None

    @property
    def result(self) -> Type:
        """The type of its value for known arguments."""
        return self.body.type


@dataclass(frozen=True, slots=True)
class ReasonText:
    """A reason code with its kind and texts."""

    code: str
    kind: str
    text: Texts
    disclosable: bool
    hint: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Let:
    """A named value."""

    name: str
    value: Expression
    title: Texts
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Band:
    """Points for the values a cell holds for."""

    cell: Cell
    points: Decimal

    def name(self, factor: str) -> str:
        """What the trace calls it: its factor and its test."""
        return f"{factor} {self.cell.text}"


@dataclass(frozen=True, slots=True)
class Scale:
    """0 to 100 points in proportion to a value between `low` and `high`, clamped beyond them (domain K7)."""

    low: Decimal
    high: Decimal
    direction: Literal["higher_better", "lower_better"]


@dataclass(frozen=True, slots=True)
class Factor:
    """A scorecard factor, with bands or a scale. `missing`: points, `reweight` or `refer` (domain C9)."""

    name: str
    of: Expression
    weight: Decimal | Expression
    bands: tuple[Band, ...]
    scale: Scale | None
    missing: Decimal | Literal["reweight", "refer"]
    reason: str | None
    title: Texts
    line: int = field(compare=False)

    @property
    def max_points(self) -> Decimal:
        """The most points the factor can give."""
        return Decimal(100) if self.scale is not None else max(band.points for band in self.bands)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Factors and what their weights sum to (100, or any sum when normalised; None when only the facts decide)."""

    factors: tuple[Factor, ...]
    total_weight: Decimal | None
    type: Type
    name: str = "score"
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Output:
    """An output column; `order` ranks its values for the hit policies priority and output order, best first."""

    name: str
    type: Type
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: one cell per input, one expression per output."""

    number: int
    cells: tuple[Cell, ...]
    outputs: tuple[Expression, ...]
    line: int = field(compare=False)


HitPolicy = Literal["unique", "any", "priority", "first", "collect", "rule order", "output order"]


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table. One output: its value; several: a context of them; collecting hit policies: a list.

    `disjoint`: it has been shown that no two rows with different outputs hold at once.
    """

    name: str
    hit: HitPolicy
    aggregate: Literal["sum", "min", "max", "count"] | None
    inputs: tuple[Expression, ...]
    outputs: tuple[Output, ...]
    rows: tuple[Row, ...]
    otherwise: tuple[Expression, ...] | None
    missing: Literal["unknown", "no_match"]
    disjoint: bool
    type: Type
    title: Texts
    line: int = field(compare=False)


NamedValue = Let | Scorecard | Table
"""What has a value under a name: a let, the scorecard (`score`), a table. Policies hold them in an order in which
each comes after what it uses."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When `when` holds, `then` follows, for `reason`; when it is unknown, `missing` does."""

    name: str
    when: Expression
    then: str | None
    reason: str
    missing: str | None
    conditions: tuple[tuple[str, Expression], ...]
    title: Texts
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """One checked policy with everything it needs to be evaluated.

    `reads` are the dotted paths of the facts it and the policies it needs may read; `body` is what its kind adds (see
    `policies.kinds`); `outcome` is the type of its outcome, the value other policies see under its name;
    `adverse_action` has, by language and name, the sentences a customer is told of its decisions, none for most kinds.
    """

    name: str
    kind: str
    title: Texts
    currency: str
    facts: tuple[Fact, ...]
    parameters: tuple[Parameter, ...]
    functions: tuple[Function, ...]
    reason_texts: Mapping[str, ReasonText]
    adverse_action: Mapping[str, Mapping[str, str]]
    needs: tuple[Policy, ...]
    values: tuple[NamedValue, ...]
    rules: tuple[Rule, ...]
    body: Any
    outcome: Type
    reads: frozenset[str]
    digest: str
    line: int = field(compare=False)

    @property
    def identifier(self) -> str:
        """The name expressions know it by: hyphens written as underscores."""
        return self.name.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Case:
    """A policy's own test case: facts as JSON, the expected part of the outcome, the exact reason codes if stated."""

    name: str
    policy: str
    as_of: dt.date
    facts: Mapping[str, Any]
    expect: Mapping[str, Any]
    reasons: tuple[str, ...] | None
    because: str | None
    line: int = field(compare=False)
    principal_reasons: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """A whole policy document, checked. `digest` is the SHA-256 of its exact text, in hex."""

    name: str
    digest: str
    source: Source
    effective: dt.date | None
    effective_span: Span | None
    reporting_currency: str
    languages: tuple[str, ...]
    facts: tuple[Fact, ...]
    policies: Mapping[str, Policy]
    tests: tuple[Case, ...]
    warnings: tuple[Diagnostic, ...]
