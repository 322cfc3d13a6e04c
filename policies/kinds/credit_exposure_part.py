"""The shape of exposure in a document: components, documents, reservations, and what reduces them."""

from __future__ import annotations

from typing import Annotated, Literal

from policies.document_fields import CHOICE, Expression, Identifier, Part, Truth

Stage = Annotated[Literal["order", "delivery", "billing", "open_item"], CHOICE]


class DocumentsPart(Part):
    """Orders, deliveries, billing documents and open items, each chain of them counted once (domain C1, C2)."""

    of: Expression
    """A list of records with `stage` and `amount`.

    They may have `order_id` (documents that share it are one chain), `delivery_date`, `moved_amount`, `document_id`
    and `currency`.
    """
    stages: tuple[Stage, ...]
    """Which stages count. A chain counts at its furthest stage, even when that one does not count."""
    horizon_days: Expression | None = None
    """An order counts when it is delivered within so many days. Left out, every order counts."""


class ReservationsPart(Part):
    """Amounts held for orders on their way (domain C22)."""

    of: Expression
    """A list of records with `amount` and `expires_at`; `order_id` names the order one was used for."""
    at: Expression | None = None
    """The moment of the decision, where `expires_at` is one. Left out, it is the start of `as_of`."""


class ExposurePart(Part):
    """What the customer owes or is about to owe (domain C1)."""

    components: dict[Identifier, Expression] = {}
    """What counts as exposure: a name and an amount each. One that is unknown or negative makes the sum unknown."""
    documents: DocumentsPart | None = None
    """Single documents, which count beside the components."""
    reservations: ReservationsPart | None = None
    """Amounts reserved, which count until they expire or are used."""
    credits: Expression | None = None
    """What reduces the sum, as a positive amount."""
    credits_raise_available: Truth = False
    """Whether credits beyond the debt raise what is available."""
    secured: Expression | None = None
    """The secured part, as a positive amount, which reduces the sum. Not together with `limit: {security: …}`."""
