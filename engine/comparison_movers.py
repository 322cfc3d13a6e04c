"""The customers that move most between two policy texts, kept in bounded memory while decisions stream by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import zip_longest

from engine.comparison_measures import EXACT, Amount, amount_to_json
from engine.decision import Json, value_to_json

Rank = tuple[Decimal, int, int]
"""The absolute sum, the severity, and who came first; the larger one moves more."""


@dataclass(frozen=True, slots=True)
class Mover:
    """One decision that comes out otherwise, and whom it is about.

    `measure` is what `old` and `new` are amounts of, in `currency`; None for a kind that moves no money.
    """

    subject: str | None
    policy: str
    ref: str
    as_of: dt.date
    before: str | None
    after: str | None
    severity: int
    measure: str | None = None
    currency: str | None = None
    old: Amount = None
    new: Amount = None

    @property
    def delta(self) -> Decimal | None:
        """By how much the amount moves; None where one of the two is no sum."""
        if isinstance(self.old, Decimal) and isinstance(self.new, Decimal):
            return EXACT.subtract(self.new, self.old)
        return None

    @property
    def who(self) -> tuple[bool, str]:
        """What tells customers apart: the subject, or the decision itself where no fact names one."""
        return (False, self.ref) if self.subject is None else (True, self.subject)

    def to_json(self) -> Json:
        """The mover as JSON; `from` and `to` are null where unknown."""
        name = self.measure or ""
        return {
            "subject": self.subject,
            "policy": self.policy,
            "ref": self.ref,
            "as_of": self.as_of.isoformat(),
            "from": self.before,
            "to": self.after,
            "measure": self.measure,
            "currency": self.currency,
            "old": amount_to_json(name, self.old),
            "new": amount_to_json(name, self.new),
            "delta": value_to_json(self.delta),
        }


@dataclass(slots=True)
class _Top:
    """Each customer's largest move, of the `size` customers whose largest is largest."""

    size: int
    _held: dict[tuple[bool, str], tuple[Rank, Mover]] = field(default_factory=dict)
    _least: Rank | None = None

    def offer(self, rank: Rank, mover: Mover) -> None:
        who = mover.who
        held = self._held.get(who)
        if held is not None and held[0] >= rank:
            return
        if held is None and len(self._held) >= self.size:
            if self._least is None or rank <= self._least:
                return
            del self._held[min(self._held, key=lambda one: self._held[one][0])]
        self._held[who] = (rank, mover)
        self._least = min(kept for kept, _ in self._held.values())

    def __iter__(self) -> Iterator[Mover]:
        return (mover for _, mover in sorted(self._held.values(), key=lambda kept: kept[0], reverse=True))


@dataclass(slots=True)
class Movers:
    """The `size` customers that move most: by sums, the largest of each currency in turn, then by severity."""

    size: int
    _sums: dict[str, _Top] = field(default_factory=dict)
    _others: _Top = field(init=False)
    _seen: int = 0

    def __post_init__(self) -> None:
        self._others = _Top(self.size)

    def add(self, mover: Mover) -> None:
        """One more decision that comes out otherwise."""
        self._seen += 1
        moved = abs(mover.delta or Decimal(0))
        rank = (moved, mover.severity, -self._seen)
        if moved and mover.currency is not None:
            self._sums.setdefault(mover.currency, _Top(self.size)).offer(rank, mover)
        else:
            self._others.offer(rank, mover)

    def __iter__(self) -> Iterator[Mover]:
        """They, the largest first; each customer once, by its largest move."""
        ranked = [self._sums[currency] for currency in sorted(self._sums)]
        in_turn = [mover for turn in zip_longest(*ranked) for mover in turn if mover is not None]
        first: dict[tuple[bool, str], Mover] = {}
        for mover in (*in_turn, *self._others):
            first.setdefault(mover.who, mover)
        yield from list(first.values())[: self.size]
