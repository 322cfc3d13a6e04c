"""Ways round the two-person rule, the keys and the record of acts that somebody has found: each is closed."""

from __future__ import annotations

import http.client
import json
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from api.access.api_keys import new_key as new_access_key
from api.audit.appending import Item
from api.audit.records import make_record
from api.identities import new_id
from tests.officers import Officers, Seen, admit, body, by
from tests.recorded_logs import NOON, log_in
from tests.serving import FACTS, POLICIES, URL, Served, address, assert_problem, end, new_key, served, spawn

RECORD_LOST = 74


@dataclass
class Place:
    """A service that somebody wants to get the better of."""

    running: Served
    client: httpx.Client
    folder: Path

    def officers(self) -> Officers:
        return Officers.registered(self.client)

    def decide(self) -> httpx.Response:
        return self.client.post(URL, json={"facts": FACTS}, headers=new_key())

    def revoke(self, name: str) -> None:
        for one in body(self.client.get("/v1/principals"))["principals"]:
            live = [key["key"] for key in one["keys"] if key["live"] and one["id"] == name]
            for key in live:
                body(self.client.delete(f"/v1/principals/{name}/keys/{key}"))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with served(tmp_path) as running, httpx.Client(base_url=running.url, timeout=60) as client:
        yield Place(running, client, tmp_path)


@pytest.mark.parametrize("how", ["key", "role"])
def test_rights_that_were_taken_while_the_body_was_under_way_are_gone(place: Place, how: str) -> None:
    officers = place.officers()
    seen = officers.draft(f"{POLICIES}# x\n")
    body(officers.propose(seen))
    said = json.dumps({"bundle_digest": seen.digest}).encode()
    slow = http.client.HTTPConnection(place.client.base_url.host, place.client.base_url.port or 80, timeout=30)
    slow.putrequest("POST", f"/v1/revisions/{seen.number}/approval")
    headers = {"Authorization": f"Bearer {officers.approver}", "Content-Type": "application/json"}
    for name, value in (headers | {"Content-Length": str(len(said))}).items():
        slow.putheader(name, value)
    slow.endheaders()
    time.sleep(0.3)
    if how == "key":
        place.revoke("noor")
    else:
        body(place.client.put("/v1/principals/noor", json={"type": "person", "roles": []}))
    slow.send(said)
    answer = slow.getresponse()
    expected = (401, "credentials_invalid") if how == "key" else (403, "role_missing")
    assert (answer.status, json.loads(answer.read())["code"]) == expected
    slow.close()
    assert body(place.client.get(f"/v1/revisions/{seen.number}"))["state"] == "proposed"


def test_nobody_approves_the_text_of_somebody_they_have_let_in(place: Place) -> None:
    pat = admit(place.client, "pat", ["approve", "administer"])
    body(place.client.put("/v1/principals/puppet", json={"type": "person", "roles": ["author"]}, auth=by(pat)))
    puppet = body(place.client.post("/v1/principals/puppet/keys", json={}, auth=by(pat)), 201)["secret"]
    officers = Officers(place.client, puppet, pat)
    seen = officers.draft(f"{POLICIES}# x\n")
    body(officers.propose(seen))
    assert "let `puppet` in" in assert_problem(officers.approve(seen), 403, "maker_is_checker")["detail"]


def test_a_go_between_changes_nothing(place: Place) -> None:
    amy = admit(place.client, "amy", ["author", "administer"])
    keys = {"": amy}
    for name, role, by_whom in (("amy2", "administer", ""), ("amy3", "approve", "amy2")):
        said = {"type": "person", "roles": [role]}
        body(place.client.put(f"/v1/principals/{name}", json=said, auth=by(keys[by_whom])))
        made = place.client.post(f"/v1/principals/{name}/keys", json={}, auth=by(keys[by_whom]))
        keys[name] = body(made, 201)["secret"]
    officers = Officers(place.client, amy, keys["amy3"])
    seen = officers.draft(f"{POLICIES}# x\n")
    body(officers.propose(seen))
    assert_problem(officers.approve(seen), 403, "maker_is_checker")


def test_who_wrote_a_text_does_not_approve_it_under_another_number(place: Place) -> None:
    mia = admit(place.client, "mia", ["author", "approve"])
    noor = admit(place.client, "noor", ["author", "approve"])
    there, back = Officers(place.client, mia, noor), Officers(place.client, noor, mia)
    first = there.put_in_force(f"{POLICIES}# by mia\n")
    there.put_in_force(f"{POLICIES}# later\n")
    rolled = Seen.of(body(there.check(f"/{first.number}/rollback", comment="back"), 201))
    assert_problem(back.approve(rolled), 403, "maker_is_checker")
    body(back.write(f"/{rolled.number}/withdrawal", comment="otherwise"))
    copy = back.draft(f"{POLICIES}# by mia\n")
    body(back.propose(copy))
    assert_problem(back.approve(copy), 403, "maker_is_checker")


def test_nobody_approves_what_was_compared_with_another_text(place: Place) -> None:
    officers = place.officers()
    place.decide()
    waiting = officers.draft(f"{POLICIES}# waits\n")
    body(officers.write(f"/{waiting.number}/comparisons", recorded=0), 201)
    body(officers.propose(waiting))
    newest, chosen = body(place.client.get(f"/v1/revisions/{waiting.number}/comparisons"))["comparisons"]
    assert (newest["questions"], chosen["questions"]) == (1, 0), "one of no decisions does not do"
    officers.put_in_force(f"{POLICIES}# meanwhile\n")
    assert_problem(officers.approve(waiting), 409, "comparison_stale")
    body(officers.check(f"/{waiting.number}/comparisons"), 201)
    approved = body(officers.approve(waiting))
    entry = place.client.get(f"/v1/log/entries/{approved['approvals'][0]['seq']}").json()
    listed = body(place.client.get(f"/v1/revisions/{waiting.number}/comparisons"))["comparisons"]
    assert entry["comparison"] == listed[0]["comparison_id"]
    assert listed[0]["against_revision"] == 3


def test_a_rollback_is_compared_too(place: Place) -> None:
    officers = place.officers()
    place.decide()
    officers.put_in_force(
        POLICIES.replace("amount <= 1000 and", "amount <= 100 and").replace("amount: 250.50,", "amount: 50,")
    )
    back = body(officers.write("/1/rollback", comment="back"), 201)
    [line] = body(place.client.get(f"/v1/revisions/{back['revision']}/comparisons"))["comparisons"]
    assert (line["against_revision"], line["changed"]) == (2, 1)


def test_a_comparison_that_was_altered_is_not_shown(place: Place) -> None:
    officers = place.officers()
    seen = officers.draft(f"{POLICIES}# x\n")
    made = body(officers.write(f"/{seen.number}/comparisons"), 201)
    other = body(officers.write(f"/{seen.number}/comparisons", facts=[{"facts": dict(FACTS)}]), 201)
    ids = made["comparison_id"], other["comparison_id"]
    tamper(place.folder, "UPDATE comparison SET body = (SELECT body FROM comparison WHERE id = ?) WHERE id = ?", *ids)
    path = f"/v1/revisions/{seen.number}/comparisons"
    assert_problem(place.client.get(f"{path}/{ids[1]}"), 503, "audit_unavailable")
    body(place.client.get(f"{path}/{ids[0]}"))


def tamper(folder: Path, statement: str, *values: object) -> None:
    """What somebody with the database's file does to it."""
    connection = sqlite3.connect(folder / "writ.db", timeout=30)
    with connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute(statement, values)
    connection.close()


def started(folder: Path) -> tuple[int | None, str]:
    """The exit code of a service that is started on a folder, None when it runs, and what it says."""
    process = spawn(folder)
    assert process.stdout is not None
    if process.stdout.readline():
        process.terminate()
        end(process)
        return None, ""
    return end(process), (folder / "service.log").read_text(encoding="utf-8")


def without_last_act(folder: Path) -> None:
    """The last act, a revocation, is taken out of every table but that of the entries."""
    tamper(folder, "DELETE FROM act WHERE number = (SELECT max(number) FROM act)")
    tamper(folder, "UPDATE catalogue SET kind = 'decision' WHERE kind = 'access_key'")


def forge(folder: Path, seq: int, number: int) -> str:
    """A key of the tester, made by an act that is written over an entry, leaf and all; the key."""
    key = new_access_key()
    with log_in(folder) as audit:
        members = {
            "act": "made", "act_number": number, "principal": "system", "key": key.prefix, "holder": "tester",
            "key_hash": key.sha256, "expires": "2099-01-01T00:00:00.000000Z",
        }  # fmt: skip
        record = make_record("access_key", new_id("key", NOON), NOON, members)
        item = Item.of(audit.store, record)
    said = "UPDATE entry SET dictionary = ?, body = ?, leaf = ?, id = ? WHERE seq = ?"
    tamper(folder, said, item.dictionary, item.packed, record.leaf, record.id, seq)
    return key.secret


@pytest.mark.parametrize("decisions", [0, 3])
def test_no_revoked_key_opens_again(tmp_path: Path, decisions: int) -> None:
    with served(tmp_path) as running, httpx.Client(base_url=running.url, timeout=60) as client:
        admit(client, "noor", ["approve"])
        Place(running, client, tmp_path).revoke("noor")
        for _ in range(decisions):
            body(running.decide())
    without_last_act(tmp_path)
    code, log = started(tmp_path)
    assert code not in {None, 0}
    assert "act" in log.splitlines()[-1]


def test_no_forged_act_lets_anybody_in(tmp_path: Path) -> None:
    """Written over an early entry of a log of more than one tile, where its first start does not look."""
    with served(tmp_path) as running, httpx.Client(base_url=running.url, timeout=60) as client:
        for _ in range(300):
            body(Place(running, client, tmp_path).decide())
        seq = body(client.get("/v1/log/entries?kind=access_key&limit=1000"))["entries"][-1]["seq"]
    forge(tmp_path, seq, acts(tmp_path, seq))
    code, log = started(tmp_path)
    assert code not in {None, 0}
    assert "is not the one in the log's tree" in log.splitlines()[-1]


def test_no_forged_act_lets_anybody_into_a_service_that_runs(place: Place) -> None:
    for _ in range(3):
        decision = body(place.decide())
    last = acts(place.folder)
    key = forge(place.folder, decision["log"]["seq"], last + 1)
    tamper(place.folder, "INSERT INTO act (number, seq) VALUES (?, ?)", last + 1, decision["log"]["seq"])
    time.sleep(1.2)
    try:
        assert place.client.get("/v1/principals", auth=by(key)).status_code in {401, 503}
    except httpx.ConnectError:
        assert place.running.process.wait(timeout=30) == RECORD_LOST
    assert "is not the one in the log's tree" in (place.folder / "service.log").read_text(encoding="utf-8")


def acts(folder: Path, seq: int | None = None) -> int:
    """How many acts there are, or the number of the one of an entry."""
    connection = sqlite3.connect(folder / "writ.db")
    wanted = "SELECT max(number) FROM act WHERE seq = coalesce(?, seq)"
    [number] = connection.execute(wanted, [seq]).fetchone()
    connection.close()
    return int(number)


def test_a_service_whose_record_is_lost_leaves_though_nobody_decides(place: Place) -> None:
    (place.folder / "writ.db").rename(place.folder / "elsewhere.db")
    assert place.running.process.wait(timeout=30) == RECORD_LOST


HEADERS: list[tuple[str, bytes, int, str]] = [
    ("Origin", b"http://[", 403, "csrf"),
    ("Origin", b"http://[::1", 403, "csrf"),
    ("Authorization", b"Basic \xe9\xe9", 401, "credentials_invalid"),
    ("Authorization", b"Basic ====", 401, "credentials_invalid"),
]


def test_no_header_makes_the_service_stumble(place: Place) -> None:
    with httpx.Client(base_url=place.client.base_url.copy_with(userinfo=b"")) as stranger:
        for name, value, status, code in HEADERS:
            answer = stranger.post("/v1/revisions", content=b"{}", headers=[(name.encode(), value)])
            assert_problem(answer, status, code)


def test_comparisons_leave_decisions_their_threads(place: Place) -> None:
    """As many as ask at once: two are made, the others are told to come back, and orders are decided meanwhile."""
    officers = place.officers()
    seen = officers.draft(f"{POLICIES}# x\n")
    said = {"facts": [{"facts": dict(FACTS)}] * 3_000}
    path = f"/v1/revisions/{seen.number}/comparisons"
    with ThreadPoolExecutor(12) as pool:
        asked = [
            pool.submit(httpx.post, f"{place.running.url}{path}", json=said, auth=by(officers.author), timeout=120)
            for _ in range(12)
        ]
        decided = [place.decide().status_code for _ in range(20)]
        answers = [one.result() for one in asked]
    assert set(decided) == {200}
    assert {one.status_code for one in answers} == {201, 503}
    assert_problem(next(one for one in answers if one.status_code == 503), 503, "overloaded")


def test_a_first_key_that_cannot_be_written_lets_nobody_in_yet(tmp_path: Path) -> None:
    (tmp_path / "policies.yaml").write_text(POLICIES, encoding="utf-8")
    process = spawn(tmp_path, first_key=tmp_path / "nowhere" / "key")
    assert end(process) not in {None, 0}
    assert "cannot write the first administrator's key" in (tmp_path / "service.log").read_text(encoding="utf-8")
    file = tmp_path / "key"
    file.write_text("", encoding="utf-8")
    file.chmod(0o644)
    process = spawn(tmp_path, first_key=file)
    try:
        with httpx.Client(
            base_url=address(process, tmp_path), auth=by(file.read_text(encoding="utf-8").strip())
        ) as client:
            body(client.get("/v1/principals"))
        assert file.stat().st_mode & 0o777 == 0o600
    finally:
        process.terminate()
        end(process)


def test_a_pipeline_speaks_only_for_those_who_may_write(place: Place) -> None:
    pipeline = admit(place.client, "pipeline", ["author"], "system")
    officers = place.officers()
    said = {"text": f"{POLICIES}# x\n", "comment": "x", "on_behalf_of": "noor"}
    assert_problem(place.client.post("/v1/revisions", json=said, auth=by(pipeline)), 403, "role_missing")
    first = body(place.client.post("/v1/revisions", json=said | {"on_behalf_of": "mia"}, auth=by(pipeline)), 201)
    admit(place.client, "zoe", ["author"])
    other = body(place.client.post("/v1/revisions", json=said | {"on_behalf_of": "zoe"}, auth=by(pipeline)), 201)
    assert (first["makers"], other["makers"]) == (["mia", "pipeline"], ["pipeline", "zoe"])
    assert officers.author
