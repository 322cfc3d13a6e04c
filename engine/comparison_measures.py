"""What a decision is measured by when two policy texts are compared: its label, its amounts, its grades."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Literal

from engine.decision import Decision, Json, value_to_json
from engine.headline import HEADLINES, headline
from policies.ir import Policy
from policies.kinds.credit import OUTCOMES as CREDIT_OUTCOMES
from policies.kinds.credit import Credit
from policies.kinds.dunning_outcome import OUTCOMES as DUNNING_OUTCOMES
from policies.kinds.ladder import Dunning
from policies.types import Boolean, ContextOf, Text

Amount = Decimal | Literal["unlimited"] | None
"""An amount of money or a count; `unlimited` for a credit limit that is none, None for what is unknown."""

COUNTS = frozenset({"notices", "reminders"})
"""The measures that count letters; all others are money in the policy's currency."""

RANKED: Mapping[str, tuple[str, ...]] = {"credit": ("limit", "approved_exposure"), "dunning": ("total_claim",)}
"""By kind of policy, the measures by which customers are said to move: the first one that does."""

EXACT = Context(prec=13_000, Emin=MIN_EMIN, Emax=MAX_EMAX)
"""Sums of FEEL numbers without rounding: it holds the largest and the smallest of them beside each other."""

_APPROVED = CREDIT_OUTCOMES[:2]
_GRADES: Mapping[str, tuple[str, ...]] = {"credit": CREDIT_OUTCOMES, "dunning": DUNNING_OUTCOMES}

_OF_THE_VERSION = ("procedure", "notice_key")
"""Members of a dunning outcome that name the policy's version: they differ whenever its text does."""


def compared(decision: Decision) -> Json:
    """The outcome as JSON, without what only names the version of the policy that decided."""
    leave_out = _OF_THE_VERSION if decision.kind == "dunning" else ()
    return {name: value_to_json(value) for name, value in decision.outcome.items() if name not in leave_out}


def has_label(policy: Policy) -> bool:
    """Whether outcomes of the policy have one word that tells them apart: a headline, a boolean, or one of some texts.

    A text that may be anything is none: it may be somebody's name, and words are counted and kept.
    """
    return policy.kind in HEADLINES or _word(policy) is not None


def label(policy: Policy, decision: Decision) -> str | None:
    """That word, `true` and `false` for a boolean; None where it is unknown, or for a policy that has none."""
    if policy.kind in HEADLINES:
        return headline(policy.kind, decision.outcome)
    value = decision.outcome.get(_word(policy) or "")
    return str(value).lower() if isinstance(value, bool) else value


def _word(policy: Policy) -> str | None:
    fields = policy.outcome.fields if isinstance(policy.outcome, ContextOf) else ()
    if len(fields) != 1:
        return None
    name, type_ = fields[0]
    return name if isinstance(type_, Boolean) or (isinstance(type_, Text) and type_.one_of) else None


def measures(policy: Policy, decision: Decision) -> dict[str, Amount]:
    """The decision's amounts by name, those that the policy has; none for a kind that moves no money."""
    match policy.body:
        case Credit() as body:
            return dict(_of_credit(body, decision))
        case Dunning():
            return _of_dunning(decision)
        case _:
            return {}


def _of_credit(body: Credit, decision: Decision) -> Iterator[tuple[str, Amount]]:
    outcome = decision.outcome
    if body.limit is not None:
        yield "limit", "unlimited" if outcome.get("unlimited") is True else outcome["limit"]
    if body.exposure is not None:
        exposure = outcome["exposure"]
        yield "exposure", exposure
        yield "approved_exposure", exposure if outcome["decision"] in _APPROVED else Decimal(0)


def _of_dunning(decision: Decision) -> dict[str, Amount]:
    outcome = decision.outcome
    reminders = sum(notice["level"] == 0 for notice in outcome["notices"])
    return {
        "notices": Decimal(len(outcome["notices"]) - reminders),
        "reminders": Decimal(reminders),
        **{name: outcome[name] for name in ("fees", "interest", "total_claim")},
    }


def severity(kind: str, labels: tuple[str | None, str | None], ranked: tuple[Amount, Amount]) -> int:
    """How grave a change without a sum is, from 0: the grades between the labels, most where a limit is lost or opened.

    `ranked` are the two amounts of the kind's ranked measure.
    """
    if ranked[0] != ranked[1] and not all(isinstance(amount, Decimal) for amount in ranked):
        return len(CREDIT_OUTCOMES)
    old, new = labels
    if old == new:
        return 0
    grades = _GRADES.get(kind, ())
    return abs(grades.index(old) - grades.index(new)) if old in grades and new in grades else 1


def amount_to_json(name: str, amount: Amount) -> Json:
    """An amount as decimal text, a count as a number."""
    return int(amount) if name in COUNTS and isinstance(amount, Decimal) else value_to_json(amount)
