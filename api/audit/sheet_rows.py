"""What a table of the log has in its columns, and how an entry fills them.

The columns, in their order; an entry that has nothing to say in one leaves it empty:

| Column | What it says |
|---|---|
| seq | the entry's number in the log |
| at | when it was recorded, in UTC |
| kind | `decision`, `test`, `override`, `revision`, `principal`, `access_key`, `comparison`, `export`, … |
| id | the entry's id |
| policy, policy_digest | which policy decided, and the SHA-256 of its meaning |
| revision | the number of the policy text |
| as_of | the day for which was decided |
| subject | whom it is about |
| principal | who asked |
| outcome | the word that says most: decision, class or dunning outcome |
| limit, exposure, available, terms_days | of a credit decision, in the currency of its policy |
| class, score | of a classification |
| level, total_claim, fees, interest | of a dunning decision, in the currency of its policy |
| reasons | the codes, each once, in their order, blanks between them |
| missing | the facts whose absence is a reason, in the same way |
| outcome_json | the whole outcome, canonical JSON |
| clock_went_back | whether the clock showed an earlier time than the log |
| leaf | the leaf hash of the entry's exact bytes: what ties the row to the evidence |

Columns may be added at the end; those that are there keep their names, types and order.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from api.audit.canonical import canonical
from api.audit.store import Kept
from api.table_files import Cell, Column
from engine.decision import Json
from engine.headline import HEADLINES

_CREDIT = ("limit", "exposure", "available", "terms_days")
_CLASSIFICATION = ("class", "score")
_DUNNING = ("level", "total_claim", "fees", "interest")
FIGURES: Mapping[str, tuple[str, ...]] = {
    "credit": _CREDIT,
    "classification": _CLASSIFICATION,
    "dunning": _DUNNING,
}
"""By kind of policy, the members of the outcome that have a column of their own."""

COLUMNS = (
    Column("seq", int),
    Column("at", dt.datetime),
    *(Column(name, str) for name in ("kind", "id", "policy", "policy_digest")),
    Column("revision", int),
    Column("as_of", dt.date),
    *(Column(name, str) for name in ("subject", "principal", "outcome")),
    *(Column(name, str if name == "class" else Decimal) for names in FIGURES.values() for name in names),
    *(Column(name, str) for name in ("reasons", "missing", "outcome_json")),
    Column("clock_went_back", bool),
    Column("leaf", str),
)


def row_of(kept: Kept, record: Mapping[str, Json]) -> tuple[Cell, ...]:
    """The cells of an entry under `COLUMNS`, from its record, read whole.

    Anything in a decision may be null: personal data was kept apart, or is erased.
    """
    decided = record.get("decision")
    # An override's `decision` is the id of the one that it stands beside.
    decision: Mapping[str, Json] = decided if isinstance(decided, Mapping) else {}
    outcome: Mapping[str, Json] = decision.get("outcome") or {}
    kind = decision.get("kind") or ""
    mine = FIGURES.get(kind, ())
    reasons = decision.get("reasons") or []
    return (
        kept.seq,
        _moment(record["at"]),
        _text(record["kind"]),
        _text(record["id"]),
        _text(decision.get("policy", record.get("policy"))),
        _text(decision.get("policy_digest")),
        _whole(record.get("revision")),
        _day(decision.get("as_of")),
        _text(record.get("subject")),
        _text(record.get("principal")),
        _text(outcome.get(HEADLINES.get(kind, ""), record.get("outcome", record.get("act")))),
        *(
            (_text if name == "class" else _number)(outcome.get(name)) if name in mine else None
            for names in FIGURES.values()
            for name in names
        ),
        _joined(reason.get("code") for reason in reasons),
        _joined(path for reason in reasons for path in reason.get("missing", ())),
        canonical(outcome).decode() if decision else None,
        bool(record.get("clock_went_back")),
        kept.leaf.hex(),
    )


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Json) -> Decimal | None:
    """A number as the record has it: text, or a whole number."""
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _day(value: Json) -> dt.date | None:
    return None if value is None else dt.date.fromisoformat(value)


def _moment(value: str) -> dt.datetime:
    return dt.datetime.fromisoformat(value)


def _joined(texts: Iterable[Any]) -> str | None:
    return " ".join(dict.fromkeys(text for text in texts if text is not None)) or None
