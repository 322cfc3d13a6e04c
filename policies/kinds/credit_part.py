"""The shape of a credit policy in a document: exposure, limit, order, group, terms and what follows."""

from __future__ import annotations

from typing import Annotated, Literal

from policies.document import PolicyPart
from policies.document_fields import CHOICE, Expression, Word
from policies.kinds.credit_exposure_part import ExposurePart
from policies.kinds.credit_limit_part import LimitPart
from policies.kinds.credit_order_part import GroupPart, OrderPart


class CreditPart(PolicyPart):
    """A credit decision: the strictest of its rules, a limit, exposure, terms and conditions (domain C14)."""

    kind: Annotated[Literal["credit"], CHOICE]
    """What the policy decides."""
    exposure: ExposurePart | None = None
    """What the customer owes or is about to owe."""
    limit: LimitPart | None = None
    """The credit limit, computed or set earlier."""
    order: OrderPart | None = None
    """The order to be tested against the limit."""
    group: GroupPart | None = None
    """The group of companies whose limit the order must fit as well."""
    terms_days: Expression | None = None
    """Days of credit."""
    default: Annotated[Literal["approve", "refer", "decline"], CHOICE]
    """What follows when nothing else applies."""
    default_reason: Word | None = None
    """The reason code given then; a decline by default needs one that may be told to the customer."""
    missing: Annotated[Literal["refer", "decline"], CHOICE]
    """What follows from what is unknown."""
