"""Comparisons over HTTP: on recorded decisions, of a time, on facts; stored with a revision, erased with a person."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli import app
from tests.officers import Officers, Seen, body, by
from tests.recorded_logs import RUNNER
from tests.serving import Served, assert_problem, new_key, served

POLICIES = """\
writ: 1
bundle: order-desk
reporting_currency: EUR
facts:
  customer: {fields: {customer_id: {type: text, subject: true}}}
  amount: {type: money, currency: EUR}
parameters:
  most: {type: money, value: 1000, source: company policy}
reasons:
  OD-01: {kind: info, text: {en: The order is small}}
policies:
  order:
    kind: credit
    title: {en: Orders}
    rules:
      - {rule: large, when: amount > most, then: refer, reason: CR-EXP-02}
    default: approve
    missing: refer
tests:
  - case: small
    policy: order
    as_of: 2026-03-01
    given: {customer: {customer_id: "1"}, amount: 100}
    expect: {decision: approve}
"""
LOWER = POLICIES.replace("value: 1000,", "value: 500,")
URL = "/v1/decisions/order"


@dataclass
class Office:
    """A service, its two officers, and orders that were decided."""

    client: httpx.Client
    officers: Officers
    running: Served
    folder: Path

    def order(self, customer: str, amount: str) -> dict[str, Any]:
        facts = {"customer": {"customer_id": customer}, "amount": amount}
        return body(self.client.post(URL, json={"facts": facts}, headers=new_key()))

    def compare(self, number: int, **said: Any) -> dict[str, Any]:
        return body(self.officers.write(f"/{number}/comparisons", **said), 201)

    def read(self, path: str) -> dict[str, Any]:
        return body(self.client.get(f"/v1/revisions/{path}", auth=by(self.officers.approver)))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with served(tmp_path, POLICIES) as running, httpx.Client(base_url=running.url, timeout=60) as client:
        yield Office(client, Officers.registered(client), running, tmp_path)


def migration(found: dict[str, Any]) -> dict[tuple[str, str], int]:
    [policy] = found["replay"]["policies"]
    return {(pair["from"], pair["to"]): pair["count"] for pair in policy["migration"]}


def test_what_was_decided_is_decided_again_by_the_proposed_text(office: Office) -> None:
    for customer, amount in (("A", "400"), ("B", "600.10"), ("C", "700"), ("D", "2000"), ("B", "650")):
        office.order(customer, amount)
    seen = office.officers.draft(LOWER)
    found = office.compare(seen.number)
    assert [(one["name"], one["old"], one["new"]) for one in found["differences"]] == [("most", "1000", "500")]
    assert migration(found) == {("approve", "approve"): 1, ("approve", "refer"): 3, ("refer", "refer"): 1}
    assert (found["old"]["revision"], found["new"]["revision"], found["new"]["digest"]) == (1, 2, seen.digest)
    assert {mover["subject"] for mover in found["replay"]["movers"]} == {"B", "C"}
    assert office.read(f"2/comparisons/{found['comparison_id']}") == found
    [line] = office.read("2/comparisons")["comparisons"]
    entry = office.client.get(f"/v1/log/entries/{line['seq']}").json()
    assert (entry["kind"], entry["id"], entry["questions"], entry["changed"]) == (
        "comparison",
        found["comparison_id"],
        5,
        3,
    )
    assert "customer" not in str(entry)
    for rank, mover in enumerate(found["replay"]["movers"], start=1):
        opened = office.read(f"2/comparisons/{found['comparison_id']}/movers/{rank}")
        assert [opened[f"{side}_decision"]["outcome"]["decision"] for side in ("old", "new")] == ["approve", "refer"]
        assert opened["facts"]["customer"]["customer_id"] == mover["subject"]
        assert opened["new_decision"]["trace"][0]["status"] == "fired"


def test_the_last_so_many_or_those_of_a_time(office: Office) -> None:
    office.order("A", "600")
    time.sleep(0.01)
    between = dt.datetime.now(dt.UTC).isoformat()
    time.sleep(0.01)
    office.order("B", "700")
    seen = office.officers.draft(LOWER)
    for said, who in (
        ({}, {"A", "B"}),
        ({"recorded": 1}, {"B"}),
        ({"recorded": 0}, set()),
        ({"until": between}, {"A"}),
        ({"since": between}, {"B"}),
    ):
        found = office.compare(seen.number, **said)
        assert {mover["subject"] for mover in found["replay"]["movers"]} == who, said
    wrong: list[dict[str, Any]] = [
        {"since": "2026-01-01T00:00:00"},
        {"recorded": -1},
        {"recorded": 10**6},
        {"last": 3},
        {"facts": {}},
    ]
    for said in wrong:
        assert_problem(office.officers.write("/2/comparisons", **said), 422, "request_invalid")
    assert_problem(office.officers.write("/9/comparisons"), 404, "revision_unknown")


def test_facts_sent_along_are_decided_exactly_and_none_is_dropped(office: Office) -> None:
    seen = office.officers.draft(LOWER)
    said = (
        '{"recorded":0,"facts":[{"facts":{"customer":{"customer_id":"A"},"amount":500.00}},'
        '{"facts":{"customer":{"customer_id":"B"},"amount":500.010000}},'
        '{"facts":{"customer":{"customer_id":"C"}}},{"fact":{}},17]}'
    )
    answer = office.client.post(
        f"/v1/revisions/{seen.number}/comparisons",
        content=said,
        headers={"Content-Type": "application/json"},
        auth=by(office.officers.author),
    )
    found = body(answer, 201)
    rows = found["replay"]["rows"]
    assert (rows["read"], rows["rejected"], rows["unasked"]) == (5, 2, 1)
    assert [one["line"] for one in rows["first_rejected"]] == [4, 5]
    assert migration(found) == {("approve", "approve"): 1, ("approve", "refer"): 1}
    [mover] = found["replay"]["movers"]
    assert (mover["subject"], mover["ref"]) == ("B", "facts:2")
    opened = office.read(f"2/comparisons/{found['comparison_id']}/movers/1")
    assert opened["facts"]["amount"] == "500.01"


def test_a_proposal_is_compared_without_being_asked_and_anew_after_an_edit(office: Office) -> None:
    office.order("A", "600")
    seen = office.officers.draft(LOWER)
    body(office.officers.propose(seen))
    [first] = office.read("2/comparisons")["comparisons"]
    said = {"text": LOWER.replace("value: 500,", "value: 650,"), "comment": "not so low"}
    edited = Seen.of(body(office.client.put("/v1/revisions/2/text", json=said, auth=by(office.officers.author))))
    body(office.officers.propose(edited))
    newest, older = office.read("2/comparisons")["comparisons"]
    assert older == first
    assert (older["bundle_digest"], newest["bundle_digest"]) == (seen.digest, edited.digest)
    moved = [office.read(f"2/comparisons/{one['comparison_id']}")["replay"]["changed"] for one in (older, newest)]
    assert moved == [1, 0]


def test_a_customer_who_is_erased_is_gone_from_the_comparisons(office: Office) -> None:
    text = POLICIES.replace("subject: true", "subject: true, pii: true")
    office.officers.put_in_force(text)
    for customer, amount in (("Anna", "600"), ("Bruno", "700")):
        office.order(customer, amount)
    seen = office.officers.draft(text.replace("value: 1000,", "value: 500,"))
    found = office.compare(seen.number)
    ranks = {mover["subject"]: rank for rank, mover in enumerate(found["replay"]["movers"], start=1)}
    done = RUNNER.invoke(
        app, ["audit", "erase", "Anna", "--reason", "asked for",
              "--database", str(office.folder / "writ.db")],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    path = f"{seen.number}/comparisons/{found['comparison_id']}"
    left = office.read(path)
    assert "Anna" not in str(left)
    assert "Bruno" in str(left)
    assert left["erased"] is True
    assert left["replay"]["policies"] == found["replay"]["policies"]
    gone = office.client.get(f"/v1/revisions/{path}/movers/{ranks['Anna']}", auth=by(office.officers.approver))
    assert "Anna" not in str(assert_problem(gone, 404, "comparison_unknown"))
    assert office.read(f"{path}/movers/{ranks['Bruno']}")["subject"] == "Bruno"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the children of a process are looked up in /proc")
def test_a_comparison_that_is_lost_is_told_and_decisions_go_on(office: Office) -> None:
    office.order("A", "600")
    seen = office.officers.draft(LOWER)
    office.compare(seen.number)
    tasks = Path(f"/proc/{office.running.process.pid}/task").iterdir()
    workers = [int(child) for task in tasks for child in (task / "children").read_text(encoding="ascii").split()]
    assert workers
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    answer = office.officers.write(f"/{seen.number}/comparisons")
    assert_problem(answer, 503, "comparison_lost")
    assert int(answer.headers["retry-after"]) >= 1
    office.order("B", "600")
    assert office.compare(seen.number)["replay"]["changed"] == 2
