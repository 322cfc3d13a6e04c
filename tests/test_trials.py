"""Trials: marked, recorded as tests, and never among what was decided."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli import app
from tests.officers import Officers, admit, body, by
from tests.recorded_logs import RUNNER
from tests.serving import FACTS, POLICIES, URL, assert_problem, new_key, served

HIGHER = POLICIES.replace("amount <= 1000 and", "amount <= 2000 and").replace(
    "when: amount <= 1000", "when: amount <= 2000"
)
TESTS = "/v1/tests/small-order"
LARGE = {**FACTS, "amount": "1500"}


@dataclass
class Lab:
    """A service with a decision, and a draft that would decide it otherwise."""

    client: httpx.Client
    folder: Path
    draft: int

    def trial(self, query: str = "", **headers: str) -> dict[str, Any]:
        return body(self.client.post(f"{TESTS}{query}", json={"facts": LARGE}, headers={**new_key(), **headers}))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    with served(folder) as running, httpx.Client(base_url=running.url, timeout=30) as client:
        body(client.post(URL, json={"facts": LARGE}, headers=new_key()))
        yield Lab(client, folder, Officers.registered(client).draft(HIGHER).number)


def test_a_draft_can_be_tried_and_decides_nothing(lab: Lab) -> None:
    tried = lab.trial(f"?revision={lab.draft}")
    assert (tried["outcome"]["release"], tried["revision"], tried["test"]) == (True, lab.draft, True)
    live = lab.client.post(f"{URL}?revision={lab.draft}", json={"facts": LARGE}, headers=new_key())
    assert "was not in force" in assert_problem(live, 409, "revision_state")["detail"]
    assert body(lab.client.post(URL, json={"facts": LARGE}, headers=new_key()))["outcome"]["release"] is False


def test_a_trial_is_read_back_as_one_and_not_as_a_decision(lab: Lab) -> None:
    tried = lab.trial()
    assert tried["test_id"].startswith("tst_")
    assert "decision_id" not in tried
    read = body(lab.client.get(f"/v1/tests/{tried['test_id']}"))
    assert read.pop("facts") == LARGE
    assert read == tried
    assert_problem(lab.client.get(f"/v1/decisions/{tried['test_id']}"), 404, "decision_unknown")
    assert_problem(lab.client.get(f"/v1/decisions/{tried['test_id']}/certificate"), 404, "decision_unknown")
    other = admit(lab.client, "other", ["decide"], "system")
    assert_problem(lab.client.get(f"/v1/tests/{tried['test_id']}", auth=by(other)), 404, "decision_unknown")


def test_a_key_stands_for_a_trial_or_a_decision_and_never_for_both(lab: Lab) -> None:
    key = new_key()
    first = body(lab.client.post(TESTS, json={"facts": LARGE}, headers=key))
    again = lab.client.post(TESTS, json={"facts": LARGE}, headers=key)
    assert (body(again), again.headers["idempotency-replayed"]) == (first, "true")
    live = lab.client.post(URL, json={"facts": LARGE}, headers=key)
    assert live.status_code == 200 or live.json()["code"] == "idempotency_key_reused"
    assert live.json().get("test_id") is None


def test_trials_are_never_mixed_with_what_was_decided(lab: Lab) -> None:
    for _ in range(3):
        lab.trial()
    entries = body(lab.client.get("/v1/log/entries?limit=1000"))["entries"]
    kinds = [one["kind"] for one in entries]
    decisions = body(lab.client.get("/v1/log/entries?kind=decision&limit=1000"))["entries"]
    assert kinds.count("test") >= 3
    assert len(decisions) == kinds.count("decision")
    assert not any(one["id"].startswith("tst_") for one in decisions)
    counted = body(lab.client.get("/v1/log/counts?by=policy&kind=decision"))["counts"]
    assert sum(one["entries"] for one in counted) == len(decisions)
    compared = lab.client.post(f"/v1/revisions/{lab.draft}/comparisons", json={})
    assert body(compared, 201)["replay"]["questions"] == len(decisions)
    said = RUNNER.invoke(app, ["audit", "replay", "--json", "--database", str(lab.folder / "writ.db")])
    assert json.loads(said.stdout)["same"] == len(decisions)
    counted_live = re.findall(r"^writ_decisions_total\{.*\} (\d+)", lab.client.get("/metrics").text, re.MULTILINE)
    assert sum(map(int, counted_live)) == len(decisions)


def test_what_cannot_be_tried_is_told(lab: Lab) -> None:
    def tried(path: str, facts: Any = LARGE) -> httpx.Response:
        return lab.client.post(path, json={"facts": facts}, headers=new_key())

    assert_problem(tried(f"{TESTS}?revision=99"), 404, "revision_unknown")
    assert_problem(tried(f"{TESTS}?revision=x"), 422, "query_invalid")
    assert_problem(tried("/v1/tests/nothing"), 404, "policy_unknown")
    assert_problem(tried(TESTS, {"amount": "many"}), 422, "facts_invalid")
    assert_problem(lab.client.post(TESTS, json={"facts": LARGE}), 400, "idempotency_key_missing")
