"""What two policy texts decide otherwise for one policy: counts, what becomes of whom, and the money that moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from engine.comparison_measures import EXACT, Amount, amount_to_json
from engine.decision import Decision, Fault, Json
from policies.ir import Policy

FIRST = 20
"""Questions without a decision that are named with their reason."""

MAX_APART = 100
"""Pairs of labels counted apart: the texts of a `decision` may be of any number, and memory must not grow with them."""

OTHERS = "(others)"
"""What pairs of labels past `MAX_APART` are counted under together."""

Side = Literal["old", "new"]
SIDES: tuple[Side, Side] = ("old", "new")


@dataclass(slots=True)
class Moved:
    """One measure summed under both texts over the customers of whom it is a number under both.

    The others are counted apart, by text: those where it is unknown, and those where there is no limit.
    """

    old: Decimal = Decimal(0)
    new: Decimal = Decimal(0)
    counted: int = 0
    unknown: Counter[Side] = field(default_factory=Counter)
    unlimited: Counter[Side] = field(default_factory=Counter)

    def add(self, before: Amount, after: Amount) -> None:
        """One more customer's two amounts."""
        self._count(before, after, 1)

    def take_out(self, before: Amount, after: Amount) -> None:
        """Amounts that were added, and that a later decision on the same customer replaces."""
        self._count(before, after, -1)

    def _count(self, before: Amount, after: Amount, times: int) -> None:
        if isinstance(before, Decimal) and isinstance(after, Decimal):
            self.counted += times
            self.old = EXACT.add(self.old, EXACT.multiply(before, times))
            self.new = EXACT.add(self.new, EXACT.multiply(after, times))
            return
        for side, amount in zip(SIDES, (before, after), strict=True):
            self.unknown[side] += times * (amount is None)
            self.unlimited[side] += times * (amount == "unlimited")

    def to_json(self, name: str) -> Json:
        """The sums as decimal text, counts as numbers; `unlimited` only of a limit."""
        apart = {"unknown": self.unknown, **({"unlimited": self.unlimited} if name == "limit" else {})}
        return {
            "old": amount_to_json(name, self.old),
            "new": amount_to_json(name, self.new),
            "delta": amount_to_json(name, EXACT.subtract(self.new, self.old)),
            "counted": self.counted,
            **{what: {side: counter[side] for side in SIDES} for what, counter in apart.items()},
        }


@dataclass(slots=True)
class PolicyTotals:
    """One policy's part of a comparison.

    Every question is one of: pinned, without a decision under one text or under `both`, or compared. `before` and
    `after` are the policy in the two texts, where they have it. `changed` ones have another outcome, of which those
    `changed_elsewhere` keep label and amounts (a letter's wording, what would be sent later); `reasons_changed` ones
    keep the outcome and give other reason codes. Decisions are counted, money is summed over customers: of each by the
    last decision on it, since its exposure is one however often it orders.
    """

    name: str
    before: Policy | None
    after: Policy | None
    pinned: int = 0
    compared: int = 0
    changed: int = 0
    changed_elsewhere: int = 0
    reasons_changed: int = 0
    without: Counter[str] = field(default_factory=Counter)
    first: list[Json] = field(default_factory=list)
    migration: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    moved: dict[str, Moved] = field(default_factory=dict)
    customers: int = 0
    last: dict[str, Mapping[str, tuple[Amount, Amount]]] = field(default_factory=dict)

    @property
    def questions(self) -> int:
        """Questions asked of the policy."""
        return self.pinned + self.compared + self.without.total()

    def undecided(self, ref: str, before: Decision | Fault, after: Decision | Fault) -> None:
        """One more question without a decision under one text, or under both; the first ones are named."""
        faults = [(side, each) for side, each in zip(SIDES, (before, after), strict=True) if isinstance(each, Fault)]
        self.without["both" if len(faults) > 1 else faults[0][0]] += 1
        if len(self.first) < FIRST:
            told = {side: _reason(fault) for side, fault in faults}
            self.first.append({"ref": ref, **told})

    def decided(
        self,
        subject: str | None,
        labels: tuple[str | None, str | None],
        amounts: Mapping[str, tuple[Amount, Amount]],
    ) -> None:
        """One more question decided by both texts: whom it is about, its labels and its amounts, old and new."""
        self.compared += 1
        apart = labels in self.migration or len(self.migration) < MAX_APART
        self.migration[labels if apart else (OTHERS, OTHERS)] += 1
        replaced = {} if subject is None else self.last.get(subject, {})
        self.customers += subject is None or subject not in self.last
        for name, (before, after) in replaced.items():
            self.moved[name].take_out(before, after)
        for name, (before, after) in amounts.items():
            self.moved.setdefault(name, Moved()).add(before, after)
        if subject is not None:
            self.last[subject] = amounts

    def to_json(self) -> dict[str, Json]:
        """The totals as JSON; `classes` only of a classification, `money` by measure."""
        policy = self.after or self.before
        kinds = {each.kind for each in (self.before, self.after) if each is not None}
        pairs = sorted(self.migration.items(), key=lambda pair: (-pair[1], str(pair[0])))
        return {
            "policy": self.name,
            "kind": None if policy is None else policy.kind,
            "currency": None if policy is None else policy.currency,
            "questions": self.questions,
            "compared": self.compared,
            "customers": self.customers,
            "changed": self.changed,
            "changed_elsewhere": self.changed_elsewhere,
            "reasons_changed": self.reasons_changed,
            "pinned": self.pinned,
            "undecided": {**{where: self.without[where] for where in (*SIDES, "both")}, "first": self.first},
            "migration": [{"from": before, "to": after, "count": count} for (before, after), count in pairs],
            **({"classes": self._classes()} if kinds == {"classification"} else {}),
            "money": {name: moved.to_json(name) for name, moved in self.moved.items()},
        }

    def _classes(self) -> Json:
        """How many customers each class has, under the old text and under the new one."""
        old, new = Counter[str | None](), Counter[str | None]()
        for (before, after), count in self.migration.items():
            old[before] += count
            new[after] += count
        names = sorted({*old, *new}, key=str)
        return [{"class": name, "old": old[name], "new": new[name], "delta": new[name] - old[name]} for name in names]


def _reason(fault: Fault) -> Json:
    """The first misfit, and how many more there are."""
    first, *more = fault.misfits
    return {"code": first.code, "pointer": first.pointer, "detail": first.message, "more": len(more)}
