"""P15: a file of the log that is cut, garbled or partly zero is a valid beginning of the log, or is refused.

The files are those of a process that was killed with much of its log in the write-ahead log only. Copies of them are
damaged and opened: once as after the loss of everything but the database, once with the newest checkpoint at hand.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.audit.appending import Key, find_key
from api.audit.checkpoint_file import CheckpointFile
from api.audit.database import AuditUnavailableError, KeyReusedError
from api.audit.log import Log
from api.audit.records import make_record
from api.audit.store import Kept
from api.identities import new_id
from tests.calling import places_in
from tests.faults import FORKS, SEED, assert_whole, report, scaled, seeded

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
PAGE, FRAME, HEADER = 4096, 4096 + 24, 32


def key_of(n: int) -> Key:
    return Key(n.to_bytes(32, "big"), bytes(32))


def append(log: Log, first: int, end: int, *, at_once: int) -> None:
    for start in range(first, end, at_once):
        waiting = []
        for n in range(start, min(start + at_once, end)):
            at = NOON + dt.timedelta(seconds=n)
            record = make_record("decision", new_id("dec", at), at, {"n": n, "words": f"{n * n} " * 40}, like="p")
            waiting.append(log.writer.submit(record, key_of(n), time.monotonic() + 30))
        for one in waiting:
            one.result()


def make_and_die(folder: str, in_file: int, in_wal: int) -> None:
    """A log with so many entries in the database file and so many in its write-ahead log; then the process is gone."""
    log = Log(places_in(Path(folder)), 5, lambda: NOON)
    append(log, 0, in_file, at_once=50)
    log.close()  # carries the write-ahead log into the file
    log = Log(places_in(Path(folder)), 5, lambda: NOON)
    append(log, in_file, in_file + in_wal, at_once=7)
    log.publisher.publish()
    os._exit(9)


@dataclass(frozen=True, slots=True)
class Original:
    """The files of a log whose process was killed, its entries, and how many of them are in the database file."""

    folder: Path
    entries: list[Kept]
    in_file: int

    def copied(self, to: Path, *, checkpoint: bool) -> Path:
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir()
        for name in ("writ.db", "writ.db-wal", "writ.db.key", *(["writ.db.checkpoints"] if checkpoint else [])):
            shutil.copy(self.folder / name, to / name)
        return to


@pytest.fixture(scope="module", params=[(0, 120), (300, 230)], ids=["short", "with-tiles"])
def original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Original:
    folder = tmp_path_factory.mktemp("original")
    in_file, in_wal = request.param
    process = FORKS.Process(target=make_and_die, args=(str(folder), in_file, in_wal))
    process.start()
    process.join()
    assert process.exitcode == 9
    process.close()
    assert (folder / "writ.db-wal").stat().st_size > in_wal // 7 * FRAME, "the write-ahead log was carried over"
    look = tmp_path_factory.mktemp("look")
    shutil.copytree(folder, look, dirs_exist_ok=True)
    log = Log(places_in(look), 5, lambda: NOON)
    entries = assert_whole(log.store)
    log.close()
    assert len(entries) == 1 + in_file + in_wal  # the key's entry is the first
    return Original(folder, entries, 1 + in_file)


def damage(path: Path, chance: random.Random, keep: int = 0) -> str:
    """Cut a file, garble bytes or sectors of it, or make its end zero, behind its first `keep` bytes; what was done."""
    raw = bytearray(path.read_bytes())
    where = chance.randrange(keep, len(raw))
    how = chance.choice(["cut", "bytes", "sector", "zero tail", "zero page", "swapped pages"])
    match how:
        case "cut":
            del raw[where:]
        case "bytes":
            for _ in range(chance.choice([1, 1, 4, 64])):
                raw[chance.randrange(keep, len(raw))] ^= chance.randrange(1, 256)
        case "sector":
            start = max(keep, where - where % 512)
            raw[start : start + 512] = chance.randbytes(len(raw[start : start + 512]))
        case "zero tail":
            raw[where:] = bytes(len(raw) - where)
        case "zero page":
            start = max(keep, where - where % PAGE)
            raw[start : start + PAGE] = bytes(len(raw[start : start + PAGE]))
        case _:
            other = chance.randrange(keep, len(raw))
            one, two = (place - place % PAGE for place in (max(where, PAGE), max(other, PAGE)))
            raw[one : one + PAGE], raw[two : two + PAGE] = raw[two : two + PAGE], raw[one : one + PAGE]
    path.write_bytes(raw)
    return how


def refusal(folder: Path) -> tuple[AuditUnavailableError, None] | tuple[None, Log]:
    try:
        return None, Log(places_in(folder), 5, lambda: NOON)
    except AuditUnavailableError as error:
        return error, None


def test_a_torn_write_ahead_log_leaves_a_valid_beginning_or_is_refused(original: Original, tmp_path: Path) -> None:
    trials, chance, started = scaled(50, 1000), seeded(), time.monotonic()
    became = Counter[str]()
    for trial in range(trials):
        checkpoint = trial % 2 == 1
        folder = original.copied(tmp_path / "copy", checkpoint=checkpoint)
        how = damage(folder / "writ.db-wal", chance)
        why, log = refusal(folder)
        if log is None:
            assert checkpoint, f"trial {trial}, {how}: {why}"
            assert "the log was rolled back: " in str(why), f"trial {trial}, {how}: {why}"
            became["refused, rolled back"] += 1
            continue
        entries = assert_whole(log.store)
        assert entries == original.entries[: len(entries)], f"trial {trial}, {how}"
        assert len(entries) >= original.in_file, f"trial {trial}, {how}"
        if checkpoint:
            assert len(entries) == len(original.entries), f"trial {trial}, {how}: shorter than its checkpoint"
        # What was lost is decided anew at the end of what is there; what is there keeps its keys.
        append(log, max(0, original.in_file - 20), original.in_file + 8, at_once=64)
        assert len(assert_whole(log.store)) == max(len(entries), original.in_file + 9)
        log.close()
        became["whole" if len(entries) == len(original.entries) else "a valid beginning"] += 1
    report(f"torn WAL, seed {SEED}", trials=trials, **became, seconds=round(time.monotonic() - started))
    assert became.keys() >= {"a valid beginning", "refused, rolled back"}, "each end was met"


def test_a_checkpoint_counts_that_follows_one_cut_short(tmp_path: Path) -> None:
    file, chance = CheckpointFile(tmp_path / "checkpoints"), seeded()
    for n in range(scaled(20, 500)):
        file.append(f"note {n}, \u2014 signed")
        raw = file.path.read_bytes()
        file.path.write_bytes(raw[: chance.randrange(len(raw) - 20, len(raw))])
        assert file.latest() == (f"note {n - 1}, again" if n else None)
        file.append(f"note {n}, again")
        assert file.latest() == f"note {n}, again"


def test_a_damaged_database_file_is_never_silently_another(original: Original, tmp_path: Path) -> None:
    """SQLite has no checksums in its file: what its start check does not see, the hashes of the entries show."""
    trials, chance, started = scaled(15, 500), seeded(), time.monotonic()
    became = Counter[str]()
    for trial in range(trials):
        folder = original.copied(tmp_path / "copy", checkpoint=True)
        how = damage(folder / "writ.db", chance)
        try:
            _, log = refusal(folder)
        except (TypeError, ValueError, LookupError) as error:  # as loud as a refusal, but not in words for people
            became[f"ended at the start by a {type(error).__name__}"] += 1
            continue
        if log is None:
            became["refused at the start"] += 1
            continue
        try:
            became[read_through(log, original, f"trial {trial}, {how}")] += 1
        finally:
            log.close()
    report(f"damaged file, seed {SEED}", trials=trials, **became, seconds=round(time.monotonic() - started))
    assert became["refused at the start"]


def read_through(log: Log, original: Original, trial: str) -> str:
    """What a reader of the whole log meets."""
    try:
        entries = log.store.entries(0, len(original.entries) + 1)
    except (AuditUnavailableError, TypeError, ValueError, LookupError):
        return "refused when read"
    if entries != original.entries:
        try:
            assert_whole(log.store)
        except AssertionError:
            return "found by its hashes"
        pytest.fail(f"silently another log: {trial}")
    asked = range(0, len(entries) - 1, 5)
    try:
        seqs = [before.seq if (before := find_key(log.store, key_of(n))) else None for n in asked]
    except (AuditUnavailableError, KeyReusedError, TypeError, ValueError, LookupError):
        return "refused when a key is looked up"
    return "whole" if seqs == [n + 1 for n in asked] else "whole but for its keys"
