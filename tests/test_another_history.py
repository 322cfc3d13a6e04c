"""A log whose database or key is not the one it was signs nothing more, does not start, and leaves nothing out.

Every database here is rewritten by plain SQL, as somebody would who can write it and has neither key nor checkpoints.
"""

from __future__ import annotations

import datetime as dt
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.audit.database import AuditBrokenError, AuditUnavailableError
from api.audit.log import Log
from api.audit.pack import PackError, export_pack
from api.audit.search import Query
from api.audit.signing import KeyFileError, Signer, read_key
from api.audit.tree import Frontier
from api.audit.verify import leaf_hash, parse_note, verify_pack
from tests.recorded_logs import NOON, log_in
from tests.serving import ROOT
from tests.tampering import Made, Tampering

ENTRIES = 20


def rewriting(folder: Path) -> Tampering:
    return Tampering(Made(folder, folder, (), folder, ""), folder, random.Random(0))  # noqa: S311 (of no use here)


def grow(audit: Log, size: int) -> None:
    for number in range(audit.store.state().size, size):
        audit.enter("export", "exp", {"number": number})
    audit.publisher.publish()


def fit(database: Tampering, size: int) -> None:
    edge = Frontier().extend(leaf for (leaf,) in database.do("SELECT leaf FROM entry WHERE seq < ? ORDER BY seq", size))
    database.do("UPDATE log_state SET size = ?, frontier = ?", edge.size, edge.to_bytes())
    database.do("DELETE FROM checkpoint")


def assert_signs_nothing(folder: Path, audit: Log) -> None:
    signed = audit.file.path.read_bytes()
    with pytest.raises(AuditBrokenError):
        audit.publisher.publish()
    assert audit.store.broken
    assert audit.file.path.read_bytes() == signed
    database = rewriting(folder)
    with database.opened():
        assert database.one("SELECT count(*) FROM checkpoint") == 0


@pytest.mark.parametrize("grown", [False, True])
def test_a_running_log_does_not_sign_another_history(tmp_path: Path, grown: bool) -> None:
    with log_in(tmp_path) as audit:
        grow(audit, ENTRIES)
        database, body = rewriting(tmp_path), audit.store.entries(5, 6)[0].body
        with database.opened():
            database.put_rehashed(5, body.replace(b'"number":5', b'"number":6'))
            fit(database, ENTRIES)
        if grown:
            audit.enter("export", "exp", {"number": ENTRIES})
        assert_signs_nothing(tmp_path, audit)


def test_a_running_log_that_went_back_signs_and_takes_nothing(tmp_path: Path) -> None:
    with log_in(tmp_path) as audit:
        grow(audit, ENTRIES)
        database = rewriting(tmp_path)
        with database.opened():
            database.do("DELETE FROM catalogue WHERE seq >= 17")
            database.do("DELETE FROM entry WHERE seq >= 17")
            fit(database, 17)
        assert_signs_nothing(tmp_path, audit)
        with pytest.raises(AuditBrokenError):
            audit.enter("export", "exp", {"number": 17})


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    with log_in(tmp_path) as audit:
        for size in range(4, ENTRIES // 2, 4):
            grow(audit, size)
    shutil.copy(tmp_path / "writ.db", tmp_path / "yesterday")
    with log_in(tmp_path) as audit:
        for size in range(ENTRIES // 2, ENTRIES + 1, 2):
            grow(audit, size)
    return tmp_path


def assert_not_opened(folder: Path, why: str, **given: Any) -> None:
    with pytest.raises(AuditUnavailableError, match=why), log_in(folder, **given):
        pass


TORN = b'{"note": "writ-log'


@pytest.mark.parametrize("left", [b"", b"\0" * 9000, b"\xff{" * 50_000, TORN, b"\0" * 9000 + b"\nno note\n" + TORN])
def test_whatever_a_crash_leaves_in_the_file_yesterdays_database_is_refused(signed: Path, left: bytes) -> None:
    with (signed / "writ.db.checkpoints").open("ab") as file:
        file.write(left)
    with log_in(signed):
        pass
    shutil.copy(signed / "yesterday", signed / "writ.db")
    assert_not_opened(signed, f"rolled back: 8 < {ENTRIES}")


@pytest.mark.parametrize("garbage", [b"no note\n" * 3, b"\0" * 9000 + b"\n", b"\0" * 70_000 + b"\n" + TORN])
def test_a_file_that_has_lost_all_its_checkpoints_is_refused_and_a_missing_folder(signed: Path, garbage: bytes) -> None:
    (signed / "writ.db.checkpoints").write_bytes(garbage)
    assert_not_opened(signed, "no line of them is whole")
    assert_not_opened(signed, "is not there", checkpoints=signed / "gone" / "checkpoints")


def test_a_first_checkpoint_that_was_cut_short_is_no_reason_not_to_start(signed: Path) -> None:
    (signed / "writ.db.checkpoints").write_bytes(TORN)
    with log_in(signed) as audit:
        grow(audit, ENTRIES + 1)
    [torn, line] = (signed / "writ.db.checkpoints").read_bytes().splitlines()
    assert (torn, parse_note(orjson.loads(line)["note"]).size) == (TORN, ENTRIES + 1)


def test_an_earlier_checkpoint_that_does_not_fit_is_found_among_the_others(signed: Path) -> None:
    with log_in(signed) as audit:
        path, signer = audit.file.path, audit.key_file.signer()
    lines = path.read_bytes().splitlines(keepends=True)
    lines.insert(len(lines) // 2, orjson.dumps({"note": signer.sign(3, b"\7" * 32, NOON)}) + b"\n")
    path.write_bytes(b"".join(lines))
    assert_not_opened(signed, "of size 3, was signed for")


def old_key(folder: Path, public: str) -> Signer:
    return read_key(folder / f"writ.db.key.{public.split('+')[1]}", public.split("+", maxsplit=1)[0])


def test_the_old_key_may_sign_what_came_before_the_new_one_and_nothing_later(signed: Path) -> None:
    with log_in(signed) as audit:
        [public] = audit.verifier_keys()
        before, _, after = audit.store.state(), audit.rotate("auditor"), audit.store.state()
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
            print("broken", audit.store.broken, flush=True)
            os._exit(0)
        print(kept.seq, kept.leaf.hex(), flush=True)
"""


def test_pages_that_cannot_be_carried_into_the_database_break_the_store_and_lose_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FILLS, str(tmp_path)]
    *acknowledged, last = subprocess.check_output(command, cwd=ROOT, text=True).splitlines()
    assert last == "broken True"
    assert len(acknowledged) > 200
    with log_in(tmp_path) as audit:
        there = [f"{kept.seq} {leaf_hash(kept.body).hex()}" for kept in audit.store.entries(1, len(acknowledged) + 1)]
        assert there == acknowledged


SHIFT = "UPDATE catalogue SET at = at {} 86400000000 WHERE seq IN ({})"
HIDDEN = SHIFT.format("-", "8, 9"), SHIFT.format("+", "12, 13"), "DELETE FROM catalogue WHERE seq IN (8, 10, 13)"


@pytest.mark.parametrize(("hidden", "altered"), [(one, two) for one in HIDDEN for two in ([], [8, 13])])
def test_an_export_of_a_time_has_what_the_catalogue_hides(tmp_path: Path, hidden: str, altered: list[int]) -> None:
    with log_in(tmp_path) as audit:
        grow(audit, ENTRIES)
        bodies = {kept.seq: kept.body for kept in audit.store.entries(8, 15)}
        at = {seq: orjson.loads(body)["at"] for seq, body in bodies.items()}
        database = rewriting(tmp_path)
        with database.opened():
            database.do(hidden)
            for seq in altered:
                bodies[seq] = bodies[seq].replace(at[seq].encode(), b"2020-01-01T00:00:00.000000Z")
                database.put(seq, bodies[seq])
        asked = Query(since=dt.datetime.fromisoformat(at[8]), until=dt.datetime.fromisoformat(at[14]))
        try:
            export_pack(audit, asked, tmp_path / "pack", principal="auditor")
        except PackError:
            assert hidden.startswith("DELETE")
            return
    assert {bodies[seq] for seq in range(8, 14)} <= {*(tmp_path / "pack" / "log.jsonl").read_bytes().splitlines()}
    assert bool(altered) == bool(verify_pack(tmp_path / "pack").wrong)
