"""What peers get wrong, shown right through YAML policies: every case names the issue or peer that domain.md names.

The cases are in tests/examples/peers-*.yaml, what takes several days in steps-peers-*.yaml.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cases import run_cases
from engine.decide import decide
from policies import load
from policies.ir import Bundle
from policies.source import decode
from tests.ledger_steps import FOLDER, Run, bundle_of, runs, surprises

DOMAIN = Path(__file__).resolve().parents[2] / "shared" / "design" / "domain.md"
DOCUMENTS = sorted(FOLDER.glob("peers-*.yaml"))
RUNS = [pytest.param(path, run, id=run["run"]) for path, run in runs("peers")]

ELSEWHERE = {
    "C9": "test_worked_examples.py, SCORE-ORACLE",
    "C10": "test_worked_examples.py, ranges that share an edge are refused",
    "C11": "test_worked_examples.py, LIMIT-MYDSO",
    "C20": "below: a changed rule",
    "K9": "corpus class-validity, refused-class-binding",
}
"""Rules whose peers are answered in another test, and where."""
NO_PEER = {"C12", "D18"}
"""Rules whose Motive line names nobody else's behaviour."""


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_each_case_goes_as_it_should_and_every_part_is_reached(path: Path) -> None:
    bundle = bundle_of(path)
    assert bundle.warnings == ()
    report = run_cases(bundle)
    assert [(result.case.name, result.differences) for result in report.failed] == []
    assert report.unreached == ()


@pytest.mark.parametrize(("path", "run"), RUNS)
def test_each_run_goes_by_its_days(path: Path, run: Run) -> None:
    assert list(surprises(bundle_of(path), run)) == []


def said() -> Iterator[str]:
    """Why each case is there, as it says itself."""
    for path in DOCUMENTS:
        yield from (case.because or "" for case in bundle_of(path).tests)
    for _, run in runs("peers"):
        yield from (step.get("because", "") for step in run["steps"])


@pytest.mark.skipif(not DOMAIN.is_file(), reason=f"{DOMAIN} is absent")
def test_every_motive_of_the_domain_has_its_case() -> None:
    reasons = list(said())
    open_ = []
    for rule, motive in motives():
        of_rule = " ".join(reason for reason in reasons if re.search(rf"\(.*\b{rule}\b.*\)", reason))
        if rule not in ELSEWHERE and rule not in NO_PEER and not of_rule:
            open_.append(f"{rule}: {motive}")
        open_ += [f"{rule}: {issue}" for issue in re.findall(r"#\d+", motive) if issue not in " ".join(reasons)]
    assert open_ == []


def motives() -> Iterator[tuple[str, str]]:
    """Each rule of domain.md with the peers' behaviour behind it."""
    rule = ""
    for line in DOMAIN.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"### ([CDK][0-9]+) ", line):
            rule = heading[1]
        elif line.startswith("- **Motive**"):
            yield rule, line.removeprefix("- **Motive**: ")


def test_a_changed_rule_changes_the_next_answer_and_leaves_the_last_one_as_it_was() -> None:
    # C20, SAP KBA 2828670: after a change of a rule the peer keeps showing old results.
    path = FOLDER / "peers-credit.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count("share >= 10") == 1
    before, after = bundle_of(path), load(decode(path.name, text.replace("share >= 10", "share >= 60").encode()))
    (case,) = [case for case in before.tests if case.name == "one-large-invoice-overdue"]
    answers = [
        decide(bundle.policies["overdue-check"], case.facts, case.as_of).to_json() for bundle in (before, after, before)
    ]
    assert [answer["outcome"]["decision"] for answer in answers] == ["decline", "approve", "decline"]
    assert before.policies["overdue-check"].digest != after.policies["overdue-check"].digest
    assert answers[0] == answers[2]


def test_a_notice_asked_for_again_is_the_same_notice_marked_as_repeated() -> None:
    # D24, OCA: draft lines are made anew with each run.
    bundle = bundle_of(FOLDER / "peers-dunning.yaml")
    item = {"invoice_id": "I", "due_date": "2026-03-02", "open_amount": "1000"}
    first = dunned(bundle, {"open_items": [item]})
    assert (first["outcome"], first["repeat"]) == ("notice", False)
    case = {"last_notice_key": first["notice_key"]}
    again = dunned(bundle, {"open_items": [item], "dunning_case": case})
    assert (again["outcome"], again["repeat"]) == ("notice", True)
    assert again["notice_key"] == first["notice_key"]


def dunned(bundle: Bundle, facts: dict[str, Any]) -> dict[str, Any]:
    decision = decide(bundle.policies["ladder"], {"entity_type": "corporation", **facts}, dt.date(2026, 3, 12))
    return dict(decision.to_json()["outcome"])
