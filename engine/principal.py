"""Which reasons a customer is told: the principal ones, at most four of what led to the outcome (domain section 5)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from engine.decision import Reason
from engine.sitting import UNDEFINED
from policies.feel.values import Value

MOST = 4
"""How many reasons a customer is told at most (Reg B, 12 CFR 1002.9, official comment 9(b)(2)-1)."""

_ORDER = ("knockout", "score_factor", "condition", "limit_binding", "data", "override", "info", "skip")
"""The order of reasons by kind: findings before what could not be known."""

Behind = Callable[[Iterable[str]], Collection[str]]
"""The paths that lie behind some paths, down to the facts (`Sitting.behind`)."""


def ranked(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """All reasons in their order, each with its rank.

    By kind; within a kind those that decline first, since they, not those that refer, made the decision; then as
    found: rules in policy order, factors by points lost. What lost points is a factor, whatever kind its code is.
    """

    def place(reason: Reason) -> tuple[int, bool]:
        kind = reason.kind if reason.points_lost is None else "score_factor"
        return _ORDER.index(kind), reason.then != "decline"

    return tuple(replace(reason, rank=rank) for rank, reason in enumerate(sorted(reasons, key=place), start=1))


def leading(kind: str, outcome: Mapping[str, Value], reasons: Collection[Reason], behind: Behind) -> tuple[Reason, ...]:
    """The reasons that led to the outcome of a policy of this kind and that may be told, in the order given.

    Of a credit decision that is no plain approval: those that lead to it by themselves; the factors of the score and
    what bound the limit, where one of these read the score or the limit. Of a class: those that lead to it. That
    something could not be computed is told only where nothing else that is told led to the outcome.
    """
    match kind:
        case "credit" if outcome["decision"] != "approve":
            decision = outcome["decision"]
            read = _names((reason for reason in reasons if reason.then == decision), behind)
            if "limit" in read:
                # What bound the limit may itself come from the score.
                read |= _names((reason for reason in reasons if _shapes(reason) == "limit"), behind)
            led = [reason for reason in reasons if reason.then == decision or _shapes(reason) in read]
        case "classification":
            reached = outcome["class"] == outcome["base_class"] and outcome.get("held_back") is None
            led = [reason for reason in reasons if reason.then == outcome["class"] or (reason.then is None and reached)]
        case _:
            led = []
    told = tuple(reason for reason in led if reason.disclosable)
    others = tuple(reason for reason in told if reason.code != UNDEFINED)
    leads = [reason for reason in told if reason.then is not None]
    # What only lies behind a reason does not stand for it.
    enough = any(reason.code != UNDEFINED for reason in leads) if leads else bool(others)
    return others if enough else told


def _shapes(reason: Reason) -> str | None:
    """What a reason that leads to nothing by itself went into: a factor into the score, all else into the limit."""
    if reason.then is not None:
        return None
    return "score" if reason.points_lost is not None or reason.kind == "data" else "limit"


def _names(reasons: Iterable[Reason], behind: Behind) -> set[str]:
    """The names behind what was observed; what is available is the limit less the exposure."""
    names = {path.partition(".")[0] for reason in reasons for path in behind(reason.observed)}
    return names | {"limit"} if "available" in names else names


def principal_codes(led: Iterable[Reason]) -> tuple[str, ...]:
    """The codes of the first four, each once."""
    return tuple(dict.fromkeys(reason.code for reason in led))[:MOST]
