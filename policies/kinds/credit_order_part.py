"""The shape of an order and of a group of companies in a document: what is tested against which limit."""

from __future__ import annotations

from typing import Annotated, Literal

from policies.document_fields import CHOICE, Expression, Part, Word


class ReleasePart(Part):
    """An order released by a person earlier, which is not held again for a small edit (domain C17)."""

    amount: Expression
    """The amount released; unknown when the order was never released."""
    tolerance_pct: Expression
    """How far the order may have risen since, in percent. Equality holds; 0 ends the release with any rise."""
    valid_to: Expression
    """The last day of the release, that day included. Without a known one it does not hold."""
    changed: Expression
    """Whether customer, currency or terms have changed since: it then ends."""


class OrderPart(Part):
    """The order to be tested against the limit (domain C3, C16)."""

    amount: Expression
    """The amount of the order. A return, below 0, always fits."""
    included_in_exposure: Expression
    """Whether the exposure counts the order already: true or false."""
    id: Expression | None = None
    """The order's number, as documents and reservations carry it in `order_id`."""
    delivery_date: Expression | None = None
    """When it is delivered. Beyond the horizon of `documents` it adds nothing to the exposure."""
    prepaid: Expression | None = None
    """How much of it is paid in advance."""
    shipped: Expression | None = None
    """Whether the goods have left. Then it is too late to hold the order, and invoicing is never blocked."""
    locked: Expression | None = None
    """Whether the caller locks the account while it decides."""
    release: ReleasePart | None = None
    """An earlier release of this order."""
    over_limit: Annotated[Literal["refer", "decline", "counter_offer", "prepay"], CHOICE]
    """What follows when exposure and order exceed the limit. Equality fits.

    `counter_offer` approves the amount that fits, `prepay` asks for the rest in advance.
    """
    reason: Word = "CR-EXP-01"
    """The reason code given then."""


class MembersPart(Part):
    """The companies of a group, whose exposures make the group's (domain C15)."""

    of: Expression
    """A list of records with `customer_id` and `exposure`.

    They may have `parent_id` and `intra_group`, the part that another member's exposure holds as well.
    """


class GroupPart(Part):
    """The group the customer belongs to: the order is tested against its limit as well (domain C15)."""

    when: Expression
    """Whether the customer belongs to a group: `customer.group_id != null`. Otherwise only its own limit is tested."""
    limit: Expression
    """The limit of the group."""
    none_set: Annotated[Literal["decline", "refer"], CHOICE]
    """What follows when the group has no limit set."""
    exposure: Expression | None = None
    """What the whole group owes, the customer included."""
    members: MembersPart | None = None
    """The members, where the exposure is to be summed."""
    over_limit: Annotated[Literal["refer", "decline"], CHOICE]
    """What follows when the group's exposure and the order exceed its limit. Equality fits."""
    reason: Word = "CR-EXP-03"
    """The reason code given then."""
