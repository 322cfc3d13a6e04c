"""Third parties' worked examples, decided by YAML policies: ours, and the shared file where it is present."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.cases import run_cases
from policies import load
from policies.diagnostics import Refused
from policies.source import decode
from tests.example_topics import FOLDER, TOPICS, answering_policy, answers, deciding, parallel_lists

OURS = FOLDER / "worked_examples.yaml"
MORE = FOLDER / "more_examples.yaml"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "examples" / "worked_examples.yaml"
Example = dict[str, Any]
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def examples(path: Path) -> list[Example]:
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else []


EVERY = [
    pytest.param(each, id=f"{path.parent.parent.name}-{each['id']}")
    for path in (OURS, MORE, SHARED)
    for each in examples(path)
]


@pytest.mark.parametrize("example", EVERY)
def test_the_example_comes_out_as_its_source_says(example: Example) -> None:
    assert list(differences(example)) == [], f"{example['source']}: {example['note']}"


def differences(example: Example) -> Iterator[str]:
    """What the policy of the topic answers otherwise than the example expects."""
    topic, given, expect = example["topic"], example["given"], example["expect"]
    found = list(answers(topic, given, expect))
    several = bool(parallel_lists(topic, given, expect))
    tolerance = Decimal(example["tolerance"])
    for name, expected in expect.items():
        wanted = expected if several and isinstance(expected, list) else [expected] * len(found)
        assert len(wanted) == len(found), f"`{name}` has {len(wanted)} results for {len(found)} decisions"
        for each, answer in zip(wanted, found, strict=True):
            assert name in answer, f"the policy answers {', '.join(answer)}, but not `{name}`"
            if not same(each, answer[name], tolerance):
                yield f"{name}: expected {each}, got {answer[name]}"


def same(expected: Any, actual: Any, tolerance: Decimal) -> bool:
    """Decimals (written as text) rounded half up to the places written, within the tolerance; all else exactly."""
    match expected, actual:
        case dict(), dict():
            return expected.keys() == actual.keys() and all(
                same(expected[key], actual[key], tolerance) for key in expected
            )
        case list(), list():
            return len(expected) == len(actual) and all(map(same, expected, actual, [tolerance] * len(expected)))
        case _, list():
            return same([expected], actual, tolerance)
        case (bool(), _) | (None, _):
            return actual is expected
        case "undefined", _:
            return actual is None
        case int(), _:
            return NUMBER.fullmatch(str(actual)) is not None and Decimal(str(actual)) == expected
        case str(), _ if NUMBER.fullmatch(expected):
            if NUMBER.fullmatch(str(actual)) is None:
                return False
            rounded = Decimal(str(actual)).quantize(Decimal(expected), ROUND_HALF_UP)
            return abs(rounded - Decimal(expected)) <= tolerance
        case _:
            return bool(expected == actual)


def test_every_topic_has_examples_and_every_example_a_source() -> None:
    ours = [*examples(OURS), *examples(MORE)]
    assert {deciding(example["topic"]) for example in ours} == set(map(deciding, TOPICS))
    assert all(example["source"] and example["note"] for example in ours)
    assert len({example["id"] for example in ours}) == len(ours)


@pytest.mark.skipif(not SHARED.is_file(), reason=f"{SHARED} is absent")
def test_figures_carried_over_are_those_of_the_shared_file() -> None:
    ours = {example["id"]: example for example in examples(OURS)}
    for example in examples(SHARED):
        mine = ours.get(example["id"], example)
        assert {key: mine[key] for key in mine if key != "note"} == {
            key: example[key] for key in example if key != "note"
        }


@pytest.mark.parametrize("topic", sorted(set(map(deciding, TOPICS))))
def test_a_topics_policy_loads_without_a_warning_and_passes_its_own_cases(topic: str) -> None:
    bundle = load(decode(f"{topic}.yaml", (FOLDER / f"{topic}.yaml").read_bytes()))
    assert bundle.warnings == ()
    report = run_cases(bundle)
    assert report.results
    assert [(result.case.name, result.differences) for result in report.failed] == []


def test_an_unknown_topic_says_what_is_missing() -> None:
    with pytest.raises(LookupError, match=r"add tests/examples/dunning\.tone\.yaml"):
        list(answers("dunning.tone", {}))


def test_a_figure_that_no_fact_takes_is_not_ignored() -> None:
    with pytest.raises(LookupError, match="what to make of paid_on"):
        list(answers("dunning.grace", {"due_date": "2026-01-01", "as_of": "2026-01-02", "grace_days": 0, "paid_on": 3}))


def test_a_wrong_expectation_is_told() -> None:
    example = next(each for each in examples(OURS) if each["id"] == "DSO-JDE")
    assert list(differences({**example, "expect": {"dso": "55.36"}})) != []
    assert list(differences({**example, "expect": {"dso": "55.36"}, "tolerance": "0.01"})) == []
    assert list(differences({**example, "expect": {"dso": 55}})) != []


def test_ranges_that_share_an_edge_are_refused_when_the_policy_is_loaded() -> None:
    printed = (('{"< 50": 5, ">= 50": 10}', '{"<= 50": 5, ">= 50": 10}'),)
    with pytest.raises(Refused, match="50"):
        answering_policy("score.band", printed)
