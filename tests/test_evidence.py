"""What auditors hold of a running log: keys that change (P19), proofs over HTTP, and tables as the code takes them."""

from __future__ import annotations

import itertools
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text

from api.audit.checkpoint_file import CheckpointFile
from api.audit.database import AuditUnavailableError
from api.audit.pack import export_pack
from api.audit.search import Query
from api.audit.signing import KeyFileError, make_key
from api.audit.store import Store
from api.audit.tables import metadata
from api.audit.verify import (
    Checkpoint,
    leaf_hash,
    parse_note,
    parse_vkey,
    verify_consistency,
    verify_inclusion,
    verify_note,
    verify_pack,
)
from api.cli import app
from tests.postgres import Server, postgres
from tests.recorded_logs import RUNNER, log_in, record_all, running_with
from tests.serving import FACTS, ROOT, assert_problem, environment, served

__all__ = ["postgres"]  # pytest finds the fixture here; for ruff it is otherwise an unused name

KEY = "writ.db.key"


def decide_some(running: Any, count: int = 3) -> None:
    record_all(running, "small-order", [dict(FACTS)] * count)


def signed_by(note: str, *keys: str) -> bool:
    return verify_note(parse_note(note), [parse_vkey(key) for key in keys])


# Keys


def test_checkpoints_before_and_after_a_new_key_verify_each_with_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    with running_with(folder) as running:
        audit = running.audit
        (old,) = audit.verifier_keys()
        decide_some(running)
        before = audit.publisher.publish()
        new = audit.rotate("tests").public
        decide_some(running)
        after = audit.publisher.publish()
        assert audit.verifier_keys() == (new, old)
        assert [signed_by(before, key) for key in (old, new)] == [True, False]
        assert [signed_by(after, key) for key in (old, new)] == [False, True]
        mine = tmp_path / "mine.note"
        mine.write_text(before, encoding="utf-8")
        export_pack(audit, Query(), tmp_path / "pack", principal="tests")
    assert (tmp_path / "pack" / "pubkey.txt").read_text() == f"{new}\n{old}\n"
    assert not verify_pack(tmp_path / "pack", checkpoint=mine, key=new).wrong
    assert not verify_pack(tmp_path / "pack", checkpoint=mine, key=f"{old} {new}").wrong
    assert verify_pack(tmp_path / "pack", key=old).wrong == ["checkpoint.note: not signed by your key"]
    kept = folder / f"{KEY}.{old.split('+')[1]}"
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / KEY, kept)} == {0o600}
    with log_in(folder) as audit:
        assert audit.verifier_keys() == (new, old)
        assert signed_by(audit.publisher.publish(), new)


def test_a_key_may_follow_another_or_a_lost_one_or_a_change_cut_short(tmp_path: Path) -> None:
    with running_with(tmp_path) as running:
        decide_some(running)
        running.audit.publisher.publish()
        (first,), second = running.audit.verifier_keys(), running.audit.rotate("tests").public
    path = tmp_path / KEY
    path.rename(path.with_name(f"{KEY}.{second.split('+')[1]}.next"))
    path.with_name(f"{KEY}.{first.split('+')[1]}").rename(path)
    with log_in(tmp_path) as audit:
        assert signed_by(audit.publisher.publish(), second)
        assert audit.verifier_keys() == (second, first)
    command = ["audit", "rotate-key", "--lost", "--database", str(tmp_path / "writ.db")]
    assert RUNNER.invoke(app, command).exit_code == 1, "a key that is there is not lost"
    path.unlink()
    assert RUNNER.invoke(app, command).exit_code == 0
    with log_in(tmp_path) as audit:
        assert audit.verifier_keys()[1:] == (second, first)
        [said] = audit.store.entries(audit.store.state().size - 1, audit.store.state().size)
        assert b'"lost":true' in said.body


def test_a_running_service_signs_with_the_new_key_at_once(tmp_path: Path) -> None:
    with served(tmp_path) as running, httpx.Client(base_url=running.url, timeout=15) as client:
        (old,) = client.get("/v1/log/key").text.split()
        assert signed_by(client.get("/v1/log/checkpoint").text, old)
        done = RUNNER.invoke(app, ["audit", "rotate-key", "--database", str(tmp_path / "writ.db")])
        assert done.exit_code == 0, done.output
        new, *others = client.get("/v1/log/key").text.split()
        assert (others, new in done.stdout) == ([old], True)
        assert running.decide().status_code == 200
        assert signed_by(client.get("/v1/log/checkpoint").text, new)
        # The service's own thread, too: nobody asks it for this one.
        assert running.decide().status_code == 200
        size = client.get("/v1/log/entries?limit=1").json()["entries"][0]["seq"] + 1
        file, late = CheckpointFile(tmp_path / f"{KEY.removesuffix('key')}checkpoints"), time.monotonic() + 10
        while parse_note(file.latest() or "").size < size and time.monotonic() < late:
            time.sleep(0.05)
        assert signed_by(file.latest() or "", new)


def foreign(path: Path) -> None:
    path.unlink()
    make_key(path, "another-log")


def unknown(path: Path) -> None:
    origin = path.read_text().removeprefix("PRIVATE+KEY+").partition("+")[0]
    path.unlink()
    make_key(path, origin)


def cut(path: Path) -> None:
    path.write_text(path.read_text()[:-10])


def public(path: Path) -> None:
    path.write_text(path.read_text().removeprefix("PRIVATE+KEY+"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (Path.unlink, "cannot read the signing key `{}`: No such file or directory"),
        (lambda path: path.write_bytes(b""), "`{}` holds no signing key"),
        (lambda path: path.write_bytes(bytes(range(256))), "cannot read the signing key `{}`: it is not text"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot read the signing key `{}`: Is a directory"),
        (cut, "`{}` holds no signing key"),
        (public, "`{}` holds no signing key"),
        (foreign, "the signing key `{}` is for the log `another-log`, not for `"),
        (unknown, "the signing key `{}` is not the log's, which is "),
    ],
)
def test_a_key_file_that_is_not_the_logs_is_refused_and_not_shown(
    tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    with running_with(tmp_path):
        pass
    path = tmp_path / KEY
    secret = path.read_text().split("+", 4)[4].strip()
    spoil(path)
    with pytest.raises(KeyFileError) as refused, log_in(tmp_path):
        pass
    assert str(refused.value).startswith(said.format(path))
    assert secret[:20] not in str(refused.value)


def test_a_service_without_the_logs_key_does_not_start_and_says_what_to_do(tmp_path: Path) -> None:
    with running_with(tmp_path):
        pass
    (tmp_path / KEY).rename(tmp_path / "elsewhere")
    command = [sys.executable, "-m", "api.serve"]
    done = subprocess.run(command, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"cannot read the signing key `{tmp_path / KEY}`: No such file or directory\n")
    assert "WRIT_LOG_KEY" in done.stderr
    assert not (tmp_path / KEY).exists(), "a new key would begin another history"


# Proofs over HTTP


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service on a log with two whole tiles."""
    folder = tmp_path_factory.mktemp("proving")
    with running_with(folder) as running:
        decide_some(running, 530)
    with served(folder) as service, httpx.Client(base_url=service.url, timeout=15) as opened:
        yield opened


def checkpoint(client: httpx.Client) -> Checkpoint:
    """The newest one, its signature checked with the service's keys by two implementations."""
    note = parse_note(client.get("/v1/log/checkpoint").text)
    keys = [parse_vkey(key) for key in client.get("/v1/log/key").text.split()]
    assert verify_note(note, keys)
    [(_, _, signature)] = note.signatures
    Ed25519PublicKey.from_public_bytes(keys[0][2]).verify(signature, note.text.encode())
    return note


def hashes(answer: httpx.Response) -> list[bytes]:
    assert answer.status_code == 200, answer.text
    return [bytes.fromhex(each) for each in answer.json()["proof"]]


def test_what_was_answered_is_in_the_log_of_every_later_checkpoint(client: httpx.Client) -> None:
    answered: list[tuple[int, bytes]] = []
    notes = [checkpoint(client)]
    for _ in range(8):
        for _ in range(len(notes)):
            key = {"Idempotency-Key": f"k{len(answered)}"}
            log = client.post("/v1/decisions/small-order", json={"facts": dict(FACTS)}, headers=key).json()["log"]
            answered.append((log["seq"], bytes.fromhex(log["leaf"])))
        notes.append(checkpoint(client))
    for (seq, leaf), note in itertools.product(answered, notes):
        answer = client.get("/v1/log/proofs/inclusion", params={"seq": seq, "size": note.size})
        if seq >= note.size:
            assert assert_problem(answer, 422, "query_invalid")["pointer"] == "/seq"
            continue
        assert verify_inclusion(leaf, seq, note.size, hashes(answer), note.root)
        assert (answer.json()["checkpoint"] is None) is (note.size != notes[-1].size)
    for old, new in itertools.combinations_with_replacement(notes, 2):
        answer = client.get("/v1/log/proofs/consistency", params={"from": old.size, "to": new.size})
        assert verify_consistency(old.size, new.size, hashes(answer), old.root, new.root)


def test_an_entrys_exact_bytes_have_the_hash_that_is_proved(client: httpx.Client) -> None:
    note = checkpoint(client)
    for seq in (0, 1, 2, 255, 256, 511, 512, note.size - 1):
        entry = client.get(f"/v1/log/entries/{seq}")
        leaf = leaf_hash(entry.content)
        assert entry.headers["x-log-leaf"] == leaf.hex()
        answer = client.get(f"/v1/log/proofs/inclusion?seq={seq}")
        said = answer.json()
        assert (said["seq"], said["leaf"], said["size"]) == (seq, leaf.hex(), note.size)
        assert parse_note(said["checkpoint"]) == note
        assert verify_inclusion(leaf, seq, note.size, hashes(answer), note.root)
        assert not verify_inclusion(leaf, seq ^ 1, note.size, hashes(answer), note.root)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("inclusion", "/seq"),
        ("inclusion?seq=-1", "/seq"),
        ("inclusion?seq=1000000", "/seq"),
        ("inclusion?seq=1&size=0", "/size"),
        ("inclusion?seq=1&size=1000000", "/size"),
        ("inclusion?seq=5&size=5", "/seq"),
        ("inclusion?seq=%D9%A3", "/seq"),
        ("inclusion?seq=1&seq=1", "/seq"),
        ("inclusion?seq=1&from=1", "/from"),
        ("consistency", "/from"),
        ("consistency?from=9&to=8", "/from"),
        ("consistency?from=1&to=1000000", "/to"),
        ("consistency?from=1&to=1e1", "/to"),
        ("consistency?from=1&size=3", "/size"),
    ],
)
def test_proofs_of_what_there_is_not_are_refused_by_name(client: httpx.Client, query: str, pointer: str) -> None:
    problem = assert_problem(client.get(f"/v1/log/proofs/{query}"), 422, "query_invalid")
    assert problem["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("seq", ["1000000", "-1", "x", "9" * 30, "%D9%A3", "1.0"])
def test_an_entry_that_there_is_not_is_unknown(client: httpx.Client, seq: str) -> None:
    assert_problem(client.get(f"/v1/log/entries/{seq}"), 404, "entry_unknown")


# Tables


def databases(postgres: Server, folder: Path) -> tuple[str, str]:
    return str(folder / "writ.db"), postgres.new_database()


def test_migrations_make_the_tables_that_the_code_describes(postgres: Server, tmp_path: Path) -> None:
    for database in databases(postgres, tmp_path):
        store = Store(database, 5)
        with store.read() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        store.close()


def test_a_database_of_a_newer_version_is_refused(postgres: Server, tmp_path: Path) -> None:
    for database in databases(postgres, tmp_path):
        store = Store(database, 5)
        with store.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        store.close()
        with pytest.raises(AuditUnavailableError, match="tables are those of a newer Writ"):
            Store(database, 5)
