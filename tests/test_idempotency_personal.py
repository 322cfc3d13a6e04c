"""Keys of requests that hold personal data (rows 74, 79): the fingerprint is salted, and erasure ends the key's use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pysqlite3.dbapi2 as driver

from api.audit.canonical import fingerprint
from api.audit.erasure import erase
from api.audit.log import Log
from api.audit.places import Places
from api.running import utc_now
from tests.calling import HEADERS
from tests.idempotency_workers import NO_CERTIFICATES, Worker, working
from tests.serving import assert_problem

POLICY = """\
writ: 1
bundle: letters
reporting_currency: EUR
facts:
  customer_id: {type: text, subject: true}
  name: {type: text, pii: true}
  born_on: {type: date, pii: true, optional: true}
  amount: {type: money, currency: EUR}
policies:
  greet:
    kind: decision
    title: {en: Greet}
    outcome:
      to: name
      small: amount <= 10
"""
FACTS = {"customer_id": "C-7", "name": "Ada Lovelace", "born_on": "1815-12-10", "amount": "9.50"}
URL = "/v1/decisions/greet"
LEFT_OUT = object()


def get(worker: Worker, path: str) -> Any:
    return httpx.get(worker.url + path, headers=HEADERS, timeout=15, verify=NO_CERTIFICATES).json()


def ask(worker: Worker, key: str = "k", **facts: object) -> httpx.Response:
    given = {name: value for name, value in {**FACTS, **facts}.items() if value is not LEFT_OUT}
    body, headers = {"facts": given, "as_of": "2026-03-01"}, {**HEADERS, "Idempotency-Key": key}
    return httpx.post(worker.url + URL, json=body, headers=headers, timeout=15, verify=NO_CERTIFICATES)


def assert_only_the_first_request_replays(service: Worker, first: httpx.Response) -> None:
    again = ask(service)
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    for other in ({"name": "Ada Byron"}, {"born_on": "1815-12-11"}, {"born_on": None}, {"amount": "9.5"}):
        assert_problem(ask(service, **other), 422, "idempotency_key_reused")


def test_a_key_of_personal_data_stands_for_that_data_also_after_a_restart(tmp_path: Path) -> None:
    with working(tmp_path, POLICY) as (service,):
        first = ask(service)
        assert first.json()["outcome"] == {"to": "Ada Lovelace", "small": True}
        assert_only_the_first_request_replays(service, first)
    with working(tmp_path, POLICY.replace("10\n", "5\n")) as (service,):
        assert_only_the_first_request_replays(service, first)


def test_a_request_without_the_optional_personal_data_is_another_one(tmp_path: Path) -> None:
    with working(tmp_path, POLICY) as (service,):
        first = ask(service, born_on=LEFT_OUT)
        assert first.status_code == 200
        assert_problem(ask(service), 422, "idempotency_key_reused")
        assert ask(service, born_on=LEFT_OUT).content == first.content


def test_neither_record_nor_key_lets_the_personal_data_be_guessed(tmp_path: Path) -> None:
    """With everything else of a request known, a bare hash of it would confirm a guess of its birthday."""
    with working(tmp_path, POLICY) as (service,):
        ask(service)
    guessed = fingerprint("greet", {"facts": FACTS, "as_of": "2026-03-01"})
    connection = driver.connect(str(tmp_path / "writ.db"))
    ((kept,),) = connection.execute("SELECT fingerprint FROM idempotency").fetchall()
    connection.close()
    assert kept != guessed


def test_after_an_erasure_the_key_is_refused_and_never_decided_again(tmp_path: Path) -> None:
    with working(tmp_path, POLICY) as (service,):
        first, other = ask(service), ask(service, "other", customer_id="C-8")
        assert (first.status_code, other.status_code) == (200, 200)
        places = Places(str(tmp_path / "writ.db"), tmp_path / "writ.key", tmp_path / "writ.checkpoints")
        audit = Log(places, 5, utc_now)
        assert erase(audit, "C-7", principal="officer", reason="asked for").records == 1
        audit.close()
        for _ in range(2):
            assert_problem(ask(service), 422, "idempotency_key_reused")
            assert_problem(ask(service, name="Ada Byron"), 422, "idempotency_key_reused")
            assert ask(service, "other", customer_id="C-8").content == other.content
        read = get(service, f"/v1/decisions/{first.json()['decision_id']}")
        assert (read["facts"]["name"], read["facts"]["amount"]) == (None, "9.50")
    with working(tmp_path, POLICY) as (service,):
        assert_problem(ask(service), 422, "idempotency_key_reused")
        after = ask(service, "new").json()["log"]["seq"]
        assert after == other.json()["log"]["seq"] + 2, "the erasure is the only entry in between"
