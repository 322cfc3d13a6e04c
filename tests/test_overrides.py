"""Overrides over HTTP: who may decide otherwise than the policy, up to which amount, for how long (domain C17, C18)."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli import app
from tests.officers import body
from tests.recorded_logs import RUNNER
from tests.serving import ROOT, assert_problem, new_key
from tests.set_clock import Desk, desk

SHIPPED = (ROOT / "policies.yaml").read_text(encoding="utf-8").partition("\ntests:\n")[0] + "\n"
"""Without its cases, which would be decided anew at every first start."""
SAMPLE = json.loads((ROOT / "api" / "samples" / "alderbrook-instruments.json").read_text(encoding="utf-8"))
NOON = dt.datetime.fromisoformat(f"{SAMPLE['as_of']}T12:00:00+00:00")
TODAY = NOON.date()
EXPOSURE = "49250"
AUTHORITY = """\
authority:
  trade-credit:
    currency: USD
    risk_class: customer.segment
    matrix:
      any: {"0": 1, "100000": 2, "500000": 3}
      fragile: {"0": 3}
    persons: {mia: 1, noor: 2, chen.wei: 3}
  customer-class:
    currency: USD
    matrix: {any: {"0": 1}}
    persons: {mia: 1}
"""


@dataclass
class Floor:
    """A service with those who release orders, and those who ask for them."""

    desk: Desk
    keys: dict[str, str]

    def ask(self, who: str, method: str, path: str, said: Any = None, **headers: str) -> httpx.Response:
        return self.desk.client.request(
            method, path, json=said, headers={"Authorization": f"Bearer {self.keys[who]}", **headers}
        )

    def referred(self, policy: str = "trade-credit", by: str = "shop", **order: Any) -> dict[str, Any]:
        """An order of 300,000, which a person has to see."""
        facts = {**SAMPLE["facts"], "order": {**SAMPLE["facts"]["order"], "amount": "300000", **order}}
        return body(self.ask(by, "POST", f"/v1/decisions/{policy}", {"facts": facts}, **new_key()))

    def override(self, who: str, decision: str, **said: Any) -> httpx.Response:
        usual = {"outcome": "approve", "reason": "known to us for years", "until": str(TODAY + dt.timedelta(days=7)),
                 "amount": "40000"}  # fmt: skip
        wanted = {name: value for name, value in (usual | said).items() if value is not None}
        return self.ask(who, "POST", f"/v1/decisions/{decision}/overrides", wanted)

    def listed(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = body(self.ask("olga", "GET", f"/v1/overrides{query}"))["overrides"]
        return found


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    file = tmp_path / "writ.yaml"
    file.write_text(AUTHORITY, encoding="utf-8")
    with desk(tmp_path, SHIPPED, NOON, settings=file) as there:
        keys = {}
        roles = {"mia": "approve", "noor": "approve", "chen.wei": "approve", "dan": "approve", "olga": "audit"}
        for name, role in {**roles, "shop": "decide"}.items():
            kind = "system" if name == "shop" else "person"
            body(there.client.put(f"/v1/principals/{name}", json={"type": kind, "roles": [role]}))
            keys[name] = body(there.client.post(f"/v1/principals/{name}/keys", json={}), 201)["secret"]
        yield Floor(there, keys)


def test_an_override_stands_beside_the_decision_and_never_instead_of_it(floor: Floor) -> None:
    decision = floor.referred()
    assert (decision["outcome"]["decision"], decision["outcome"]["exposure"]) == ("refer", EXPOSURE)
    id_ = decision["decision_id"]
    record = floor.ask("olga", "GET", f"/v1/log/entries/{decision['log']['seq']}").content
    given = body(floor.override("mia", id_, tolerance_pct="5", release_when="paid in advance"), 201)
    assert {name: given[name] for name in ("decision", "policy", "was", "outcome", "given_by", "state", "code")} == {
        "decision": id_, "policy": "trade-credit", "was": "refer", "outcome": "approve", "given_by": "mia",
        "state": "in_force", "code": "OV-MAN-01",
    }  # fmt: skip
    assert (given["amount_tested"], given["level_needed"], given["currency"]) == ("91250", 1, "USD")
    assert (given["released_amount"], given["tolerance_pct"], given["release_when"]) == (
        "40000",
        "5",
        "paid in advance",
    )
    read = body(floor.ask("shop", "GET", f"/v1/decisions/{id_}"))
    assert (read["outcome"], read["reasons"]) == (decision["outcome"], decision["reasons"])
    [beside] = read["overrides"]
    assert beside == given
    assert floor.ask("olga", "GET", f"/v1/log/entries/{decision['log']['seq']}").content == record
    entry = json.loads(floor.ask("olga", "GET", f"/v1/log/entries/{given['log']['seq']}").content)
    assert (entry["kind"], entry["decision"], entry["decision_seq"]) == ("override", id_, decision["log"]["seq"])
    for language, title in (("en", "Decided otherwise by a person"), ("zh-Hans", "人工改判"), ("zh-Hant", "人工改判")):
        page = floor.ask("olga", "GET", f"/v1/decisions/{id_}/certificate?lang={language}").text
        assert [
            word
            for word in (title, "known to us for years", ">mia<", given["until"], "40000 USD +5 %", "paid in advance")
            if word not in page
        ] == []
    other = floor.referred()["decision_id"]
    assert "Decided otherwise" not in floor.ask("olga", "GET", f"/v1/decisions/{other}/certificate").text


AMOUNTS = [
    ("mia", "50749.99", 201, "99999.99"),
    ("mia", "50750", 403, "level 2"),
    ("noor", "50750", 201, "100000"),
    ("noor", "450749.99", 201, "499999.99"),
    ("noor", "450750.00", 403, "level 3"),
    ("chen.wei", "450750", 201, "500000"),
    ("dan", "1", 403, "has level 0"),
]


@pytest.mark.parametrize(("who", "amount", "status", "said"), AMOUNTS)
def test_the_exposure_after_the_release_takes_the_authority(
    floor: Floor, who: str, amount: str, status: int, said: str
) -> None:
    answer = floor.override(who, floor.referred()["decision_id"], amount=amount)
    if status == 201:
        assert body(answer, 201)["amount_tested"] == said
    else:
        assert_problem(answer, 403, "authority_missing")
        assert floor.listed() == []


def test_the_tolerance_is_released_too(floor: Floor) -> None:
    """50,749.99 alone are for level 1; the half more that the order may grow by is not."""
    id_ = floor.referred()["decision_id"]
    said = floor.override("mia", id_, amount="50749.99", tolerance_pct="50")
    assert "takes level 2" in assert_problem(said, 403, "authority_missing")["detail"]
    given = body(floor.override("noor", id_, amount="50749.99", tolerance_pct="50"), 201)
    assert given["amount_tested"] == "125374.985"


@pytest.mark.parametrize(
    ("exposure", "order", "tested"),
    [("-358000", {}, "90000"), ("332000", {"included_in_exposure": True}, "130000"), ("-8000", {}, "90000")],
)
def test_a_credit_balance_is_no_room_and_no_order_counts_twice(
    floor: Floor, exposure: str, order: dict[str, Any], tested: str
) -> None:
    account = SAMPLE["facts"]["credit_account"]
    known = {**account["exposure"], "open_items": exposure if exposure[0] != "-" else "0"}
    known |= {"unapplied_credits": exposure[1:]} if exposure[0] == "-" else {}
    facts = {
        **SAMPLE["facts"],
        "credit_account": {**account, "exposure": known},
        "order": {**SAMPLE["facts"]["order"], "amount": "300000", **order},
    }
    decision = body(floor.ask("shop", "POST", "/v1/decisions/trade-credit", {"facts": facts}, **new_key()))
    given = body(floor.override("chen.wei", decision["decision_id"], amount="90000"), 201)
    assert given["amount_tested"] == tested


def test_a_decision_is_decided_otherwise_once_at_a_time(floor: Floor) -> None:
    id_ = floor.referred()["decision_id"]
    first = body(floor.override("mia", id_), 201)
    for said in ({}, {"outcome": "decline", "amount": None}):
        assert (
            first["override_id"] in assert_problem(floor.override("noor", id_, **said), 409, "override_state")["detail"]
        )
    body(floor.ask("mia", "POST", f"/v1/overrides/{first['override_id']}/end", {"reason": "a mistake"}))
    body(floor.override("noor", id_, outcome="decline", amount=None), 201)


def test_ending_an_override_takes_the_authority_that_giving_it_took(floor: Floor) -> None:
    id_ = floor.referred()["decision_id"]
    given = body(floor.override("noor", id_, amount="60000"), 201)
    path = f"/v1/overrides/{given['override_id']}/end"
    assert_problem(floor.ask("mia", "POST", path, {"reason": "x"}), 403, "authority_missing")
    body(floor.ask("chen.wei", "POST", path, {"reason": "x"}))


def test_an_exposure_that_nobody_knows_takes_the_highest_authority(floor: Floor) -> None:
    account = {name: value for name, value in SAMPLE["facts"]["credit_account"].items() if name != "exposure"}
    facts = {**SAMPLE["facts"], "credit_account": account}
    decision = body(floor.ask("shop", "POST", "/v1/decisions/trade-credit", {"facts": facts}, **new_key()))
    assert decision["outcome"]["exposure"] is None
    assert_problem(floor.override("noor", decision["decision_id"], amount="1"), 403, "authority_missing")
    given = body(floor.override("chen.wei", decision["decision_id"], amount="1"), 201)
    assert (given["amount_tested"], given["level_needed"]) == (None, 3)


def test_who_asked_for_the_order_does_not_release_it(floor: Floor) -> None:
    decision = floor.referred(requested_by="mia")
    said = assert_problem(floor.override("mia", decision["decision_id"]), 403, "maker_is_checker")
    assert "asked for this decision" in said["detail"]
    body(floor.override("noor", decision["decision_id"]), 201)


def test_an_override_ends_with_its_day(floor: Floor) -> None:
    id_ = floor.referred()["decision_id"]
    body(floor.override("mia", id_, until=str(TODAY + dt.timedelta(days=1))), 201)
    midnight = dt.datetime.combine(TODAY + dt.timedelta(days=2), dt.time(), dt.UTC)
    for moment, state, code in (
        (midnight - dt.timedelta(microseconds=1), "in_force", "OV-MAN-01"),
        (midnight, "expired", "OV-EXP-01"),
    ):
        floor.desk.clock.now = moment
        [found] = body(floor.ask("shop", "GET", f"/v1/decisions/{id_}"))["overrides"]
        assert (found["state"], found["code"]) == (state, code)
        assert len(floor.listed("?in_force=true")) == (state == "in_force")
        assert len(floor.listed("?in_force=false")) == (state == "expired")


def test_an_override_is_taken_back_once(floor: Floor) -> None:
    id_ = floor.referred()["decision_id"]
    given = body(floor.override("mia", id_), 201)
    path = f"/v1/overrides/{given['override_id']}/end"
    assert_problem(floor.ask("noor", "POST", path, {}), 422, "request_invalid")
    ended = body(floor.ask("noor", "POST", path, {"reason": "paid"}))
    assert (ended["state"], ended["code"], ended["override_id"]) == ("ended", "OV-EXP-01", given["override_id"])
    entry = json.loads(floor.ask("olga", "GET", f"/v1/log/entries/{ended['ended_seq']}").content)
    assert (entry["act"], entry["principal"], entry["reason"]) == ("ended", "noor", "paid")
    assert_problem(floor.ask("noor", "POST", path, {"reason": "again"}), 409, "override_state")
    unknown = floor.ask("noor", "POST", f"/v1/overrides/ovr_{'0' * 26}/end", {"reason": "x"})
    assert_problem(unknown, 404, "override_unknown")
    body(floor.override("noor", id_), 201)
    assert [one["state"] for one in floor.listed()] == ["in_force", "ended"]


def test_a_sheet_of_the_log_has_overrides_in_it(floor: Floor, tmp_path: Path) -> None:
    body(floor.override("mia", floor.referred()["decision_id"]), 201)
    out, database = tmp_path / "log.csv", str(tmp_path / "writ.db")
    done = RUNNER.invoke(app, ["audit", "export", "--out", str(out), "--database", database])
    assert done.exit_code == 0, done.output
    lines = out.read_text(encoding="utf-8").splitlines()
    [row] = [line for line in csv.DictReader(lines) if line["kind"] == "override"]
    assert (row["policy"], row["outcome"], row["principal"]) == ("trade-credit", "approve", "mia")


def test_who_bypasses_what_is_listed_by_user_and_policy(floor: Floor) -> None:
    ids = [floor.referred()["decision_id"] for _ in range(3)]
    for who, id_ in zip(("mia", "noor", "mia"), ids, strict=True):
        body(floor.override(who, id_), 201)
    classed = floor.referred("customer-class")
    other = next(word for word in ("standard", "vip") if word != classed["outcome"]["class"])
    body(floor.override("mia", classed["decision_id"], outcome=other, amount=None), 201)
    assert [one["given_by"] for one in floor.listed()] == ["mia", "mia", "noor", "mia"]
    assert [one["decision"] for one in floor.listed("?person=mia&policy=trade-credit")] == [ids[2], ids[0]]
    first = body(floor.ask("noor", "GET", "/v1/overrides?limit=2"))
    rest = body(floor.ask("noor", "GET", f"/v1/overrides?limit=2&{first['next']}"))
    assert len({one["override_id"] for one in (*first["overrides"], *rest["overrides"])}) == 4
    assert_problem(floor.ask("noor", "GET", "/v1/overrides?in_force=perhaps"), 422, "query_invalid")
    assert_problem(floor.ask("noor", "GET", "/v1/overrides?user=mia"), 422, "query_invalid")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"outcome": "aprove"}, "/outcome"),
    ({"outcome": None}, "/outcome"),
    ({"reason": "  "}, "/reason"),
    ({"reason": None}, "/reason"),
    ({"until": None}, "/until"),
    ({"until": str(TODAY - dt.timedelta(days=1))}, "/until"),
    ({"until": str(TODAY + dt.timedelta(days=367))}, "/until"),
    ({"until": "2026-02-30"}, "/until"),
    ({"amount": None}, "/amount"),
    ({"amount": "-1"}, "/amount"),
    ({"amount": "0"}, "/amount"),
    ({"outcome": "decline"}, "/amount"),
    ({"amount": "NaN"}, "/amount"),
    ({"amount": "Infinity"}, "/amount"),
    ({"amount": "1e400"}, "/amount"),
    ({"tolerance_pct": "101"}, "/tolerance_pct"),
    ({"level_needed": 1}, "/level_needed"),
]


def test_what_is_not_sound_is_refused_with_its_place(floor: Floor) -> None:
    id_ = floor.referred()["decision_id"]
    for said, pointer in WRONG:
        answer = floor.override("chen.wei", id_, **said)
        problem = assert_problem(answer, 422, "request_invalid")
        assert problem["pointer"] == pointer, problem
    assert floor.listed() == []


def test_what_cannot_be_decided_otherwise_is_told(floor: Floor) -> None:
    decision = floor.referred()
    assert_problem(floor.override("mia", decision["decision_id"], outcome="refer", amount=None), 409, "override_state")
    assert_problem(floor.override("mia", f"dec_{'0' * 26}"), 404, "decision_unknown")
    unlisted = floor.referred("customer-value")["decision_id"]
    assert_problem(floor.override("chen.wei", unlisted, outcome="steady", amount=None), 403, "authority_missing")
    tried = body(floor.ask("noor", "POST", "/v1/tests/trade-credit", {"facts": SAMPLE["facts"]}, **new_key()))
    assert_problem(floor.override("chen.wei", tried["test_id"]), 404, "decision_unknown")
