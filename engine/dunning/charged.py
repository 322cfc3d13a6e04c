"""The interest that earlier notices charged on an item: of one invoice, never taken off another's (domain D16, D19)."""

from __future__ import annotations

from decimal import Decimal

from engine.dunning.account import ZERO, OpenItem
from engine.dunning.ladder import Ladder


def charged_before(item: OpenItem, ladder: Ladder) -> Decimal | None:
    """What was charged on the item, in the account's currency; None when nobody knows.

    Untold, it is 0 as long as no level that bears interest can have been sent: up to the one sent, or one that a
    payment now taken back had lowered. A ladder that only shows interest to a person never charged any.
    """
    if item.interest_charged is not None:
        return item.interest_charged
    reached = max([item.level_sent, *(event.level_before or 0 for event in item.events)])
    charges = ladder.interest is not None and ladder.interest.claimed
    return None if charges and any(level.interest for level in ladder.levels[:reached]) else ZERO
