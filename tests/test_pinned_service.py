"""A service whose policy file has changed decides a running case by the version it keeps, over real HTTP (D23)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import pinned_cases
from tests.pinned_cases import GENTLER, REMINDERS, moved
from tests.serving import POLICIES, assert_problem, new_key, served

TODAY = dt.datetime.now(dt.UTC).date()
AS_OF = TODAY.isoformat()
"""Six days after an invoice fell due: the first version has sent a reminder, the next does so in two days."""


def facts(number: str = "C-1", **case: Any) -> dict[str, Any]:
    """An account whose invoice fell due six days ago: the next version is in force from today on."""
    account = pinned_cases.facts(number, **case)
    account["open_items"][0]["due_date"] = (TODAY - dt.timedelta(days=6)).isoformat()
    return account


@contextmanager
def serving(folder: Path, text: str) -> Iterator[httpx.Client]:
    with served(folder, text) as running, httpx.Client(base_url=running.url, timeout=15) as client:
        yield client


def ask(client: httpx.Client, given: dict[str, Any], way: str = "decisions") -> dict[str, Any]:
    body = {"facts": given, "as_of": AS_OF}
    answer = client.post(f"/v1/{way}/reminders", json=body, headers=new_key() if way == "decisions" else {})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A record whose first case began under the first version, and that decision."""
    folder = tmp_path_factory.mktemp("pinned")
    with serving(folder, REMINDERS) as client:
        return folder, ask(client, facts())


@pytest.fixture(scope="module")
def client(begun: tuple[Path, dict[str, Any]]) -> Iterator[httpx.Client]:
    """The service on that record, started again with the next version."""
    with serving(begun[0], GENTLER) as client:
        yield client


@pytest.fixture
def first(begun: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    return begun[1]


def pinned(first: dict[str, Any]) -> dict[str, str]:
    procedure = first["outcome"]["procedure"]
    return {"procedure_id": procedure["id"], "procedure_version": procedure["version"]}


def test_a_new_case_is_decided_by_the_text_in_force(client: httpx.Client, first: dict[str, Any]) -> None:
    said = ask(client, facts())
    assert (said["revision"], said["outcome"]["outcome"]) == (2, "skip")
    assert said["outcome"]["procedure"]["version"] == said["policy_digest"] != first["policy_digest"]


def test_a_running_case_goes_on_by_the_version_it_began_with(client: httpx.Client, first: dict[str, Any]) -> None:
    assert (first["revision"], first["outcome"]["fees"]) == (1, "10")
    said = ask(client, facts(**pinned(first)))
    assert (said["revision"], said["policy_digest"]) == (1, first["policy_digest"])
    without = {name: value for name, value in said["outcome"].items() if name != "items"}
    assert without == {name: first["outcome"][name] for name in without}
    again = ask(client, facts(**pinned(first)))
    assert again["outcome"] == said["outcome"]


def test_the_record_of_it_reads_back_with_that_revision(client: httpx.Client, first: dict[str, Any]) -> None:
    said = ask(client, facts(**pinned(first)))
    read = client.get(f"/v1/decisions/{said['decision_id']}").json()
    assert read.pop("facts")["dunning_case"] == pinned(first)
    assert read == said


def test_a_case_moved_to_the_version_in_force_is_decided_by_it(client: httpx.Client, first: dict[str, Any]) -> None:
    now = ask(client, facts())["policy_digest"]
    said = ask(client, facts(**pinned(first), migrated=moved(now, first["policy_digest"])))
    assert said["revision"] == 2
    [gate] = [step for step in said["trace"] if (step["part"], step["name"]) == ("gate", "procedure")]
    assert (gate["status"], gate["read"]["migrated_by"], gate["read"]["migrated_on"]) == (
        "not_fired", "M. Ferrer", "2026-03-09",
    )  # fmt: skip


def test_a_case_moved_back_to_an_earlier_version_is_decided_by_that(
    client: httpx.Client, first: dict[str, Any]
) -> None:
    now = ask(client, facts())["policy_digest"]
    said = ask(client, facts(procedure_version=now, migrated=moved(first["policy_digest"], now)))
    assert (said["revision"], said["outcome"]["level"]) == (1, "1")


@pytest.mark.parametrize("case", [{"procedure_version": "0" * 64}, {"procedure_id": "another"}])
def test_a_version_that_nobody_knows_is_left_to_a_person(client: httpx.Client, case: dict[str, str]) -> None:
    said = ask(client, facts(**case))
    assert (said["revision"], said["outcome"]["outcome"], said["outcome"]["skips"][0]) == (2, "skip", "DN-SKP-12")
    assert next(iter(case.values())) in said["outcome"]["for_review"][0]["why"]["en"]


def test_a_case_that_is_no_record_is_refused_as_ever(client: httpx.Client) -> None:
    odd = {"procedure_id": ["reminders"], "procedure_version": "0" * 64}
    for case in ("first", ["first"], {"procedure_version": 7}, {"migrated": "yes"}, odd):
        body = {"facts": {**facts(), "dunning_case": case}}
        answer = client.post("/v1/decisions/reminders", json=body, headers=new_key())
        assert_problem(answer, 422, "facts_invalid")


def test_a_preview_goes_by_the_version_of_the_case_too(client: httpx.Client, first: dict[str, Any]) -> None:
    said = ask(client, facts(**pinned(first)), "previews")
    assert (said["revision"], said["policy_digest"]) == (1, first["policy_digest"])
    assert said["calendar"] == first["outcome"]["calendar"]


def test_a_case_whose_policy_was_dropped_goes_on_to_its_end(tmp_path: Path) -> None:
    with serving(tmp_path, REMINDERS) as client:
        first = ask(client, facts())
    with serving(tmp_path, POLICIES) as client:
        assert ask(client, facts(**pinned(first)))["policy_digest"] == first["policy_digest"]
        new = client.post("/v1/decisions/reminders", json={"facts": facts(), "as_of": AS_OF}, headers=new_key())
        assert_problem(new, 404, "policy_unknown")


def test_a_key_gets_its_answer_whatever_is_in_force_since(tmp_path: Path) -> None:
    key, body = {"Idempotency-Key": str(uuid.uuid4())}, {"facts": facts(), "as_of": AS_OF}
    with serving(tmp_path, REMINDERS) as client:
        before = client.post("/v1/decisions/reminders", json=body, headers=key)
    with serving(tmp_path, GENTLER) as client:
        after = client.post("/v1/decisions/reminders", json=body, headers=key)
    assert after.content == before.content
    assert after.headers["idempotency-replayed"] == "true"
