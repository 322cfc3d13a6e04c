"""Who is let in, over HTTP: rows 89 to 94 of bad-inputs, each with its clear answer, and no key in any log."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.governance.admissions import LIVE_KEYS
from tests.officers import admit, body, by
from tests.serving import (
    FACTS,
    POLICIES,
    URL,
    Served,
    address,
    assert_problem,
    end,
    new_key,
    served,
    spawn,
)
from tests.set_clock import desk

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@dataclass
class House:
    """A service, its folder, and the key of somebody with every role."""

    running: Served
    client: httpx.Client
    folder: Path

    @property
    def master(self) -> str:
        found = re.search("tester:(.*)@", self.running.url)
        assert found is not None
        return found[1]

    @property
    def log(self) -> str:
        return (self.folder / "service.log").read_text(encoding="utf-8")

    def decide(self, key: str) -> httpx.Response:
        return self.client.post(URL, json={"facts": FACTS}, headers=new_key(), auth=by(key))

    def bare(self, headers: list[tuple[str, str]], url: str = "/v1/revisions") -> httpx.Response:
        """What is answered to exactly these headers."""
        with httpx.Client(base_url=self.client.base_url.copy_with(userinfo=b"")) as client:
            return client.get(url, headers=headers)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with served(folder, failures=10_000) as running, httpx.Client(base_url=running.url, timeout=30) as client:
        yield House(running, client, folder)


def revoke(house: House, name: str) -> None:
    for one in body(house.client.get("/v1/principals"))["principals"]:
        live = [key for key in one["keys"] if key["live"] and one["id"] == name]
        for key in live:
            body(house.client.delete(f"/v1/principals/{name}/keys/{key['key']}"))


def test_row_89_a_key_opens_what_its_roles_say_and_the_denial_is_written_down(house: House) -> None:
    system = admit(house.client, "order-system", ["decide"], "system")
    said = assert_problem(house.client.get("/v1/revisions", auth=by(system)), 403, "role_missing")
    assert "`order-system` would need the role `approve` or `audit` or `author`" in said["detail"]
    auditor = admit(house.client, "olga", ["audit"])
    draft = {"text": POLICIES, "comment": "x"}
    said = assert_problem(house.client.post("/v1/revisions", json=draft, auth=by(auditor)), 403, "role_missing")
    assert "`author`" in said["detail"]
    written = [line for line in house.log.splitlines() if "denied: role_missing" in line]
    assert ["order-system" in written[0], "olga" in written[1], said["request_id"] in written[1]] == [True] * 3


def test_row_90_a_decision_of_another_system_is_not_there(house: House) -> None:
    one, other = (admit(house.client, name, ["decide"], "system") for name in ("shop", "branch"))
    decision = body(house.decide(one))["decision_id"]
    for path in (f"/v1/decisions/{decision}", f"/v1/decisions/{decision}/certificate"):
        hidden = assert_problem(house.client.get(path, auth=by(other)), 404, "decision_unknown")
        unknown = f"dec_{'0' * 26}"
        never = assert_problem(
            house.client.get(path.replace(decision, unknown), auth=by(other)), 404, "decision_unknown"
        )
        assert hidden["detail"].replace(decision, unknown) == never["detail"]
    body(house.client.get(f"/v1/decisions/{decision}", auth=by(one)))


def test_row_91_no_other_key_opens_anything_and_none_is_ever_logged(house: House) -> None:
    good = admit(house.client, "noor", ["approve"])
    gone = admit(house.client, "mia", ["author"])
    revoke(house, "mia")
    basic = base64.b64encode(f"noor:{good[:-1]}".encode()).decode()
    words: dict[str, list[tuple[str, str]]] = {
        "was revoked on": [("Authorization", f"Bearer {gone}")],
        "was it cut off?": [("Authorization", f"Bearer {good[:-1]}")],
        "there is no such key": [("Authorization", f"Bearer {good[:-3]}xyz")],
        "cut off?": [("Authorization", f"Basic {basic}")],
        "not base64": [("Authorization", "Basic !!!")],
        "send one header": [("Authorization", f"Bearer {good}"), ("Authorization", f"Bearer {good}")],
        "and the key": [("Authorization", "Bearer")],
        "or Basic with": [("Authorization", f"Digest {good}")],
    }
    for said, headers in words.items():
        answer = house.bare(headers)
        assert said in assert_problem(answer, 401, "credentials_invalid")["detail"], headers
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert house.bare([("Authorization", f"bearer   {good}")]).status_code == 200
    assert (
        house.bare([("Authorization", f"Basic {base64.b64encode(f'x:{good}'.encode()).decode()}")]).status_code == 200
    )
    for url in (
        f"/v1/revisions?key={good}",
        f"/v1/revisions/{good}",
        f"/v1/revisions?x=%77{good[1:]}",
        "/v1/revisions?token=x",
    ):
        assert_problem(house.bare([("Authorization", f"Bearer {good}")], url), 401, "credentials_in_url")
    for secret in (good, gone, good[5:], good[:-1], house.master):
        assert secret not in house.log
    assert house.log.count("denied: credentials_invalid") == len(words)


def test_row_91_an_expired_key_opens_nothing(tmp_path: Path) -> None:
    with desk(tmp_path, POLICIES, NOON) as there:
        body(there.client.put("/v1/principals/shop", json={"type": "system", "roles": ["decide"]}))
        made = body(there.client.post("/v1/principals/shop/keys", json={"days": 2}), 201)
        assert made["expires_at"] == "2026-03-03T12:00:00.000000Z"

        def ask() -> httpx.Response:
            headers = {"Authorization": f"Bearer {made['secret']}", **new_key()}
            return there.client.post(URL, json={"facts": FACTS}, headers=headers)

        there.clock.now = NOON + dt.timedelta(days=2, microseconds=-1)
        body(ask())
        there.clock.now = NOON + dt.timedelta(days=2)
        assert "expired on 2026-03-03T12:00" in assert_problem(ask(), 401, "credentials_invalid")["detail"]


def test_row_92_guessing_is_slowed_and_nobody_else_is(tmp_path: Path) -> None:
    """A good key of the same address is let in all the while: behind one proxy all addresses are the same."""
    with served(tmp_path, failures=30) as running, httpx.Client(base_url=running.url, timeout=30) as client:
        started, answers = time.monotonic(), []
        for number in range(600):
            answers.append(client.get("/v1/revisions", auth=by(f"writ_guess{number}")))
            if number % 100 == 0:
                body(client.get("/v1/revisions"))
        most = 30 + math.ceil((time.monotonic() - started) * 30 / 60)
        counts = {status: sum(one.status_code == status for one in answers) for status in (401, 429)}
        assert 30 <= counts[401] <= most
        assert counts[401] + counts[429] == 600
        last = next(one for one in reversed(answers) if one.status_code == 429)
        assert_problem(last, 429, "too_many_failures")
        assert 1 <= int(last.headers["retry-after"]) <= 2
        time.sleep(int(last.headers["retry-after"]))
        assert client.get("/v1/revisions", auth=by("writ_guess")).status_code == 401


def test_a_key_that_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    with served(tmp_path, rate=60) as running, httpx.Client(base_url=running.url, timeout=30) as client:
        shop = admit(client, "shop", ["decide"], "system")
        answers = [client.post(URL, json={"facts": FACTS}, headers=new_key(), auth=by(shop)) for _ in range(80)]
        refused = [one for one in answers if one.status_code == 429]
        assert refused
        assert_problem(refused[0], 429, "rate_limited")
        assert int(refused[0].headers["retry-after"]) == 1
        body(client.get("/v1/principals"))
        time.sleep(1)
        assert client.post(URL, json={"facts": FACTS}, headers=new_key(), auth=by(shop)).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "file://"])
def test_row_93_the_page_of_another_site_changes_nothing(house: House, origin: str) -> None:
    """A browser sends Basic credentials by itself, as it would a cookie."""
    headers = {"Origin": origin, "Cookie": "session=1"}
    draft = {"text": POLICIES, "comment": "x"}
    assert_problem(house.client.post("/v1/revisions", json=draft, headers=headers), 403, "csrf")
    assert_problem(house.client.delete("/v1/principals/a/keys/b", headers=headers), 403, "csrf")
    body(house.client.get("/v1/revisions", headers=headers))


def test_the_page_of_the_service_itself_may(house: House) -> None:
    origin = str(house.client.base_url.copy_with(userinfo=b"")).rstrip("/")
    said = {"type": "person", "roles": ["audit"]}
    body(house.client.put("/v1/principals/olga", json=said, headers={"Origin": origin}))


def test_a_revoked_key_opens_nothing_in_another_process_after_a_second(house: House) -> None:
    second = spawn(house.folder)
    try:
        url = address(second, house.folder)
        with httpx.Client(base_url=url, timeout=30) as there:
            for _ in range(3):
                key = admit(house.client, "shop", ["decide"], "system")
                time.sleep(1)

                def ask(key: str = key) -> int:
                    return there.post(URL, json={"facts": FACTS}, headers=new_key(), auth=by(key)).status_code

                assert ask() == 200
                revoke(house, "shop")
                assert house.decide(key).status_code == 401
                time.sleep(1)
                assert ask() == 401
    finally:
        second.terminate()
        end(second)


def test_a_role_that_was_taken_is_gone_at_once(house: House) -> None:
    key = admit(house.client, "shop", ["decide"], "system")
    body(house.decide(key))
    body(house.client.put("/v1/principals/shop", json={"type": "system", "roles": []}))
    assert_problem(house.decide(key), 403, "role_missing")


def test_a_principal_has_two_live_keys_at_most(house: House) -> None:
    admit(house.client, "till", ["decide"], "system")
    made = [house.client.post("/v1/principals/till/keys", json={}) for _ in range(2)]
    assert [one.status_code for one in made] == [201, 409]
    assert_problem(made[1], 409, "principal_state")
    assert LIVE_KEYS == 2


REGISTRATIONS: list[tuple[str, dict[str, Any], int, str]] = [
    ("No Body", {"type": "person", "roles": []}, 422, "request_invalid"),
    ("x", {"type": "robot", "roles": []}, 422, "request_invalid"),
    ("x", {"type": "person", "roles": ["admin"]}, 422, "request_invalid"),
    ("x", {"type": "system", "roles": ["approve"]}, 422, "request_invalid"),
    ("x", {"type": "system", "roles": ["administer"]}, 422, "request_invalid"),
    ("system", {"type": "person", "roles": ["approve"]}, 422, "request_invalid"),
    ("tester", {"type": "system", "roles": ["decide"]}, 409, "principal_state"),
]


@pytest.mark.parametrize(("name", "said", "status", "code"), REGISTRATIONS)
def test_nobody_is_registered_as_what_they_cannot_be(
    house: House, name: str, said: Mapping[str, Any], status: int, code: str
) -> None:
    assert_problem(house.client.put(f"/v1/principals/{name}", json=said), status, code)


def test_somebody_can_always_administer(house: House) -> None:
    revoke(house, "administrator")
    administrators = [
        one for one in body(house.client.get("/v1/principals"))["principals"] if "administer" in one["roles"]
    ]
    live = [(one["id"], key["key"]) for one in administrators for key in one["keys"] if key["live"]]
    [(name, prefix)] = live
    assert name == "tester"
    assert_problem(house.client.delete(f"/v1/principals/tester/keys/{prefix}"), 409, "principal_state")
    demotion = house.client.put("/v1/principals/tester", json={"type": "person", "roles": ["decide"]})
    assert_problem(demotion, 409, "principal_state")


def test_every_granted_change_is_in_the_audit_log_under_the_name_of_who_made_it(house: House) -> None:
    adam = admit(house.client, "adam", ["administer"])
    body(house.client.put("/v1/principals/wen", json={"type": "person", "roles": ["author"]}, auth=by(adam)))
    made = body(house.client.post("/v1/principals/wen/keys", json={}, auth=by(adam)), 201)
    body(house.client.delete(f"/v1/principals/wen/keys/{made['key']}", auth=by(adam)))
    body(house.client.put("/v1/principals/wen", json={"type": "person", "roles": []}, auth=by(adam)))
    entries = body(house.client.get("/v1/log/entries?principal=adam"))["entries"]
    found = [json.loads(house.client.get(f"/v1/log/entries/{one['seq']}").content) for one in reversed(entries)]
    assert [(one["kind"], one["act"]) for one in found] == [
        ("principal", "registered"), ("access_key", "made"), ("access_key", "revoked"), ("principal", "changed"),
    ]  # fmt: skip
    assert (found[0]["roles"], found[3]["roles"]) == (["author"], [])
    assert made["secret"] not in json.dumps(found)
    assert all(one["principal"] == "adam" for one in found)


def test_the_first_key_is_shown_once_and_only_where_it_was_made(tmp_path: Path) -> None:
    (tmp_path / "policies.yaml").write_text(POLICIES, encoding="utf-8")
    shown = []
    for _ in range(2):
        process = spawn(tmp_path)
        address(process, tmp_path)
        process.terminate()
        assert process.stdout is not None
        said = process.stdout.read()
        end(process)
        shown += re.findall(r"writ_\w{8}_[\w-]+", said + (tmp_path / "service.log").read_text(encoding="utf-8"))
    assert len(shown) == 1
    with spawn(tmp_path) as process:
        with httpx.Client(base_url=address(process, tmp_path), auth=by(shown[0])) as client:
            [administrator] = body(client.get("/v1/principals"))["principals"]
            assert (administrator["id"], administrator["roles"]) == ("administrator", ["administer"])
        process.terminate()
        end(process)
