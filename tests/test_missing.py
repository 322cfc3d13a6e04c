"""What is missing is named: facts, fields of list items, and what a needed policy could not know."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from engine import decide
from engine.decision import Decision
from policies import load
from policies.source import Source

POLICIES = """
writ: 1
bundle: missing
effective: 2026-01-01
reporting_currency: USD
uses: [receivables]
facts:
  items:
    type: list
    optional: true
    title: {en: goods}
    fields:
      amount: money
      insured: {type: money, optional: true, from_customer: true, title: {en: sum insured}}
      level: number?
      events: {type: list, optional: true, fields: {days: days?}}
  debts:
    type: list
    optional: true
    fields: {due_date: date, open_amount: money, document_type: text?, dunning_level: number?}
  marks: {type: list, of: number?, optional: true}
  customer: {type: context, optional: true, fields: {staff: number?}}
  level: number?
policies:
  cover:
    kind: credit
    title: Cover
    default: approve
    missing: refer
    let:
      large: items[amount > 5]
      sums: items.insured
      doubled: "for item in items return {twice: item.insured * 2}"
      old: debts[open_amount > 5]
    rules:
      - {rule: RULE, when: "EXPRESSION", then: refer, reason: CR-EXP-02}
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


def decided(expression: str, policy: str = "cover", **facts: Any) -> Decision:
    text = POLICIES.replace("RULE", "asked").replace("EXPRESSION", expression.replace('"', '\\"'))
    return decide(load(Source("missing.yaml", text)).policies[policy], facts, dt.date(2026, 3, 1))


def missing(decision: Decision) -> tuple[str, ...]:
    """The facts named; the one reason is that they are missing."""
    [reason] = decision.reasons
    assert reason.code == "DT-MIS-01"
    return reason.missing


ITEMS = [{"amount": "10", "insured": "10"}, {"amount": "1"}, {"amount": "20"}]


@pytest.mark.parametrize(
    "expression",
    [
        "count(items[insured < amount]) > 0",
        "some item in items satisfies item.insured > 100",
        "every item in items satisfies item.insured > 1",
        "sum(items.insured) > 3",
        "mean(for item in items return item.insured) > 3",
        "max(items[amount > 0].insured) > 3",
        "list contains(items.insured, 77)",
        "items.insured = items.amount",
        "sum(reverse(items).insured) > 3",
        "sum(reverse(items.insured)) > 3",
        "sum(concatenate([0], items.insured)) > 3",
        "sum(sums) > 3",
        "sum(doubled.twice) > 3",
        "some row in doubled satisfies row.twice > 99",
    ],
)
def test_a_field_of_a_list_item_is_named_with_the_items_place(expression: str) -> None:
    assert set(missing(decided(expression, items=ITEMS))) == {"items[1].insured", "items[2].insured"}


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("some item in large satisfies item.insured > 100", "items[2].insured"),
        ("items[2].insured > 3", "items[1].insured"),
        ("items[amount = 20][1].insured > 3", "items[2].insured"),
    ],
)
def test_the_place_is_that_in_the_facts_counted_from_0(expression: str, named: str) -> None:
    assert missing(decided(expression, items=ITEMS)) == (named,)


def test_a_formula_of_the_library_names_the_callers_fact() -> None:
    debts = [{"due_date": "2026-01-01", "open_amount": amount} for amount in ("1", "10")]
    for expression in ("receivables.highest_dunning_level(old) > 2", "receivables.highest_dunning_level(debts) > 2"):
        known = [{**debts[0], "dunning_level": "1"}, debts[1]]
        assert missing(decided(expression, debts=known)) == ("debts[1].dunning_level",)


def test_lists_within_lists_are_named_with_both_places() -> None:
    items = [{"amount": "1", "events": [{"days": "1"}, {}]}, {"amount": "1"}]
    named = missing(decided("some item in items satisfies sum(item.events.days) > 3", items=items))
    assert named == ("items[0].events[1].days", "items[1].events.days")


def test_a_missing_item_of_a_plain_list_is_named_by_its_place() -> None:
    assert missing(decided("sum(marks) > 3", marks=["1", None])) == ("marks[1]",)


def test_a_list_that_is_missing_is_named_itself() -> None:
    assert missing(decided("count(items[insured < amount]) > 0")) == ("items",)


def test_a_field_of_a_record_in_a_made_list_is_named_by_the_fact() -> None:
    assert missing(decided("max(for one in [customer] return one.staff) > 3", customer={})) == ("customer.staff",)


def test_what_a_needed_policy_could_not_know_is_named_by_the_fact() -> None:
    assert missing(decided("1 > 2", "uses-standing")) == ("level",)


@pytest.mark.parametrize(
    "expression",
    [
        "count(items[insured < amount]) > 0",
        "some item in items satisfies item.insured > 3",
        "sum(items.insured) > 3",
    ],
)
def test_of_the_items_that_lack_the_same_field_the_first_five_are_named(expression: str) -> None:
    named = missing(decided(expression, items=[{"amount": "1"}] * 500))
    assert named == tuple(f"items[{number}].insured" for number in range(5))


def test_each_field_that_items_lack_has_its_own_five() -> None:
    expression = "some item in items satisfies item.insured > 3 or item.level > 3"
    named = missing(decided(expression, items=[{"amount": "1"}] * 500))
    assert sorted(named) == sorted(f"items[{at}].{name}" for at in range(5) for name in ("insured", "level"))


def test_what_a_known_part_did_not_depend_on_is_not_named() -> None:
    guarded = "level > 3 and (some item in items satisfies item.insured = null or item.insured > 3)"
    assert missing(decided(guarded, items=ITEMS)) == ("level",)
    assert missing(decided("level > count(items.insured)", items=ITEMS)) == ("level",)


@pytest.mark.parametrize("expression", ["sum(items[amount > 1000].insured) > 3", "items[9].amount > 3"])
def test_what_has_no_value_though_nothing_is_missing_could_not_be_computed(expression: str) -> None:
    [reason] = decided(expression, items=ITEMS).reasons
    assert (reason.code, reason.missing) == ("DT-UND-01", ())


def test_the_customer_is_told_the_fields_title_once() -> None:
    text = decided("sum(items.insured) > 3", items=ITEMS).customer_text["en"]
    assert "Still needed: sum insured." in text
    assert "[" not in text
