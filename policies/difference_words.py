"""What the parts of a checked policy are called in a comparison, and what of them follows from the rest."""

from __future__ import annotations

from typing import Any

from policies.feel.printer import print_tests
from policies.ir import (
    Band,
    Cell,
    DatedValue,
    Expression,
    Fact,
    Factor,
    Function,
    Let,
    Parameter,
    Policy,
    ReasonText,
    Row,
    Rule,
    Scale,
    Scorecard,
    Table,
)
from policies.kinds.charges import AmountBand, Compensation, Fee, Interest
from policies.kinds.classification import Class, ClassBand, Overlay
from policies.kinds.classification_hysteresis import Hysteresis
from policies.kinds.credit import Credit
from policies.kinds.credit_exposure import Documents, Exposure, Reservations
from policies.kinds.credit_limit import ComputedLimit, CurrentLimit, Method, Security
from policies.kinds.credit_order import Group, OrderCheck, Release
from policies.kinds.due_terms import Tolerance
from policies.kinds.general import Member
from policies.kinds.ladder import AccountPaths, Dunning, Level
from policies.kinds.notices import Action, Blank, Effect, Reminder, Template, TemplateText
from policies.types import ContextOf, ListOf, Type, nullable

PARTS: dict[type, str] = {
    Fact: "fact",
    Parameter: "parameter",
    Function: "formula",
    ReasonText: "reason",
    Let: "let",
    Scorecard: "scorecard",
    Factor: "factor",
    Band: "band",
    ClassBand: "band",
    AmountBand: "band",
    Scale: "scale",
    Table: "table",
    Row: "row",
    Rule: "rule",
    Member: "outcome",
    Class: "class",
    Overlay: "overlay",
    Hysteresis: "hysteresis",
    Exposure: "exposure",
    Documents: "document",
    Reservations: "reservation",
    ComputedLimit: "limit",
    CurrentLimit: "limit",
    Method: "method",
    Security: "security",
    OrderCheck: "order",
    Release: "override",
    Group: "group",
    Level: "level",
    Reminder: "reminder",
    Fee: "fee",
    Compensation: "compensation",
    Interest: "interest",
    Action: "message",
    Effect: "effect",
    Template: "template",
}
"""The word for a part, as in a trace."""

FIELDS: dict[tuple[type, str], str] = {
    (Table, "otherwise"): "otherwise",
    (Credit, "terms_days"): "terms",
    (Exposure, "components"): "component",
    (ComputedLimit, "caps"): "cap",
    (ComputedLimit, "up_pct"): "bound",
    (ComputedLimit, "down_pct"): "bound",
    (ComputedLimit, "round_down_to"): "bound",
    (ComputedLimit, "floor"): "bound",
    (CurrentLimit, "fallback"): "fallback",
    (Dunning, "grace_days"): "gate",
    (Dunning, "grace_mode"): "gate",
    (Dunning, "interval_days"): "gate",
    (Dunning, "min_days_in_arrears"): "gate",
    (Dunning, "tolerance"): "gate",
    (Dunning, "tolerance_scope"): "gate",
}
"""The word for what stands in a field, where that says more than what it is."""

UNNAMED = {(Table, "otherwise"), (Exposure, "components"), (ComputedLimit, "caps"), (CurrentLimit, "fallback")}
"""Fields whose word in `FIELDS` already says what their name would add."""

MAIN: dict[type, str] = {
    Function: "body",
    DatedValue: "value",
    Let: "value",
    Rule: "when",
    Band: "points",
    ClassBand: "then",
    AmountBand: "amount",
    Overlay: "when",
    Method: "value",
    Member: "value",
    Tolerance: "amount",
}
"""The field that a part is all about: it goes by the name of the part."""

FOLLOWS: dict[type, frozenset[str]] = {
    Policy: frozenset({"outcome", "reads"}),
    Scorecard: frozenset({"type", "total_weight"}),
    Table: frozenset({"type", "disjoint"}),
    Row: frozenset({"number"}),
    Hysteresis: frozenset({"scores"}),
    Interest: frozenset({"dated", "minimum_dated"}),
    AccountPaths: frozenset({"items_path", "case_path", "rates_path"}),
    Dunning: frozenset({"currency"}),
}
"""Fields that follow from what stands elsewhere: a reader has been told of the cause."""

ORDER_FOLLOWS = (Fact, Parameter, Let, Scorecard, Table)
"""Parts whose order decides nothing: they are known by their names."""


def essence(part: Any, name: str) -> Any:
    """The value of a field, a type without what other fields of the part say: its fields, whether it may be missing."""
    value = getattr(part, name)
    if name != "type" or not isinstance(part, (Fact, Parameter)):
        return value
    return _bare(value) if isinstance(part, Fact) and part.fields else nullable(value, yes=False)


def _bare(type_: Type) -> Type:
    return ListOf(ContextOf(())) if isinstance(type_, ListOf) else ContextOf(())


def identity(item: Any) -> str | None:
    """What an item of a list is known by among the others; None when it is just a value."""
    match item:
        case Cell() | Expression() | Blank() | str():
            return None
        case Band(cell=cell) | ClassBand(cell=cell) | AmountBand(cell=cell):
            return print_tests(cell.tests)
        case DatedValue(start=start):
            return "undated" if start is None else start.isoformat()
        case TemplateText(language=known) | Tolerance(currency=known) | Action(send=known) | Effect(effect=known):
            return known
        case (str() as known, _):
            return known
        case _:
            name: object = getattr(item, "name", None)
            return name if isinstance(name, str) else None
