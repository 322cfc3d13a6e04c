"""A log whose database or key is not the one it was signs nothing more, does not start, and leaves nothing out.

Every database here is rewritten by plain SQL, as somebody would who can write it and has neither key nor checkpoints.
"""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pysqlite3.dbapi2 as driver
import pytest
import zstandard

from api.audit.database import AuditBrokenError, AuditUnavailableError
from api.audit.log import Log
from api.audit.pack import PackError, export_pack
from api.audit.search import Query
from api.audit.signing import KeyFileError, Signer, read_key
from api.audit.start_check import RolledBackError
from api.audit.tree import Frontier
from api.audit.verify import leaf_hash, parse_note, verify_pack
from tests.recorded_logs import NOON, log_in
from tests.serving import ROOT

ENTRIES = 20


@contextmanager
def rewriting(folder: Path) -> Iterator[Any]:
    """The database of a log, opened by somebody who may write it all."""
    connection = driver.connect(str(folder / "writ.db"))
    try:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        connection.commit()
    finally:
        connection.close()


def grow(audit: Log, size: int) -> None:
    """Entries until there are so many, and a checkpoint of them."""
    for number in range(audit.store.state().size, size):
        audit.enter("export", "exp", {"number": number})
    audit.publisher.publish()


def alter(database: Any, seq: int) -> None:
    """Another body for an entry, and its leaf hash."""
    ((packed,),) = database.execute("SELECT body FROM entry WHERE seq = ?", (seq,)).fetchall()
    body = zstandard.decompress(packed).replace(b'"number":%d' % seq, b'"number":%d' % (seq + 1))
    values = (zstandard.compress(body), leaf_hash(body), seq)
    database.execute("UPDATE entry SET body = ?, leaf = ? WHERE seq = ?", values)


def fit(database: Any, size: int) -> None:
    """Make the log's right edge that of so many of the entries that are there now; nobody signed anything yet."""
    leaves = [leaf for (leaf,) in database.execute("SELECT leaf FROM entry ORDER BY seq").fetchall()]
    edge = Frontier().extend(leaves[:size])
    database.execute("UPDATE log_state SET size = ?, frontier = ?", (edge.size, edge.to_bytes()))
    database.execute("DELETE FROM checkpoint")


def assert_signs_nothing(folder: Path, audit: Log) -> None:
    signed = (folder / "writ.db.checkpoints").read_bytes()
    with pytest.raises(AuditBrokenError):
        audit.publisher.publish()
    assert audit.store.broken
    assert (folder / "writ.db.checkpoints").read_bytes() == signed
    with rewriting(folder) as database:
        assert database.execute("SELECT count(*) FROM checkpoint").fetchall() == [(0,)]


@pytest.mark.parametrize("grown", [False, True])
def test_a_running_log_does_not_sign_another_history(tmp_path: Path, grown: bool) -> None:
    with log_in(tmp_path) as audit:
        grow(audit, ENTRIES)
        with rewriting(tmp_path) as database:
            alter(database, 5)
            fit(database, ENTRIES)
        if grown:
            audit.enter("export", "exp", {"number": ENTRIES})
        assert_signs_nothing(tmp_path, audit)


@pytest.mark.parametrize("again", [0, 9])
def test_a_running_log_that_went_back_signs_nothing_whether_it_grew_again_or_not(tmp_path: Path, again: int) -> None:
    with log_in(tmp_path) as audit:
        grow(audit, ENTRIES)
        with rewriting(tmp_path) as database:
            for table in ("catalogue", "entry"):
                database.execute(f"DELETE FROM {table} WHERE seq >= ?", (ENTRIES - 3,))  # noqa: S608 (our own words)
            fit(database, ENTRIES - 3)
        for number in range(again):
            audit.enter("export", "exp", {"another": number})
        assert_signs_nothing(tmp_path, audit)


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """The folder of a log with checkpoints of 4, 8 … entries; beside it stands its database of yesterday."""
    with log_in(tmp_path) as audit:
        for size in range(4, ENTRIES // 2, 4):
            grow(audit, size)
    shutil.copy(tmp_path / "writ.db", tmp_path / "yesterday")
    with log_in(tmp_path) as audit:
        for size in range(ENTRIES // 2, ENTRIES + 1, 2):
            grow(audit, size)
    return tmp_path


def go_back(folder: Path) -> None:
    assert not (folder / "writ.db-wal").exists()
    shutil.copy(folder / "yesterday", folder / "writ.db")


def assert_not_opened(folder: Path, why: str, error: type[AuditUnavailableError] = RolledBackError) -> None:
    with pytest.raises(error, match=why), log_in(folder):
        pass


TORN = b'{"note": "writ-log'


@pytest.mark.parametrize("left", [b"", b"\0" * 9000, b"\xff{" * 50_000, TORN, b"\0" * 9000 + b"\nno note\n" + TORN])
def test_whatever_a_crash_leaves_behind_the_checkpoints_yesterdays_database_is_refused(
    signed: Path, left: bytes
) -> None:
    with (signed / "writ.db.checkpoints").open("ab") as file:
        file.write(left)
    with log_in(signed):
        pass
    go_back(signed)
    assert_not_opened(signed, f"rolled back: 8 < {ENTRIES}")


@pytest.mark.parametrize("garbage", [b"no note\n" * 3, b"\0" * 9000 + b"\n", b"\0" * 100 + b"\n" + TORN])
def test_a_file_that_has_lost_all_its_checkpoints_is_refused(signed: Path, garbage: bytes) -> None:
    (signed / "writ.db.checkpoints").write_bytes(garbage)
    assert_not_opened(signed, "no line of them is whole", AuditUnavailableError)


def test_a_first_checkpoint_that_was_cut_short_is_no_reason_not_to_start(signed: Path) -> None:
    (signed / "writ.db.checkpoints").write_bytes(TORN)
    with log_in(signed) as audit:
        grow(audit, ENTRIES + 1)
    lines = (signed / "writ.db.checkpoints").read_bytes().splitlines()
    assert (lines[0], parse_note(orjson.loads(lines[1])["note"]).size) == (TORN, ENTRIES + 1)


def test_a_missing_folder_of_the_checkpoints_is_no_file_without_any(signed: Path) -> None:
    gone = signed / "gone" / "checkpoints"
    with pytest.raises(AuditUnavailableError, match="is not there"), log_in(signed, checkpoints=gone):
        pass


def test_an_earlier_checkpoint_that_does_not_fit_is_found_among_the_others(signed: Path) -> None:
    path = signed / "writ.db.checkpoints"
    with log_in(signed) as audit:
        signer = audit.key_file.signer()
    lines = path.read_bytes().splitlines(keepends=True)
    lines.insert(len(lines) // 2, orjson.dumps({"note": signer.sign(3, b"\7" * 32, NOON)}) + b"\n")
    path.write_bytes(b"".join(lines))
    assert_not_opened(signed, "of size 3, was signed for")


def old_key(folder: Path, public: str) -> Signer:
    return read_key(folder / f"writ.db.key.{public.split('+')[1]}", public.split("+", maxsplit=1)[0])


def test_the_old_key_may_sign_what_came_before_the_new_one_and_nothing_later(signed: Path) -> None:
    with log_in(signed) as audit:
        [public] = audit.verifier_keys()
        before = audit.store.state()
        audit.rotate("auditor")
        after = audit.store.state()
        old = old_key(signed, public)
        audit.file.append(old.sign(before.size, before.frontier.root(), NOON))
    with log_in(signed) as audit:
        audit.file.append(old.sign(after.size, after.frontier.root(), NOON))
    assert_not_opened(signed, "is not signed with the key that the log had then")


def test_a_node_that_still_has_the_old_key_does_not_sign(tmp_path: Path) -> None:
    with log_in(tmp_path) as one:
        grow(one, 4)
        other_key = shutil.copy(tmp_path / "writ.db.key", tmp_path / "other.key")
        with log_in(tmp_path, log_key=other_key, checkpoints=tmp_path / "other.checkpoints") as other:
            new = one.rotate("auditor")
            with pytest.raises(KeyFileError, match="another signing key by now"):
                other.publisher.publish()
            assert not (tmp_path / "other.checkpoints").exists()
            shutil.copy(tmp_path / "writ.db.key", other_key)
            assert parse_note(other.publisher.publish()).size == 5
            assert other.key_file.signer().public == new.public


def test_two_rotations_one_after_the_other_leave_the_newest_key_in_its_place(tmp_path: Path) -> None:
    with log_in(tmp_path) as audit:
        keys = [*audit.verifier_keys(), audit.rotate("auditor").public, audit.rotate("auditor").public]
        assert list(audit.verifier_keys()) == keys[::-1]
    with log_in(tmp_path) as audit:
        grow(audit, 6)
        assert audit.key_file.signer().public == keys[2]
    assert [old_key(tmp_path, key).public for key in keys[:2]] == keys[:2]
    assert not [*tmp_path.glob("*.next"), *tmp_path.glob("*.draft")]


@pytest.mark.parametrize("halfway", [False, True])
def test_a_rotation_that_was_cut_short_is_finished_by_the_next_start(tmp_path: Path, halfway: bool) -> None:
    with log_in(tmp_path) as audit:
        [old] = audit.verifier_keys()
        new = audit.rotate("auditor").public
    key = tmp_path / "writ.db.key"
    key.rename(tmp_path / f"writ.db.key.{new.split('+')[1]}.next")
    if not halfway:  # the old key's file had not been moved away either
        (tmp_path / f"writ.db.key.{old.split('+')[1]}").rename(key)
    with log_in(tmp_path) as audit:
        grow(audit, 4)
        assert read_key(key, audit.origin).public == audit.verifier_keys()[0] == new
    assert old_key(tmp_path, old).public == old


FILLS = """\
import os, resource, secrets, sys
from pathlib import Path
from api.audit.database import AuditBrokenError
from tests.recorded_logs import log_in

folder = Path(sys.argv[1])
with log_in(folder) as audit:
    for number in range(600):
        if number == 200:
            size = (folder / "writ.db").stat().st_size
            assert size > 1.5 * (folder / "writ.db-wal").stat().st_size, "the write-ahead log would not fit either"
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        try:
            kept = audit.enter("export", "exp", {"noise": secrets.token_urlsafe(41_000)})
        except AuditBrokenError:
            assert audit.store.broken
            print("broken", flush=True)
            os._exit(0)
        print(kept.seq, kept.leaf.hex(), flush=True)
"""


def test_pages_that_cannot_be_carried_into_the_database_break_the_store_and_lose_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FILLS, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    *acknowledged, last = done.stdout.splitlines()
    assert last == "broken"
    assert len(acknowledged) > 200
    with log_in(tmp_path) as audit:
        for line in acknowledged:
            seq, leaf = line.split()
            kept = audit.store.entry(int(seq))
            assert kept is not None
            assert leaf_hash(kept.body).hex() == leaf


FIRST, END = 8, 14
SHIFT = "UPDATE catalogue SET at = at {} 86400000000 WHERE seq IN ({})"
EDGES = [
    SHIFT.format("-", "8, 9"),
    SHIFT.format("+", "12, 13"),
    SHIFT.format("-", "8, 9, 10, 11, 12, 13"),
    SHIFT.format("+", "7, 8"),
    "DELETE FROM catalogue WHERE seq = 8",
    "DELETE FROM catalogue WHERE seq IN (12, 13)",
    "DELETE FROM catalogue WHERE seq = 10",
    f"{SHIFT.format('-', '8')}; DELETE FROM entry WHERE seq = 8",  # noqa: S608 (our own words)
]


@pytest.mark.parametrize("edge", EDGES)
def test_an_export_of_a_time_leaves_nothing_out_that_the_catalogue_hides(tmp_path: Path, edge: str) -> None:
    with log_in(tmp_path) as audit:
        grow(audit, ENTRIES)
        bodies = [kept.body for kept in audit.store.entries(FIRST, END + 1)]
        at = [dt.datetime.fromisoformat(orjson.loads(body)["at"]) for body in bodies]
        with rewriting(tmp_path) as database:
            database.executescript(edge)
        try:
            export_pack(audit, Query(since=at[0], until=at[-1]), tmp_path / "pack", principal="auditor")
        except (PackError, AuditUnavailableError):
            return
    assert set(bodies[:-1]) <= set((tmp_path / "pack" / "log.jsonl").read_bytes().splitlines())
    assert verify_pack(tmp_path / "pack").failure is None
