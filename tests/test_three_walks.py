"""The three walks of ARCHITECTURE.md, end to end: a decision, an edit, an audit question; each role has its own key.

Over real HTTP and by the commands, with the shipped policies; all keys come from the first administrator's.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli import app
from tests.officers import Officers, Seen, admit, body, by
from tests.recorded_logs import RUNNER
from tests.serving import ROOT, address, assert_problem, end, new_key, spawn

SHIPPED = (ROOT / "policies.yaml").read_text(encoding="utf-8")
SAMPLE = (ROOT / "api" / "samples" / "alderbrook-instruments.json").read_text(encoding="utf-8")
URL, ORDER, CUSTOMER = "/v1/decisions/trade-credit", "95000.00", "A-1004"
FIRST_KEY = "first.key"
CAST = {
    "order-system": ("system", "decide"),
    "other-system": ("system", "decide"),
    "mia": ("person", "author"),
    "noor": ("person", "approve"),
    "olga": ("person", "audit"),
    "adam": ("person", "administer"),
}
THRESHOLD = "[{from: 2010-01-01, value: 250000, source: company policy; adjust}]"
"""How the shipped text writes the largest order that is decided without a person."""


def edited(value: str) -> str:
    """The shipped text with another largest order."""
    assert SHIPPED.count(THRESHOLD) == 1
    return SHIPPED.replace(THRESHOLD, THRESHOLD.replace("250000", value))


def order() -> dict[str, Any]:
    """An order of a good customer, the sample's with all its days moved so that it is of today."""
    day = dt.date.fromisoformat(json.loads(SAMPLE)["as_of"])
    since = dt.datetime.now(dt.UTC).date() - day
    moved = re.sub(r"\d{4}-\d\d-\d\d", lambda found: str(dt.date.fromisoformat(found[0]) + since), SAMPLE)
    facts: dict[str, Any] = json.loads(moved)["facts"]
    facts["order"]["amount"] = ORDER
    return facts


@dataclass
class Company:
    """A service, the keys of those who use it, and what happened there."""

    folder: Path
    client: httpx.Client
    keys: dict[str, str]
    happened: dict[str, Any] = field(default_factory=dict)

    def get(self, who: str, path: str) -> httpx.Response:
        return self.client.get(path, auth=by(self.keys[who]))

    def decide(self, key: Mapping[str, str], facts: Mapping[str, Any]) -> httpx.Response:
        return self.client.post(URL, json={"facts": facts}, headers=key, auth=by(self.keys["order-system"]))

    def run(self, *command: str) -> str:
        """What a command prints that an auditor gives on the machine with the log."""
        done = RUNNER.invoke(app, [*command])
        assert done.exit_code == 0, done.output
        return done.stdout

    @property
    def database(self) -> tuple[str, str]:
        return "--database", str(self.folder / "writ.db")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The first start: the administrator's key from its file lets everybody in, and is revoked."""
    folder = tmp_path_factory.mktemp("walks")
    (folder / "policies.yaml").write_text(SHIPPED, encoding="utf-8")
    process = spawn(folder, first_key=folder / FIRST_KEY)
    try:
        url = address(process, folder)
        file = folder / FIRST_KEY
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        first = file.read_text(encoding="utf-8").strip()
        assert first not in (folder / "service.log").read_text(encoding="utf-8")
        with httpx.Client(base_url=url, timeout=60, auth=by(first)) as client:
            keys = {name: admit(client, name, [role], type_) for name, (type_, role) in CAST.items()}
        with httpx.Client(base_url=url, timeout=60) as client:
            found = Company(folder, client, keys)
            listed = body(found.get("adam", "/v1/principals"))["principals"]
            [prefix] = [key["key"] for one in listed if one["id"] == "administrator" for key in one["keys"]]
            body(client.delete(f"/v1/principals/administrator/keys/{prefix}", auth=by(keys["adam"])))
            assert_problem(client.get("/v1/principals", auth=by(first)), 401, "credentials_invalid")
            yield walked(found)
    finally:
        process.terminate()
        end(process)


def walked(company: Company) -> Company:
    """A decision; the edit, of which the approver sees what it changes; the same request again."""
    happened, facts, key = company.happened, order(), new_key()
    happened |= {"facts": facts, "before": body(company.decide(key, facts))}
    happened["note"] = company.get("olga", "/v1/log/checkpoint").text
    officers = Officers(company.client, company.keys["mia"], company.keys["noor"])
    happened["too low"] = officers.draft(edited("30000"))
    happened["cases"] = officers.propose(happened["too low"])
    path = f"/v1/revisions/{happened['too low'].number}"
    said = {"text": edited("80000"), "comment": "orders from 80,000 on are for a person to see"}
    seen = Seen.of(body(company.client.put(f"{path}/text", json=said, auth=by(officers.author))))
    happened["proposed"] = body(officers.propose(seen))
    happened["own approval"] = company.client.post(
        f"{path}/approval", json={"bundle_digest": seen.digest}, auth=by(officers.author)
    )
    happened["meanwhile"] = body(company.decide(new_key(), facts))
    [line] = body(company.get("noor", f"{path}/comparisons"))["comparisons"]
    happened["comparison"] = body(company.get("noor", f"{path}/comparisons/{line['comparison_id']}"))
    happened["mover"] = company.get("noor", f"{path}/comparisons/{line['comparison_id']}/movers/1").json()
    happened["approved"] = body(officers.approve(seen))
    happened["activated"] = body(officers.activate(seen))
    happened["after"] = body(company.decide(new_key(), facts))
    happened["again"] = company.decide(key, facts)
    return company


# A decision


def test_the_order_system_is_answered_from_what_was_recorded(company: Company) -> None:
    said = company.happened["before"]
    assert (said["revision"], said["outcome"]["decision"], said["reasons"]) == (1, "approve", [])
    assert said["trace"]
    read = body(company.get("order-system", f"/v1/decisions/{said['decision_id']}"))
    assert read.pop("facts") == company.happened["facts"]
    assert read == said
    [leaf] = [said["log"]["leaf"]]
    entry = company.get("olga", f"/v1/log/entries/{said['log']['seq']}").content
    assert hashlib.sha256(b"\x00" + entry).hexdigest() == leaf
    record = json.loads(entry)
    assert (record["principal"], record["subject"], record["revision"]) == ("order-system", CUSTOMER, 1)


def test_nobody_does_what_is_not_theirs(company: Company) -> None:
    decision = f"/v1/decisions/{company.happened['before']['decision_id']}"
    assert_problem(company.get("other-system", decision), 404, "decision_unknown")
    assert_problem(company.client.get(decision), 401, "credentials_missing")
    for who in ("order-system", "mia", "noor", "adam"):
        assert_problem(company.get(who, "/v1/log/entries"), 403, "role_missing")
    for who in ("mia", "noor", "olga", "adam"):
        answer = company.client.post(URL, json={"facts": {}}, headers=new_key(), auth=by(company.keys[who]))
        assert_problem(answer, 403, "role_missing")
    for who in ("order-system", "noor", "olga", "adam"):
        draft = {"text": SHIPPED, "comment": "mine"}
        answer = company.client.post("/v1/revisions", json=draft, auth=by(company.keys[who]))
        assert_problem(answer, 403, "role_missing")


# An edit


def test_a_text_with_mistakes_is_told_them_all_and_kept_nowhere(company: Company) -> None:
    wrong = SHIPPED.replace("order.amount > max_document_value", "order.amuont > max_document_valeu")
    said = {"text": wrong, "comment": "in a hurry"}
    answer = company.client.post("/v1/revisions", json=said, auth=by(company.keys["mia"]))
    errors = assert_problem(answer, 422, "policy_refused")["errors"]
    line = next(n for n, text in enumerate(wrong.splitlines(), 1) if "amuont" in text)
    assert [error["line"] for error in errors] == [line, line]
    assert len(body(company.get("mia", "/v1/revisions"))["revisions"]) == 2


def test_a_text_whose_own_cases_fail_cannot_be_proposed(company: Company) -> None:
    errors = assert_problem(company.happened["cases"], 422, "cases_failed")["errors"]
    assert "order-fits-exactly" in {error["case"] for error in errors}
    changed = company.folder / "changed.yaml"
    changed.write_text(edited("30000"), encoding="utf-8")
    said = RUNNER.invoke(app, ["test", str(changed)])
    assert said.exit_code == 1
    assert all(error["case"] in said.output for error in errors)


def test_the_approver_sees_what_the_change_would_do(company: Company) -> None:
    compared = company.happened["comparison"]
    assert compared["new"]["digest"] == company.happened["proposed"]["bundle_digest"]
    assert compared["old"]["digest"] == hashlib.sha256(SHIPPED.encode()).hexdigest()
    said = json.dumps(compared["differences"])
    assert "max_document_value" in said
    assert len(compared["differences"]) == 1
    assert '"approve"' in json.dumps(compared["replay"])
    mover = company.happened["mover"]
    assert (mover["subject"], mover["policy"], mover["from"], mover["to"]) == (
        CUSTOMER, "trade-credit", "approve", "refer",
    )  # fmt: skip
    assert mover["ref"] == company.happened["before"]["decision_id"]
    assert mover["old_decision"]["outcome"] == company.happened["before"]["outcome"]
    assert mover["old_decision"]["trace"]
    assert mover["new_decision"]["outcome"] == company.happened["after"]["outcome"]


def test_only_another_person_puts_it_in_force(company: Company) -> None:
    happened = company.happened
    assert_problem(happened["own approval"], 403, "role_missing")
    assert (happened["proposed"]["state"], happened["meanwhile"]["outcome"]["decision"]) == ("proposed", "approve")
    assert (happened["approved"]["state"], happened["activated"]["state"]) == ("approved", "active")
    revision = body(company.get("olga", "/v1/revisions/2"))
    assert [(act["act"], act["by"]) for act in revision["history"]] == [
        ("drafted", "mia"), ("edited", "mia"), ("proposed", "mia"), ("approved", "noor"), ("activated", "noor"),
    ]  # fmt: skip
    text = company.get("olga", "/v1/revisions/2/text").text
    assert text == edited("80000")


def test_the_same_request_is_decided_otherwise_now(company: Company) -> None:
    before, after = company.happened["before"], company.happened["after"]
    assert (after["revision"], after["outcome"]["decision"]) == (2, "refer")
    assert [reason["code"] for reason in after["reasons"]] == ["CR-EXP-02"]
    again = company.happened["again"]
    assert (again.json(), again.headers["idempotency-replayed"]) == (before, "true"), "one key, one decision"
    assert body(company.client.get("/readyz"))["policy_file"] == "known", "the file is not what decides any more"


# An audit question


@pytest.fixture(scope="module")
def pack(company: Company) -> Path:
    out = company.folder / "pack"
    own = company.folder / "own.note"
    own.write_text(company.happened["note"], encoding="utf-8")
    more = ["--checkpoint", str(own), "--personal"]
    company.run("audit", "export", "--out", str(out), *more, *company.database)
    return out


def test_the_auditor_finds_what_was_decided_about_a_customer(company: Company) -> None:
    ids = [company.happened[name]["decision_id"] for name in ("after", "meanwhile", "before")]
    found = body(company.get("olga", f"/v1/log/entries?subject={CUSTOMER}&kind=decision"))["entries"]
    assert [(one["id"], one["outcome"], one["revision"]) for one in found] == [
        (ids[0], "refer", 2), (ids[1], "approve", 1), (ids[2], "approve", 1),
    ]  # fmt: skip
    said = company.run("audit", "search", "--subject", CUSTOMER, "--kind", "decision", "--json", *company.database)
    assert [one["id"] for one in json.loads(said)] == ids
    counted = body(company.get("olga", "/v1/log/counts?by=reason"))["counts"]
    assert {"value": "CR-EXP-02", "entries": 1} in counted


def test_the_pack_proves_itself_and_continues_what_the_auditor_saw(company: Company, pack: Path) -> None:
    key = company.get("olga", "/v1/log/key").text.strip()
    own = str(company.folder / "own.note")
    command = [sys.executable, "-I", str(pack / "verify.py"), str(pack), "--checkpoint", own, "--key", key]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    company.run("audit", "verify", str(pack), "--checkpoint", own, "--key", key)
    texts = {path.read_text(encoding="utf-8") for path in (pack / "policies").iterdir()}
    assert texts == {SHIPPED, edited("30000"), edited("80000")}


def test_every_decision_is_made_again_to_the_byte(company: Company, pack: Path) -> None:
    for of in ((str(pack),), company.database):
        said = json.loads(company.run("audit", "replay", "--json", *of))
        assert (said["same"], said["differences"], said["unsettled"]) == (3, [], [])


def test_a_decision_that_was_altered_is_found(company: Company, pack: Path, tmp_path: Path) -> None:
    """The control: an approval that was made out of the refusal."""
    altered = tmp_path / "pack"
    altered.mkdir()
    for path in pack.rglob("*"):
        to = altered / path.relative_to(pack)
        to.mkdir() if path.is_dir() else to.write_bytes(path.read_bytes())
    lines = (altered / "log.jsonl").read_bytes().splitlines(keepends=True)
    seq = company.happened["after"]["log"]["seq"]
    lines[seq] = lines[seq].replace(b'"decision":"refer"', b'"decision":"approve"')
    (altered / "log.jsonl").write_bytes(b"".join(lines))
    verified = RUNNER.invoke(app, ["audit", "verify", str(altered)])
    assert verified.exit_code == 1
    assert f"record {seq}" in verified.output
    replayed = RUNNER.invoke(app, ["audit", "replay", str(altered), "--json"])
    assert (replayed.exit_code, [one["seq"] for one in json.loads(replayed.stdout)["differences"]]) == (1, [seq])


def test_the_certificate_tells_what_decided_and_who_approved_it(company: Company) -> None:
    said = company.happened["after"]
    page = company.get("olga", f"/v1/decisions/{said['decision_id']}/certificate")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    words = (said["decision_id"], CUSTOMER, "CR-EXP-02", ">noor<", "max_document_value")
    assert [word for word in words if word not in page.text] == []
    out = company.folder / "certificate.html"
    company.run("audit", "certificate", said["decision_id"], "--out", str(out), *company.database)
    assert ">noor<" in out.read_text(encoding="utf-8")
    path = f"/v1/decisions/{said['decision_id']}/certificate"
    assert_problem(company.get("other-system", path), 404, "decision_unknown")
