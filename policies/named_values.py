"""Checks what a policy gives a name: its lets, scorecard and tables, in an order in which each follows what it uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.desk import Desk
from policies.diagnostics import Code
from policies.document import LetPart, PolicyPart, ScorecardPart, TablePart
from policies.expressions import reporter
from policies.feel.errors import FeelSyntaxError
from policies.feel.parser import children, parse_expression, parse_tests
from policies.feel.syntax import Name, Node
from policies.infer_operators import mismatch
from policies.ir import Let, NamedValue
from policies.nodes import Scalar, Span
from policies.ordering import in_order
from policies.scorecard import check_scorecard
from policies.tables import check_table
from policies.types import Number, Unknown, meet


@dataclass(frozen=True, slots=True)
class _Part:
    """A named part before it is checked."""

    name: str
    part: LetPart | ScorecardPart | TablePart
    span: Span
    uses: frozenset[str]


def check_named_values(policy: PolicyPart, desk: Desk) -> tuple[NamedValue, ...]:
    """Every let, scorecard and table, checked, with its name put into the desk's scope."""
    parts = {part.name: part for part in _parts(policy, desk)}
    checked = []
    for part in _in_order(parts, desk):
        value = _check(part, desk)
        desk.declare(part.name, value.value.type if isinstance(value, Let) else value.type)
        desk.values[part.name] = value
        checked.append(value)
    return tuple(checked)


def _parts(policy: PolicyPart, desk: Desk) -> Iterator[_Part]:
    taken: dict[str, str] = dict.fromkeys(desk.scope.names, "a fact, parameter or policy")
    found: list[_Part] = []
    for name, let in policy.let.items():
        found.append(_Part(name, let, policy.key_span("let", name), _names([let.is_])))
    if policy.scorecard is not None:
        scalars = [scalar for factor in policy.scorecard.factors for scalar in (factor.of, factor.weight)]
        found.append(_Part("score", policy.scorecard, policy.key_span("scorecard"), _names(scalars)))
    for name, table in policy.tables.items():
        cells = [cell for row in table.rows for cell in row]
        uses = _names([*table.inputs, *cells, *(table.otherwise or ())])
        found.append(_Part(name, table, policy.key_span("tables", name), uses))
    for part in found:
        kind = {LetPart: "a let", ScorecardPart: "the scorecard", TablePart: "a table"}[type(part.part)]
        if part.name in taken:
            message = f"`{part.name}` is already the name of {taken[part.name]}"
            desk.error(Code.NAME_TAKEN, message, part.span, "give one of them another name")
        else:
            taken[part.name] = kind
            yield part


def _names(scalars: list[Scalar]) -> frozenset[str]:
    """The names that expressions or cells mention; what cannot be parsed is reported later, by its own check."""
    found: set[str] = set()
    for scalar in scalars:
        for parse in (parse_expression, parse_tests):
            try:
                waiting: list[Node] = [parse(scalar.text)]
            except FeelSyntaxError:
                continue
            while waiting:
                node = waiting.pop()
                if isinstance(node, Name):
                    found.add(node.name)
                waiting.extend(children(node))
            break
    return frozenset(found)


def _in_order(parts: Mapping[str, _Part], desk: Desk) -> Iterator[_Part]:
    """Each part after those it uses; parts that need each other in a circle are reported and left out."""
    failed: set[str] = set()

    def circle(names: tuple[str, ...]) -> None:
        if not failed.issuperset(names):
            failed.update(names)
            desk.error(Code.CYCLE, "cycle " + " → ".join(names), parts[names[0]].span, "take one of them out")

    for name in in_order({name: sorted(part.uses) for name, part in parts.items()}, circle):
        if name in failed:
            desk.declare(name, Unknown())
        else:
            yield parts[name]


def _check(part: _Part, desk: Desk) -> NamedValue:
    match part.part:
        case LetPart() as let:
            return _check_let(part.name, let, part.span, desk)
        case ScorecardPart() as scorecard:
            return check_scorecard(scorecard, part.span, desk)
        case TablePart() as table:
            return check_table(part.name, table, part.span, desk)


def _check_let(name: str, part: LetPart, span: Span, desk: Desk) -> Let:
    value = desk.expression(part.is_)
    if part.unit is not None and part.has_node:
        wanted = Number(part.unit)
        if meet(wanted, value.type) is None:
            mismatch(wanted, value.type, value.syntax.place, reporter(part.is_, desk.report), "`unit`")
        elif isinstance(value.type, Number):
            value = type(value)(value.syntax, Number(part.unit, value.type.nullable), value.scalar)
    title = desk.texts(part.title, span)
    return Let(name, value, title, span.line)
