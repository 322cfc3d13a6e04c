"""What is missing is named: facts, fields of list items, and what a needed policy could not know."""

from __future__ import annotations

import datetime as dt
from typing import Any

from engine import decide
from engine.decision import Decision
from policies import load
from policies.source import Source

POLICIES = """
writ: 1
bundle: missing
effective: 2026-01-01
reporting_currency: USD
facts:
  items: {type: list, optional: true, fields: {amount: money, insured: money?}}
  level: number?
policies:
  cover:
    kind: credit
    title: Cover
    default: approve
    missing: refer
    rules:
      - {rule: uninsured, when: "count(items[insured < amount]) > 0", then: refer, reason: CR-EXP-02}
      - {rule: each, when: some item in items satisfies item.insured > 100, then: refer, reason: CR-EXP-02}
  standing:
    kind: decision
    title: Standing
    outcome: {value: {is: level * 2, otherwise: null}}
  uses-standing:
    kind: credit
    title: Uses standing
    needs: [standing]
    default: approve
    missing: refer
    rules:
      - {rule: low, when: standing.value < 3, then: refer, reason: CR-EXT-01}
"""
BUNDLE = load(Source("missing.yaml", POLICIES))


def decided(policy: str, **facts: Any) -> Decision:
    return decide(BUNDLE.policies[policy], facts, dt.date(2026, 3, 1))


def missing(decision: Decision) -> dict[str, tuple[str, ...]]:
    return {reason.rule: reason.missing for reason in decision.reasons if reason.code == "DT-MIS-01"}


def test_a_field_of_a_list_item_is_named_with_the_items_place() -> None:
    items = [{"amount": "10", "insured": "10"}, {"amount": "5"}]
    assert missing(decided("cover", items=items)) == {
        "uninsured": ("items[1].insured",),
        "each": ("items[1].insured",),
    }


def test_a_list_that_is_missing_is_named_itself() -> None:
    assert missing(decided("cover")) == {"uninsured": ("items",), "each": ("items",)}


def test_what_a_needed_policy_could_not_know_is_named_by_the_fact() -> None:
    assert missing(decided("uses-standing")) == {"low": ("level",)}


def test_of_many_items_only_the_first_missing_ones_are_named() -> None:
    decision = decided("cover", items=[{"amount": "1"}] * 500)
    assert missing(decision)["uninsured"] == ("items[0].insured",)
    assert len(missing(decision)["each"]) == 20
