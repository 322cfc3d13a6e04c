"""Shadows over HTTP: a text that answers nobody is asked what is decided; a summary, an end, figures in the log."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.officers import Officers, Seen, body, by
from tests.serving import FACTS, POLICIES, URL, address, assert_problem, end, new_key, served, spawn

HIGHER = POLICIES.replace("amount <= 1000 and", "amount <= 2000 and")


@dataclass
class Stage:
    """A service, its officers, and a text that waits."""

    client: httpx.Client
    officers: Officers
    seen: Seen
    folder: Path

    def start(self, **more: float) -> httpx.Response:
        until = dt.datetime.now(dt.UTC) + dt.timedelta(**more)
        said = {"bundle_digest": self.seen.digest, "until": until.isoformat()}
        return self.officers.write(f"/{self.seen.number}/shadow", **said)

    def decide(self, amount: str, key: dict[str, str] | None = None) -> dict[str, Any]:
        facts = {**FACTS, "amount": amount}
        return body(self.client.post(URL, json={"facts": facts}, headers=key or new_key()))

    def summary(self, client: httpx.Client | None = None) -> dict[str, Any]:
        path = f"/v1/revisions/{self.seen.number}/shadow"
        return body((client or self.client).get(path, auth=by(self.officers.approver)))

    def acts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = body(self.client.get(f"/v1/revisions/{self.seen.number}"))["history"]
        return found


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with served(tmp_path) as running, httpx.Client(base_url=running.url, timeout=60) as client:
        officers = Officers.registered(client)
        seen = officers.draft(HIGHER)
        body(officers.propose(seen))
        yield Stage(client, officers, seen, tmp_path)


def found(summary: dict[str, Any]) -> list[tuple[int, int, int]]:
    return [(one["revision"], one["replay"]["questions"], one["replay"]["changed"]) for one in summary["beside"]]


def eventually(true: Callable[[], bool]) -> None:
    """Wait for what another thread will do; a minute is more than it ever takes."""
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_shadow_is_asked_everything_from_its_start_on_and_answers_nobody(stage: Stage) -> None:
    stage.decide("1500")
    body(stage.start(hours=1))
    key = new_key()
    answers = [stage.decide("1500", key), stage.decide("1700"), stage.decide("100")]
    assert [answer["outcome"]["release"] for answer in answers] == [False, False, True]
    assert {answer["revision"] for answer in answers} == {1}
    stage.decide("1500", key)  # a request that is sent again was decided once
    body(stage.client.post("/v1/tests/small-order", json={"facts": FACTS}, headers=new_key()))
    summary = stage.summary()
    assert found(summary) == [(1, 3, 2)]
    [policy] = summary["beside"][0]["replay"]["policies"]
    assert policy["policy"] == "small-order"
    assert body(stage.client.get(f"/v1/revisions/{stage.seen.number}"))["shadow_until"] == summary["until"]


def test_a_shadow_runs_beside_whatever_is_in_force(stage: Stage) -> None:
    body(stage.start(hours=1))
    stage.decide("1500")
    stage.officers.put_in_force(POLICIES.replace("amount <= 1000 and", "amount <= 1600 and"))
    stage.decide("1500")
    stage.decide("1900")
    assert found(stage.summary()) == [(1, 1, 1), (3, 2, 1)]


def test_a_shadow_ends_by_itself_and_its_figures_are_in_the_log(stage: Stage) -> None:
    body(stage.start(seconds=2))
    stage.decide("1500")
    eventually(lambda: stage.acts()[-1]["act"] == "shadow_ended")
    last = stage.acts()[-1]
    assert last["by"] == "system"
    entry = stage.client.get(f"/v1/log/entries/{last['seq']}").json()
    [beside] = entry["shadow"]["beside"]
    assert (beside["questions"], beside["changed"], beside["revision"]) == (1, 1, 1)
    path = f"/v1/revisions/{stage.seen.number}/shadow"
    assert_problem(stage.client.get(path), 409, "revision_state")
    assert_problem(stage.client.delete(path), 409, "revision_state")
    stage.decide("1500")
    assert body(stage.client.get(f"/v1/revisions/{stage.seen.number}"))["shadow_until"] is None


def test_a_shadow_is_ended_by_hand(stage: Stage) -> None:
    body(stage.start(hours=1))
    stage.decide("1500")
    path = f"/v1/revisions/{stage.seen.number}/shadow"
    body(stage.client.delete(path, auth=by(stage.officers.approver)))
    last = stage.acts()[-1]
    assert (last["act"], last["by"]) == ("shadow_ended", "noor")
    assert stage.client.get(f"/v1/log/entries/{last['seq']}").json()["shadow"]["beside"][0]["changed"] == 1


def test_a_shadow_goes_on_after_a_restart_and_in_every_process(stage: Stage) -> None:
    """The log is its memory: another process comes to the same figures from it."""
    body(stage.start(hours=1))
    stage.decide("1500")
    other = spawn(stage.folder)
    try:
        with httpx.Client(base_url=address(other, stage.folder), timeout=60) as there:
            assert found(stage.summary(there)) == [(1, 1, 1)]
            stage.decide("1600")
            assert found(stage.summary(there)) == [(1, 2, 2)] == found(stage.summary())
    finally:
        other.terminate()
        end(other)


def test_an_edit_ends_the_shadow_of_the_text_that_was(stage: Stage) -> None:
    body(stage.start(hours=1))
    said = {"text": f"{HIGHER}# edited\n", "comment": "x"}
    path = f"/v1/revisions/{stage.seen.number}"
    stage.decide("1500")
    body(stage.client.put(f"{path}/text", json=said, auth=by(stage.officers.author)))
    last = stage.acts()[-1]
    assert last["act"] == "edited"
    assert stage.client.get(f"/v1/log/entries/{last['seq']}").json()["shadow"]["beside"][0]["changed"] == 1
    assert body(stage.client.get(path))["shadow_until"] is None
    assert_problem(stage.start(hours=1), 409, "content_changed")


def test_what_no_shadow_can_be_is_refused(stage: Stage) -> None:
    for wrong in ({"seconds": -5}, {"days": 4000}):
        answer = stage.start(**wrong)
        assert (answer.status_code, answer.json()["code"]) in {(422, "request_invalid"), (409, "backdated")}, (
            answer.text
        )
    said = {"bundle_digest": stage.seen.digest, "until": "2026-12-31T18:00:00"}
    assert_problem(stage.officers.write(f"/{stage.seen.number}/shadow", **said), 422, "request_invalid")
    first = {"bundle_digest": body(stage.client.get("/v1/revisions/1"))["bundle_digest"], "until": said["until"] + "Z"}
    assert_problem(stage.officers.write("/1/shadow", **first), 409, "revision_state")
    body(stage.start(hours=1))
    again = stage.start(hours=2)
    assert again.status_code in {200, 409}
