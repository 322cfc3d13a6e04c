"""What an answer holds is what is described: the outcome, reasons and trace of every case in a policy file."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.wire import DecisionReason, Shape, TraceStep
from engine import decide
from engine.decision import Json
from engine.outcome_schema import outcome_schema
from policies import load
from policies.ir import Bundle
from policies.source import decode
from policies.types import ContextOf, ListOf, Nothing, Number, RangeOf, Type, Unknown
from tests.serving import ROOT
from tests.strategies import documents, facts_of, text_of

FILES = [
    ROOT / "policies.yaml",
    *(path for path in sorted((ROOT / "tests" / "corpus").glob("*/policy.yaml")) if "refused-" not in path.parent.name),
]
HTTP = (ROOT / "api" / "HTTP.md").read_text(encoding="utf-8")


@cache
def bundle_of(path: Path) -> Bundle:
    return load(decode(path.name, path.read_bytes()))


@cache
def decided(path: Path) -> list[dict[str, Json]]:
    """The decision of every case in a policy file."""
    bundle = bundle_of(path)
    return [decide(bundle.policies[case.policy], case.facts, case.as_of).to_json() for case in bundle.tests]


def every_decision() -> list[dict[str, Json]]:
    return [decision for path in FILES for decision in decided(path)]


def every_step(steps: list[Json]) -> list[dict[str, Json]]:
    return [inner for step in steps for inner in (step, *every_step(step.get("steps", [])))]


def assert_described(shape: type[Shape], said: dict[str, Json]) -> None:
    assert shape.model_validate(said).model_dump(mode="json", exclude_unset=True) == said


def name_of(path: Path) -> str:
    return path.parent.name


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_the_outcome_of_every_case_obeys_its_schema(path: Path) -> None:
    for name, policy in bundle_of(path).policies.items():
        schema = outcome_schema(policy.outcome)
        jsonschema.Draft202012Validator.check_schema(schema)
        for decision in decided(path):
            if decision["policy"] == name:
                jsonschema.Draft202012Validator(schema).validate(decision["outcome"])


def test_all_kinds_are_among_the_cases() -> None:
    assert {decision["kind"] for decision in every_decision()} == {"credit", "classification", "dunning", "decision"}


def test_the_schema_of_an_outcome_refuses_numbers_missing_members_and_others() -> None:
    [dunning] = [policy for policy in bundle_of(FILES[0]).policies.values() if policy.kind == "dunning"]
    validator = jsonschema.Draft202012Validator(outcome_schema(dunning.outcome))
    outcome = next(one["outcome"] for one in decided(FILES[0]) if one["kind"] == "dunning" and one["outcome"]["items"])
    assert validator.is_valid(outcome)
    wrong: list[dict[str, Json]] = [
        outcome | {"level": 1},
        outcome | {"total_claim": "1.50"},
        outcome | {"outcome": "invoice"},
        outcome | {"more": True},
        outcome | {"items": [outcome["items"][0] | {"rises": None}]},
        {name: value for name, value in outcome.items() if name != "level_name"},
    ]
    assert [validator.is_valid(one) for one in wrong] == [False] * len(wrong)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (RangeOf(Number()), {"range": ["1", None], "low_closed": True, "high_closed": False}),
        (ListOf(Unknown()), []),
        (ListOf(Nothing()), [None]),
        (ListOf(Number(nullable=True)), ["1", None]),
    ],
)
def test_rarer_values_have_a_schema_too(type_: Type, value: Any) -> None:

    jsonschema.Draft202012Validator(outcome_schema(ContextOf((("x", type_),)))).validate({"x": value})


@pytest.mark.parametrize("kind", ["decision", "classification", "credit"])
@given(data=st.data())
def test_the_outcome_of_any_policy_obeys_its_schema(kind: str, data: st.DataObject) -> None:
    policy = load(decode("made.yaml", text_of(data.draw(documents(kind))).encode())).policies["p"]
    decision = decide(policy, data.draw(facts_of(policy.facts)), dt.date(2026, 3, 1)).to_json()
    jsonschema.Draft202012Validator(outcome_schema(policy.outcome)).validate(decision["outcome"])


def test_every_reason_is_as_described() -> None:
    for decision in every_decision():
        for reason in decision["reasons"]:
            assert_described(DecisionReason, reason)


def test_every_step_of_every_trace_is_as_described() -> None:
    for decision in every_decision():
        for step in decision["trace"]:
            assert_described(TraceStep, step)


def test_every_part_that_a_trace_names_is_explained() -> None:
    parts = {step["part"] for decision in every_decision() for step in every_step(decision["trace"])}
    table = HTTP.partition("| part |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z ]+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:]))) == parts


def test_the_outcome_of_every_kind_is_explained_member_by_member() -> None:
    for decision in every_decision():
        if decision["kind"] == "decision":
            continue
        section = re.split(r"\n- |\n\n", HTTP.partition(f"- **`{decision['kind']}`**")[2])[0]
        assert set(decision["outcome"]) <= set(re.findall(r"`(\w+)`", section)), decision["kind"]
