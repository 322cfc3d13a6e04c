"""A preview: what a dunning decision sends on its own day, and the calendar of what follows if nothing is paid."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from api.preview_words import coming_of, sentence
from api.tree_words import LANGUAGES
from engine.decision import Decision, Json, value_to_json
from policies.feel.values import Value
from policies.ir import Policy
from policies.kinds.ladder import Dunning

_SUMS = ("fees", "interest", "total_claim")


def has_calendar(policy: Policy) -> bool:
    """Whether the policy's kind has a calendar: dunning has one."""
    return isinstance(policy.body, Dunning)


def preview_json(decision: Decision) -> dict[str, Json]:
    """The preview as JSON: the entries of `now` and `calendar` have the same members; `words` say it by language."""
    outcome: Any = decision.outcome
    return {
        "recorded": False,
        "policy": decision.policy,
        "kind": decision.kind,
        "policy_digest": decision.policy_digest,
        "engine": decision.engine,
        "as_of": decision.as_of.isoformat(),
        "now": value_to_json(now_of(decision)),
        "skips": value_to_json(outcome["skips"]),
        "calendar": value_to_json(outcome["calendar"]),
        "calendar_until": value_to_json(outcome["calendar_until"]),
        "words": {language: words_of(decision, language) for language in LANGUAGES},
    }


def words_of(decision: Decision, language: str) -> str:
    """The calendar of a dunning decision in one sentence."""
    outcome: Any = decision.outcome
    return sentence(coming_of(outcome["calendar"]), outcome["calendar_until"], decision.as_of, language)


def now_of(decision: Decision) -> list[Value]:
    """What is sent on the day itself, as entries of the calendar; when legal steps begin, one without a letter."""
    outcome: Any = decision.outcome
    letters: dict[int, list[Any]] = {}
    for notice in outcome["notices"]:
        letters.setdefault(int(notice["level"]), []).append(notice)
    entries = [_entry(decision, level, of_level) for level, of_level in letters.items()]
    if outcome["outcome"] == "notice" and not any(letters):
        noticed = [item["invoice_id"] for item in outcome["items"] if item["outcome"] == "notice"]
        sums = {name: outcome[name] for name in _SUMS}
        entries.insert(
            0,
            _entry(decision, int(outcome["level"]), [{"items": noticed, "level_name": outcome["level_name"], **sums}]),
        )
    return entries


def _entry(decision: Decision, level: int, letters: Sequence[Any]) -> Value:
    """The letters of one level; the items in the account's order."""
    outcome: Any = decision.outcome
    within = {invoice_id for letter in letters for invoice_id in letter["items"]}
    return {
        "on": decision.as_of,
        "outcome": "notice" if level else "reminder",
        "level": Decimal(level),
        "level_name": letters[0]["level_name"] if level else None,
        "items": [item["invoice_id"] for item in outcome["items"] if item["invoice_id"] in within],
        **{name: sum((letter[name] for letter in letters), Decimal(0)) for name in _SUMS},
        "effects": [
            {"effect": hold["effect"], "to": hold["to"]} for hold in outcome["holds"] if hold["level"] == level
        ],
    }
