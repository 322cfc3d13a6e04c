"""A running case keeps the version it began with, and the same notice never goes out twice (domain D23, D24)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from functools import cache
from typing import Any

import pytest

from engine import decide
from engine.decision import Decision, Fault, Status, Step
from policies import load
from policies.diagnostics import Refused
from policies.ir import Policy
from policies.source import Source
from tests.pinned_cases import GENTLER, REMINDERS, facts, moved

AS_OF = dt.date(2026, 3, 12)
OTHER = "0" * 64


@cache
def reminders(text: str = REMINDERS) -> Policy:
    return load(Source("reminders.yaml", text)).policies["reminders"]


def decided(**case: Any) -> Decision:
    return decide(reminders(), facts(**case), AS_OF)


def gate(decision: Decision) -> Step:
    [found] = [step for step in decision.trace if (step.part, step.name) == ("gate", "procedure")]
    return found


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


# The version a case runs by


def test_the_outcome_names_the_version_for_the_case_to_keep() -> None:
    assert decided().outcome["procedure"] == {"id": "reminders", "version": reminders().digest}
    assert reminders().digest != reminders(GENTLER).digest


@pytest.mark.parametrize("case", [{}, {"procedure_id": "reminders"}])
def test_a_case_that_is_not_pinned_is_dunned(case: dict[str, Any]) -> None:
    assert decided(**case).outcome["outcome"] == "notice"


def test_a_case_pinned_to_this_version_is_dunned() -> None:
    found = decided(procedure_id="reminders", procedure_version=reminders().digest)
    assert found.outcome["outcome"] == "notice"
    assert gate(found).status is Status.NOT_FIRED


def test_a_case_pinned_to_another_version_is_left_alone_and_both_are_named() -> None:
    found = decided(procedure_id="reminders", procedure_version=OTHER)
    assert (found.outcome["outcome"], found.outcome["skips"]) == ("skip", ["DN-SKP-12"])
    assert (found.outcome["next_evaluation"], found.outcome["calendar"]) == (None, [])
    [review] = found.outcome["for_review"]
    assert OTHER in review["why"]["en"]
    assert reminders().digest in review["why"]["en"]
    assert codes(found) == ["DN-SKP-12"]
    assert (gate(found).status, gate(found).note) == (Status.FIRED, "D23")


def test_a_case_of_another_procedure_is_left_alone() -> None:
    found = decided(procedure_id="rental-reminders")
    assert found.outcome["skips"] == ["DN-SKP-12"]
    assert "rental-reminders" in found.outcome["for_review"][0]["why"]["en"]


def test_a_named_act_moves_a_case_to_this_version() -> None:
    found = decided(procedure_version=OTHER, migrated=moved(reminders().digest, OTHER))
    assert found.outcome["outcome"] == "notice"
    assert gate(found).read == {
        "pinned_to": OTHER,
        "this_is": f"reminders {reminders().digest}",
        "migrated_from": OTHER,
        "migrated_to": reminders().digest,
        "migrated_by": "M. Ferrer",
        "migrated_on": dt.date(2026, 3, 9),
    }


def test_a_case_moved_to_a_third_version_is_left_alone() -> None:
    found = decided(procedure_version=OTHER, migrated=moved("1" * 64, OTHER))
    assert found.outcome["skips"] == ["DN-SKP-12"]


def test_a_migration_that_nobody_did_is_an_input_error() -> None:
    with pytest.raises(Fault) as fault:
        decided(migrated=moved(OTHER) | {"by": " "})
    assert [(one.code, one.pointer) for one in fault.value.misfits] == [("fact_missing", "/dunning_case/migrated/by")]


MIGRATED = "{from_version: text, to_version: text, by: text, on: date}"


@pytest.mark.parametrize("field", ["from_version", "to_version", "by", "on"])
@pytest.mark.parametrize("optional", [False, True])
def test_no_part_of_a_migrations_record_may_be_left_undeclared(field: str, optional: bool) -> None:
    fields = {"from_version": "text", "to_version": "text", "by": "text", "on": "date"}
    kept = {name: f"{kind}?" if name == field else kind for name, kind in fields.items() if optional or name != field}
    written = "{" + ", ".join(f"{name}: {kind}" for name, kind in kept.items()) + "}"
    with pytest.raises(Refused) as refused:
        load(Source("reminders.yaml", REMINDERS.replace(MIGRATED, written)))
    [found] = refused.value.diagnostics
    assert f"{field}`" in found.message


# The same notice


def test_the_key_of_a_notice_is_the_hash_the_document_states() -> None:
    found = decided()
    said = f'["C-1","{reminders().digest}","2026-03-12",1,["INV-1"]]'
    assert found.outcome["notice_key"] == hashlib.sha256(said.encode()).hexdigest()
    assert found.outcome["repeat"] is False


def test_without_a_notice_there_is_no_key() -> None:
    found = decide(reminders(), facts(), dt.date(2026, 3, 3))
    assert (found.outcome["outcome"], found.outcome["notice_key"], found.outcome["repeat"]) == ("skip", None, False)


def test_a_notice_that_the_case_already_names_comes_again_as_it_was_and_says_so() -> None:
    first = decided(last_notice_date="2026-01-01")
    again = decided(last_notice_date="2026-01-01", last_notice_key=first.outcome["notice_key"])
    assert again.outcome["repeat"] is True
    assert {**again.outcome, "repeat": False} == dict(first.outcome)
    assert (again.reasons, again.trace) == (first.reasons, first.trace)


def test_the_order_of_the_items_makes_no_other_notice_but_the_day_the_level_and_the_items_do() -> None:
    def key(as_of: dt.date, *numbers: int, level: int = 0) -> Any:
        items = [
            {"invoice_id": f"INV-{number}", "due_date": "2026-03-02", "open_amount": "10", "dunning_level": level}
            for number in numbers
        ]
        given = {**facts(last_notice_date="2026-01-01"), "open_items": items}
        return decide(reminders(), given, as_of).outcome["notice_key"]

    keys = [key(AS_OF, 1, 2), key(AS_OF, 1), key(dt.date(2026, 3, 13), 1, 2), key(dt.date(2026, 4, 1), 1, 2)]
    keys.append(key(dt.date(2026, 4, 1), 1, 2, level=1))
    assert len(set(keys)) == len(keys)
    assert key(AS_OF, 2, 1) == keys[0]


def test_another_key_held_by_the_case_makes_no_repeat() -> None:
    assert decided(last_notice_key=OTHER).outcome["repeat"] is False


def test_the_calendar_stands_in_the_outcome_and_in_the_trace() -> None:
    found = decided()
    assert json.loads(json.dumps(found.to_json()["outcome"]["calendar"])) == [
        {
            "on": "2026-03-22",
            "outcome": "notice",
            "level": "2",
            "level_name": "second",
            "items": ["INV-1"],
            "fees": "0",
            "interest": "0",
            "total_claim": "1000",
            "effects": [{"effect": "hold_orders", "to": None}],
        }
    ]
    [step] = [step for step in found.trace if step.part == "calendar"]
    assert [(day.name, day.value, day.read["effects"]) for day in step.steps] == [("2026-03-22", 1000, "hold_orders")]
