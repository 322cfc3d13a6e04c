"""A preview: what a dunning decision sends on its own day, and the calendar of what follows if nothing is paid."""

from __future__ import annotations

from typing import Any

from api.preview_words import coming_of, sentence
from api.tree_words import LANGUAGES
from engine.decision import Decision, Json, value_to_json
from policies.feel.values import Value
from policies.ir import Policy
from policies.kinds.ladder import Dunning


def has_calendar(policy: Policy) -> bool:
    """Whether the policy's kind has a calendar: dunning has one."""
    return isinstance(policy.body, Dunning)


def preview_json(decision: Decision) -> dict[str, Json]:
    """The preview as JSON: `now` and every entry of `calendar` have the same members; `words` say it by language."""
    outcome: Any = decision.outcome
    return {
        "recorded": False,
        "policy": decision.policy,
        "kind": decision.kind,
        "policy_digest": decision.policy_digest,
        "engine": decision.engine,
        "as_of": decision.as_of.isoformat(),
        "now": value_to_json(now_of(decision)),
        "calendar": value_to_json(outcome["calendar"]),
        "calendar_until": value_to_json(outcome["calendar_until"]),
        "words": {language: words_of(decision, language) for language in LANGUAGES},
    }


def words_of(decision: Decision, language: str) -> str:
    """The calendar of a dunning decision in one sentence."""
    outcome: Any = decision.outcome
    return sentence(coming_of(outcome["calendar"]), outcome["calendar_until"], decision.as_of, language)


def now_of(decision: Decision) -> dict[str, Value]:
    """What is sent on the day itself, as an entry of the calendar, with the `skips` that say why nothing is."""
    outcome: Any = decision.outcome
    taking_part = [item["invoice_id"] for item in outcome["items"] if item["outcome"] == outcome["outcome"] != "skip"]
    return {
        "on": decision.as_of,
        **{name: outcome[name] for name in ("outcome", "level", "level_name")},
        "items": taking_part,
        **{name: outcome[name] for name in ("fees", "interest", "total_claim")},
        "effects": [{"effect": hold["effect"], "to": hold["to"]} for hold in outcome["holds"]],
        "skips": outcome["skips"],
    }
