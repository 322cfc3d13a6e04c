"""Who may override a decision, and up to which amount (domain C18): a matrix of risk class and amount for each policy.

`level = matrix[risk_class][amount_band]`; a person may override when the person's level is at least that. An amount on
the edge of a band belongs to the upper one.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.decision import plain_decimal

ANY = "any"
"""The row of a matrix for classes without a row, and for a class nobody knows."""

LEVELS = range(1, 10)
"""Levels of authority, the lowest first."""


class AuthorityMissingError(Exception):
    """A person may not override this decision; the text says what it would take."""


@dataclass(frozen=True, slots=True)
class Band:
    """From this amount on, it takes this level."""

    start: Decimal
    level: int


@dataclass(frozen=True, slots=True)
class PolicyAuthority:
    """Who may override decisions of one policy: `matrix` has the bands of each risk class, by ascending amounts.

    `risk_class` is the dotted path of the fact that names the class, None where one row holds for all.
    """

    currency: str
    risk_class: str | None
    matrix: Mapping[str, tuple[Band, ...]]
    persons: Mapping[str, int]

    def level_for(self, risk_class: str | None, amount: Decimal | None) -> int:
        """The level that an amount takes; one that nobody knows takes that of the largest."""
        bands = self.matrix.get(risk_class or ANY, self.matrix[ANY])
        if amount is None:
            return bands[-1].level
        return bands[bisect.bisect_right([band.start for band in bands], amount) - 1].level


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority for all policies; a policy without an entry is overridden by nobody."""

    policies: Mapping[str, PolicyAuthority] = field(default_factory=dict)

    def risk_class_path(self, policy: str) -> str | None:
        """The dotted path of the fact that names the risk class, where the policy's matrix asks for one."""
        found = self.policies.get(policy)
        return None if found is None else found.risk_class

    def level(self, person: str, policy: str) -> int:
        """The level that a person has for a policy, 1 to 9; 0 when none."""
        found = self.policies.get(policy)
        return 0 if found is None else found.persons.get(person, 0)

    def needed(self, policy: str, risk_class: str | None, amount: Decimal | None, currency: str) -> int:
        """The level, 1 to 9, that overriding takes. `amount` is in `currency`, None where it is unknown.

        Raises AuthorityMissingError: nobody has authority over the policy, it is stated in another currency, or the
        amount is below 0.
        """
        found = self.policies.get(policy)
        if found is None:
            raise AuthorityMissingError(f"the settings give nobody authority over `{policy}`")
        if found.currency != currency:
            detail = f"the authority over `{policy}` is stated in {found.currency}, the decision is in {currency}"
            raise AuthorityMissingError(detail)
        if amount is not None and amount < 0:
            raise AuthorityMissingError(f"{plain_decimal(amount)} {currency} is no amount to release")
        return found.level_for(risk_class, amount)

    def may(self, person: str, policy: str, risk_class: str | None, amount: Decimal | None, currency: str) -> int:
        """The level that overriding takes, once the person has it. Raises AuthorityMissingError, also as `needed`."""
        needed, held = self.needed(policy, risk_class, amount, currency), self.level(person, policy)
        if held < needed:
            told = "an exposure nobody knows" if amount is None else f"{plain_decimal(amount)} {currency}"
            detail = f"{told} of `{policy}` takes level {needed}; `{person}` has level {held}"
            raise AuthorityMissingError(detail)
        return needed
