"""Laws of credit: no document twice, no order of a list that matters, no worse facts that give a milder answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import decide
from engine.decision import Decision, Step
from engine.facts import fit
from engine.meaning import Frame, Meaning
from policies import load
from policies.blocks import load_block
from policies.feel.syntax import Call, Name
from policies.feel.syntax import Path as FeelPath
from policies.feel.values import Value
from policies.ir import Fact, Policy
from policies.kinds.credit import OUTCOMES
from policies.kinds.credit_exposure import STAGES
from policies.source import decode

CORPUS = Path(__file__).parent / "corpus"
DAY = dt.date(2026, 3, 2)
FEW = settings(max_examples=60, deadline=None)


def policy_of(folder: str, name: str) -> Policy:
    return load(decode("policy.yaml", (CORPUS / folder / "policy.yaml").read_bytes())).policies[name]


DOCUMENTS = policy_of("credit-documents", "order-check")
GROUP = policy_of("credit-group-members", "order-check")
REOPENED = policy_of("credit-reopened-order", "order-check")

cents = st.integers(0, 100_000).map(lambda number: Decimal(number) / 100)
documents = st.lists(
    st.fixed_dictionaries(
        {"stage": st.sampled_from(STAGES), "amount": cents.map(str)},
        optional={"order_id": st.sampled_from(["A", "B", "C"])},
    ),
    max_size=8,
)


def exposure_of(items: list[dict[str, Any]]) -> Decimal:
    found = decide(DOCUMENTS, {"limit_set": "100", "documents": items}, DAY).outcome["exposure"]
    assert isinstance(found, Decimal)
    return found


@FEW
@given(documents, st.randoms(use_true_random=False))
def test_the_order_of_documents_never_matters(items: list[dict[str, Any]], chance: Any) -> None:
    shuffled = list(items)
    chance.shuffle(shuffled)
    assert exposure_of(shuffled) == exposure_of(items)


@FEW
@given(documents, st.sampled_from(STAGES[:3]), cents)
def test_an_earlier_document_of_a_chain_adds_nothing(items: list[dict[str, Any]], stage: str, amount: Decimal) -> None:
    further = {"order_id": "A", "stage": STAGES[STAGES.index(stage) + 1], "amount": "1"}
    chain = [*items, further]
    assert exposure_of([*chain, {"order_id": "A", "stage": stage, "amount": str(amount)}]) == exposure_of(chain)


@FEW
@given(documents)
def test_what_counts_is_never_more_than_what_was_sent(items: list[dict[str, Any]]) -> None:
    assert 0 <= exposure_of(items) <= sum((Decimal(item["amount"]) for item in items), Decimal(0))


@FEW
@given(st.permutations([("A", None, 10), ("B", "A", 20), ("C", "A", 30), ("D", "C", 40)]))
def test_the_order_of_members_never_matters(members: list[tuple[str, str | None, int]]) -> None:
    sent = [{"customer_id": name, "parent_id": parent, "exposure": amount} for name, parent, amount in members]
    assert decide(GROUP, {"in_group": True, "members": sent}, DAY).outcome["group_exposure"] == 100


def order_check(owed: Decimal, amount: Decimal) -> str:
    facts = {"owed": str(owed), "order": {"amount": str(amount), "counted": False}}
    return str(decide(REOPENED, facts, DAY).outcome["decision"])


@FEW
@given(cents, cents, cents)
def test_owing_more_is_never_answered_more_mildly(owed: Decimal, more: Decimal, amount: Decimal) -> None:
    before, after = order_check(owed, amount), order_check(owed + more, amount)
    assert OUTCOMES.index(after) >= OUTCOMES.index(before)


@FEW
@given(st.integers(0, 10_000).map(lambda number: Decimal(number) / 100))
def test_what_is_just_available_fits_and_a_cent_more_does_not(owed: Decimal) -> None:
    assert order_check(owed, Decimal(100) - owed) == "approve"
    assert order_check(owed, Decimal(100) - owed + Decimal("0.01")) == "decline"


def calling(block: str, formula: str) -> Callable[..., Value]:
    """A formula of the library as a function of JSON."""
    loaded = load_block(block, "USD")
    functions = {function.name: function for function in loaded.functions}
    params = functions[f"{block}.{formula}"].params

    def call(*args: Any) -> Value:
        facts = [Fact(name, type_, optional=True) for name, type_ in params]
        raw = {name: value for (name, _), value in zip(params, args, strict=True)}
        values = fit(facts, raw)
        names = tuple(values)
        syntax = Call(FeelPath(Name(block), formula), tuple(Name(name) for name in names), names)
        return Meaning({block: {}}, functions, DAY).value(syntax, Frame(values))

    return call


small = st.integers(-1000, 1000)


@FEW
@given(small, small, st.integers(3, 8), st.integers(0, 5), st.randoms(use_true_random=False))
def test_a_straight_line_is_carried_on_exactly(start: int, rise: int, count: int, ahead: int, chance: Any) -> None:
    periods = [{"period_end": f"{2001 + at}-12-31", "value": start + rise * at} for at in range(count)]
    chance.shuffle(periods)
    projected = calling("trend", "projection")(periods, ahead)
    assert isinstance(projected, Decimal)
    assert abs(projected - (start + rise * (count - 1 + ahead))) < Decimal("1e-20")


items = st.lists(
    st.fixed_dictionaries(
        {
            "due_date": st.dates(dt.date(2025, 1, 1), dt.date(2026, 12, 31)).map(str),
            "open_amount": cents.map(str),
            "document_type": st.sampled_from(["invoice", "fee", "credit_note"]),
        }
    ),
    max_size=8,
)


@FEW
@given(items, st.randoms(use_true_random=False))
def test_the_buckets_of_the_ageing_make_the_total_in_any_order(sent: list[dict[str, Any]], chance: Any) -> None:
    shuffled = list(sent)
    chance.shuffle(shuffled)
    buckets = calling("receivables", "ageing")(shuffled, DAY.isoformat())
    assert buckets == calling("receivables", "ageing")(sent, DAY.isoformat())
    assert sum(buckets.values()) == calling("receivables", "total_open")(sent)


def steps_of(decision: Decision, part: str) -> list[Step]:
    def walk(steps: tuple[Step, ...]) -> list[Step]:
        return [found for step in steps for found in (step, *walk(step.steps)) if found.part == part]

    return walk(decision.trace)


def case_of(folder: str, name: str) -> Decision:
    bundle = load(decode("policy.yaml", (CORPUS / folder / "policy.yaml").read_bytes()))
    case = next(case for case in bundle.tests if case.name == name)
    return decide(bundle.policies[case.policy], case.facts, case.as_of)


def test_the_trace_names_the_method_of_a_projection() -> None:
    named = {step.name: step.note or "" for step in steps_of(case_of("credit-trend-of-solvency", "rising"), "formula")}
    assert "ordinary least-squares line" in named["trend.projection"]
    assert set(named) == {
        "trend.projection",
        "trend.falling_in_a_row",
        "trend.direction",
        "trend.periods_until_below",
    }, "formulas that a formula calls are part of it"


@pytest.mark.parametrize(
    ("name", "added"),
    [
        ("partly-delivered", [(30, None), (60, None)]),
        ("stage-that-does-not-count", [(0, "moved on to billing"), (0, "stage billing does not count")]),
    ],
)
def test_the_trace_says_what_each_document_adds(name: str, added: list[tuple[int, str | None]]) -> None:
    found = steps_of(case_of("credit-documents", name), "document")
    assert [(step.value, step.note) for step in found] == added


def test_the_trace_names_the_level_a_limit_comes_from() -> None:
    decision = case_of("limit-fallback", "company")
    [limit] = steps_of(decision, "limit")
    assert limit.note == "none set, that of company"
    assert [step.name for step in limit.steps] == ["customer", "group", "company"]
