"""The shape of what decides when an item is due and what its level becomes: events, business days, terms, tolerance."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from policies.currencies import minor_units
from policies.diagnostics import Code, quote
from policies.document_fields import CHOICE, Expression, Part
from policies.nodes import Scalar

AfterEventWord = Annotated[Literal["recompute", "keep", "reset"], CHOICE]
BasisWord = Annotated[Literal["original_due", "last_deadline", "end_of_month", "last_notice"], CHOICE]
WeekdayWord = Annotated[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], CHOICE]


def _by_currency(raw: object) -> object:
    return {"": raw} if isinstance(raw, Scalar) else raw


def _currency_key(key: str) -> str:
    if key and minor_units(key) is None:
        said = f"{quote(key)} is not a currency code".replace("{", "{{").replace("}", "}}")
        raise PydanticCustomError(Code.CURRENCY.value, said, {"help": "use an ISO 4217 code such as USD"})
    return key


ToleranceField = Annotated[
    dict[Annotated[str, BeforeValidator(_currency_key)], Expression],
    BeforeValidator(_by_currency),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["number", "string"]},
                {"type": "object", "additionalProperties": {"type": ["number", "string"]}},
            ]
        }
    ),
]
"""An amount in the account's currency (key `""`), or one per currency."""


class OnEventPart(Part):
    """What becomes of the level sent when something happens to an item after its last notice (domain D8)."""

    partial_payment: AfterEventWord
    """After a payment of a part."""
    credit_note: AfterEventWord
    """After a credit note."""
    due_date_change: AfterEventWord
    """After the due date was moved."""


class BusinessDaysPart(Part):
    """The days on which nobody has to pay: a due date on one moves to the next open day (domain D2)."""

    weekend: tuple[WeekdayWord, ...]
    """The days of the week that are closed; `[]` for none."""
    holidays: Expression | None = None
    """A list of dates that are closed."""
    working_days: Expression | None = None
    """A list of dates that are open though they fall on the weekend."""


class DefaultTermsPart(Part):
    """When an item is due for which no terms were agreed (`terms_agreed: false`, domain D18)."""

    days: Expression
    """Days after the later of invoice (or its receipt) and delivery."""
    longest: Expression | None = None
    """Agreed terms of more days than this go to a person."""
