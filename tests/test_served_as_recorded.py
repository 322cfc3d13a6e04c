"""A service serves what was recorded or nothing, whatever is written into its database meanwhile, over HTTP."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pysqlite3.dbapi2 as driver
import pytest
import zstandard
from sqlalchemy import insert, make_url

from api.audit.database import AuditUnavailableError
from api.audit.places import Places
from api.audit.postgres import shown
from api.audit.store import Store
from api.audit.tables import probe
from api.audit.tree import Frontier
from api.audit.verify import leaf_hash, verify_consistency, verify_inclusion
from api.cli import app
from tests.pinned_cases import GENTLER, REMINDERS, facts
from tests.postgres import Server, postgres
from tests.recorded_logs import RUNNER, record_all, running_with
from tests.serving import assert_problem, new_key, served
from tests.tampering import Made, Tampering

__all__ = ["postgres"]  # pytest finds the fixture here; for ruff it is otherwise an unused name

POLICIES = """\
writ: 1
bundle: served
reporting_currency: EUR
languages: [en]
facts:
  amount: {type: money, currency: EUR}
  customer: {type: text, optional: true, subject: true, pii: true}
  notes: {type: list, of: text}
policies:
  release:
    kind: decision
    title: {en: Release}
    outcome: {release: amount <= 1000, asked: amount, noted: count(notes)}
"""
ASKED: dict[str, Any] = {"amount": "250.50", "customer": "Ada Byron", "notes": []}


@contextmanager
def serving(folder: Path, text: str = POLICIES, **settings: object) -> Iterator[httpx.Client]:
    with served(folder, text, **settings) as running, httpx.Client(base_url=running.url, timeout=15) as client:
        yield client


def rewriting(folder: Path) -> Tampering:
    return Tampering(Made(folder, folder, (), folder, ""), folder, random.Random(0))  # noqa: S311 (of no use here)


def alter_body(database: Tampering, seq: int) -> None:
    body = zstandard.decompress(database.one("SELECT body FROM entry WHERE seq = ?", seq))
    database.put(seq, body.replace(b"250.50", b"999.50"))


def alter_part(database: Tampering, _seq: int) -> None:
    body = zstandard.decompress(database.one("SELECT body FROM part"))
    database.do("UPDATE part SET body = ?", zstandard.compress(body.replace(b"250.50", b"999.50")))


def alter_personal(database: Tampering, seq: int) -> None:
    database.do("UPDATE personal SET value = ? WHERE seq = ? AND pointer LIKE '/facts%'", b'"Eve Byron"', seq)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Path]]:
    folder = tmp_path_factory.mktemp("served")
    with serving(folder) as client:
        yield client, folder


@pytest.mark.parametrize(
    ("given", "alter", "bytes_too"),
    [({}, alter_body, True), ({"notes": ["long" * 100] * 200}, alter_part, False), ({}, alter_personal, False)],
)
def test_what_was_altered_is_not_served_and_the_rest_is(
    service: tuple[httpx.Client, Path], given: dict[str, Any], alter: Any, bytes_too: bool
) -> None:
    client, folder = service
    key, asked = new_key(), {"facts": ASKED | given}
    said = client.post("/v1/decisions/release", json=asked, headers=key).json()
    seq, path = said["log"]["seq"], f"/v1/decisions/{said['decision_id']}"
    assert client.get(path).status_code == 200
    database = rewriting(folder)
    with database.opened():
        alter(database, seq)
    entry = client.get(f"/v1/log/entries/{seq}")
    answers = [client.get(path), client.get(f"{path}/certificate")]
    answers.append(client.post("/v1/decisions/release", json=asked, headers=key))
    for answer in [*answers, entry] if bytes_too else answers:
        assert_problem(answer, 503, "audit_unavailable")
        assert "999.50" not in answer.text
        assert "Eve" not in answer.text
    assert bytes_too or leaf_hash(entry.content).hex() == said["log"]["leaf"]
    other = client.post("/v1/decisions/release", json={"facts": ASKED}, headers=new_key()).json()
    assert client.get(f"/v1/decisions/{other['decision_id']}").json()["outcome"] == other["outcome"]
    assert client.get("/readyz").status_code == 200


def test_no_other_decision_is_served_under_the_key_or_the_id_of_one(service: tuple[httpx.Client, Path]) -> None:
    client, folder = service
    key, asked = new_key(), {"facts": {"amount": "1", "notes": []}}
    one = client.post("/v1/decisions/release", json=asked, headers=key).json()
    other = client.post("/v1/decisions/release", json={"facts": ASKED}, headers=new_key()).json()
    database = rewriting(folder)
    with database.opened():
        database.do("UPDATE idempotency SET seq = ? WHERE seq = ?", other["log"]["seq"], one["log"]["seq"])
        database.do("DELETE FROM personal WHERE seq = ?", other["log"]["seq"])
        database.do("UPDATE entry SET id = 'none' WHERE id = ?", one["decision_id"])
        database.do("UPDATE entry SET id = ? WHERE id = ?", one["decision_id"], other["decision_id"])
    answers = [client.post("/v1/decisions/release", json=asked, headers=key)]
    answers += [client.get(f"/v1/decisions/{one['decision_id']}{which}") for which in ("", "/certificate")]
    assert [answer.status_code for answer in answers] == [503] * 3


@pytest.fixture(scope="module")
def leaves_of(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sequence[bytes]]:
    folder = tmp_path_factory.mktemp("long")
    with running_with(folder, POLICIES) as running:
        record_all(running, "release", [ASKED] * 298)
        running.audit.publisher.publish()
        return folder, [kept.leaf for kept in running.audit.store.entries(0, 300)]


def test_no_proof_is_made_of_a_tile_that_was_altered(leaves_of: tuple[Path, Sequence[bytes]]) -> None:
    folder, leaves = leaves_of
    roots = {size: Frontier().extend(leaves[:size]).root() for size in (100, 200, 270, 300)}
    refused = []
    with serving(folder) as client:
        database = rewriting(folder)
        with database.opened():
            raw = database.one("SELECT hashes FROM tile WHERE level = 0")
            altered = raw[:1600] + bytes([raw[1600] ^ 1]) + raw[1601:]  # the hash of leaf 50
            database.do("UPDATE tile SET hashes = ? WHERE level = 0", altered)
        included, grown = (5, 50, 99, 150, 199, 260, 299), ((100, 300), (100, 200), (200, 270), (270, 300))
        wanted = [("inclusion", {"seq": seq, "size": size}) for seq in included for size in roots if seq < size]
        wanted += [("consistency", {"from": old, "to": new}) for old, new in grown]
        for kind, params in wanted:
            answer = client.get(f"/v1/log/proofs/{kind}", params=params)
            if answer.status_code != 200:
                refused.append(assert_problem(answer, 503, "audit_unavailable"))
                continue
            proof, (one, size) = [bytes.fromhex(hash_) for hash_ in answer.json()["proof"]], params.values()
            if kind == "inclusion":
                assert verify_inclusion(leaves[one], one, size, proof, roots[size]), params
            else:
                assert verify_consistency(one, size, proof, roots[one], roots[size]), params
    assert 5 <= len(refused) <= len(wanted) - 2  # some proofs need nothing of that tile
    with database.opened():
        database.do("UPDATE tile SET hashes = ? WHERE level = 0", raw)


def test_a_replay_names_what_was_altered_and_what_is_gone(leaves_of: tuple[Path, Sequence[bytes]]) -> None:
    folder, _ = leaves_of
    database = rewriting(folder)
    with database.opened():
        alter_body(database, 40)
        for table in ("idempotency", "catalogue", "personal", "entry"):
            database.do(f"DELETE FROM {table} WHERE seq = 55")  # noqa: S608 (our own words)
    done = RUNNER.invoke(app, ["audit", "replay", "--json", "--database", str(folder / "writ.db")])
    assert done.exit_code == 1, done.output
    found = {one["seq"]: one["what"] for one in orjson.loads(done.stdout)["differences"]}
    assert found.keys() == {40, 55}
    assert "leaf hash" in found[40]
    assert found[55] == "it is missing in the database"


def ask(client: httpx.Client, given: dict[str, Any]) -> dict[str, Any]:
    body = {"facts": given, "as_of": "2026-03-08"}
    answer = client.post("/v1/decisions/reminders", json=body, headers=new_key())
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


HERE = REMINDERS.replace("customer_id: text", "customer_id: {type: text, pii: true}")
THERE = GENTLER.replace("invoice_id: text", "invoice_id: {type: text, pii: true}")


def test_a_revision_that_another_process_adds_decides_its_cases_without_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path, HERE) as client:
        ask(client, facts(procedure_version="0" * 64))
        with running_with(tmp_path, THERE) as other:
            version = other.revisions.today().bundle.policies["reminders"].digest
        said = ask(client, facts("C-Quintana", procedure_version=version))
        assert (said["revision"], said["policy_digest"]) == (2, version)
        assert ask(client, facts())["revision"] == 2
        # What either of the two texts marks as personal is in no entry.
        entry = client.get(f"/v1/log/entries/{said['log']['seq']}").content
        for value in (b"C-Quintana", b"INV-1"):
            assert value not in entry
        read = client.get(f"/v1/decisions/{said['decision_id']}").json()
        assert read["facts"] == facts("C-Quintana", procedure_version=version)


def test_a_reader_of_postgresql_cannot_write_and_no_password_is_shown(postgres: Server) -> None:
    url = make_url(postgres.new_database()).set(drivername="postgresql")
    password = str(url.password)
    hidden = url.set(password=None, query={"password": password})
    for one in (url, hidden):
        text = one.render_as_string(hide_password=False)
        store = Store(text, 5)
        try:
            with pytest.raises(AuditUnavailableError, match="read-only"), store.read() as connection:
                connection.execute(insert(probe).values(one=1, at="now"))
            assert password not in store.database.name
            assert str(url.database) in store.database.name
        finally:
            store.close()
        assert Places(text, Path("key"), Path("checkpoints")).shown == "postgresql://…"
    assert shown(make_url("postgresql://u@h/db?password=secret")) == "postgresql://u@h/db"
    assert "secret" not in shown(make_url("postgresql+psycopg://u:secret@h/db?sslpassword=secret"))


def test_checkpoints_asked_for_while_the_database_is_locked_are_answered_soon(tmp_path: Path) -> None:
    with serving(tmp_path, busy_timeout=1) as client:
        lock = driver.connect(str(tmp_path / "writ.db"), isolation_level=None)
        while True:  # until the lock is taken before the service has signed the new size
            client.post("/v1/decisions/release", json={"facts": ASKED}, headers=new_key()).raise_for_status()
            lock.execute("BEGIN IMMEDIATE")
            behind = "SELECT (SELECT size FROM log_state) > (SELECT max(size) FROM checkpoint)"
            if lock.execute(behind).fetchall() == [(1,)]:
                break
            lock.execute("ROLLBACK")

        def asked(_number: int) -> tuple[int, float]:
            started = time.monotonic()
            status = httpx.get(f"{client.base_url}/v1/log/checkpoint", timeout=15).status_code
            return status, time.monotonic() - started

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(asked, range(6)))
        lock.execute("ROLLBACK")
        lock.close()
        assert [status for status, _ in answers] == [503] * 6
        assert max(seconds for _, seconds in answers) < 4
        assert client.get("/v1/log/checkpoint").status_code == 200
