"""Two texts compared by deciding the same questions with both: what is counted, what is summed, who is named."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.comparing import Comparison, Question, both, compare
from engine.comparison_measures import EXACT
from engine.comparison_movers import Mover, Movers
from engine.decision import Decision, Fault
from policies import load
from policies.ir import Bundle
from policies.source import decode
from tests.pinned_cases import REMINDERS, facts

DAY = dt.date(2026, 3, 10)

OLD = """\
writ: 1
bundle: desk
reporting_currency: USD
facts:
  customer: text
  score: number
  asked: money?
  owed: {type: money, optional: true}
policies:
  limits:
    kind: credit
    title: {en: Limits}
    exposure: {components: {open_items: owed}}
    limit: {current: asked, none_set: refer, unlimited: score > 1000}
    rules:
      - {rule: weak, when: score < 20, then: refer, reason: CR-PAY-01}
    default: approve
    missing: refer
  classes:
    kind: classification
    title: {en: Classes}
    mode: first_match
    classes:
      good: {title: {en: Good}}
      bad: {title: {en: Bad}}
    rules:
      - {rule: low, when: score < 50, then: bad, reason: CL-RISK-01}
    otherwise: good
    missing: bad
  word:
    kind: decision
    title: {en: Word}
    outcome: {ships: score >= 30}
  figures:
    kind: decision
    title: {en: Figures}
    outcome: {half: score / 2, low: score < 10}
"""


def text(source: str, name: str = "policies.yaml") -> Bundle:
    return load(decode(name, source.encode()))


def changed(*pairs: tuple[str, str]) -> Bundle:
    source = OLD
    for was, now in pairs:
        assert source.count(was) == 1, was
        source = source.replace(was, now)
    return text(source)


BEFORE = text(OLD)


def ask(policy: str, number: int, score: int | str, **more: Any) -> Question:
    pinned = more.pop("pinned", False)
    stated = {"customer": f"C-{number}", "score": score, **more}
    return Question(f"f:{number}", policy, stated, DAY, f"C-{number}", pinned)


def policy(found: Comparison, name: str) -> dict[str, Any]:
    [one] = [each for each in found.to_json()["policies"] if each["policy"] == name]
    return dict(one)


def test_the_migration_table_says_from_what_to_what() -> None:
    new = changed(("score < 50", "score < 60"))
    found = compare(BEFORE, new, [ask("classes", number, number * 10) for number in range(1, 10)])
    told = policy(found, "classes")
    assert (told["questions"], told["compared"], told["changed"], told["reasons_changed"]) == (9, 9, 1, 0)
    assert told["migration"] == [
        {"from": "bad", "to": "bad", "count": 4},
        {"from": "good", "to": "good", "count": 4},
        {"from": "good", "to": "bad", "count": 1},
    ]
    assert told["classes"] == [
        {"class": "bad", "old": 4, "new": 5, "delta": 1},
        {"class": "good", "old": 5, "new": 4, "delta": -1},
    ]
    assert [mover["subject"] for mover in found.to_json()["movers"]] == ["C-5"]


def test_a_single_boolean_is_its_own_word() -> None:
    new = changed(("ships: score >= 30", "ships: score >= 40"))
    found = compare(BEFORE, new, [ask("word", number, number * 10) for number in range(1, 6)])
    assert policy(found, "word")["migration"] == [
        {"from": "false", "to": "false", "count": 2},
        {"from": "true", "to": "true", "count": 2},
        {"from": "true", "to": "false", "count": 1},
    ]


def test_an_outcome_without_a_word_is_the_same_or_changed() -> None:
    new = changed(("low: score < 10", "low: score < 20"))
    found = compare(BEFORE, new, [ask("figures", 1, 5), ask("figures", 2, 15)])
    assert policy(found, "figures")["migration"] == [
        {"from": "same", "to": "changed", "count": 1},
        {"from": "same", "to": "same", "count": 1},
    ]


def test_other_reasons_for_the_same_outcome_are_counted_apart() -> None:
    new = changed(("then: refer, reason: CR-PAY-01", "then: refer, reason: CR-PAY-02"))
    found = compare(BEFORE, new, [ask("limits", 1, 10, asked=100, owed=5), ask("limits", 2, 30, asked=100, owed=5)])
    told = policy(found, "limits")
    assert (told["changed"], told["reasons_changed"]) == (0, 1)
    assert found.to_json()["movers"] == []


def test_sums_are_exact_and_what_is_unknown_is_never_zero() -> None:
    new = changed(("current: asked", "current: asked * 0.5"), ("score < 20", "score < 40"))
    questions = [
        ask("limits", 1, 90, asked="100.10", owed="0.01"),
        ask("limits", 2, 30, asked=50, owed="7.50"),
        ask("limits", 3, 90, owed=3),
        ask("limits", 4, 90, asked=10),
        ask("limits", 5, 2000, owed=5),
    ]
    money = policy(compare(BEFORE, new, questions), "limits")["money"]
    sides = {"old": 1, "new": 1}
    assert money["limit"] == {
        "old": "160.1",
        "new": "80.05",
        "delta": "-80.05",
        "counted": 3,
        "unknown": sides,
        "unlimited": {"old": 1, "new": 1},
    }
    assert money["exposure"] == {"old": "15.51", "new": "15.51", "delta": "0", "counted": 4, "unknown": sides}
    # The second is approved no more, and the third never was: nobody knows its limit.
    assert money["approved_exposure"]["delta"] == "-7.5"


def test_a_limit_that_becomes_unknown_is_named_and_in_no_sum() -> None:
    new = changed(("current: asked", "current: if score > 50 then asked else null"))
    questions = [ask("limits", number, number * 30, asked=100 * number, owed=1) for number in (1, 2)]
    found = compare(BEFORE, new, questions)
    limit = policy(found, "limits")["money"]["limit"]
    assert (limit["old"], limit["new"], limit["unknown"]) == ("200", "200", {"old": 0, "new": 1})
    [mover] = found.to_json()["movers"]
    assert (mover["subject"], mover["old"], mover["new"], mover["delta"]) == ("C-1", "100", None, None)
    assert (mover["from"], mover["to"]) == ("approve", "refer")


def test_pinned_cases_are_counted_and_not_decided() -> None:
    found = compare(BEFORE, BEFORE, [ask("classes", 1, "no number", pinned=True), ask("classes", 2, 10)])
    told = policy(found, "classes")
    assert (told["questions"], told["pinned"], told["compared"]) == (2, 1, 1)
    assert told["undecided"] == {"old": 0, "new": 0, "both": 0, "first": []}


def test_what_one_text_cannot_decide_is_counted_with_the_reason() -> None:
    new = changed(("  asked: money?\n", "  asked: {type: money, max: 500}\n"))
    questions = [
        ask("limits", 1, 90, asked=900, owed=1),
        ask("limits", 2, 90, asked=90, owed=1),
        ask("limits", 3, "x", asked=90),
        ask("gone", 4, 90),
    ]
    found = compare(BEFORE, new, questions)
    told = policy(found, "limits")
    counts = {side: told["undecided"][side] for side in ("old", "new", "both")}
    assert counts == {"old": 0, "new": 1, "both": 1}
    assert told["undecided"]["first"][0]["ref"] == "f:1"
    assert told["undecided"]["first"][0]["new"]["pointer"] == "/asked"
    assert "old" not in told["undecided"]["first"][0]
    [gone] = policy(found, "gone")["undecided"]["first"]
    assert [gone[side]["detail"] for side in ("old", "new")] == [
        "the old text has no policy `gone`",
        "the new text has no policy `gone`",
    ]
    assert told["questions"] == told["compared"] + sum(counts.values())


def test_only_the_first_twenty_without_a_decision_are_named() -> None:
    found = compare(BEFORE, BEFORE, [ask("classes", number, "x") for number in range(50)])
    told = policy(found, "classes")["undecided"]
    assert (told["both"], len(told["first"])) == (50, 20)


def test_a_policy_that_stays_is_decided_once() -> None:
    new = changed(("score < 50", "score < 60"))
    before, after = both(BEFORE, new, ask("word", 1, 10))
    assert before is after
    before, after = both(BEFORE, new, ask("classes", 1, 55))
    assert isinstance(before, Decision)
    assert isinstance(after, Decision)
    assert (before.outcome["class"], after.outcome["class"]) == ("good", "bad")
    assert after.trace != before.trace
    assert isinstance(both(BEFORE, new, ask("classes", 1, "x"))[1], Fault)


def test_sums_come_before_words_and_grave_words_before_lighter_ones() -> None:
    new = changed(("score < 50", "score < 60"), ("current: asked", "current: asked - 10 * score"))
    questions = [
        ask("classes", 1, 55),
        ask("limits", 2, 50, asked=1000, owed=1),
        ask("limits", 3, 30, asked=1000, owed=1),
        ask("limits", 2, 20, asked=1000, owed=1),
    ]
    movers = compare(BEFORE, new, questions).to_json()["movers"]
    assert [(mover["subject"], mover["delta"]) for mover in movers] == [("C-2", "-500"), ("C-3", "-300"), ("C-1", None)]


MOVES = st.lists(st.tuples(st.integers(0, 30), st.integers(-50, 50), st.sampled_from(["USD", "EUR"])), max_size=120)


@given(MOVES, st.integers(0, 8))
def test_the_movers_kept_while_streaming_are_those_of_a_full_sort(moves: list[tuple[int, int, str]], size: int) -> None:
    movers = Movers(size)
    best: dict[str, dict[int, int]] = {"EUR": {}, "USD": {}}
    for number, (who, delta, currency) in enumerate(moves):
        sums = ("limit", currency, Decimal(0), Decimal(delta))
        movers.add(Mover(f"C-{who}", "limits", f"f:{number}", DAY, "approve", "refer", 2, *sums))
        if delta:
            best[currency][who] = max(abs(delta), best[currency].get(who, 0))
    named = list(movers)
    assert len({mover.who for mover in named}) == len(named) <= size
    expected = len({who for who, *_ in moves})
    assert len(named) == min(size, expected)
    for currency, held in best.items():
        sums_named = [abs(mover.delta) for mover in named if mover.currency == currency and mover.delta]
        assert sums_named == sorted(sums_named, reverse=True)
        if not best["EUR" if currency == "USD" else "USD"]:
            assert sums_named == sorted(held.values(), reverse=True)[:size]


@given(st.lists(st.decimals(-(10**34), 10**34, allow_nan=False), max_size=20))
def test_sums_do_not_round(amounts: list[Decimal]) -> None:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    for amount in reversed(amounts):
        total = EXACT.subtract(total, amount)
    assert total == 0


def test_memory_does_not_grow_with_the_questions() -> None:
    new = changed(("score < 50", "score < 60"), ("low: score < 10", "low: score < 20"))
    comparison = Comparison(BEFORE, new, 5)
    for number in range(300):
        comparison.add(ask("classes", number, 55))
        comparison.add(ask("figures", number, number))
    small = len(json.dumps(comparison.to_json()))
    for number in range(300, 600):
        comparison.add(ask("classes", number, 55))
    assert abs(len(json.dumps(comparison.to_json())) - small) < 50
    assert comparison.questions == 900


@pytest.mark.parametrize(
    ("was", "now", "moved"),
    [
        ("en: Reminders", "en: Letters", ("0", 0, "0")),
        ("min_days: 5", "min_days: 9", ("-1010", -1, "-10")),
        ("fixed: 10", "fixed: 12", ("2", 0, "2")),
    ],
)
def test_a_new_version_alone_moves_no_dunning_case(was: str, now: str, moved: tuple[str, int, str]) -> None:
    old, new = text(REMINDERS), text(REMINDERS.replace(was, now))
    assert old.policies["reminders"].digest != new.policies["reminders"].digest
    found = compare(old, new, [Question("f:1", "reminders", facts(), DAY, "C-1")])
    told = policy(found, "reminders")
    money = told["money"]
    assert (money["total_claim"]["delta"], money["notices"]["delta"], money["fees"]["delta"]) == moved
    assert told["changed"] == len(found.to_json()["movers"]) == (moved[1:] != (0, "0"))


def test_what_keeps_word_and_sum_is_changed_elsewhere_and_names_nobody() -> None:
    old, new = text(REMINDERS), text(REMINDERS.replace("min_days: 20", "min_days: 30"))
    found = compare(old, new, [Question("f:1", "reminders", facts(), DAY, "C-1")])
    told = policy(found, "reminders")
    assert (told["changed"], told["changed_elsewhere"]) == (1, 1), "the calendar of what is to come"
    assert found.to_json()["movers"] == []
