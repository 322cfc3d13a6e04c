"""Laws of the language and its definition, on generated policies and facts."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import decide, operators
from engine.decision import Decision
from policies import load
from policies.diagnostics import Refused, render_text
from policies.ir import Policy
from policies.kinds.credit import OUTCOMES
from policies.source import decode
from tests.strategies import Doc, Wishes, documents, facts_of, text_of
from tests.watching import fits, watched

AS_OF = dt.date(2026, 3, 1)
KINDS = ("decision", "classification", "credit")


def policy_of(doc: Doc) -> Policy:
    try:
        return load(decode("made.yaml", text_of(doc).encode())).policies["p"]
    except Refused as refused:
        raise AssertionError(render_text(refused.diagnostics)) from None


def test_the_watch_sees_an_operator_that_gives_up_and_a_value_of_another_type() -> None:
    """The control: with an operator broken on purpose, the law above turns red."""
    doc = {
        "writ": "1",
        "bundle": "made",
        "effective": "2026-01-01",
        "reporting_currency": "USD",
        "facts": {"n1": "number"},
        "policies": {"p": {"kind": "decision", "title": "P", "outcome": {"twice": {"is": "n1 * 2", "otherwise": "0"}}}},
    }
    policy = policy_of(doc)
    for broken in (None, "4"):
        multiply = mock.patch.object(operators, "multiply", lambda *_, broken=broken: broken)
        with multiply, pytest.raises(AssertionError), watched():
            decide(policy, {"n1": "2"}, AS_OF)
    with watched():
        assert decide(policy, {"n1": "2"}, AS_OF).outcome["twice"] == 4


def told(decision: Decision) -> str:
    return json.dumps(decision.to_json(), ensure_ascii=False)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_a_well_typed_policy_loads_and_every_value_fits_its_type(kind: str, data: st.DataObject) -> None:
    policy = policy_of(data.draw(documents(kind)))
    facts = data.draw(facts_of(policy.facts))
    with watched():
        decision = decide(policy, facts, AS_OF)
    assert fits({**dict(decision.outcome)}, policy.outcome), decision.outcome


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_a_decision_is_a_pure_function_of_policy_facts_and_day(kind: str, data: st.DataObject) -> None:
    doc = data.draw(documents(kind))
    policy = policy_of(doc)
    facts = data.draw(facts_of(policy.facts))
    first = told(decide(policy, facts, AS_OF))
    assert told(decide(policy, facts, AS_OF)) == first
    assert told(decide(policy_of(doc), shuffled(facts, data), AS_OF)) == first


def shuffled(facts: Any, data: st.DataObject) -> Any:
    """The same facts with their names in another order, at every depth."""
    match facts:
        case dict():
            names = data.draw(st.permutations(sorted(facts)))
            return {name: shuffled(facts[name], data) for name in names}
        case list():
            return [shuffled(item, data) for item in facts]
        case _:
            return facts


def filled(partial: Any, complete: Any) -> Any:
    """The facts with what they leave out taken from complete ones; what they say stays."""
    match partial, complete:
        case dict(), dict():
            return {
                name: filled(partial[name], value) if name in partial else value for name, value in complete.items()
            }
        case _:
            return partial


@given(data=st.data())
def test_what_is_known_stays_whatever_the_missing_facts_turn_out_to_be(data: st.DataObject) -> None:
    """Without null tests, stand-ins for missing values and functions that look into lists, a known value is final."""
    policy = policy_of(data.draw(documents("decision", Wishes(asks=False))))
    partial = data.draw(facts_of(policy.facts))
    whole = filled(partial, data.draw(facts_of(policy.facts, complete=True)))
    before, after = decide(policy, partial, AS_OF), decide(policy, whole, AS_OF)
    for name, value in before.outcome.items():
        if settled(value):
            assert after.outcome[name] == value, name
    rules = {step.name: step.status for step in after.trace if step.part == "rule"}
    for step in before.trace:
        if step.part == "rule" and step.status != "unknown":
            assert rules[step.name] == step.status


def settled(value: Any) -> bool:
    """Whether a value is known down to its items."""
    match value:
        case None:
            return False
        case list():
            return all(settled(item) for item in value)
        case dict():
            return all(settled(item) for item in value.values())
        case _:
            return True


APPROVALS = {"approve", "approve_with_conditions"}


@given(data=st.data())
def test_leaving_a_fact_out_never_turns_a_credit_decision_into_an_approval(data: st.DataObject) -> None:
    """For policies without null tests, `no_match`, stand-ins for what is missing, a previous limit or a floor."""
    policy = policy_of(data.draw(documents("credit", Wishes(asks=False))))
    partial = data.draw(facts_of(policy.facts))
    whole = filled(partial, data.draw(facts_of(policy.facts, complete=True)))
    if decide(policy, whole, AS_OF).outcome["decision"] not in APPROVALS:
        assert decide(policy, partial, AS_OF).outcome["decision"] not in APPROVALS


@given(data=st.data())
def test_a_further_rule_never_makes_a_credit_decision_milder(data: st.DataObject) -> None:
    """The strictest rule wins (C14), in policies whose default is to approve: a default stands only alone."""
    doc = data.draw(documents("credit", Wishes(asks=False)))
    policy = policy_of(doc)
    rules = doc["policies"]["p"]["rules"]
    if not rules:
        return
    rule = data.draw(st.sampled_from(rules)) | {"rule": "further"}
    rule["when"] = data.draw(st.sampled_from([rule["when"], f"not({rule['when']})", "true"]))
    then = data.draw(st.sampled_from(["refer", "decline", "approve_with_conditions"]))
    rule |= {"then": then, "conditions": {"prepayment_pct": "30"}}
    if then != "approve_with_conditions":
        del rule["conditions"]
    at = data.draw(st.integers(0, len(rules)))
    doc["policies"]["p"]["rules"] = [*rules[:at], rule, *rules[at:]]
    facts = data.draw(facts_of(policy.facts))
    before, after = (decide(each, facts, AS_OF) for each in (policy, policy_of(doc)))
    decided = [OUTCOMES.index(str(decision.outcome["decision"])) for decision in (before, after)]
    assert decided[0] <= decided[1]
    kept = [(reason.code, reason.rule, reason.then) for reason in after.reasons]
    assert [each for reason in before.reasons if (each := (reason.code, reason.rule, reason.then)) not in kept] == []


THRESHOLDS = """\
writ: 1
bundle: digest
effective: 2026-01-01
reporting_currency: USD
facts: {{amount: money, years: years, ratio: ratio}}
parameters:
  most: {{type: money, values: [{{from: 2025-01-01, value: {0}}}, {{from: 2026-01-01, value: {1}}}]}}
policies:
  p:
    kind: credit
    title: P
    default: approve
    missing: refer
    let: {{half: amount / {2}}}
    scorecard:
      normalise: true
      factors:
        - {{factor: f, of: ratio, weight: {3}, missing: {4}, bands: {{"< {5}": {6}, ">= {5}": {7}}}}}
    tables:
      cap: {{hit: first, inputs: [score], outputs: {{cap: money}}, rows: [[">= {8}", {9}], ["-", {10}]]}}
    exposure: {{components: {{owed: "{11} + amount"}}}}
    limit:
      methods: {{need: half * {12}}}
      combine: min
      caps: {{cap: cap}}
      round: {{down_to: {13}}}
      floor: {{amount: {14}, below: zero}}
      valid_days: {15}
    terms_days: {16}
    rules:
      - {{rule: r, when: amount > most or years < {17}, then: refer, reason: CR-EXP-02}}
"""
PLACES = 18


@given(
    figures=st.lists(st.integers(2, 90), min_size=PLACES, max_size=PLACES),
    at=st.integers(0, PLACES - 1),
    other=st.integers(2, 90),
)
def test_the_digest_changes_with_any_threshold_and_with_nothing_else(figures: list[int], at: int, other: int) -> None:
    text = THRESHOLDS.format(*figures)
    digest = digest_of(text)
    assert digest_of(relaid(text)) == digest
    changed = [*figures]
    changed[at] = other
    assert (digest_of(THRESHOLDS.format(*changed)) == digest) == (other == figures[at])


def digest_of(text: str) -> str:
    return load(decode("digest.yaml", text.encode())).policies["p"].digest


def relaid(text: str) -> str:
    """The same document with comments, empty lines, wider indents and spaced expressions."""
    lines = []
    for number, line in enumerate(text.splitlines()):
        bare = line.lstrip(" ")
        lines += [f"# line {number}", "", " " * 2 * (len(line) - len(bare)) + bare.replace(" or ", "   or  ") + "  # ."]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_the_digest_does_not_depend_on_how_the_document_is_laid_out(kind: str, data: st.DataObject) -> None:
    doc = data.draw(documents(kind))
    closer = json.dumps(doc, ensure_ascii=False, separators=(", ", ": "))
    assert load(decode("made.yaml", closer.encode())).policies["p"].digest == policy_of(doc).digest
