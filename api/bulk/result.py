"""A decision as one result row: whole in JSONL, flattened into columns in CSV and Parquet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import orjson

from api.bulk.rows import Row
from api.table_files import Cell, Column
from engine.decision import Decision, value_to_json
from policies.feel.values import Value
from policies.ir import Policy
from policies.types import Boolean, ContextOf, Date, Money, Number, Type

Shape = Literal["document", "table"]
"""A `document` is the whole decision; a `table` row is its outcome, its reason codes and what was missing."""

Line = bytes | tuple[Cell, ...]

TOTALS = {"credit": "decision", "classification": "class"}
"""The outcome member a run is totalled by; for the kind `decision` the first one that is a word or a truth value."""


BEFORE = (
    Column("line", int),
    Column("customer_id", str),
    Column("policy", str),
    Column("as_of", dt.date),
    Column("policy_digest", str),
)
AFTER = (Column("reasons", str), Column("missing", str))


class Columns:
    """The columns of a policy's result rows: the row and its policy, the outcome flattened, why, what was missing.

    They follow from the policy alone, so that the files of several runs can be read together.
    """

    def __init__(self, policy: Policy) -> None:
        self._paths = tuple(path for path, _ in _flatten(policy.outcome, ()))
        self.all = (*BEFORE, *(_column(path, type_) for path, type_ in _flatten(policy.outcome, ())), *AFTER)

    def write(self, shape: Shape, row: Row, decision: Decision) -> Line:
        """The result row: one JSON line, or the cells under the columns `all`."""
        customer_id = _customer_id(row.facts)
        if shape == "document":
            return orjson.dumps({"line": row.line, "customer_id": customer_id, **decision.to_json()}) + b"\n"
        return (
            row.line,
            customer_id,
            decision.policy,
            decision.as_of,
            decision.policy_digest,
            *(_cell(_at(decision.outcome, path)) for path in self._paths),
            ";".join(dict.fromkeys(reason.code for reason in decision.reasons)),
            ";".join(missing_facts(decision)),
        )


def missing_facts(decision: Decision) -> tuple[str, ...]:
    """The facts whose absence is a reason of the decision, each once, in the order of the reasons."""
    return tuple(dict.fromkeys(path for reason in decision.reasons for path in reason.missing))


def totals_key(decision: Decision) -> str:
    """What the decision counts as in a run's totals: `approve`, `VIP`, `level 2` …; `unknown` when it has no value."""
    outcome = decision.outcome
    if decision.kind == "dunning":
        return f"level {outcome['level']}" if outcome["level"] else str(outcome["outcome"])
    member = TOTALS.get(decision.kind) or next(
        (name for name in outcome if isinstance(outcome[name], (str, bool))), None
    )
    if member is None:
        return "decided"
    match outcome[member]:
        case bool() as truth:
            return f"{member} is {str(truth).lower()}"
        case value:
            return str(value)


def _flatten(type_: Type, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], Type]]:
    match type_:
        case ContextOf(fields=fields):
            return [found for name, field in fields for found in _flatten(field, (*path, name))]
        case _:
            return [(path, type_)]


def _column(path: tuple[str, ...], type_: Type) -> Column:
    name = ".".join(("outcome", *path))
    match type_:
        case Money(currency=currency):
            return Column(name, Decimal, currency)
        case Number():
            return Column(name, Decimal)
        case Boolean():
            return Column(name, bool)
        case Date():
            return Column(name, dt.date)
        case _:
            return Column(name, str)


def _at(outcome: Mapping[str, Value], path: tuple[str, ...]) -> Value:
    value: Any = outcome
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _cell(value: Value) -> Cell:
    """A scalar as itself, so that a number stays a number; lists and records as JSON text."""
    match value:
        case None | bool() | int() | Decimal() | str():
            return value
        case dt.datetime():
            return value.isoformat()
        case dt.date():
            return value
        case list() | tuple() | Mapping():
            return orjson.dumps(value_to_json(value)).decode()
        case _:
            return str(value_to_json(value))


def _customer_id(facts: Mapping[str, Any]) -> str | None:
    customer = facts.get("customer")
    found = customer.get("customer_id") if isinstance(customer, Mapping) else None
    return found if isinstance(found, str) else None
